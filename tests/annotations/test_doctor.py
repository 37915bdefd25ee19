import os
import time

import pytest

from annotations.accounts import Account, add_account
from annotations.backups import find_digest, make_backup
from annotations.doctor import (
    check_accounts,
    check_backups,
    check_folder,
    check_holder,
    check_key,
    check_pages,
    check_sqlite,
    examine,
    is_local,
)
from annotations.lock import FolderLock
from annotations.store import Store
from backend.settings import Settings
from tests.ledgers import add_ballot, make_study
from tests.talks import ask, begin, vote

OUTSIDE = Settings(host="0.0.0.0")


def find(folder, name, **settings):
    checks = examine(Settings(data=folder, **settings), time.time(), lambda _: None)
    return next(check for check in checks if check.name == name)


def test_a_healthy_folder_has_no_problem_while_the_app_runs(store):
    checks = examine(Settings(data=store.folder), time.time())
    assert not [check for check in checks if check.state == "problem"]
    assert f"process {os.getpid()} (test" in find(store.folder, "Writer").found


def test_a_folder_that_is_not_there_is_left_alone(tmp_path):
    folder = tmp_path / "none"
    assert {check.state for check in examine(Settings(data=folder), 0.0)} <= {"ok", "warning"}
    assert not folder.exists()


def test_looking_changes_nothing(store):
    before = {path.name: path.stat().st_mtime_ns for path in store.folder.iterdir()}
    examine(Settings(data=store.folder), time.time())
    after = {path.name: path.stat().st_mtime_ns for path in store.folder.iterdir()}
    shared = {"camelid.db", "camelid.lock"}
    assert {name: before[name] for name in shared} == {name: after[name] for name in shared}


@pytest.mark.parametrize(("version", "words"), [((3, 40, 1), "only one ever"), ((3, 51, 3), "")])
def test_the_defect_of_sqlite_is_told_with_why_it_does_no_harm(version, words):
    check = check_sqlite(version)
    assert (check.state, words in check.found) == ("ok", True)
    assert bool(check.remedy) == bool(words)


def test_a_folder_that_all_may_write_is_a_problem(tmp_path):
    tmp_path.chmod(0o700)
    assert check_folder(tmp_path).state == "ok"
    tmp_path.chmod(0o777)
    assert "chmod o-w" in check_folder(tmp_path).remedy
    file = tmp_path / "file"
    file.write_text("")
    assert check_folder(file).state == "problem"


def test_a_key_that_others_can_read_is_a_problem(tmp_path):
    path = tmp_path / "secret.key"
    assert check_key(tmp_path).state == "ok"
    path.write_text("x")
    path.chmod(0o600)
    assert check_key(tmp_path).state == "ok"
    path.chmod(0o640)
    assert check_key(tmp_path).state == "problem"


def test_who_writes_is_told_without_touching_the_lock(tmp_path):
    assert check_holder(tmp_path).found == "nobody"
    lock = FolderLock(tmp_path, "serving")
    assert "serving" in check_holder(tmp_path).found
    lock.release()
    assert check_holder(tmp_path).found == "nobody"
    (tmp_path / "camelid.lock").write_text('{"pid": 4194305, "purpose": "x", "since": "y"}')
    assert check_holder(tmp_path).found == "nobody"  # it was killed


def test_a_damaged_ledger_is_a_problem_with_the_way_back(tmp_path):
    with Store(tmp_path, purpose="test") as store:
        make_study(store, n_items=400)
    path = tmp_path / "camelid.db"
    size = path.stat().st_size
    with path.open("r+b") as file:
        file.seek(size // 2)
        file.write(b"\xff" * 20_000)
    check = find(tmp_path, "Ledger")
    assert (check.state, "restore" in check.remedy) == ("problem", True)


def test_a_sound_ledger_is_told_with_its_size(store):
    assert check_pages(store).found.startswith("sound, ")


@pytest.mark.parametrize(
    ("settings", "has_admin", "state", "words"),
    [
        (Settings(), False, "ok", "no admin yet"),
        (OUTSIDE, False, "problem", "no admin"),
        (OUTSIDE, True, "warning", "without TLS"),
        (Settings(public_url="http://x.example"), True, "warning", "not encrypted"),
        (Settings(public_url="https://x.example"), True, "ok", "https://x.example"),
        (Settings(public_url="https://x.example"), False, "problem", "no admin"),
    ],
)
def test_who_can_come_in_is_told(store, settings, has_admin, state, words):
    if has_admin:
        add_account(store, Account("kim", "admin"), "correct horse battery", "test")
    check = check_accounts(store, settings)
    assert (check.state, words in check.found) == (state, True)


@pytest.mark.parametrize(
    ("host", "local"),
    [("127.0.0.1", True), ("::1", True), ("localhost", True), ("0.0.0.0", False), ("lab", False)],
)
def test_an_address_of_this_machine_alone_is_known(host, local):
    assert is_local(host) is local


def test_a_backup_is_missed_only_when_there_are_votes(store, study):
    assert check_backups(store, time.time()).state == "ok"
    add_ballot(store, ["left"] * 3)
    assert check_backups(store, time.time()).state == "warning"
    made = make_backup(store)
    assert check_backups(store, time.time()).state == "ok"
    find_digest(made).write_text("0  x\n")
    assert check_backups(store, time.time()).state == "problem"


def test_a_backup_older_than_a_day_of_votes_is_a_warning(tmp_path):
    now = [1000.0]
    with Store(tmp_path, purpose="test", clock=lambda: now[0]) as store:
        make_study(store)
        make_backup(store)
        add_ballot(store, ["left"] * 3)
        assert check_backups(store, 2000).state == "ok"
        check = check_backups(store, 1000 + 2 * 86400)
    assert (check.state, "2 days old" in check.found) == ("warning", True)


def test_votes_in_a_chat_are_votes_too(store):
    vote(store, ask(store, begin(store), "Hello", "one", "two"), "0")
    assert check_backups(store, time.time()).state == "warning"
    make_backup(store)
    assert check_backups(store, time.time()).state == "ok"
