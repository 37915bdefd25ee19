"""Runs of a judge: what each was sent to do, how each task ended, and how the run itself did.

A verdict is a row among the judgments, and so is a failure, under its name. A second run of the
same order asks only for what has no verdict.
"""

import json
import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Literal

from annotations.conversations.records import clean_text
from annotations.endings import end_run
from annotations.judging.orders import JudgeOutlook
from annotations.judging.tasks import IDENTICAL, SELECT_VERDICT, Task
from annotations.judging.wishes import JudgeOrder, read_order, write_order
from annotations.spending import NANO
from annotations.store import Row, Store
from annotations.studies import find_id
from backend.errors import Conflict, NotFound
from backend.judge.records import Verdict
from backend.registry.cards import LocalCard

JudgeEnding = Literal["done", "paused", "cancelled", "interrupted", "failed"]
JudgeState = Literal["running", "done", "paused", "cancelled", "interrupted", "failed"]

# One row: one run, with how the tasks ended that it has carried out, and what it has spent.
SELECT_RUNS = """
    SELECT r.*, b.name AS benchmark,
        (SELECT json_group_object(outcome, n) FROM (SELECT outcome, count(*) AS n
            FROM judgment j WHERE j.judge_run_id = r.judge_run_id GROUP BY outcome)) AS outcomes,
        (SELECT json_group_object(fault, n) FROM (SELECT fault, count(*) AS n
            FROM judgment j WHERE j.judge_run_id = r.judge_run_id AND outcome = 'api_error'
            GROUP BY fault)) AS faults,
        (SELECT coalesce(sum(coalesce(spent_nano_usd, reserved_nano_usd)), 0)
            FROM judge_payment p JOIN reservation USING(reservation_id)
            WHERE p.judge_run_id = r.judge_run_id) AS nano_usd
    FROM judge_run r JOIN benchmark b USING(benchmark_id)"""

# One row: a run at work that is judging some of these keys.
SELECT_CLASH = """
    SELECT r.judge_run_id FROM judge_run r JOIN judge_task t USING(judge_run_id)
    WHERE r.state = 'running' AND t.key IN (SELECT value FROM json_each(?))
        AND NOT EXISTS (SELECT 1 FROM judgment j WHERE j.key = t.key AND j.outcome = 'ok')
    LIMIT 1"""

INSERT_JUDGMENT = """
    INSERT INTO judgment(key, attempt, content, judge_run_id, ext_id, kind, item_id, system_1,
        system_2, answer_1, answer_2, reference_slot, repeat, judge, judge_assumed, protocol,
        prompt_sha256, boundary, outcome, fault, detail, model, text, first_text, how, flags,
        read_1, read_2, winner, n_prompt_tokens, n_tokens, cost_usd, duration_s, created_at)
    SELECT :key, coalesce(max(attempt) + 1, 0), :content, :run, '', 'pair', :item,
        (SELECT system_id FROM answer WHERE answer_id = :answer_1),
        (SELECT system_id FROM answer WHERE answer_id = :answer_2),
        :answer_1, :answer_2, :reference_slot, :repeat, :judge, 0, :protocol, :prompt_sha256,
        :boundary, :outcome, :fault, :detail, :model, :text, :first_text, :how, :flags, :read_1,
        :read_2, :winner, :n_prompt_tokens, :n_tokens, :cost_usd, :duration_s, :created_at
    FROM judgment WHERE key = :key"""

# What a copy takes over from the judgment that it is of.
COPIED = (
    "boundary", "model", "text", "first_text", "how", "flags", "read_1", "read_2", "winner",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class JudgeRun:
    """One run and how far it is. Units: epoch seconds; US dollars, what is set aside with it.

    `outcomes` counts how the tasks ended that it has carried out, `faults` what was wrong where the
    API was; `n_cached` of the `n_tasks` were judged before it began. `order` is what it was started
    with.
    """

    run_id: int
    benchmark: str
    judge: str
    snapshot: str
    actor: str
    order: JudgeOrder
    form: str
    state: JudgeState
    message: str
    n_tasks: int
    n_cached: int
    outcomes: dict[str, int]
    cost_usd: float
    started_at: float
    finished_at: float | None
    faults: dict[str, int] = field(default_factory=dict)

    @property
    def n_done(self) -> int:
        """Return how many tasks have ended, well or not, those of runs before among them."""
        return self.n_cached + sum(self.outcomes.values())

    @property
    def n_judged(self) -> int:
        """Return how many verdicts this run has brought."""
        return self.outcomes.get("ok", 0)

    @property
    def n_failed(self) -> int:
        """Return how many tasks ended without a verdict."""
        return sum(self.outcomes.values()) - self.n_judged


def start_judge_run(store: Store, actor: str, outlook: JudgeOutlook) -> int:
    """Begin a run, write down what needs no call, and return the run's number.

    Errors: Conflict when some of it is being judged already, or was after the look ahead; NotFound
    for an unknown benchmark.
    """
    made = outlook.sorted
    twins = [task for tasks in made.twins.values() for task in tasks]
    n_cached = len(made.known)
    copied = [task for task, _ in made.copies]
    with store.write() as db:
        fresh = [*made.identical, *copied, *made.ask, *twins]
        check_clash(db, fresh)
        run_id = insert_run(db, store, actor, outlook, n_cached)
        tasks = [*made.known, *fresh]
        insert_tasks(db, run_id, tasks)
        run = find_judge_run(db, run_id)
        tie = Verdict("ok", winner="tie", flags=(IDENTICAL,))
        for task in made.identical:
            insert_verdict(db, run, task, tie, store.clock())
        for task, judgment_id in made.copies:
            insert_copy(db, run, task, judgment_id, store.clock())
        store.record_event(
            db, actor, "judge_run_started", run=run_id, benchmark=outlook.order.benchmark,
            judge=outlook.order.judge, n_tasks=len(tasks), n_asked=len(made.ask),
            cap_usd=outlook.order.cap_usd,
        )  # fmt: skip
    return run_id


def check_clash(db: sqlite3.Connection, tasks: Sequence[Task]) -> None:
    """Refuse to judge what another run is judging, or has just judged: it would be paid twice."""
    keys = json.dumps([task.key for task in tasks])
    row = db.execute(SELECT_CLASH, (keys,)).fetchone()
    if row is not None:
        raise Conflict(
            f"Run {row[0]} is judging some of these answers already. Wait for it, or cancel it."
        )
    if db.execute(SELECT_VERDICT, (keys,)).fetchone() is not None:
        raise Conflict("Some of these answers have just been judged. Start again what is left.")


def insert_run(
    db: sqlite3.Connection, store: Store, actor: str, outlook: JudgeOutlook, n_cached: int
) -> int:
    """Write a run's start; return its number."""
    order, card, asking = outlook.order, outlook.card, outlook.asking
    sampling = {name: getattr(order, name) for name in ("temperature", "max_tokens", "seed")}
    cursor = db.execute(
        """INSERT INTO judge_run(benchmark_id, actor, judge, card_sha256, snapshot, protocol,
            prompt_sha256, orders, repeats, wants, form, sampling, wish, cap_usd, n_tasks, n_cached,
            state, message, started_at)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'running', '', ?)""",
        (
            find_id(db, "benchmark", order.benchmark), actor, card.name, card.sha256,
            card.name if isinstance(card, LocalCard) else card.model, order.protocol,
            asking.protocol.sha256, order.orders, order.repeats, order.wants, asking.form,
            json.dumps(sampling), json.dumps(write_order(order), ensure_ascii=False),
            order.cap_usd, outlook.n_tasks, n_cached, store.clock(),
        ),
    )  # fmt: skip
    return int(cursor.lastrowid or 0)


def insert_tasks(db: sqlite3.Connection, run_id: int, tasks: Iterable[Task]) -> None:
    """Write down all that a run is to have judged."""
    db.executemany(
        "INSERT INTO judge_task VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        [
            (
                run_id, place, task.item_row, task.first.answer_id, task.second.answer_id,
                task.reference_slot, task.repeat, task.key,
            )
            for place, task in enumerate(tasks)
        ],
    )  # fmt: skip


def save_verdict(
    store: Store, run_id: int, task: Task, verdict: Verdict, twins: Sequence[Task] = ()
) -> int | None:
    """Write down how one task ended, and with it the `twins` of equal content.

    Return the judgment's number, or None where the key has a verdict, by the judge or by a person
    who read an earlier reply: it is given once.
    Edge: a verdict that comes after the run was ended is kept, for it was paid for.
    Errors: NotFound for an unknown run.
    """

    def save(db: sqlite3.Connection) -> int | None:
        run = find_start(db, run_id)
        judgment_id = insert_verdict(db, run, task, verdict, store.clock())
        if judgment_id is not None:
            for twin in twins:
                insert_copy(db, run, twin, judgment_id, store.clock())
        return judgment_id

    return store.share(save)


def insert_verdict(
    db: sqlite3.Connection, run: Row, task: Task, verdict: Verdict, now: float
) -> int | None:
    """Write one judgment; return its number, or None where its key has a verdict already."""
    reading = verdict.reading
    told = {
        name: getattr(verdict, name)
        for name in ("boundary", "outcome", "fault", "winner", "n_prompt_tokens", "n_tokens",
                     "cost_usd", "duration_s")
    }  # fmt: skip
    texts = {
        name: clean_text(getattr(verdict, name))
        for name in ("detail", "model", "text", "first_text")
    }  # fmt: skip
    flags = dict.fromkeys((*(reading.flags if reading else ()), *verdict.flags))
    identical = IDENTICAL if IDENTICAL in flags else ""
    told |= texts | {
        "read_1": reading.score_1 if reading else None,
        "read_2": reading.score_2 if reading else None,
        "how": reading.how if reading else identical,
        "flags": json.dumps([flag for flag in flags if flag != IDENTICAL]),
    }
    return insert_judgment(db, run, task, told, now)


def insert_copy(
    db: sqlite3.Connection, run: Row, task: Task, judgment_id: int, now: float
) -> int | None:
    """Write the judgment of a task as that of another with equal content; it costs nothing."""
    told = dict(
        db.execute("SELECT * FROM judgment WHERE judgment_id = ?", (judgment_id,)).fetchone()
    )
    detail = f"As judgment {judgment_id}, which is of the same texts. {told['detail']}".strip()
    words = {name: told[name] for name in (*COPIED, "outcome", "fault")}
    costs = {"n_prompt_tokens": None, "n_tokens": None, "cost_usd": 0.0, "duration_s": 0.0}
    return insert_judgment(db, run, task, words | costs | {"detail": detail}, now)


def insert_judgment(
    db: sqlite3.Connection, run: Row, task: Task, told: dict[str, object], now: float
) -> int | None:
    """Write one row; return its number, or None where its key has a verdict already."""
    if db.execute(SELECT_VERDICT, (json.dumps([task.key]),)).fetchone():
        return None
    about = {
        "key": task.key, "content": task.content, "run": run["judge_run_id"],
        "item": task.item_row, "answer_1": task.first.answer_id,
        "answer_2": task.second.answer_id, "reference_slot": task.reference_slot,
        "repeat": task.repeat, "judge": run["judge"], "protocol": run["protocol"],
        "prompt_sha256": run["prompt_sha256"], "created_at": now,
    }  # fmt: skip
    return int(db.execute(INSERT_JUDGMENT, about | told).lastrowid or 0)


def finish_judge_run(store: Store, run_id: int, state: JudgeEnding, message: str = "") -> JudgeRun:
    """End a run; what it has brought stays.

    Edge: a run that has ended keeps its first ending.
    Errors: NotFound for an unknown run.
    """
    with store.write() as db:
        run = find_judge_run(db, run_id)
        if run["state"] == "running":
            end_run(db, "judge_run", run_id, state, message, store.clock())
            kind = f"judge_run_{state}"
            store.record_event(db, run["actor"], kind, run=run_id, message=message)
        return make_judge_run(find_judge_run(db, run_id))


def find_judge_run(db: sqlite3.Connection, run_id: int) -> Row:
    """Return a run's row of SELECT_RUNS."""
    return find_row(db, f"{SELECT_RUNS} WHERE judge_run_id = ?", run_id)


def find_start(db: sqlite3.Connection, run_id: int) -> Row:
    """Return a run as it was started, without a count of what it has brought: quick at any size."""
    return find_row(db, "SELECT * FROM judge_run WHERE judge_run_id = ?", run_id)


def find_row(db: sqlite3.Connection, sql: str, run_id: int) -> Row:
    """Return the row of one run.

    Errors: NotFound for an unknown run.
    """
    row: Row | None = db.execute(sql, (run_id,)).fetchone()
    if row is None:
        raise NotFound(f"There is no judge run number {run_id}.")
    return row


def read_judge_run(store: Store, run_id: int) -> JudgeRun:
    """Return a run as it stands.

    Errors: NotFound for an unknown run.
    """
    with store.snapshot() as db:
        return make_judge_run(find_judge_run(db, run_id))


def read_judge_runs(store: Store, limit: int = 50) -> list[JudgeRun]:
    """Return the latest runs, the newest first."""
    rows = store.rows(f"{SELECT_RUNS} ORDER BY judge_run_id DESC LIMIT ?", (limit,))
    return [make_judge_run(row) for row in rows]


def make_judge_run(row: Row) -> JudgeRun:
    """Turn a row of SELECT_RUNS into a record."""
    return JudgeRun(
        row["judge_run_id"], row["benchmark"], row["judge"], row["snapshot"], row["actor"],
        read_order(json.loads(row["wish"])), row["form"], row["state"], row["message"],
        row["n_tasks"], row["n_cached"], json.loads(row["outcomes"]), row["nano_usd"] / NANO,
        row["started_at"], row["finished_at"], json.loads(row["faults"]),
    )  # fmt: skip
