"""Runs of every kind end once."""

import sqlite3

import pytest

from annotations.schema import migrate
from annotations.tables.endings import guard_run

TABLES = ["judge_run", "translation_run", "ranking_run"]


@pytest.fixture
def db():
    """A table of runs with its guards: one run goes on."""
    with sqlite3.connect(":memory:") as conn:
        conn.execute("CREATE TABLE a_run(a_run_id INTEGER, state TEXT, started_at REAL)")
        for statement in guard_run("a_run"):
            conn.execute(statement)
        conn.execute("INSERT INTO a_run VALUES (1, 'running', 5)")
        yield conn


def test_a_run_ends_once(db):
    db.execute("UPDATE a_run SET state = 'done'")
    with pytest.raises(sqlite3.IntegrityError, match="a a_run ends once"):
        db.execute("UPDATE a_run SET state = 'running'")


@pytest.mark.parametrize(
    "change", ["UPDATE a_run SET started_at = 6", "UPDATE a_run SET a_run_id = 2",
               "DELETE FROM a_run"]
)  # fmt: skip
def test_a_run_stays_as_it_was_started(db, change):
    with pytest.raises(sqlite3.IntegrityError):
        db.execute(change)


@pytest.mark.parametrize("table", TABLES)
def test_every_table_of_runs_is_guarded(table):
    conn = sqlite3.connect(":memory:")
    migrate(conn)
    names = {row[0] for row in conn.execute("SELECT name FROM sqlite_schema WHERE type='trigger'")}
    assert {f"{table}_ends_once", f"{table}_no_delete"} <= names
    conn.close()
