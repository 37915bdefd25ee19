"""How a run of any kind ends in the ledger: once, by whoever carried it out, or as interrupted."""

import sqlite3

from annotations.conversations.records import clean_text
from annotations.store import Store

TABLES = ("run", "judge_run", "translation_run", "ranking_run")
DIED = "The app ended before the run did. Start it again: it goes on with what is missing."


def end_run(
    db: sqlite3.Connection, table: str, run_id: int, state: str, message: str, now: float
) -> None:
    """Write the ending of a run in one of TABLES."""
    db.execute(
        f"UPDATE {table} SET state = ?, message = ?, finished_at = ? WHERE {table}_id = ?",
        (state, clean_text(message), now, run_id),
    )


def mark_interrupted(store: Store) -> int:
    """End the runs of any kind that a dead process left behind; return how many.

    To be called once after the ledger was opened to write: whoever ran them is gone then.
    """
    n = 0
    with store.write() as db:
        for table in TABLES:
            rows = db.execute(f"SELECT {table}_id FROM {table} WHERE state = 'running'").fetchall()
            for row in rows:
                end_run(db, table, row[0], "interrupted", DIED, store.clock())
            n += len(rows)
    return n
