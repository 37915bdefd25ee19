"""Runs of a reward model: what each was sent to score, how that ended, and how the run did.

A score is kept with its answer, so that no run asks for it again; a failure is a named outcome and
never a number.
"""

import json
import sqlite3
from collections.abc import Sequence
from dataclasses import asdict, dataclass

from annotations import library
from annotations.conversations.records import clean_text
from annotations.endings import end_run
from annotations.generation import Ending, State
from annotations.library import Source
from annotations.ranking.groups import Group, Podium, Sample, name_rank
from annotations.store import Row, Store
from annotations.studies import find_id
from backend.errors import Conflict, NotFound
from backend.records import hash_text
from backend.scoring import Marks

# One row: one run, with how each answer's scoring ended so far.
SELECT_RUNS = """
    SELECT r.*, b.name AS benchmark, s.name AS base_name, p.name AS baseline_name,
        (SELECT json_group_object(outcome, n) FROM (SELECT outcome, count(*) AS n
            FROM reward w WHERE w.ranking_run_id = r.ranking_run_id GROUP BY outcome)) AS outcomes
    FROM ranking_run r JOIN benchmark b USING(benchmark_id)
        JOIN system s ON s.system_id = r.base JOIN system p ON p.system_id = r.baseline"""

# One row: the run that placed the ranks of a name on a benchmark first.
SELECT_FIRST = f"""{SELECT_RUNS} WHERE r.ranking_run_id = (
    SELECT min(k.ranking_run_id) FROM ranked_system k JOIN benchmark USING(benchmark_id)
    WHERE benchmark.name = ? AND k.name = ?)"""

# One row: a system that has an answer to a benchmark which is no rank.
SELECT_STRANGERS = """
    SELECT s.name FROM answer a JOIN item i USING(item_id) JOIN benchmark b USING(benchmark_id)
        JOIN system s USING(system_id)
    WHERE b.name = ? AND s.name IN (SELECT value FROM json_each(?))
        AND NOT EXISTS (SELECT 1 FROM ranked_answer k WHERE k.answer_id = a.answer_id) LIMIT 1"""


@dataclass(frozen=True, slots=True)
class Start:
    """What a run asks for: whose samples are put in order by whom.

    `name` is what the ranks are called after; `baseline` is the system with the plain decoding.
    """

    benchmark: str
    name: str
    base: str
    baseline: str
    samples: int
    card: str
    reward_sha256: str


@dataclass(frozen=True, slots=True)
class RankingRun:
    """One run and how far it is. Units: epoch seconds.

    `n_wanted` answers had no score at the start; `outcomes` counts how each ended, by its name.
    """

    run_id: int
    start: Start
    actor: str
    state: State
    message: str
    n_wanted: int
    outcomes: dict[str, int]
    started_at: float
    finished_at: float | None

    @property
    def n_scored(self) -> int:
        """Return how many answers were scored."""
        return self.outcomes.get("ok", 0)


def start_ranking(store: Store, actor: str, start: Start, n_wanted: int) -> int:
    """Begin a run and return its number; `n_wanted` answers have no score.

    Errors: Conflict when the name stands for other ranks, or is being ranked now; NotFound for an
    unknown benchmark or system.
    """
    with store.write() as db:
        check_ranks(db, start)
        digest = hash_text(json.dumps(asdict(start), sort_keys=True, ensure_ascii=False))
        source = Source(f"ranked by {start.card}", digest, "ranked", n_wanted)
        source_id = library.add_source(db, source, store.timestamp(), actor)
        benchmark_id = find_id(db, "benchmark", start.benchmark)
        systems = (find_id(db, "system", start.base), find_id(db, "system", start.baseline))
        ids = (source_id, benchmark_id, *systems, n_wanted)
        run_id = insert_run(db, start, actor, ids, store.clock())
        told = asdict(start) | {"run": run_id, "n_wanted": n_wanted}
        store.record_event(db, actor, "ranking_started", **told)
    return run_id


def insert_run(
    db: sqlite3.Connection, start: Start, actor: str, ids: tuple[int, ...], now: float
) -> int:
    """Write a run; `ids` are those of source, benchmark, base, baseline, and what is wanted.

    Errors: Conflict when one of the name goes on now.
    """
    try:
        cursor = db.execute(
            """INSERT INTO ranking_run(source_id, benchmark_id, base, baseline, n_wanted, name,
                samples, actor, card, reward_sha256, state, message, started_at)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'running', '', ?)""",
            (
                *ids, start.name, start.samples, actor, start.card, start.reward_sha256, now,
            ),
        )  # fmt: skip
    except sqlite3.IntegrityError as error:
        raise Conflict(
            f"The samples of {start.name} on {start.benchmark} are being ranked already. Wait for "
            "that run."
        ) from error
    return int(cursor.lastrowid or 0)


def check_ranks(db: sqlite3.Connection, start: Start) -> None:
    """Refuse a name that stands for other ranks, or for answers that are none.

    Errors: Conflict that says what is in the way.
    """
    row = db.execute(SELECT_FIRST, (start.benchmark, start.name)).fetchone()
    changed = list_changes(make_run(row).start, start) if row else []
    if changed:
        raise Conflict(
            f"The ranks of {start.name} on {start.benchmark} were made with another "
            f"{' and '.join(changed)}. Choose another name for these (--as NAME)."
        )
    names = json.dumps([name_rank(start.name, rank) for rank in range(1, start.samples + 1)])
    stranger = db.execute(SELECT_STRANGERS, (start.benchmark, names)).fetchone()
    if stranger:
        raise Conflict(
            f"{start.benchmark} has answers of {stranger['name']!r} that are no rank. Choose "
            "another name for these ranks (--as NAME)."
        )


def list_changes(before: Start, start: Start) -> list[str]:
    """Return what tells two rankings apart."""
    pairs = {
        "system": (before.base, start.base),
        "baseline": (before.baseline, start.baseline),
        "number of samples": (before.samples, start.samples),
        "reward model": (before.reward_sha256, start.reward_sha256),
    }
    return [name for name, (old, new) in pairs.items() if old != new]


def open_podium(store: Store, run_id: int) -> Podium:
    """Return what puts a run's ranks in place.

    Errors: NotFound for an unknown run.
    """
    with store.snapshot() as db:
        row = find_run(db, run_id)
    ids = (row["benchmark_id"], row["baseline"], run_id, row["source_id"])
    return Podium(row["name"], row["reward_sha256"], *ids)


def place_groups(store: Store, podium: Podium, groups: Sequence[Group]) -> None:
    """Write the ranks of all groups whose scores are known already."""
    with store.write() as db:
        for group in groups:
            podium.place(db, group)


def save_marks(
    store: Store, podium: Podium, group: Group, asked: Sequence[Sample], marks: Marks
) -> None:
    """Write down what the samples of a group were given, or why nothing, and their ranks.

    Edge: a score that another run has brought meanwhile stays.
    """
    scores = marks.scores or (None,) * len(asked)
    rows = [
        (
            podium.run_id, sample.answer_id, podium.reward_sha256, marks.outcome, score,
            clean_text(marks.detail), store.clock(),
        )
        for sample, score in zip(asked, scores, strict=True)
    ]  # fmt: skip
    with store.write() as db:
        insert = "INSERT INTO reward VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING"
        db.executemany(insert, rows)
        podium.place(db, group)


def finish_ranking(store: Store, run_id: int, state: Ending, message: str = "") -> RankingRun:
    """End a run; what it has scored stays.

    Edge: a run that has ended keeps its first ending.
    Errors: NotFound for an unknown run.
    """
    with store.write() as db:
        run = find_run(db, run_id)
        if run["state"] == "running":
            end_run(db, "ranking_run", run_id, state, message, store.clock())
            kind = f"ranking_{state}"
            store.record_event(db, run["actor"], kind, run=run_id, message=message)
        return make_run(find_run(db, run_id))


def find_run(db: sqlite3.Connection, run_id: int) -> Row:
    """Return a run's row of SELECT_RUNS.

    Errors: NotFound for an unknown run.
    """
    sql = f"{SELECT_RUNS} WHERE ranking_run_id = ?"
    row: Row | None = db.execute(sql, (run_id,)).fetchone()
    if row is None:
        raise NotFound(f"There is no ranking number {run_id}.")
    return row


def make_run(row: Row) -> RankingRun:
    """Turn a row of SELECT_RUNS into a record."""
    start = Start(
        row["benchmark"], row["name"], row["base_name"], row["baseline_name"], row["samples"],
        row["card"], row["reward_sha256"],
    )  # fmt: skip
    return RankingRun(
        row["ranking_run_id"], start, row["actor"], row["state"], row["message"], row["n_wanted"],
        json.loads(row["outcomes"]), row["started_at"], row["finished_at"],
    )  # fmt: skip
