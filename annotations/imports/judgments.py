"""Judgments from files on their way into the ledger: new ones, known ones, and better known ones.

A judgment is never changed. Where a later import knows more of one (whose answers they are, who
judged, how to read the reply), it is filed again, and the latest filing stands.
"""

import json
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from annotations import library
from annotations.imports.sides import Side
from annotations.judging.records import DENIED, Kind
from annotations.store import Row
from backend.judge.records import Reading, Slot, VerdictOutcome

# One row: the latest filing of a key.
SELECT_STANDING = """
    SELECT j.*, s1.name AS name_1, s2.name AS name_2 FROM judgment j
    JOIN system s1 ON s1.system_id = j.system_1 LEFT JOIN system s2 ON s2.system_id = j.system_2
    WHERE j.key IN (SELECT value FROM json_each(?))
    AND NOT EXISTS (SELECT 1 FROM judgment n WHERE n.key = j.key AND n.attempt > j.attempt)"""

# What a person read goes over to the new filing.
COPY_READINGS = """
    INSERT INTO judgment_reading(judgment_id, actor, score_1, score_2, note, created_at)
    SELECT ?, actor, score_1, score_2, note, created_at FROM judgment_reading
    WHERE judgment_id = ? ORDER BY judgment_reading_id"""


@dataclass(frozen=True, slots=True)
class Filed:
    """One judgment of a file; `said` is the winner by the file's word.

    `stored` are the scores by the file. Edge: without a reading or a winner it is a failure, named
    by `outcome`.
    """

    line: int
    key: str
    ext_id: str
    item_id: str
    item_row: int
    sides: tuple[Side, ...]
    reference_slot: int | None
    judge: str
    judge_assumed: bool
    protocol: str
    detail: str
    text: str
    outcome: VerdictOutcome
    reading: Reading | None
    winner: Slot | None
    stored: tuple[float, ...] | None
    said: Slot | None

    @property
    def kind(self) -> Kind:
        """Say whether two answers were judged, or one."""
        return "pair" if len(self.sides) == 2 else "single"

    @property
    def better(self) -> Slot | None:
        """Return the better slot by what was read from the text."""
        if self.reading is None or self.reading.score_2 is None:
            return self.winner
        first, second = self.reading.score_1, self.reading.score_2
        return "tie" if first == second else "1" if first > second else "2"

    @property
    def scores(self) -> tuple[float, ...] | None:
        """Return the scores that were read from the text."""
        if self.reading is None:
            return None
        first, second = self.reading.score_1, self.reading.score_2
        return (first,) if second is None else (first, second)

    @property
    def flags(self) -> tuple[str, ...]:
        """Return what is odd about the reading, and a winner of the file that the text denies."""
        odd = self.reading.flags if self.reading else ()
        denied = self.said is not None and self.said != self.better
        return (*odd, f"{DENIED} {self.said}") if denied else odd


def write_filed(db: sqlite3.Connection, filed: Sequence[Filed], source_id: int, at: float) -> None:
    """Write judgments as further filings of their keys, behind those that there are."""
    standing = find_standing(db, [one.key for one in filed])
    for one in filed:
        before = standing.get(one.key)
        attempt = 0 if before is None else before["attempt"] + 1
        columns = tell_columns(db, one) | {
            "source_id": source_id, "attempt": attempt, "created_at": at
        }  # fmt: skip
        names, marks = ", ".join(columns), ", ".join("?" * len(columns))
        cursor = db.execute(
            f"INSERT INTO judgment({names}) VALUES ({marks})",
            list(columns.values()),
        )
        if before is not None:
            db.execute(COPY_READINGS, (cursor.lastrowid, before["judgment_id"]))


def find_standing(db: sqlite3.Connection, keys: Sequence[str]) -> dict[str, Row]:
    """Return the judgments of these keys as the ledger has them, by key."""
    return {row["key"]: row for row in db.execute(SELECT_STANDING, (json.dumps(keys),))}


def tell_columns(db: sqlite3.Connection, one: Filed) -> dict[str, Any]:
    """Return a judgment by column; its systems are made where they are not there."""
    numbers = [library.add_system(db, side.system) for side in one.sides]
    return {
        "key": one.key, "ext_id": one.ext_id, "kind": one.kind, "item_id": one.item_row,
        "system_1": numbers[0], "system_2": numbers[1] if len(numbers) == 2 else None,
        "reference_slot": one.reference_slot, "repeat": 0, "protocol": one.protocol,
        "prompt_sha256": "", "boundary": "", "fault": "", "detail": one.detail, "model": "",
        "text": one.text, "first_text": "", "duration_s": 0.0, **tell_findings(one),
    }  # fmt: skip


def tell_findings(one: Filed) -> dict[str, Any]:
    """Return, by column, what a later import may know better."""
    answers = [side.answer_id for side in one.sides]
    scores, stored = one.scores or (), one.stored or ()
    return {
        "answer_1": answers[0], "answer_2": answers[1] if len(answers) == 2 else None,
        "judge": one.judge, "judge_assumed": int(one.judge_assumed), "outcome": one.outcome,
        "how": one.reading.how if one.reading else "mark" if one.winner else "",
        "flags": json.dumps(one.flags), "winner": one.winner,
        "read_1": pick(scores, 0), "read_2": pick(scores, 1),
        "stored_1": pick(stored, 0), "stored_2": pick(stored, 1),
    }  # fmt: skip


def pick(scores: Sequence[float], place: int) -> float | None:
    """Return a score, or None where there is none."""
    return scores[place] if place < len(scores) else None


def is_same(one: Filed, row: Row) -> bool:
    """Say whether the ledger has a judgment just as it is."""
    names = [name for name in (row["name_1"], row["name_2"]) if name is not None]
    findings: Mapping[str, Any] = tell_findings(one)
    return names == [side.system for side in one.sides] and all(
        row[name] == value for name, value in findings.items()
    )


def join_known(one: Filed, row: Row, *, is_told: bool) -> Filed:
    """Return a judgment with what the ledger knows of it and this file doesn't.

    `is_told` says that a person named the judge this time, which outweighs what was written down.
    """
    known = [Side(row["name_1"], row["answer_1"]), Side(row["name_2"], row["answer_2"])]
    sides = tuple(
        old if new.answer_id is None and old.answer_id is not None else new
        for new, old in zip(one.sides, known, strict=False)
    )
    there = tuple(score for score in (row["stored_1"], row["stored_2"]) if score is not None)
    joined = replace(one, sides=sides, stored=one.stored or there or None)
    if is_told or (row["judge_assumed"] and not one.judge_assumed):
        return joined
    return replace(joined, judge=row["judge"], judge_assumed=bool(row["judge_assumed"]))
