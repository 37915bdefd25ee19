"""Backups: whole, checked, kept for as long as they should be."""

import os
import sqlite3
import threading
import time
from contextlib import closing
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotations.annotators import enrol_invited
from annotations.assignment import save_ballot, take_next
from annotations.backups import (
    FILE_NAME,
    check_backup,
    choose_expired,
    drop_old,
    find_digest,
    find_newest_good,
    hash_file,
    list_backups,
    make_backup,
    name_backup,
    renew_backups,
    write_digest,
)
from annotations.space import Space
from annotations.store import Store
from annotations.studies import set_status
from backend.errors import InputError, LedgerError
from backend.records import CRITERIA, Ballot
from tests.ledgers import make_study

HOUR = timedelta(hours=1)
NOON = datetime(2026, 5, 17, 12, tzinfo=UTC)


def count(path):
    with closing(sqlite3.connect(f"file:{path}?immutable=1", uri=True)) as conn:
        return conn.execute("SELECT count(*) FROM ballot").fetchone()[0]


def test_a_backup_is_whole_and_only_its_owner_can_read_it(store, study):
    made = make_backup(store)
    check_backup(made)
    assert made.stat().st_mode & 0o077 == 0
    assert find_digest(made).stat().st_mode & 0o077 == 0
    assert [
        path.name for path in made.parent.iterdir() if path.suffix not in (".db", ".sha256")
    ] == []


def test_a_reader_can_make_a_backup_while_somebody_writes(store, study):
    with store.write() as db, Store(store.folder) as reader:
        db.execute("INSERT INTO system VALUES (99, 'not committed')")
        made = make_backup(reader)
    with closing(sqlite3.connect(f"file:{made}?immutable=1", uri=True)) as conn:
        assert conn.execute("SELECT 1 FROM system WHERE system_id = 99").fetchone() is None


def test_a_backup_under_load_has_every_ballot_that_was_acknowledged_before(store):
    make_study(store, n_items=150, votes_per_pair=3, quota=150)
    study = set_status(store, "study", "open", "test")
    saved = []

    def vote(code):
        person = enrol_invited(store, study, code, "en")
        for _ in range(150):
            ticket = take_next(store, study, person).task.ticket
            save_ballot(store, person, ticket, Ballot(dict.fromkeys(CRITERIA, "tie"), ""))
            saved.append(ticket)

    threads = [threading.Thread(target=vote, args=(code,)) for code in ("A", "B", "C")]
    for thread in threads:
        thread.start()
    while not saved:
        time.sleep(0.001)
    counts = []
    while any(thread.is_alive() for thread in threads):
        before = len(saved)
        counts.append((before, count(make_backup(store))))
        time.sleep(0.02)
    assert all(stored >= before for before, stored in counts)
    assert any(0 < before < 450 for before, _ in counts)


def test_the_control_a_plain_copy_under_load_lacks_what_is_in_the_log(store, study, tmp_path):
    study = set_status(store, "study", "open", "test")
    person = enrol_invited(store, study, "A", "en")
    ticket = take_next(store, study, person).task.ticket
    save_ballot(store, person, ticket, Ballot(dict.fromkeys(CRITERIA, "tie"), ""))
    plain = tmp_path / "plain.db"
    plain.write_bytes(store.path.read_bytes())
    made = make_backup(store)
    assert count(made) == 1
    assert count(plain) == 0  # a ledger to all appearance, and the ballot is not there


@pytest.mark.parametrize("place", [20, 5000, -100])
def test_a_changed_bit_is_found(store, study, place):
    made = make_backup(store)
    content = bytearray(made.read_bytes())
    content[place] ^= 4
    made.write_bytes(content)
    with pytest.raises(LedgerError, match="its sha256 is not the one"):
        check_backup(made)


def test_a_backup_without_its_sha256_is_not_trusted(store, study):
    made = make_backup(store)
    find_digest(made).unlink()
    with pytest.raises(InputError, match="sha256sum"):
        check_backup(made)


@pytest.mark.parametrize("text", [b"my thesis " * 1000, b""])
def test_a_file_with_the_right_sha256_that_is_no_ledger_is_refused(store, study, tmp_path, text):
    other = tmp_path / "other.db"
    other.write_bytes(text)
    write_digest(other, hash_file(other))
    with pytest.raises(LedgerError, match=r"damaged|not made by Camelid"):
        check_backup(other)


def test_the_newest_good_backup_is_not_the_newest_bad_one(store, study):
    good, bad = make_backup(store, reason="before-0002"), make_backup(store)
    bad.write_bytes(b"gone")
    assert [backup.path for backup in list_backups(store.folder)] == [bad, good]
    assert find_newest_good(store.folder).path == good


def test_nothing_is_overwritten(store, study, tmp_path):
    out = tmp_path / "mine.db"
    out.write_text("my thesis")
    with pytest.raises(InputError, match="is there already"):
        make_backup(store, out)
    assert out.read_text() == "my thesis"


def test_a_folder_that_is_not_there_is_said_and_leaves_nothing(store, study, tmp_path):
    with pytest.raises(LedgerError, match="No such file"):
        make_backup(store, tmp_path / "nowhere" / "mine.db")
    assert list_backups(store.folder) == []


def test_a_damaged_ledger_gives_no_backup(tmp_path):
    with Store(tmp_path, purpose="test") as store:
        make_study(store, n_items=100)
    content = bytearray((tmp_path / FILE_NAME).read_bytes())
    content[40_000:60_000] = bytes(20_000)
    with Store(tmp_path) as reader:
        (tmp_path / FILE_NAME).write_bytes(content)
        with pytest.raises(LedgerError):
            make_backup(reader)
    assert [path.name for path in (tmp_path / "backups").iterdir()] == []


def test_no_backup_is_made_while_the_disk_is_nearly_full(tmp_path):
    space = Space(500, 100, read_free=lambda folder: 423_000_000)
    words = r"Only 423 MB are free .* a backup needs 500 MB"
    with (
        Store(tmp_path, purpose="test", space=space) as store,
        pytest.raises(LedgerError, match=words),
    ):
        make_backup(store)


def test_a_backup_of_each_of_24_hours_and_14_days_is_kept():
    times = [NOON - timedelta(minutes=10) * n for n in range(6 * 24 * 40)]
    kept = sorted(set(times) - choose_expired(times), reverse=True)
    assert kept[:24] == [NOON, *(NOON - HOUR * n - timedelta(minutes=10) for n in range(23))]
    assert len({time.date() for time in kept}) == 14
    assert len(kept) == 24 + 12


@given(st.lists(st.datetimes(min_value=datetime(2026, 1, 1), max_value=datetime(2026, 3, 1))))
def test_the_newest_backup_is_always_kept_and_what_is_kept_stays(times):
    expired = choose_expired(times)
    kept = set(times) - expired
    assert not times or max(times) in kept
    assert len(kept) <= 24 + 14
    assert choose_expired(sorted(kept)) == set()


def test_old_backups_go_and_those_with_a_reason_stay(store, study):
    made = make_backup(store)
    for n in range(60):
        for reason in ("", "before-0002"):
            old = name_backup(store.folder, NOON.timestamp() - 3600 * n, reason)
            for path in (old, find_digest(old)):
                path.write_bytes(made.read_bytes())
    drop_old(store.folder)
    left = list_backups(store.folder)
    assert len([one for one in left if one.reason]) == 60
    assert 24 <= len([one for one in left if not one.reason]) <= 38
    assert len(list(made.parent.glob("*.sha256"))) == len(left)


def test_what_was_purged_is_in_no_backup_afterwards(store, study):
    make_backup(store), make_backup(store, reason="closed")
    kept = renew_backups(store)
    assert [backup.path for backup in list_backups(store.folder)] == [kept]


def test_what_a_killed_backup_left_goes_after_an_hour_and_not_before(store, study):
    home = make_backup(store).parent
    old, new = home / ".camelid-x.db.1.part", home / ".camelid-x.db.2.part"
    for path in (old, new):
        path.touch()
    os.utime(old, (0, 0))
    drop_old(store.folder)
    assert (old.exists(), new.exists()) == (False, True)
