"""Runs that ask a model for a benchmark's answers: what is missing, how each ended, how far it is.

An answer becomes a row among the answers, with the run as its source. A failure is a named outcome
and never an answer; the next run asks again for all that is missing.
"""

import json
import sqlite3
from dataclasses import asdict, dataclass
from typing import Literal

from annotations import library
from annotations.conversations.records import clean_text, read_sampling, write_sampling
from annotations.library import Source, find_benchmark, make_item
from annotations.store import Row, Store
from annotations.studies import find_id
from backend.dialogue import ANSWERED, Reply, Sampling
from backend.errors import Conflict, InputError, NotFound
from backend.records import Answer, Item, hash_text

Ending = Literal["done", "cancelled", "interrupted", "failed"]
State = Literal["running", "done", "cancelled", "interrupted", "failed"]

DIED = "The app ended before the run did. Start it again: it goes on with what is missing."

# One row: one item's sample that a system has not answered yet. Whole samples come first, so that
# a study can begin with the first of them.
SELECT_MISSING = """
    WITH RECURSIVE place(sample) AS (
        SELECT 0 UNION ALL SELECT sample + 1 FROM place WHERE sample + 1 < :samples),
    wanted AS (SELECT * FROM item WHERE benchmark_id = :benchmark ORDER BY ord LIMIT :n_items)
    SELECT i.*, sample FROM place CROSS JOIN wanted i WHERE NOT EXISTS (
        SELECT 1 FROM answer a JOIN system s USING(system_id)
        WHERE s.name = :system AND a.item_id = i.item_id AND a.sample = place.sample)
    ORDER BY sample, i.ord"""

# One row: one run, with how each sample of it ended so far.
SELECT_RUNS = """
    SELECT r.*, b.name AS benchmark, s.name AS system,
        (SELECT json_group_object(outcome, n) FROM (SELECT outcome, count(*) AS n
            FROM run_outcome o WHERE o.run_id = r.run_id GROUP BY outcome)) AS outcomes
    FROM run r JOIN benchmark b USING(benchmark_id) JOIN system s USING(system_id)"""

# One row: one way in which a system came to its answers: the settings of a run, or a file.
SELECT_WAYS = """
    SELECT NULL AS file, card_sha256, template_sha256, system_text, sampling FROM run r
    WHERE system_id = :system AND (state = 'running'
        OR EXISTS (SELECT 1 FROM answer a WHERE a.source_id = r.source_id))
    UNION SELECT f.name, NULL, NULL, NULL, NULL FROM answer a JOIN source_file f USING(source_id)
    WHERE a.system_id = :system AND f.kind <> 'generated'"""


@dataclass(frozen=True, slots=True)
class Start:
    """What a run asks for: who, with which settings, and how many answers to each item.

    `system` is the name that the answers get. `n_items` 0 means all items.
    """

    benchmark: str
    system: str
    card: str
    card_sha256: str
    samples: int = 1
    sampling: Sampling = Sampling()  # noqa: RUF009 - frozen
    template: str = ""
    template_sha256: str = ""
    system_text: str = ""
    n_items: int = 0

    @property
    def settings(self) -> tuple[str, str, str, str]:
        """Return all that can change an answer."""
        return (
            self.card_sha256, self.template_sha256, self.system_text, write_sampling(self.sampling),
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Run:
    """One run and how far it is. Units: epoch seconds.

    `n_wanted` were missing at the start; `outcomes` counts how each sample ended, by its name.
    """

    run_id: int
    benchmark: str
    system: str
    card: str
    actor: str
    template: str
    system_text: str
    samples: int
    sampling: Sampling
    n_items: int
    state: State
    message: str
    n_wanted: int
    outcomes: dict[str, int]
    started_at: float
    finished_at: float | None

    @property
    def n_done(self) -> int:
        """Return how many samples have ended, well or not."""
        return sum(self.outcomes.values())

    @property
    def n_answered(self) -> int:
        """Return how many answers came, those cut at their longest among them."""
        return sum(n for outcome, n in self.outcomes.items() if outcome in ANSWERED)

    @property
    def n_truncated(self) -> int:
        """Return how many answers were cut at their longest."""
        return self.outcomes.get("truncated", 0)


def start_run(store: Store, actor: str, start: Start) -> int:
    """Begin a run and return its number.

    Errors: Conflict when the name stands for other answers, or is being asked already; NotFound
    for an unknown benchmark; InputError for fewer than one sample.
    """
    with store.write() as db:
        check_name(db, start)
        n_wanted = len(
            list_missing(store, start.benchmark, start.system, start.samples, start.n_items)
        )
        benchmark_id = find_id(db, "benchmark", start.benchmark)
        system_id = library.add_system(db, start.system)
        digest = hash_text(json.dumps(asdict(start), sort_keys=True, ensure_ascii=False))
        source = Source(f"generated by {start.card}", digest, "generated", n_wanted)
        source_id = library.add_source(db, source, store.timestamp(), actor)
        ids = (source_id, benchmark_id, system_id)
        run_id = insert_run(db, store, actor, start, (*ids, n_wanted))
        store.record_event(
            db, actor, "run_started", run=run_id, benchmark=start.benchmark, system=start.system,
            card=start.card, samples=start.samples, n_wanted=n_wanted,
        )  # fmt: skip
    return run_id


def insert_run(
    db: sqlite3.Connection, store: Store, actor: str, start: Start, ids: tuple[int, int, int, int]
) -> int:
    """Write a run; `ids` are those of its source, benchmark and system, and what is wanted."""
    try:
        cursor = db.execute(
            """INSERT INTO run(source_id, benchmark_id, system_id, n_wanted, actor, card,
                card_sha256, template, template_sha256, system_text, sampling, samples, n_items,
                state, message, started_at)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'running', '', ?)""",
            (
                *ids, actor, start.card, start.card_sha256, start.template, start.template_sha256,
                start.system_text, write_sampling(start.sampling), start.samples, start.n_items,
                store.clock(),
            ),
        )  # fmt: skip
    except sqlite3.IntegrityError as error:
        raise Conflict(
            f"{start.system} is being asked for {start.benchmark} already. Wait for that run, or "
            "cancel it."
        ) from error
    return int(cursor.lastrowid or 0)


def check_name(db: sqlite3.Connection, start: Start) -> None:
    """Refuse a name that stands for other answers: a system is one model with one setting.

    Errors: Conflict that says what differs.
    """
    select_id = "SELECT system_id AS system FROM system WHERE name = ?"
    row = db.execute(select_id, (start.system,)).fetchone()
    if row is None:
        return
    for way in db.execute(SELECT_WAYS, dict(row)):
        problem = compare_ways(start, way)
        if problem:
            raise Conflict(
                f"The answers of {start.system} {problem}. "
                "Choose another name for these (--as NAME)."
            )


def compare_ways(start: Start, way: Row) -> str:
    """Return what tells a run from how a system's answers came to be, or nothing."""
    if way["file"] is not None:
        return f"come from a file ({way['file']})"
    names = ("card", "template", "system text", "sampling")
    before = (way["card_sha256"], way["template_sha256"], way["system_text"], way["sampling"])
    settings = zip(names, before, start.settings, strict=True)
    changed = [name for name, old, new in settings if old != new]
    return f"were made with another {' and '.join(changed)}" if changed else ""


def list_missing(
    store: Store, benchmark: str, system: str, samples: int, n_items: int = 0
) -> list[tuple[Item, int]]:
    """Return what a system has not answered yet: (item, sample), whole samples first.

    Edge: a system that doesn't exist yet has answered nothing; `n_items` 0 means all items.
    Errors: NotFound for an unknown benchmark; InputError for fewer than one sample.
    """
    if samples < 1:
        raise InputError(f"{samples} samples of each answer were asked for; at least 1 is needed.")
    wanted = {
        "benchmark": find_benchmark(store, benchmark).benchmark_id,
        "system": system,
        "samples": samples,
        "n_items": n_items or -1,
    }
    return [(make_item(row), row["sample"]) for row in store.rows(SELECT_MISSING, wanted)]


def save_outcome(store: Store, run_id: int, item: Item, sample: int, reply: Reply) -> None:
    """Write down how one sample ended: an answer with its text, a failure by its name only.

    Edge: an answer that comes after the run was ended is kept, for it was paid for.
    Errors: Conflict when this sample is answered already; NotFound for an unknown item or run.
    """
    text = clean_text(reply.text)
    answered = reply.answered and bool(text.strip())
    outcome = "empty" if reply.answered and not answered else reply.outcome
    with store.write() as db:
        run = find_run(db, run_id)
        item_id = find_item(db, run, item)
        answer_id = None
        try:
            if answered:
                answer_id = insert_answer(db, run, item_id, Answer(item.item_id, text, sample))
            insert_outcome(db, (run_id, item_id, sample, outcome, answer_id), reply, store.clock())
        except sqlite3.IntegrityError as error:
            raise Conflict(
                f"{run['system']} has an answer to item {item.item_id}, sample {sample}, already."
            ) from error


def find_run(db: sqlite3.Connection, run_id: int) -> Row:
    """Return a run's row of SELECT_RUNS."""
    row: Row | None = db.execute(f"{SELECT_RUNS} WHERE run_id = ?", (run_id,)).fetchone()
    if row is None:
        raise NotFound(f"There is no run number {run_id}.")
    return row


def find_item(db: sqlite3.Connection, run: Row, item: Item) -> int:
    """Return the row number of an item of a run's benchmark."""
    row = db.execute(
        "SELECT item_id FROM item WHERE benchmark_id = ? AND ext_id = ?",
        (run["benchmark_id"], item.item_id),
    ).fetchone()
    if row is None:
        raise NotFound(f"There is no item {item.item_id!r} in {run['benchmark']}.")
    return int(row[0])


def insert_answer(db: sqlite3.Connection, run: Row, item_id: int, answer: Answer) -> int:
    """Write an answer with the run as its source; return its number."""
    library.add_answers(db, run["system_id"], run["source_id"], [(item_id, answer)])
    return int(db.execute("SELECT last_insert_rowid()").fetchone()[0])


def insert_outcome(
    db: sqlite3.Connection,
    key: tuple[int, int, int, str, int | None],
    reply: Reply,
    now: float,
) -> None:
    """Write how one sample ended; `key` is (run, item, sample, outcome, answer)."""
    db.execute(
        """INSERT INTO run_outcome(run_id, item_id, sample, outcome, answer_id, detail, model,
            n_prompt_tokens, n_tokens, first_token_s, duration_s, cost_usd, created_at)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)""",
        (
            *key, clean_text(reply.detail), clean_text(reply.model), reply.n_prompt_tokens,
            reply.n_tokens, reply.first_token_s, reply.duration_s, reply.cost_usd, now,
        ),
    )  # fmt: skip


def finish_run(store: Store, run_id: int, state: Ending, message: str = "") -> Run:
    """End a run; what it has answered stays.

    Edge: a run that has ended keeps its first ending.
    Errors: NotFound for an unknown run.
    """
    with store.write() as db:
        run = find_run(db, run_id)
        if run["state"] == "running":
            end_run(db, store, run_id, state, message)
            store.record_event(db, run["actor"], f"run_{state}", run=run_id, message=message)
        return make_run(find_run(db, run_id))


def end_run(db: sqlite3.Connection, store: Store, run_id: int, state: Ending, message: str) -> None:
    """Write a run's ending."""
    db.execute(
        "UPDATE run SET state = ?, message = ?, finished_at = ? WHERE run_id = ?",
        (state, clean_text(message), store.clock(), run_id),
    )


def mark_interrupted(store: Store) -> int:
    """End the runs that a dead process left behind; return how many.

    To be called once after the ledger was opened to write: whoever ran them is gone then.
    """
    with store.write() as db:
        rows = db.execute("SELECT run_id FROM run WHERE state = 'running'").fetchall()
        for row in rows:
            end_run(db, store, row["run_id"], "interrupted", DIED)
    return len(rows)


def read_run(store: Store, run_id: int) -> Run:
    """Return a run as it stands.

    Errors: NotFound for an unknown run.
    """
    with store.snapshot() as db:
        return make_run(find_run(db, run_id))


def read_runs(store: Store, limit: int = 50) -> list[Run]:
    """Return the latest runs, the newest first."""
    rows = store.rows(f"{SELECT_RUNS} ORDER BY run_id DESC LIMIT ?", (limit,))
    return [make_run(row) for row in rows]


def make_run(row: Row) -> Run:
    """Turn a row of SELECT_RUNS into a record."""
    return Run(
        row["run_id"], row["benchmark"], row["system"], row["card"], row["actor"],
        row["template"], row["system_text"], row["samples"], read_sampling(row["sampling"]),
        row["n_items"], row["state"], row["message"], row["n_wanted"],
        json.loads(row["outcomes"]), row["started_at"], row["finished_at"],
    )  # fmt: skip
