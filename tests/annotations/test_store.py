"""The ledger's file: one writer, readers that can't write, transactions that hold."""

import sqlite3
import threading

import pytest

from annotations.store import FILE_NAME, Store
from backend.errors import LedgerError, LockedError, NotFound


def count(store):
    return store.row("SELECT count(*) FROM system")[0]


def test_what_was_written_can_be_read_by_another_store(tmp_path):
    with Store(tmp_path, purpose="test") as store:
        with store.write() as db:
            db.execute("INSERT INTO system VALUES (1, 'x')")
        with Store(tmp_path) as reader:
            assert count(reader) == 1
    with Store(tmp_path) as reader:
        assert count(reader) == 1


def test_a_failed_transaction_leaves_nothing(tmp_path):
    with Store(tmp_path, purpose="test") as store:
        with pytest.raises(ZeroDivisionError), store.write() as db:
            db.execute("INSERT INTO system VALUES (1, 'x')")
            raise ZeroDivisionError
        assert count(store) == 0


def test_a_second_writer_is_told_who_holds_the_folder(tmp_path):
    holder = Store(tmp_path, purpose="serving")
    with pytest.raises(LockedError, match=r"process \d+ \(serving, since"):
        Store(tmp_path, purpose="import")
    holder.close()
    Store(tmp_path, purpose="import").close()


def test_a_reader_cannot_write(tmp_path):
    Store(tmp_path, purpose="test").close()
    with Store(tmp_path) as reader:
        with pytest.raises(LedgerError), reader.write():
            pass
        with pytest.raises(sqlite3.OperationalError, match="readonly"):
            reader.rows("INSERT INTO system VALUES (1, 'x')")


def test_reading_an_empty_folder_says_what_to_do(tmp_path):
    with pytest.raises(NotFound, match="Start the app"):
        Store(tmp_path)
    assert not list(tmp_path.iterdir())


def test_a_database_of_another_program_is_left_alone(tmp_path):
    path = tmp_path / FILE_NAME
    with sqlite3.connect(path) as other:
        other.execute("CREATE TABLE theirs(x)")
    other.close()
    before = path.read_bytes()
    with pytest.raises(LedgerError, match="not made by Camelid"):
        Store(tmp_path, purpose="test")
    assert path.read_bytes() == before


def test_a_file_that_is_no_database_is_left_alone(tmp_path):
    path = tmp_path / FILE_NAME
    path.write_bytes(b"my thesis " * 1000)
    with pytest.raises(LedgerError):
        Store(tmp_path, purpose="test")
    with pytest.raises(LedgerError):
        Store(tmp_path)
    assert path.read_bytes() == b"my thesis " * 1000


def test_a_ledger_of_a_newer_version_is_refused(tmp_path):
    with Store(tmp_path, purpose="test") as store, store.write() as db:
        db.execute(
            "INSERT INTO _sqlite_migrations(migration_set, name, applied_at) "
            "VALUES ('camelid', '9999_future', 'then')"
        )
    with pytest.raises(LedgerError, match="newer Camelid"):
        Store(tmp_path, purpose="test")
    with pytest.raises(LedgerError, match="newer Camelid"):
        Store(tmp_path)


def test_commits_are_flushed_and_foreign_keys_hold(tmp_path):
    with Store(tmp_path, purpose="test") as store:
        with store.write() as db:
            assert db.execute("PRAGMA synchronous").fetchone()[0] == 2
            assert db.execute("PRAGMA journal_mode").fetchone()[0] == "wal"
        with pytest.raises(sqlite3.IntegrityError), store.write() as db:
            db.execute("INSERT INTO benchmark VALUES (1, 'x', 99)")


def test_a_full_disk_is_said_in_words_and_nothing_is_half_written(tmp_path):
    with Store(tmp_path, purpose="test") as store:
        with store.write() as db:
            pages = db.execute("PRAGMA page_count").fetchone()[0]
        store._writer.execute(f"PRAGMA max_page_count={pages}")
        with pytest.raises(LedgerError, match="can't be written"), store.write() as db:
            for number in range(10_000):
                db.execute("INSERT INTO system VALUES (?, ?)", (number, "x" * 500 + str(number)))
        assert count(store) == 0
        store._writer.execute("PRAGMA max_page_count=1000000")
        with store.write() as db:
            db.execute("INSERT INTO system VALUES (1, 'x')")
        assert count(store) == 1


def test_a_snapshot_does_not_move_while_votes_come_in(tmp_path):
    with Store(tmp_path, purpose="test") as store, store.snapshot() as conn:
        before = conn.execute("SELECT count(*) FROM system").fetchone()[0]
        with store.write() as db:
            db.execute("INSERT INTO system VALUES (1, 'x')")
        assert conn.execute("SELECT count(*) FROM system").fetchone()[0] == before == 0


def test_threads_that_come_and_go_leave_no_connection_behind(tmp_path):
    with Store(tmp_path, purpose="test") as store:
        for _ in range(40):
            thread = threading.Thread(target=count, args=(store,))
            thread.start()
            thread.join()
        assert len(store._idle) == 1


def test_readers_at_the_same_time_have_a_connection_each(tmp_path):
    with Store(tmp_path, purpose="test") as store:
        meet = threading.Barrier(4)

        def read():
            with store.snapshot():
                meet.wait(5)
                assert count(store) == 0

        threads = [threading.Thread(target=read) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(store._idle) == 4


def test_only_the_owner_can_read_the_ledger(tmp_path):
    with Store(tmp_path, purpose="test"):
        files = [path for path in tmp_path.iterdir() if path.name.startswith(FILE_NAME)]
        assert len(files) == 3  # the ledger, its log and the log's index
        assert not [path for path in files if path.stat().st_mode & 0o077]
