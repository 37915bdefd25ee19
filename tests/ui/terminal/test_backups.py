"""`backup` and `restore`."""

import pytest

from annotations.backups import list_backups
from annotations.store import Store
from annotations.studies import set_status
from tests.ledgers import open_store


def test_a_backup_can_be_made_while_the_app_runs(camelid, demo, data):
    with Store(data, purpose="serving"):
        done = camelid("backup")
    (made,) = list_backups(data)
    assert done.exit_code == 0
    assert f"Wrote {made.path} (" in done.stdout


def test_backups_are_listed_newest_first(camelid, demo, data):
    assert "There is no backup yet" in camelid("backup", "--list").stdout
    camelid("backup")
    (made,) = list_backups(data)
    header, row = camelid("backup", "--list").stdout.splitlines()
    assert header.split() == ["MADE", "BYTES", "WHY", "FILE"]
    assert row.startswith(f"{made.made_at:%Y-%m-%d %H:%M:%S} UTC")
    assert row.endswith(str(made.path))


def test_a_study_goes_back_to_what_it_was(camelid, demo, data, tmp_path):
    out = tmp_path / "mine.db"
    assert camelid("backup", "--out", out).exit_code == 0
    with open_store(data) as store:
        set_status(store, "demo", "closed", "test")
    done = camelid("restore", out)
    assert done.exit_code == 0
    assert "replaced-" in done.stdout
    assert " open " in camelid("study", "list").stdout


@pytest.mark.parametrize("word", ["nothing.db", "."])
def test_what_is_no_backup_is_said_in_one_sentence(camelid, demo, word):
    done = camelid("restore", word)
    assert done.exit_code == 1
    assert done.stderr.startswith("There is no backup")


def test_nothing_is_restored_under_a_running_app(camelid, demo, data, tmp_path):
    out = tmp_path / "mine.db"
    camelid("backup", "--out", out)
    with Store(data, purpose="serving"):
        done = camelid("restore", out)
    assert done.exit_code == 1
    assert "(serving, since" in done.stderr


def test_a_backup_that_is_there_already_is_not_overwritten(camelid, demo, tmp_path):
    out = tmp_path / "mine.db"
    assert [camelid("backup", "--out", out).exit_code for _ in range(2)] == [0, 1]


def test_a_nearly_full_disk_is_said(camelid, demo, monkeypatch):
    monkeypatch.setenv("CAMELID_LOW_DISK_MEGABYTES", "999999999")
    done = camelid("backup")
    assert done.exit_code == 1
    assert "a backup needs 999,999,999 MB to be free" in done.stderr


def test_closing_a_study_makes_a_backup_that_stays(camelid, demo, data):
    done = camelid("study", "close", "demo")
    assert done.exit_code == 0
    assert [backup.reason for backup in list_backups(data)] == ["closed"]
