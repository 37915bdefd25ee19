"""Accounts of researchers and admins, and their sessions."""

import pytest

from annotations.accounts import (
    Account,
    add_account,
    check_password,
    end_session,
    find_session,
    list_accounts,
    open_session,
    remove_account,
)
from backend.errors import InputError, NotFound, Refused
from tests.ledgers import open_store

ADA = Account("ada", "researcher")
PASSWORD = "correct horse battery"


class Clock:
    now = 1000.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def store(tmp_path, clock):
    with open_store(tmp_path, clock=clock) as opened:
        yield opened


def test_the_right_password_opens_and_no_other(store):
    add_account(store, ADA, PASSWORD, "test")
    assert check_password(store, "ada", PASSWORD) == ADA
    for name, password in (("ada", PASSWORD + "x"), ("bob", PASSWORD), ("ada", "")):
        with pytest.raises(Refused):
            check_password(store, name, password)


def test_no_password_is_stored(store):
    add_account(store, ADA, PASSWORD, "test")
    assert PASSWORD.encode() not in store.path.read_bytes()


@pytest.mark.parametrize(
    ("account", "password"),
    [(ADA, "short"), (Account("", "admin"), PASSWORD), (Account("bob", "king"), PASSWORD)],
)
def test_a_bad_account_is_refused(store, account, password):
    with pytest.raises(InputError):
        add_account(store, account, password, "test")
    assert not list_accounts(store)


def test_an_admin_may_what_a_researcher_may_but_not_the_other_way_round():
    assert Account("root", "admin").may("researcher")
    assert not ADA.may("admin")


def test_a_session_ends_on_time_at_logout_and_with_its_account(store, clock):
    add_account(store, ADA, PASSWORD, "test")
    first, second, third = (open_session(store, ADA, hours=1) for _ in range(3))
    end_session(store, first)
    assert find_session(store, first) is None
    assert find_session(store, second) == ADA
    clock.now += 3600
    assert find_session(store, second) is None
    clock.now -= 3600
    remove_account(store, "ada", "test")
    assert find_session(store, third) is None


def test_a_new_password_ends_the_old_sessions(store):
    add_account(store, ADA, PASSWORD, "test")
    token = open_session(store, ADA, hours=1)
    add_account(store, ADA, PASSWORD + "!", "test")
    assert find_session(store, token) is None
    with pytest.raises(Refused):
        check_password(store, "ada", PASSWORD)


def test_the_first_admins_account_ends_what_the_one_time_link_opened(store):
    guest = open_session(store, Account("first admin", "admin"), hours=1)
    add_account(store, ADA, PASSWORD, "test")
    assert find_session(store, guest) is not None
    add_account(store, Account("kim", "admin"), PASSWORD, "test")
    assert find_session(store, guest) is None


def test_a_token_is_stored_as_a_hash_only(store):
    token = open_session(store, ADA, hours=1)
    assert not store.rows("SELECT * FROM session WHERE token_sha256 = ?", (token,))
    assert find_session(store, token) == ADA


def test_removing_nobody_says_so(store):
    with pytest.raises(NotFound):
        remove_account(store, "nobody", "test")
