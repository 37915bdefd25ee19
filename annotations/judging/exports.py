"""Judgments to take away: a row each, with every score that it has and the one that counts.

CSV holds names, enums and numbers; what a judge wrote is in JSON lines only.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import IO, Literal

from annotations.formats import Record, Table, write_table
from annotations.judging.browse import Filter, match_judgments
from annotations.judging.records import (
    SELECT_JUDGMENTS,
    Scores,
    make_judgment,
    read_choice,
)
from annotations.store import Row, Store
from backend.errors import InputError

Format = Literal["csv", "jsonl"]
FORMATS: tuple[Format, ...] = ("csv", "jsonl")

# One row: one judgment that stands.
SELECT_ALL = f"{SELECT_JUDGMENTS} ORDER BY j.judgment_id"

# Columns that are written as the ledger has them.
STORED = (
    "judgment_id", "benchmark", "category", "lang", "kind", "reference_slot", "repeat", "judge",
    "judge_assumed", "model", "protocol", "prompt_sha256", "ext_id", "outcome", "fault", "detail",
    "how", "read_1", "read_2", "stored_1", "stored_2", "hand_1", "hand_2", "n_prompt_tokens",
    "n_tokens", "cost_usd", "duration_s", "key", "text", "first_text",
)  # fmt: skip
COLUMNS = [
    "judgment_id", "benchmark", "item_id", "category", "lang", "kind", "system", "reference",
    "system_1", "system_2", "reference_slot", "repeat", "judge", "judge_assumed", "model",
    "protocol", "asked", "prompt_sha256", "source", "ext_id", "outcome", "fault", "detail", "how",
    "flags",
    "read_1", "read_2", "stored_1", "stored_2", "differs", "hand_1", "hand_2", "hand_unreadable",
    "scores", "score_1", "score_2", "winner", "winner_system", "n_prompt_tokens", "n_tokens",
    "cost_usd", "duration_s", "written_at", "key",
]  # fmt: skip
PROSE = ["text", "first_text"]  # what the judge wrote


def write_judgments(
    store: Store,
    file: IO[str],
    format: str = "csv",
    wanted: Filter | None = None,
    scores: Scores | None = None,
) -> int:
    """Write the judgments that stand, or those that a filter finds; return how many.

    `scores` says which ones count, else the choice in the ledger does.
    Errors: InputError for a format that judgments don't come in.
    """
    chosen = choose_format(format)
    columns = COLUMNS if chosen == "csv" else [*COLUMNS, *PROSE]
    n_rows = 0

    def count(rows: Iterator[Record]) -> Iterator[Record]:
        nonlocal n_rows
        for n_rows, row in enumerate(rows, 1):  # noqa: B007 - counted
            yield {name: row[name] for name in columns}

    with store.snapshot():
        rows = list_rows(store, wanted, scores or read_choice(store))
        write_table(Table(columns, count(rows)), file, chosen)
    return n_rows


def choose_format(format: str) -> Format:
    """Return the format that was asked for.

    Errors: InputError that lists the formats.
    """
    for one in FORMATS:
        if format == one:
            return one
    raise InputError(f"Judgments can't be written as {format!r}; choose from {', '.join(FORMATS)}.")


def list_rows(store: Store, wanted: Filter | None, scores: Scores) -> Iterator[Record]:
    """Yield a filter's judgments, each by column."""
    numbers = None if wanted is None else set(match_judgments(store, wanted, scores))
    with store.snapshot() as db:
        for row in db.execute(SELECT_ALL):
            if numbers is None or row["judgment_id"] in numbers:
                yield tell_judgment(row, scores)


def tell_judgment(row: Row, scores: Scores) -> Record:
    """Return one judgment by column; a score that it doesn't have is None.

    `system` is the one that is measured; `asked` is what a figure's numbers call its protocol: the
    judgments of one bar have it in common; `written_at` is when the ledger got it.
    """
    one = make_judgment(row)
    winner = one.winner(scores)
    names = {"1": one.system_1, "2": one.system_2, "tie": "tie", None: None}
    score_1, score_2 = one.score(scores) or (None, None)
    return {
        **{name: row[name] for name in STORED},
        "item_id": one.item_id,
        "system": one.system,
        "reference": one.reference,
        "system_1": one.system_1,
        "system_2": one.system_2,
        "source": one.source,
        "asked": one.way,
        "flags": " ".join(one.flags),
        "differs": int(one.differs),
        "hand_unreadable": int(one.hand_unreadable),
        "scores": scores,
        "score_1": score_1,
        "score_2": score_2,
        "winner": winner,
        "winner_system": names[winner],
        "written_at": datetime.fromtimestamp(row["created_at"], UTC).isoformat(
            timespec="milliseconds"
        ),
    }
