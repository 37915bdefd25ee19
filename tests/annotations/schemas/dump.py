"""Writes the ledger of a new schema from the one before; see README.md."""

import sqlite3
import sys
import tempfile
from contextlib import closing
from pathlib import Path

from annotations.backups import FILE_NAME
from annotations.ranking.checks import CheckErrand, CheckOrder
from annotations.schema import APPLICATION_ID
from annotations.store import Store
from tests.interpreters import REWARD, Models, carry_out

HERE = Path(__file__).parent
HEAD = (
    "-- A small ledger as the {} schema left it: never changed, so that it can be opened for good."
)


def fill(store):
    """Put rows into what the migration to 0004 has made."""
    (study,) = store.row("SELECT name FROM study ORDER BY study_id LIMIT 1")
    models = Models("too_long", card=REWARD, answer=len)
    order = CheckOrder("r", study)
    carry_out(lambda: CheckErrand(store, models, order, "kim"), models)


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
