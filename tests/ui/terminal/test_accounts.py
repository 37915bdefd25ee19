from annotations.accounts import check_password
from annotations.store import Store

PASSWORD = "correct horse battery"


def test_a_password_is_asked_for_twice(camelid, data):
    added = camelid("account", "add", "kim", "--role", "admin", input=f"{PASSWORD}\n{PASSWORD}\n")
    assert added.exit_code == 0
    assert PASSWORD not in added.output
    with Store(data) as store:
        assert check_password(store, "kim", PASSWORD).role == "admin"


def test_a_password_can_come_from_a_pipe(camelid, data):
    added = camelid("account", "add", "lee", "--password-stdin", input=f"{PASSWORD}\r\nmore\n")
    assert added.stdout == "lee can log in as researcher.\n"
    with Store(data) as store:
        assert check_password(store, "lee", PASSWORD).name == "lee"


def test_accounts_are_listed_and_removed(camelid):
    camelid("account", "add", "kim", "--password-stdin", input=PASSWORD)
    assert camelid("account", "list").stdout.splitlines()[1].split() == ["kim", "researcher"]
    assert camelid("account", "remove", "kim").exit_code == 0
    assert "no accounts yet" in camelid("account", "list").stdout


def test_a_short_password_is_refused(camelid):
    added = camelid("account", "add", "kim", "--password-stdin", input="short")
    assert added.exit_code == 1
    assert "at least 12 characters" in added.stderr
