"""A restore that was asked for in the browser happens at the next start, and once."""

import pytest

from annotations.backups import make_backup
from annotations.store import Store
from annotations.wishes import PLAN_NAME, Plan, carry_out_plan, drop_plan, find_plan, plan_restore
from backend.errors import CamelidError, LockedError, NotFound
from tests.ledgers import open_store


def add_system(store, name):
    with store.write() as db:
        db.execute("INSERT INTO system(name) VALUES (?)", (name,))


def list_names(folder):
    with Store(folder) as store:
        return [row["name"] for row in store.rows("SELECT name FROM system ORDER BY name")]


@pytest.fixture
def backup(tmp_path):
    """A ledger with two systems, and a backup from when it had one."""
    with open_store(tmp_path) as store:
        add_system(store, "early")
        path = make_backup(store)
        add_system(store, "late")
    return path


def test_the_next_start_goes_back_and_the_one_after_does_not(tmp_path, backup):
    plan_restore(tmp_path, backup.name, "kim")
    assert list_names(tmp_path) == ["early", "late"]
    assert carry_out_plan(tmp_path) == Plan(backup.name, "kim")
    assert list_names(tmp_path) == ["early"]
    assert carry_out_plan(tmp_path) is None


def test_who_asked_is_written_down_and_what_was_replaced_is_kept(tmp_path, backup):
    plan_restore(tmp_path, backup.name, "kim")
    carry_out_plan(tmp_path)
    with Store(tmp_path) as store:
        assert store.row("SELECT actor FROM event WHERE kind = 'restore'")[0] == "kim"
    assert len(list(tmp_path.glob("replaced-*.db"))) == 1


def test_a_wish_can_be_dropped(tmp_path, backup):
    plan_restore(tmp_path, backup.name, "kim")
    drop_plan(tmp_path)
    assert find_plan(tmp_path) is None
    assert carry_out_plan(tmp_path) is None


@pytest.mark.parametrize("name", ["", "x.db", "../camelid.db", "/etc/passwd", "camelid.db"])
def test_only_a_backup_of_the_folder_can_be_asked_for(tmp_path, backup, name):
    with pytest.raises(NotFound):
        plan_restore(tmp_path, name, "kim")
    assert not (tmp_path / PLAN_NAME).exists()


def test_a_damaged_backup_is_refused_and_a_later_start_works(tmp_path, backup):
    plan_restore(tmp_path, backup.name, "kim")
    backup.write_bytes(backup.read_bytes()[:-100] + b"x" * 100)
    with pytest.raises(CamelidError):
        carry_out_plan(tmp_path)
    assert carry_out_plan(tmp_path) is None
    assert list_names(tmp_path) == ["early", "late"]
    with pytest.raises(CamelidError):
        plan_restore(tmp_path, backup.name, "kim")


def test_a_second_start_beside_a_running_app_leaves_the_wish_alone(tmp_path, backup):
    plan_restore(tmp_path, backup.name, "kim")
    with Store(tmp_path, purpose="serving"), pytest.raises(LockedError):
        carry_out_plan(tmp_path)
    assert find_plan(tmp_path) is not None
