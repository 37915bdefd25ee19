"""Groups: a system's samples of one item, what a reward model gave them, and their ranks.

Ranks are placed when every sample of a group has its score: each rank is an answer of a system of
its own, "X R1" for the best of X's samples.
"""

import json
import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from annotations import library
from annotations.library import make_item
from backend.records import Answer, Item

# One row: one item of a benchmark, each of a system's first samples of it, and its score.
SELECT_SAMPLES = """
    SELECT i.*, a.answer_id, a.sample, a.text, r.score
    FROM item i JOIN answer a USING(item_id) JOIN system s USING(system_id)
        LEFT JOIN reward r ON r.answer_id = a.answer_id AND r.outcome = 'ok'
            AND r.reward_sha256 = :reward
    WHERE i.benchmark_id = :benchmark AND s.name = :system AND a.sample < :samples
    ORDER BY i.ord, a.sample"""

SELECT_SCORES = """SELECT answer_id, score FROM reward
    WHERE outcome = 'ok' AND reward_sha256 = ? AND answer_id IN (SELECT value FROM json_each(?))"""


@dataclass(frozen=True, slots=True)
class Sample:
    """One answer of a group. Edge: `score` is None while no reward model has given one."""

    answer_id: int
    sample: int
    text: str
    score: float | None


@dataclass(frozen=True, slots=True)
class Group:
    """A system's samples of one item; `item_row` is the item's row number."""

    item_row: int
    item: Item
    samples: tuple[Sample, ...]

    @property
    def missing(self) -> list[Sample]:
        """Return the samples that have no score."""
        return [sample for sample in self.samples if sample.score is None]


@dataclass(frozen=True, slots=True)
class Podium:
    """Puts ranks in place for one run; the ids are rows' numbers."""

    name: str
    reward_sha256: str
    benchmark_id: int
    baseline_id: int
    run_id: int
    source_id: int

    def place(self, db: sqlite3.Connection, group: Group) -> None:
        """Write the ranks of a group whose scores are all known, where they are not there."""
        scores = find_scores(db, self.reward_sha256, group)
        if len(scores) < len(group.samples) or is_placed(db, self.name, group):
            return
        for rank, sample in enumerate(rank_samples(group.samples, scores), 1):
            system_id = library.add_system(db, name_rank(self.name, rank))
            self._link(db, rank, system_id)
            answer = Answer(group.item.item_id, sample.text)
            library.add_answers(db, system_id, self.source_id, [(group.item_row, answer)])
            answer_id = db.execute("SELECT last_insert_rowid()").fetchone()[0]
            link = (answer_id, sample.answer_id, self.run_id)
            db.execute("INSERT INTO ranked_answer VALUES (?, ?, ?)", link)
        self._link(db, 0, self.baseline_id)

    def _link(self, db: sqlite3.Connection, rank: int, system_id: int) -> None:
        db.execute(
            "INSERT INTO ranked_system VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
            (self.benchmark_id, self.name, rank, system_id, self.run_id),
        )


def name_rank(name: str, rank: int) -> str:
    """Return what the system of one rank is called."""
    return f"{name} R{rank}"


def rank_samples(samples: Sequence[Sample], scores: dict[int, float]) -> list[Sample]:
    """Return samples, the best first. Edge: of equal scores the earlier sample comes first."""
    return sorted(samples, key=lambda sample: (-scores[sample.answer_id], sample.sample))


def find_scores(db: sqlite3.Connection, reward_sha256: str, group: Group) -> dict[int, float]:
    """Return answer's number -> score of a group's samples, where there is one."""
    ids = json.dumps([sample.answer_id for sample in group.samples])
    return {row[0]: row[1] for row in db.execute(SELECT_SCORES, (reward_sha256, ids))}


def is_placed(db: sqlite3.Connection, name: str, group: Group) -> bool:
    """Say whether a group's ranks are there."""
    row = db.execute(
        "SELECT 1 FROM answer JOIN system s USING(system_id) WHERE item_id = ? AND s.name = ?",
        (group.item_row, name_rank(name, 1)),
    ).fetchone()
    return row is not None


def read_groups(
    db: sqlite3.Connection, benchmark_id: int, system: str, samples: int, reward_sha256: str
) -> list[Group]:
    """Return a system's first samples by item, in the benchmark's order, with their scores."""
    wanted = {
        "benchmark": benchmark_id, "system": system, "samples": samples, "reward": reward_sha256,
    }  # fmt: skip
    found: dict[int, list[sqlite3.Row]] = {}
    for row in db.execute(SELECT_SAMPLES, wanted):
        found.setdefault(row["item_id"], []).append(row)
    return [Group(number, make_item(rows[0]), make_samples(rows)) for number, rows in found.items()]


def make_samples(rows: Iterable[sqlite3.Row]) -> tuple[Sample, ...]:
    """Turn rows of SELECT_SAMPLES into records."""
    return tuple(Sample(row["answer_id"], row["sample"], row["text"], row["score"]) for row in rows)
