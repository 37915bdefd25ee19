"""Going back to a backup, as a test and not as a document."""

import hashlib
import json
import sqlite3
from contextlib import closing

import pytest

from annotations.backups import FILE_NAME, make_backup
from annotations.restore import restore_backup
from annotations.store import Store
from backend.errors import InputError, LedgerError, LockedError
from tests.ledgers import add_ballot, make_study

CHOICES = ("left", "tie", "right")


def dump(path):
    """The sha256 of all statements that make a ledger, sorted; who went back to it apart."""
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as conn:
        lines = sorted(line for line in conn.iterdump() if "'restore'" not in line)
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


@pytest.fixture
def folder(tmp_path):
    """A closed ledger with one ballot."""
    with Store(tmp_path, purpose="test") as store:
        make_study(store)
        add_ballot(store, CHOICES)
    return tmp_path


def back_up(folder):
    with Store(folder) as reader:
        return make_backup(reader)


def add_another(folder):
    with Store(folder, purpose="test") as store:
        add_ballot(store, CHOICES, pair=2)


def test_a_restored_ledger_is_the_one_that_was_backed_up(folder):
    before = dump(folder / FILE_NAME)
    backup = back_up(folder)
    add_another(folder)
    assert dump(folder / FILE_NAME) != before
    restore_backup(folder, backup, "kim")
    assert dump(folder / FILE_NAME) == dump(backup) == before


def test_who_went_back_to_what_is_written_down(folder):
    backup = back_up(folder)
    restore_backup(folder, backup, "kim")
    with Store(folder) as store:
        row = store.row("SELECT actor, detail FROM event WHERE kind = 'restore'")
    assert row["actor"] == "kim"
    assert json.loads(row["detail"])["backup"] == backup.name


def test_the_replaced_ledger_is_kept_with_what_was_in_its_log(folder):
    backup = back_up(folder)
    with Store(folder) as holder:  # a reader keeps the log from being folded in
        holder.row("SELECT 1 FROM ballot")
        add_another(folder)
        assert (folder / f"{FILE_NAME}-wal").stat().st_size > 0
        live = dump(folder / FILE_NAME)
        replaced = restore_backup(folder, backup, "kim")
    assert dump(replaced) == live != dump(folder / FILE_NAME)


def test_nothing_is_restored_while_somebody_writes(folder):
    backup = back_up(folder)
    before = (folder / FILE_NAME).read_bytes()
    with (
        Store(folder, purpose="serving"),
        pytest.raises(LockedError, match=r"written by process \d+ \(serving"),
    ):
        restore_backup(folder, backup, "kim")
    assert (folder / FILE_NAME).read_bytes() == before


@pytest.mark.parametrize("harm", [lambda content: content[:-5000], lambda content: content + b" "])
def test_a_bad_backup_changes_nothing(folder, harm):
    backup = back_up(folder)
    backup.write_bytes(harm(backup.read_bytes()))
    before = (folder / FILE_NAME).read_bytes()
    with pytest.raises(LedgerError, match="damaged"):
        restore_backup(folder, backup, "kim")
    assert (folder / FILE_NAME).read_bytes() == before
    assert not list(folder.glob("replaced-*"))


def test_a_backup_that_is_not_there_is_said(folder):
    with pytest.raises(InputError, match="There is no backup"):
        restore_backup(folder, folder / "nothing.db", "kim")


def test_a_damaged_ledger_is_set_aside_and_votes_go_on(folder):
    backup = back_up(folder)
    harmed = b"\0" * 5000
    (folder / FILE_NAME).write_bytes(harmed)
    with pytest.raises(LedgerError, match=f"restore .*{backup.name}"):
        Store(folder, purpose="serving")
    replaced = restore_backup(folder, backup, "kim")
    assert replaced.read_bytes() == harmed
    add_another(folder)


def test_an_empty_folder_can_be_filled_from_a_backup(folder, tmp_path_factory):
    backup, other = back_up(folder), tmp_path_factory.mktemp("other") / "data"
    assert restore_backup(other, backup, "kim") is None
    assert dump(other / FILE_NAME) == dump(folder / FILE_NAME)


def test_a_restore_that_was_cut_off_is_not_taken_for_a_first_start(folder):
    backup = back_up(folder)
    (folder / FILE_NAME).rename(folder / "replaced-then.db")
    with pytest.raises(LedgerError, match=f"is gone, but .*restore .*{backup.name}"):
        Store(folder, purpose="serving")
    restore_backup(folder, backup, "kim")
    Store(folder, purpose="serving").close()
