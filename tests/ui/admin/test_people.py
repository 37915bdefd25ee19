import pytest

from annotations.accounts import Account, check_password, list_accounts
from backend.errors import InputError, NotFound
from ui.admin.people import remove_person, set_person, show_people

WORDS = "correct horse battery"


def test_an_account_can_be_added_and_log_in(store):
    said = set_person(store, Account("ada", "admin"), WORDS, WORDS, "first admin")
    assert said[0].startswith("ada can log in as admin.")
    assert "log in again" in said[1]
    assert len(set_person(store, Account("kim", "admin"), WORDS, WORDS, "ada")) == 1
    assert check_password(store, "ada", WORDS) == Account("ada", "admin")


def test_two_different_passwords_add_nobody(store):
    with pytest.raises(InputError, match="two passwords differ"):
        set_person(store, Account("ada", "admin"), WORDS, WORDS + "x", "test")
    assert list_accounts(store) == []


def test_the_last_admin_stays(store):
    set_person(store, Account("ada", "admin"), WORDS, WORDS, "test")
    with pytest.raises(InputError, match="ada is the only admin"):
        remove_person(store, "ada", "test")
    with pytest.raises(InputError, match="ada is the only admin"):
        set_person(store, Account("ada", "researcher"), WORDS, WORDS, "test")
    assert list_accounts(store) == [Account("ada", "admin")]


def test_an_admin_can_go_when_there_is_another(store):
    for name in ("ada", "bob"):
        set_person(store, Account(name, "admin"), WORDS, WORDS, "test")
    assert remove_person(store, "ada", "test") == ["ada can't log in any more."]


def test_nobody_can_be_removed_who_is_not_there(store):
    with pytest.raises(NotFound, match="no account ''"):
        remove_person(store, "", "test")


def test_people_are_listed_and_their_names_escaped(store):
    assert "No accounts yet" in show_people([])
    assert "&lt;i&gt;" in show_people([Account("<i>", "admin")])
