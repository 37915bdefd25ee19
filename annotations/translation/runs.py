"""Runs of a translator: what each was sent to do, how each text ended, and how the run itself did.

A text's translation is kept by what it hangs on, so that no run asks for it again; a failure is a
named outcome and never a text.
"""

import json
import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass

from annotations import library
from annotations.conversations.records import clean_text
from annotations.endings import end_run
from annotations.generation import Ending, State
from annotations.library import Source
from annotations.store import Row, Store
from annotations.studies import find_id
from annotations.translation.places import SUFFIX, Press
from annotations.translation.sheets import Sheet, Voice
from backend.dialogue import Reply
from backend.errors import Conflict, NotFound
from backend.records import hash_text

# One row: one run, with how each text of it ended so far.
SELECT_RUNS = """
    SELECT r.*, b.name AS benchmark,
        (SELECT json_group_object(outcome, n) FROM (SELECT outcome, count(*) AS n
            FROM translation t WHERE t.translation_run_id = r.translation_run_id
            GROUP BY outcome)) AS outcomes,
        (SELECT total(cost_usd) FROM translation t
            WHERE t.translation_run_id = r.translation_run_id) AS cost_usd
    FROM translation_run r JOIN benchmark b USING(benchmark_id)"""

# One row: what a benchmark is a translation of, and who translated its first item.
SELECT_TARGET = """
    SELECT b.name, o.name AS origin, r.* FROM benchmark b
        LEFT JOIN translated_benchmark t USING(benchmark_id)
        LEFT JOIN benchmark o ON o.benchmark_id = t.of_benchmark
        LEFT JOIN translation_run r USING(translation_run_id) WHERE b.name = ?"""

# One row: a system that has an answer to a benchmark which is no translation.
SELECT_STRANGERS = """
    SELECT DISTINCT s.name FROM answer a JOIN item i USING(item_id)
        JOIN benchmark b USING(benchmark_id) JOIN system s USING(system_id)
    WHERE b.name = ? AND s.name IN (SELECT value FROM json_each(?))
        AND NOT EXISTS (SELECT 1 FROM translated_answer t WHERE t.answer_id = a.answer_id)"""

INSERT_TRANSLATION = """
    INSERT INTO translation(key, attempt, translation_run_id, outcome, text, detail, model,
        n_prompt_tokens, n_tokens, duration_s, cost_usd, created_at)
    SELECT :key, coalesce(max(attempt) + 1, 0), :run, :outcome, :text, :detail, :model,
        :n_prompt_tokens, :n_tokens, :duration_s, :cost_usd, :created_at
    FROM translation WHERE key = :key"""


@dataclass(frozen=True, slots=True)
class Start:
    """What a run asks for: which benchmark and whose answers to it, in which language, by whom.

    `target` is the name of the benchmark in that language. `n_items` 0 means all items.
    """

    benchmark: str
    target: str
    lang: str
    systems: tuple[str, ...]
    card: str
    voice: Voice
    max_tokens: int
    n_items: int = 0
    cap_usd: float | None = None


@dataclass(frozen=True, slots=True)
class TranslationRun:
    """One run and how far it is. Units: epoch seconds; US dollars.

    `n_wanted` texts were missing at the start; `outcomes` counts how each ended, by its name.
    """

    run_id: int
    benchmark: str
    target: str
    lang: str
    systems: tuple[str, ...]
    card: str
    actor: str
    state: State
    message: str
    n_wanted: int
    outcomes: dict[str, int]
    cost_usd: float
    started_at: float
    finished_at: float | None

    @property
    def n_translated(self) -> int:
        """Return how many texts were translated."""
        return self.outcomes.get("ok", 0)


def start_translation(store: Store, actor: str, start: Start, n_wanted: int) -> int:
    """Begin a run and return its number; `n_wanted` texts are missing.

    Errors: Conflict when the name stands for another translation, or one goes on for it now;
    NotFound for an unknown benchmark.
    """
    with store.write() as db:
        check_target(db, start)
        digest = hash_text(json.dumps(asdict(start), sort_keys=True, ensure_ascii=False))
        source = Source(f"translated by {start.card}", digest, "translated", n_wanted)
        source_id = library.add_source(db, source, store.timestamp(), actor)
        ids = (source_id, find_id(db, "benchmark", start.benchmark), n_wanted)
        run_id = insert_run(db, start, actor, ids, store.clock())
        store.record_event(
            db, actor, "translation_started", run=run_id, benchmark=start.benchmark,
            target=start.target, systems=start.systems, card=start.card, n_wanted=n_wanted,
        )  # fmt: skip
    return run_id


def insert_run(
    db: sqlite3.Connection, start: Start, actor: str, ids: tuple[int, int, int], now: float
) -> int:
    """Write a run; `ids` are those of its source and benchmark, and how much is wanted.

    Errors: Conflict when one of the name goes on now.
    """
    voice = start.voice
    try:
        cursor = db.execute(
            """INSERT INTO translation_run(source_id, benchmark_id, n_wanted, target, lang, systems,
                actor, card, card_sha256, prompt_sha256, temperature, max_tokens, cap_usd, n_items,
                state, message, started_at)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'running', '', ?)""",
            (
                *ids, start.target, start.lang, json.dumps(start.systems, ensure_ascii=False),
                actor, start.card, voice.card_sha256, voice.prompt_sha256, voice.temperature,
                start.max_tokens, start.cap_usd, start.n_items, now,
            ),
        )  # fmt: skip
    except sqlite3.IntegrityError as error:
        raise Conflict(f"{start.target} is being translated already. Wait for that run.") from error
    return int(cursor.lastrowid or 0)


def check_target(db: sqlite3.Connection, start: Start) -> None:
    """Refuse a name that stands for something else: a translation has one translator.

    Errors: Conflict that says what is in the way.
    """
    row = db.execute(SELECT_TARGET, (start.target,)).fetchone()
    problem = compare_target(start, row) if row else ""
    if problem:
        raise Conflict(
            f"The benchmark {start.target} {problem}. Choose another name for this one (--as NAME)."
        )
    names = json.dumps([system + SUFFIX for system in start.systems])
    stranger = db.execute(SELECT_STRANGERS, (start.target, names)).fetchone()
    if stranger:
        raise Conflict(
            f"{start.target} has answers of {stranger['name']!r} that are no translations. "
            "Choose another name for this translation (--as NAME)."
        )


def compare_target(start: Start, row: Row) -> str:
    """Return what tells a translation from the benchmark of its name, or nothing."""
    if row["origin"] is None:
        return "is there already and is no translation"
    if (row["origin"], row["lang"]) != (start.benchmark, start.lang):
        return f"is a translation of {row['origin']} into {row['lang']}"
    before = Voice(row["card_sha256"], row["prompt_sha256"], row["temperature"])
    if before == start.voice:
        return ""
    pairs = zip(
        ("model", "prompt", "temperature"),
        asdict(before).values(), asdict(start.voice).values(), strict=True,
    )  # fmt: skip
    return f"was made with another {' and '.join(name for name, old, new in pairs if old != new)}"


def open_press(store: Store, run_id: int) -> Press:
    """Return what puts a run's translations where they belong.

    Errors: NotFound for an unknown run.
    """
    with store.snapshot() as db:
        row = find_run(db, run_id)
    voice = Voice(row["card_sha256"], row["prompt_sha256"], row["temperature"])
    ids = (row["benchmark_id"], run_id, row["source_id"])
    return Press(row["target"], row["lang"], voice, *ids)


def place_sheets(store: Store, press: Press, sheets: Sequence[Sheet]) -> None:
    """Write all that is known already."""
    with store.write() as db:
        for sheet in sheets:
            press.place(db, sheet)


def save_translation(
    store: Store, press: Press, key: str, reply: Reply, sheets: Iterable[Sheet]
) -> None:
    """Write down how one text ended, and what of the sheets that it stands in is whole now.

    Edge: a translation that another run has brought meanwhile stays, and this one is let go.
    """
    text = clean_text(reply.text) if reply.outcome == "ok" else ""
    told = {
        "key": key, "run": press.run_id, "outcome": reply.outcome, "text": text,
        "detail": clean_text(reply.detail), "model": clean_text(reply.model),
        "n_prompt_tokens": reply.n_prompt_tokens, "n_tokens": reply.n_tokens,
        "duration_s": reply.duration_s, "cost_usd": reply.cost_usd, "created_at": store.clock(),
    }  # fmt: skip
    with store.write() as db:
        known = "SELECT 1 FROM translation WHERE key = ? AND outcome = 'ok'"
        if db.execute(known, (key,)).fetchone() is None:
            db.execute(INSERT_TRANSLATION, told)
        for sheet in sheets if text else ():
            press.place(db, sheet)


def finish_translation(
    store: Store, run_id: int, state: Ending, message: str = ""
) -> TranslationRun:
    """End a run; what it has translated stays.

    Edge: a run that has ended keeps its first ending.
    Errors: NotFound for an unknown run.
    """
    with store.write() as db:
        run = find_run(db, run_id)
        if run["state"] == "running":
            end_run(db, "translation_run", run_id, state, message, store.clock())
            kind = f"translation_{state}"
            store.record_event(db, run["actor"], kind, run=run_id, message=message)
        return make_run(find_run(db, run_id))


def find_run(db: sqlite3.Connection, run_id: int) -> Row:
    """Return a run's row of SELECT_RUNS.

    Errors: NotFound for an unknown run.
    """
    sql = f"{SELECT_RUNS} WHERE translation_run_id = ?"
    row: Row | None = db.execute(sql, (run_id,)).fetchone()
    if row is None:
        raise NotFound(f"There is no translation number {run_id}.")
    return row


def read_translation_runs(store: Store, limit: int = 50) -> list[TranslationRun]:
    """Return the latest runs, the newest first."""
    rows = store.rows(f"{SELECT_RUNS} ORDER BY translation_run_id DESC LIMIT ?", (limit,))
    return [make_run(row) for row in rows]


def make_run(row: Row) -> TranslationRun:
    """Turn a row of SELECT_RUNS into a record."""
    return TranslationRun(
        row["translation_run_id"], row["benchmark"], row["target"], row["lang"],
        tuple(json.loads(row["systems"])), row["card"], row["actor"], row["state"],
        row["message"], row["n_wanted"], json.loads(row["outcomes"]), row["cost_usd"],
        row["started_at"], row["finished_at"],
    )  # fmt: skip
