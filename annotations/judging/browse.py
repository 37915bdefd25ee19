"""One judgment at a time: which judgments a question is about, and everything that one holds."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from annotations.browse import escape_like
from annotations.judging.records import (
    DENIED,
    SELECT_JUDGMENTS,
    Judgment,
    Scores,
    list_judgments,
)
from annotations.library import make_item
from annotations.store import Store
from backend.errors import NotFound
from backend.judge.records import VERDICT_OUTCOMES
from backend.records import Item

PAGE = 50  # judgments

MEASURED = "CASE j.reference_slot WHEN 1 THEN s2.name ELSE s1.name END"
REFERENCE = "CASE j.reference_slot WHEN 1 THEN s1.name ELSE s2.name END"
SOURCE = "coalesce(f.name, 'run ' || j.judge_run_id)"

# What a filter asks for -> SQL; what is left empty doesn't matter.
TERMS = {
    "judge": "j.judge = :judge",
    "system": f"{MEASURED} = :system",
    "reference": f"{REFERENCE} = :reference",
    "benchmark": "b.name = :benchmark",
    "item": "i.ext_id = :item",
    "category": "i.app = :category",
    "outcome": "j.outcome = :outcome",
    "source": f"{SOURCE} = :source",
    "differs": f"""j.outcome = 'ok' AND (j.flags LIKE '%{DENIED}%' OR (j.stored_1 IS NOT NULL
        AND (j.read_1 IS NOT j.stored_1 OR j.read_2 IS NOT j.stored_2)))""",
    "text": """(j.text LIKE :text ESCAPE '\\' OR j.first_text LIKE :text ESCAPE '\\'
        OR i.instruction LIKE :text ESCAPE '\\')""",
}

# One row: one judgment that stands and that a filter wants.
SELECT_FOUND = f"SELECT judgment_id FROM ({SELECT_JUDGMENTS} {{where}}) ORDER BY judgment_id"

# One row: who was judged on what, by whom, from where.
SELECT_FACETS = f"""
    SELECT DISTINCT judge, measured, held_against, benchmark, category, origin FROM (
        SELECT judge, benchmark, category, coalesce(file, 'run ' || judge_run_id) AS origin,
            CASE reference_slot WHEN 1 THEN name_2 ELSE name_1 END AS measured,
            CASE reference_slot WHEN 1 THEN name_1 ELSE name_2 END AS held_against
        FROM ({SELECT_JUDGMENTS}))"""

# One row: one judgment with its question, both answers' texts, and the number of the latest try.
SELECT_WHOLE = """
    SELECT i.ext_id, i.instruction, i.input, i.reference, i.app, i.lang, x.text AS text_1,
        y.text AS text_2, j.ext_id AS name_there, j.*,
        (SELECT judgment_id FROM judgment n WHERE n.key = j.key ORDER BY attempt DESC LIMIT 1)
            AS stands
    FROM judgment j JOIN item i USING(item_id) LEFT JOIN answer x ON x.answer_id = j.answer_1
        LEFT JOIN answer y ON y.answer_id = j.answer_2
    WHERE j.judgment_id = ?"""

SELECT_READINGS = """
    SELECT actor, score_1, score_2, note, created_at FROM judgment_reading
    WHERE judgment_id = ? ORDER BY judgment_reading_id"""


@dataclass(frozen=True, slots=True)
class Filter:
    """Which judgments to list; what is left empty doesn't matter.

    `system` is the one that is measured, `source` a file's name or "run N". `flips` wants those
    whose other order says the opposite, `differs` those whose file says other scores than its text.
    `text` is in the judge's reply or in the question, small and capital ASCII alike.
    """

    judge: str = ""
    system: str = ""
    reference: str = ""
    benchmark: str = ""
    item: str = ""
    category: str = ""
    outcome: str = ""
    source: str = ""
    flips: bool = False
    differs: bool = False
    text: str = ""


@dataclass(frozen=True, slots=True)
class Found:
    """One page of judgments, and how many there are on all pages."""

    rows: list[Judgment]
    n: int

    @property
    def n_pages(self) -> int:
        """Return how many pages there are; none of nothing."""
        return -(-self.n // PAGE)


@dataclass(frozen=True, slots=True)
class Facets:
    """What a filter can be set to, each in alphabetical order."""

    judges: tuple[str, ...]
    systems: tuple[str, ...]
    references: tuple[str, ...]
    benchmarks: tuple[str, ...]
    categories: tuple[str, ...]
    sources: tuple[str, ...]
    outcomes: tuple[str, ...] = VERDICT_OUTCOMES


@dataclass(frozen=True, slots=True)
class HandReading:
    """What one person made of a reply; without scores: they couldn't read it either."""

    actor: str
    score_1: float | None
    score_2: float | None
    note: str
    created_at: float


@dataclass(frozen=True, slots=True)
class Opened:
    """One judgment with all that is known of it.

    `ext_id` is what a file calls the judgment itself.
    Units: seconds. Edge: an answer's text is None where the ledger lacks it, and there is no second
    one for a single answer. `siblings` are the other judgments of these systems on this item: the
    other order, repeats, other judges.
    """

    judgment: Judgment
    item: Item
    text_1: str | None
    text_2: str | None
    reply: str
    first_reply: str
    model: str
    ext_id: str
    boundary: str
    prompt_sha256: str
    n_prompt_tokens: int | None
    n_tokens: int | None
    duration_s: float
    created_at: float
    attempt: int
    readings: tuple[HandReading, ...]
    siblings: tuple[Judgment, ...]


def match_judgments(store: Store, wanted: Filter, scores: Scores = "read") -> list[int]:
    """Return the numbers of the judgments that a filter finds, oldest first."""
    terms = [TERMS[name] for name in TERMS if getattr(wanted, name)]
    values = {name: getattr(wanted, name) for name in TERMS}
    values["text"] = f"%{escape_like(wanted.text)}%"
    where = "".join(f" AND {term}" for term in terms)
    with store.snapshot():
        found = [row[0] for row in store.rows(SELECT_FOUND.format(where=where), values)]
        if not wanted.flips:
            return found
        flipped = find_flipped(list_judgments(store, "AND j.kind = 'pair'"), scores)
        return [judgment_id for judgment_id in found if judgment_id in flipped]


def find_flipped(judgments: Iterable[Judgment], scores: Scores = "read") -> set[int]:
    """Return the numbers of pair judgments that the same judge contradicts in the other order.

    Edge: a tie in one order contradicts nothing.
    """
    preferred: dict[tuple[str, ...], list[tuple[int, str, str]]] = defaultdict(list)
    for one in judgments:
        winner = one.winner(scores)
        if winner in ("1", "2") and one.system_2 not in (None, one.system_1):
            systems = sorted((one.system_1, str(one.system_2)))
            key = (one.judge, one.way, one.benchmark, one.item_id, *systems)
            better = one.system_1 if winner == "1" else str(one.system_2)
            preferred[key].append((one.judgment_id, one.system_1, better))
    return {
        number
        for group in preferred.values()
        for number, first, better in group
        if any(first != other and better != rival for _, other, rival in group)
    }


def search_judgments(store: Store, wanted: Filter, page: int = 0, scores: Scores = "read") -> Found:
    """Return one page of the judgments that a filter finds; pages are counted from 0."""
    with store.snapshot():
        numbers = match_judgments(store, wanted, scores)
        shown = numbers[page * PAGE : (page + 1) * PAGE]
        return Found(read_judgments(store, shown), len(numbers))


def read_judgments(store: Store, numbers: list[int]) -> list[Judgment]:
    """Return the judgments of these numbers, oldest first."""
    marks = ",".join("?" * len(numbers))
    return list_judgments(store, f"AND j.judgment_id IN ({marks})", tuple(numbers))


def list_facets(store: Store) -> Facets:
    """Return what there is to filter by."""
    rows = store.rows(SELECT_FACETS)
    columns = ("judge", "measured", "held_against", "benchmark", "category", "origin")
    return Facets(*(tuple(sorted({row[name] for row in rows if row[name]})) for name in columns))


def open_judgment(store: Store, judgment_id: int) -> Opened:
    """Return one judgment with all that is known of it; the latest try, whichever is asked for.

    Errors: NotFound for an unknown number.
    """
    with store.snapshot():
        row = store.row(SELECT_WHOLE, (judgment_id,))
        if row is None:
            raise NotFound(f"There is no judgment number {judgment_id}.")
        if row["stands"] != judgment_id:
            return open_judgment(store, row["stands"])
        (judgment,) = read_judgments(store, [judgment_id])
        readings = store.rows(SELECT_READINGS, (judgment_id,))
        return Opened(
            judgment, make_item(row), row["text_1"], row["text_2"], row["text"],
            row["first_text"], row["model"], row["name_there"], row["boundary"],
            row["prompt_sha256"],
            row["n_prompt_tokens"], row["n_tokens"], row["duration_s"], row["created_at"],
            row["attempt"], tuple(HandReading(**dict(one)) for one in readings),
            tuple(list_siblings(store, judgment, row["item_id"])),
        )  # fmt: skip


def list_siblings(store: Store, judgment: Judgment, item_row: int) -> list[Judgment]:
    """Return the other judgments of the same systems on the same item, in any order of the two."""
    systems = {judgment.system_1, judgment.system_2}
    return [
        one
        for one in list_judgments(store, "AND j.item_id = ?", (item_row,))
        if {one.system_1, one.system_2} == systems and one.judgment_id != judgment.judgment_id
    ]


def read_questions(store: Store, numbers: Sequence[int]) -> dict[int, str]:
    """Return the question of each judgment."""
    marks = ",".join("?" * len(numbers))
    rows = store.rows(
        f"""SELECT j.judgment_id, i.instruction FROM judgment j JOIN item i USING(item_id)
        WHERE j.judgment_id IN ({marks})""",
        tuple(numbers),
    )
    return {row[0]: row[1] for row in rows}


def count_verdicts(store: Store) -> int:
    """Return how many verdicts there are, of all judges and from all sources."""
    has_verdict = "(j.outcome = 'ok' OR h.score_1 IS NOT NULL)"
    row = store.row(f"SELECT count(*) FROM ({SELECT_JUDGMENTS} AND {has_verdict})")
    return int(row[0]) if row else 0
