"""Writes the ledger of a new schema from the one before; see README.md."""

import sqlite3
import sys
import tempfile
from contextlib import closing
from pathlib import Path

from annotations.backups import FILE_NAME
from annotations.judging.orders import JudgeOrder
from annotations.judging.records import choose_scores
from annotations.judging.waiting import list_waiting, read_by_hand
from annotations.schema import APPLICATION_ID
from annotations.store import Store
from tests.interpreters import QUESTIONS, REWARD, Models, add_questions, rank, translate
from tests.judges import Judge, judge

HERE = Path(__file__).parent
HEAD = (
    "-- A small ledger as the {} schema left it: never changed, so that it can be opened for good."
)
ANSWERERS = "SELECT name FROM system WHERE system_id IN (SELECT system_id FROM answer) LIMIT 2"


def fill(store):
    """Put rows into what the migration to 0003 has made."""
    replies = iter(["No idea.", "Still none."])
    (benchmark,) = store.row("SELECT name FROM benchmark ORDER BY benchmark_id LIMIT 1")
    one, other = (row[0] for row in store.rows(ANSWERERS))
    order = JudgeOrder("free", benchmark, (one,), (other,), n_parallel=1)
    judge(store, Judge(lambda _: next(replies, "7 8\nBoth are fine.")), order)
    waiting = list_waiting(store)[0]
    read_by_hand(store, waiting.judgment.judgment_id, "kim", 7, 8, "It says so.")
    choose_scores(store, "stored", "kim")
    add_questions(store, QUESTIONS[:1], {"alpaca": [["It is an animal.", "An animal."]]})
    translate(store, Models(), "alpaca")
    rank(store, Models(card=REWARD, answer=len), samples=2)


def dump(before, name, ordinal):
    """Write one file."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / FILE_NAME
        with closing(sqlite3.connect(path)) as conn:
            conn.executescript((HERE / before).read_text("utf-8"))
        with Store(Path(folder), purpose="test") as store:
            fill(store)
        with closing(sqlite3.connect(path)) as conn:
            lines = [HEAD.format(ordinal), f"PRAGMA application_id={APPLICATION_ID};"]
            told = "\n".join([*lines, *conn.iterdump()])
    Path(HERE / name).write_text(told + "\n", "utf-8")


if __name__ == "__main__":
    dump(*sys.argv[1:])
