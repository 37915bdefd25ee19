"""Opening the ledger: what is damaged, foreign or half there is told, and never touched."""

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from annotations.backups import FILE_NAME, list_backups, make_backup
from annotations.opening import connect_writer, explain_version, prepare, warn_of_defect
from annotations.schema import Changes, migrate, migrations
from annotations.store import Store
from backend.errors import LedgerError
from tests.ledgers import add_ballot, make_study

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
SCHEMAS = Path(__file__).parent / "schemas"
CHOICES = ("left", "tie", "right")


@pytest.fixture
def folder(tmp_path):
    """A closed ledger of some size, with one backup."""
    with Store(tmp_path, purpose="test") as store:
        make_study(store, n_items=100)
        add_ballot(store, CHOICES)
        make_backup(store)
    return tmp_path


def cut(content):
    return content[: len(content) // 2]


def blank(content):
    return content[:20_000] + bytes(20_000) + content[40_000:]


def garble(content):
    return bytes(100) + content[100:]


def scribble(content):
    at = content.index(b"Comparing two responses")
    return content[:at] + b"\xff\xfe\xff\xfe" + content[at + 4 :]


@pytest.mark.parametrize("harm", [cut, blank, garble])
def test_a_damaged_ledger_names_the_newest_good_backup_and_is_left_alone(folder, harm):
    path = folder / FILE_NAME
    path.write_bytes(harm(path.read_bytes()))
    before = path.read_bytes()
    (backup,) = list_backups(folder)
    for _ in range(2):
        with pytest.raises(LedgerError, match=f"restore .*{backup.path.name}"):
            Store(folder, purpose="serving")
    assert path.read_bytes() == before


def test_the_control_a_sound_ledger_opens(folder):
    with Store(folder, purpose="serving") as store:
        add_ballot(store, CHOICES, pair=2)


def test_without_a_backup_a_damaged_ledger_says_so(folder):
    (backup,) = list_backups(folder)
    backup.path.unlink()
    (folder / FILE_NAME).write_bytes(cut((folder / FILE_NAME).read_bytes()))
    with pytest.raises(LedgerError, match="There is no good backup of it"):
        Store(folder, purpose="serving")


def test_a_bad_backup_is_not_the_one_that_is_named(folder):
    (good,) = list_backups(folder)
    with Store(folder) as reader:
        bad = make_backup(reader, reason="bad")
    bad.write_bytes(b"")
    (folder / FILE_NAME).write_bytes(b"")
    with pytest.raises(LedgerError, match=good.path.name):
        Store(folder, purpose="serving")


@pytest.mark.parametrize("how", ["empty", "gone"])
def test_a_log_without_its_ledger_is_no_first_start(tmp_path, how):
    log = tmp_path / f"{FILE_NAME}-wal"
    log.write_bytes(b"x" * 5000)
    if how == "empty":
        (tmp_path / FILE_NAME).touch()
    with pytest.raises(LedgerError, match=f"is {how}, but there was one here"):
        Store(tmp_path, purpose="serving")
    assert log.read_bytes() == b"x" * 5000


@pytest.mark.parametrize("is_empty", [True, False])
def test_a_first_start_that_was_cut_off_begins_again(tmp_path, is_empty):
    if is_empty:
        (tmp_path / FILE_NAME).touch()
    with Store(tmp_path, purpose="serving") as store:
        make_study(store)
    assert list_backups(tmp_path) == []


def test_a_reader_is_told_of_damage_too(folder):
    (folder / FILE_NAME).write_bytes(garble((folder / FILE_NAME).read_bytes()))
    with pytest.raises(LedgerError, match=r"can't be read as a ledger.* restore "):
        Store(folder)


def test_damage_while_the_app_runs_is_said_and_nothing_is_called_saved(folder):
    path = folder / FILE_NAME
    with Store(folder, purpose="serving") as store:
        sound = path.read_bytes()
        path.write_bytes(sound[:4096] + bytes(len(sound) - 4096))
        with pytest.raises(LedgerError, match=r"can't be written now: .*malformed"):
            add_ballot(store, CHOICES, pair=2)
    path.write_bytes(sound)
    with Store(folder, purpose="serving") as store:
        add_ballot(store, CHOICES, pair=2)
        assert store.row("SELECT count(*) FROM ballot")[0] == 2


def test_a_folder_that_everybody_can_write_in_is_refused(tmp_path):
    tmp_path.chmod(0o777)
    with pytest.raises(LedgerError, match=r"\(mode 777\)\. Run: chmod o-w"):
        Store(tmp_path, purpose="serving")
    assert not list(tmp_path.iterdir())
    tmp_path.chmod(0o700)
    Store(tmp_path, purpose="serving").close()


NOBODY = """
import os, sys
from pathlib import Path
from annotations.store import Store
from backend.errors import LedgerError
os.setgid(65534); os.setuid(65534)
try:
    Store(Path(sys.argv[1]), purpose="serving")
except LedgerError as error:
    print(error)
"""


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
@pytest.mark.parametrize("what, problem", [("folder", "data folder"), ("file", "as a ledger")])
def test_what_this_user_can_not_write_is_said(tmp_path, what, problem):
    with Store(tmp_path, purpose="test") as store:
        make_study(store)
    for folder in (tmp_path, *list(tmp_path.parents)[:2]):
        folder.chmod(0o755)
    (tmp_path / FILE_NAME).chmod(0o444)
    if what == "file":
        tmp_path.chmod(0o775)
        os.chown(tmp_path, 65534, 65534)
        (tmp_path / "camelid.lock").chmod(0o666)
    before = (tmp_path / FILE_NAME).read_bytes()
    words = [sys.executable, "-c", NOBODY, tmp_path]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=True)
    assert problem in done.stdout
    assert "can't be written" in done.stdout
    assert (tmp_path / FILE_NAME).read_bytes() == before


HOLDER = """
import sqlite3, sys, time
conn = sqlite3.connect(sys.argv[1], isolation_level=None)
conn.execute("BEGIN IMMEDIATE")
print("held", flush=True)
sys.stdin.read()
"""


@contextmanager
def foreign_lock(folder):
    """Another program that holds the ledger's own lock."""
    words = [sys.executable, "-c", HOLDER, folder / FILE_NAME]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout.readline() == b"held\n"
        yield
        process.stdin.close()


def test_a_foreign_lock_is_said_after_10_seconds_and_votes_go_on_afterwards(folder):
    with Store(folder, purpose="serving") as store:
        with foreign_lock(folder):
            start = time.monotonic()
            with pytest.raises(LedgerError, match="database is locked"):
                add_ballot(store, CHOICES, pair=2)
            assert 9 < time.monotonic() - start < 18  # a second wait would end at 20
        add_ballot(store, CHOICES, pair=2)
        assert store.row("SELECT count(*) FROM ballot")[0] == 2


@pytest.mark.parametrize(
    "version, has_defect",
    [
        ((3, 6, 23), False), ((3, 7, 0), True), ((3, 40, 1), True), ((3, 44, 5), True),
        ((3, 44, 6), False), ((3, 45, 0), True), ((3, 49, 2), True), ((3, 50, 6), True),
        ((3, 50, 7), False), ((3, 51, 2), True), ((3, 51, 3), False), ((3, 52, 0), False),
    ],
)  # fmt: skip
def test_versions_with_the_known_defect_are_told_apart(version, has_defect, caplog):
    warn_of_defect(version)
    assert ("one connection only" in explain_version(version)) == has_defect
    assert len(caplog.records) == has_defect


def read_schema(path):
    """Every statement that makes a ledger's tables, indexes and triggers."""
    with closing(sqlite3.connect(path)) as conn:
        sql = "SELECT sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY type, name"
        return [" ".join(row[0].split()) for row in conn.execute(sql)]


def build_old(folder, name):
    """A ledger as a released version left it, with rows."""
    with closing(sqlite3.connect(folder / FILE_NAME)) as conn:
        conn.executescript((SCHEMAS / name).read_text("utf-8"))
    return folder / FILE_NAME


def read_rows(path):
    """All rows of all tables but the list of migrations, by table."""
    with closing(sqlite3.connect(path)) as conn:
        tables = conn.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")
        return {
            name: conn.execute(f"SELECT * FROM {name}").fetchall()
            for (name,) in tables.fetchall()
            if not name.startswith(("_", "sqlite"))
        }


@pytest.mark.parametrize("name", sorted(path.name for path in SCHEMAS.glob("*.sql")))
def test_a_ledger_of_every_released_schema_becomes_one_of_today(tmp_path, name):
    path = build_old(tmp_path, name)
    before = read_rows(path)
    with Store(tmp_path, purpose="serving") as store:
        add_ballot(store, CHOICES, pair=2, who="NEW")
    with Store(tmp_path / "fresh", purpose="test"):
        assert read_schema(path) == read_schema(tmp_path / "fresh" / FILE_NAME)
    after = read_rows(path)
    assert before["vote"]
    for table, rows in before.items():
        assert after[table][: len(rows)] == rows or table == "demand", table


def test_every_migration_has_its_schema_kept():
    assert [change.name[:4] for change in migrations._migrations] == sorted(
        path.stem for path in SCHEMAS.glob("*.sql")
    )


DYING = """
import os, signal, sqlite3, sys
from annotations import schema
from annotations.opening import prepare
path, moment, part = sys.argv[1], int(sys.argv[2]), sys.argv[3]
conn = sqlite3.connect(path, isolation_level=None)
prepare(conn)
left = iter(range(moment))
def count(statement):
    if next(left, None) is None:
        os.kill(os.getpid(), signal.SIGKILL)
conn.set_trace_callback(count)
if part:
    for statement in getattr(schema, part):
        conn.execute(statement)
else:
    schema.migrate(conn)
"""


def die_while_migrating(path, moment, part=""):
    """A migration whose process is killed before its n-th statement; `part` has no transaction."""
    words = [sys.executable, "-c", DYING, path, str(moment), part]
    return subprocess.run(words, cwd=ROOT, check=False).returncode


# Statements of the next migration from each schema; the last one commits.
N_STATEMENTS = {"0001.sql": 73, "0002.sql": 98, "0003.sql": 28}
IN_THE_GATE = {"0001.sql": (12, 55, 72), "0002.sql": (17, 60, 95, 97), "0003.sql": (20, 27)}


@pytest.mark.parametrize("name", N_STATEMENTS)
def test_the_control_a_kill_after_the_last_statement_comes_too_late(tmp_path, name):
    path = build_old(tmp_path, name)
    told = []
    with closing(sqlite3.connect(path, isolation_level=None)) as conn:
        prepare(conn)
        conn.set_trace_callback(told.append)
        migrate(conn)
    assert told.index("COMMIT") + 1 == N_STATEMENTS[name]


@pytest.mark.parametrize(
    ("name", "moment"),
    [
        pytest.param(name, moment, marks=() if moment in IN_THE_GATE[name] else pytest.mark.soak)
        for name, n in N_STATEMENTS.items()
        for moment in range(n)
    ],
)
def test_a_kill_in_the_middle_of_a_migration_changes_nothing(tmp_path, name, moment):
    path = build_old(tmp_path, name)
    before = read_rows(path)
    assert die_while_migrating(path, moment) == -signal.SIGKILL
    assert read_rows(path) == before
    with pytest.raises(LedgerError, match="from an older Camelid"):
        Store(tmp_path)
    Store(tmp_path, purpose="serving").close()
    after = read_rows(path)
    assert {table: after[table] for table in before} == before


@pytest.mark.parametrize(
    ("name", "part", "table"),
    [("0001.sql", "CONVERSATIONS", "conversation"), ("0002.sql", "JUDGING", "answer_name")],
)
def test_the_control_without_a_transaction_half_a_migration_is_left(tmp_path, name, part, table):
    path = build_old(tmp_path, name)
    assert die_while_migrating(path, 5, part) == -signal.SIGKILL
    with pytest.raises(LedgerError, match=f"{table} already exists"):
        Store(tmp_path, purpose="serving")


def make_newer():
    """The migrations of a version to come."""
    newer = Changes("camelid")
    newer._migrations.extend(migrations._migrations)

    @newer(name="0999_colour")
    def add_colour(db):
        db.conn.execute("ALTER TABLE system ADD COLUMN colour TEXT NOT NULL DEFAULT 'grey'")

    return newer


def test_a_backup_is_made_before_a_migration_and_only_then(folder):
    n_before = len(list_backups(folder))
    for _ in range(2):
        connect_writer(folder / FILE_NAME, 1e9, make_newer()).close()
    made = [backup for backup in list_backups(folder) if backup.reason]
    assert [backup.reason for backup in made] == ["before-0999_colour"]
    assert len(list_backups(folder)) == n_before + 1
    with closing(sqlite3.connect(made[0].path)) as conn:
        assert "colour" not in json.dumps(conn.execute("PRAGMA table_info(system)").fetchall())


def test_a_migration_that_fails_leaves_the_ledger_as_it_was(folder):
    newer = make_newer()

    @newer(name="1000_broken")
    def break_it(db):
        db.conn.execute("DELETE FROM system_of_a_down")

    with pytest.raises(LedgerError, match="no such table"):
        connect_writer(folder / FILE_NAME, 1e9, newer)
    assert [backup.reason for backup in list_backups(folder)].count("before-0999_colour") == 1


def test_without_room_for_the_backup_nothing_is_migrated(folder):
    before = read_schema(folder / FILE_NAME)
    (folder / "backups").rename(folder / "elsewhere")
    (folder / "backups").write_text("in the way")
    with pytest.raises(LedgerError, match="backup"):
        connect_writer(folder / FILE_NAME, 1e9, make_newer())
    assert read_schema(folder / FILE_NAME) == before
