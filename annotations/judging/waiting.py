"""Replies that nobody could read scores from: they wait for a person, beside their raw text."""

import sqlite3
from dataclasses import dataclass

from annotations.judging.records import SELECT_RECORDS, Judgment, list_judgments
from annotations.store import Row, Store
from backend.errors import InputError, NotFound, Refused
from backend.judge.records import MAX_SCORE

UNREAD = "AND j.outcome = 'unreadable' AND h.judgment_reading_id IS NULL"
# One row: one judgment, and whether there is a later one of the same answers.
SELECT_TRY = """
    SELECT judgment_id, kind, outcome, EXISTS(
        SELECT 1 FROM judgment n WHERE n.key = j.key AND n.attempt > j.attempt) AS is_past
    FROM judgment j WHERE judgment_id = ?"""
SELECT_TEXTS = """
    SELECT judgment_id, text, first_text FROM judgment WHERE outcome = 'unreadable'"""


@dataclass(frozen=True, slots=True)
class Waiting:
    """A judgment that waits for a person, with all that the judge said.

    `first_text` is what it said before it was reminded; empty where it was not.
    """

    judgment: Judgment
    text: str
    first_text: str


def list_waiting(store: Store) -> list[Waiting]:
    """Return the judgments that wait for a person, the oldest first."""
    with store.snapshot():
        judgments = list_judgments(store, UNREAD)
        texts = {row["judgment_id"]: row for row in store.rows(SELECT_TEXTS)}
    return [
        Waiting(one, texts[one.judgment_id]["text"], texts[one.judgment_id]["first_text"])
        for one in judgments
    ]


def count_waiting(store: Store) -> int:
    """Return how many judgments wait for a person."""
    row = store.row(f"SELECT count(*) FROM ({SELECT_RECORDS} {UNREAD})")
    return int(row[0]) if row else 0


def read_by_hand(
    store: Store,
    judgment_id: int,
    actor: str,
    score_1: float | None,
    score_2: float | None,
    note: str = "",
) -> int:
    """Write down what a person reads from a reply; without scores, that they can't either.

    Return the reading's number. A later reading takes the place of an earlier one.
    Errors: NotFound for an unknown judgment; Refused where the reply could be read, or is not the
    latest; InputError for scores that are not from 0 to 10, or not as many as were asked for.
    """
    with store.write() as db:
        row = find_judgment(db, judgment_id)
        check_hand(row, score_1, score_2)
        cursor = db.execute(
            """INSERT INTO judgment_reading(judgment_id, actor, score_1, score_2, note, created_at)
            VALUES (?, ?, ?, ?, ?, ?)""",
            (judgment_id, actor, score_1, score_2, note, store.clock()),
        )
        store.record_event(
            db, actor, "judgment_read", judgment=judgment_id, score_1=score_1, score_2=score_2
        )
    return int(cursor.lastrowid or 0)


def find_judgment(db: sqlite3.Connection, judgment_id: int) -> Row:
    """Return a judgment's row.

    Errors: NotFound.
    """
    row: Row | None = db.execute(SELECT_TRY, (judgment_id,)).fetchone()
    if row is None:
        raise NotFound(f"There is no judgment number {judgment_id}.")
    return row


def check_hand(row: Row, score_1: float | None, score_2: float | None) -> None:
    """Refuse what no person can have read from a reply."""
    if row["outcome"] != "unreadable":
        raise Refused(
            f"Judgment {row['judgment_id']} ended as {row['outcome']}; only replies that are "
            "unreadable are read by hand."
        )
    if row["is_past"]:
        raise Refused(
            f"The judge was asked again after judgment {row['judgment_id']}; its last reply counts."
        )
    given = [score for score in (score_1, score_2) if score is not None]
    wanted = 1 if row["kind"] == "single" else 2
    if len(given) not in (0, wanted) or (given and score_1 is None):
        raise InputError(
            f"Judgment {row['judgment_id']} has {wanted} score{'s'[: wanted - 1]}; give "
            f"{'both' if wanted == 2 else 'it'}, or none where the reply says none."
        )
    for score in given:
        if not 0 <= score <= MAX_SCORE:  # NaN is not in it either
            raise InputError(f"A score is {score:g}; it can be 0 to {MAX_SCORE:g}.")
