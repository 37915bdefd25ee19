"""One pair at a time: which pairs a question is about, and who said what on each.

Votes are weighed as in the tallies: surplus ones are left out, those from elsewhere are in. What
one pair shows is everything, surplus and pairs that were set aside among it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from annotations.library import make_item
from annotations.store import Row, Store
from backend.errors import NotFound
from backend.records import CRITERIA, Choice, Comparison, Item, Study, Winner

Votes = tuple[int, int, int]  # for a, for neither, for b

# The term is, word for word, that of an index on assignments; else every pair would read them all.
HELD = "g.state IN ('leased','submitted') AND g.surplus = 0"
TAKEN = "g.state IN ('leased','submitted','skipped')"

# One row: one vote on pair `p` that counts.
SELECT_COUNTED = f"""
    SELECT v.criterion, v.winner FROM assignment g CROSS JOIN vote_current v USING(assignment_id)
    WHERE g.pair_id = p.pair_id AND {HELD}
    UNION ALL SELECT o.criterion, o.winner FROM outside_vote o
    WHERE o.comparison_id = p.comparison_id AND o.item_id = p.item_id"""

# One row: one pair of a study, items in their order, then comparisons in theirs. Walked by index,
# so that the first pages come at once, however many pairs there are.
SELECT_PAIRS = """
    SELECT p.pair_id FROM item i CROSS JOIN comparison c
    CROSS JOIN pair p ON p.comparison_id = c.comparison_id AND p.item_id = i.item_id
    WHERE i.benchmark_id = (SELECT benchmark_id FROM study WHERE study_id = :study)
    AND c.study_id = :study {where} ORDER BY i.ord, c.ord LIMIT :limit"""

# One row: one pair of the page.
SELECT_HEADS = """
    SELECT p.pair_id, i.ext_id, i.instruction, i.app, c.ord AS place, x.name AS a, y.name AS b
    FROM pair p JOIN item i USING(item_id) JOIN comparison c USING(comparison_id)
    JOIN system x ON x.system_id = c.system_a JOIN system y ON y.system_id = c.system_b
    WHERE p.pair_id IN ({marks})"""

# One row: how one pair of the page fell for one criterion.
SELECT_COUNTS = f"""
    SELECT p.pair_id, n.criterion, sum(n.winner = 'a') AS a, sum(n.winner = 'tie') AS tie,
        sum(n.winner = 'b') AS b
    FROM pair p CROSS JOIN (
        SELECT g.pair_id, v.criterion, v.winner
        FROM assignment g CROSS JOIN vote_current v USING(assignment_id)
        WHERE g.pair_id IN ({{marks}}) AND {HELD}
        UNION ALL SELECT q.pair_id, o.criterion, o.winner
        FROM pair q JOIN outside_vote o USING(comparison_id, item_id)
        WHERE q.pair_id IN ({{marks}})) n USING(pair_id)
    WHERE p.pair_id IN ({{marks}}) GROUP BY p.pair_id, n.criterion"""

# One row: one pair with its item, both answers, and how often each was to be judged.
SELECT_CASE = """
    SELECT p.*, i.*, c.ord AS place, x.name AS a, y.name AS b, r.text AS text_a, s.text AS text_b
    FROM pair p JOIN item i USING(item_id) JOIN comparison c USING(comparison_id)
    JOIN system x ON x.system_id = c.system_a JOIN system y ON y.system_id = c.system_b
    JOIN answer r ON r.answer_id = p.answer_a JOIN answer s ON s.answer_id = p.answer_b
    WHERE p.pair_id = ?"""

# One row: one vote on one pair, in its latest revision. Seconds are those to the first save.
SELECT_VOTES = f"""
    SELECT g.assignment_id, w.code, g.left_is, g.surplus, v.revision, v.comment, v.created_at,
        v.criterion, v.choice, v.winner,
        (SELECT min(created_at) FROM ballot f WHERE f.assignment_id = g.assignment_id)
            - g.leased_at AS seconds
    FROM assignment g CROSS JOIN vote_current v USING(assignment_id)
    JOIN annotator w ON w.annotator_id = g.annotator_id
    WHERE g.pair_id = :pair AND {TAKEN} ORDER BY g.surplus, g.slot, g.assignment_id"""

SELECT_OUTSIDE = """
    SELECT o.annotator, o.criterion, o.winner FROM outside_vote o JOIN pair p
    ON p.comparison_id = o.comparison_id AND p.item_id = o.item_id
    WHERE p.pair_id = ? ORDER BY o.annotator"""

SELECT_SKIPPED = f"""
    SELECT w.code, g.skip_reason FROM assignment g JOIN annotator w USING(annotator_id)
    WHERE g.pair_id = ? AND {TAKEN} AND g.state = 'skipped' ORDER BY g.assignment_id"""

SELECT_APPS = """
    SELECT DISTINCT app FROM item WHERE app <> '' AND benchmark_id =
    (SELECT benchmark_id FROM study WHERE study_id = ?) ORDER BY app"""


@dataclass(frozen=True, slots=True)
class Search:
    """Which pairs to list; what is left empty doesn't matter.

    `place` is that of the comparison among the study's. `outcome` is where the item went, by more
    votes for one side than for the other; `split` asks for votes on both sides. Both look at
    `criterion`, or at each of the three and want one that fits. `words` are in the instruction.
    """

    place: int | None = None
    criterion: str = ""
    outcome: Winner | Literal[""] = ""
    split: bool = False
    app: str = ""
    words: str = ""


@dataclass(frozen=True, slots=True)
class Entry:
    """One pair in a list; `votes` has the criteria that anybody voted on."""

    pair_id: int
    item_id: str
    instruction: str
    app: str
    place: int
    comparison: Comparison
    votes: Mapping[str, Votes]


@dataclass(frozen=True, slots=True)
class Voice:
    """What one person said on one pair: `winners` by criterion, `choices` where a side is known.

    Units: seconds until the first save. Edge: votes from elsewhere know a winner only.
    """

    annotator: str
    winners: dict[str, Winner] = field(default_factory=dict)
    choices: dict[str, Choice] = field(default_factory=dict)
    left_is: Literal["a", "b", ""] = ""
    surplus: bool = False
    revision: int = 0
    seconds: float | None = None
    saved_at: float | None = None
    comment: str = ""

    @property
    def outside(self) -> bool:
        """Say whether the vote was collected elsewhere."""
        return not self.left_is


@dataclass(frozen=True, slots=True)
class Case:
    """One pair with both answers and everything that was said on it.

    `skipped` are those who set it aside, with their reason.
    """

    pair_id: int
    item: Item
    place: int
    comparison: Comparison
    text_a: str
    text_b: str
    target_k: int
    voices: tuple[Voice, ...]
    skipped: tuple[tuple[str, str], ...]


def match_pairs(store: Store, study: Study, search: Search, limit: int = -1) -> list[int]:
    """Return the numbers of the first `limit` pairs that a search finds, in the study's order.

    Edge: -1 is no limit; the words are looked for as they are, small and capital ASCII alike.
    """
    values: dict[str, Any] = {"study": study.study_id, "limit": limit}
    where = "".join(f" AND {term}" for term in list_terms(search, values))
    return [row[0] for row in store.rows(SELECT_PAIRS.format(where=where), values)]


def list_terms(search: Search, values: dict[str, Any]) -> list[str]:
    """Return a search as SQL, the cheap terms first; what people gave goes into `values`."""
    terms = []
    if search.place is not None:
        terms.append("c.ord = :place")
        values["place"] = search.place
    if search.app:
        terms.append("i.app = :app")
        values["app"] = search.app
    if search.words:
        terms.append("(i.instruction LIKE :words ESCAPE '\\' OR i.ext_id = :item)")
        values["words"] = f"%{escape_like(search.words)}%"
        values["item"] = search.words
    terms.extend(list_tests(search))
    return terms


def list_tests(search: Search) -> list[str]:
    """Return what a search asks of the votes, as SQL without any word from outside."""
    criteria = [search.criterion] if search.criterion in CRITERIA else list(CRITERIA)
    lead = "sum(criterion = '{0}' AND winner = 'a') {1} sum(criterion = '{0}' AND winner = 'b')"
    both = "(max(criterion = '{0}' AND winner = 'a') AND max(criterion = '{0}' AND winner = 'b'))"
    tests = []
    if search.outcome:
        sign = {"a": ">", "b": "<", "tie": "="}[search.outcome]
        tests.append(f"max(criterion = '{{0}}') AND {lead.replace('{1}', sign)}")
    if search.split:
        tests.append(both)
    if not tests:
        return []
    fits = " OR ".join(f"({' AND '.join(tests)})".format(name) for name in criteria)
    only = f" WHERE criterion = '{criteria[0]}'" if len(criteria) == 1 else ""
    return [f"(SELECT {fits} FROM ({SELECT_COUNTED}){only})"]


def escape_like(words: str) -> str:
    """Return words that LIKE takes as they are."""
    return words.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def read_entries(store: Store, pair_ids: Sequence[int]) -> list[Entry]:
    """Return pairs as a list shows them, in the order given."""
    marks = ",".join("?" * len(pair_ids))
    votes: dict[int, dict[str, Votes]] = {pair_id: {} for pair_id in pair_ids}
    with store.snapshot():
        for row in store.rows(SELECT_COUNTS.format(marks=marks), [*pair_ids] * 3):
            votes[row["pair_id"]][row["criterion"]] = (row["a"], row["tie"], row["b"])
        heads = store.rows(SELECT_HEADS.format(marks=marks), pair_ids)
    found = {row["pair_id"]: make_entry(row, votes[row["pair_id"]]) for row in heads}
    return [found[pair_id] for pair_id in pair_ids]


def make_entry(row: Row, votes: dict[str, Votes]) -> Entry:
    """Turn a row of SELECT_HEADS into a record."""
    comparison = Comparison(row["a"], row["b"])
    return Entry(
        row["pair_id"], row["ext_id"], row["instruction"], row["app"], row["place"], comparison,
        votes,
    )  # fmt: skip


def find_pair(store: Store, study: Study, item_id: str, place: int = 0) -> int:
    """Return the number of the pair of an item and a comparison.

    Errors: NotFound when the study has no such pair.
    """
    row = store.row(
        """SELECT pair_id FROM pair p JOIN item i USING(item_id) JOIN comparison c
        USING(comparison_id) WHERE p.study_id = ? AND i.ext_id = ? AND c.ord = ?""",
        (study.study_id, item_id, place),
    )
    if row is None:
        raise NotFound(f"The study {study.name!r} has no item {item_id!r} in that comparison.")
    return int(row[0])


def read_case(store: Store, pair_id: int) -> Case:
    """Return everything about one pair.

    Errors: NotFound for an unknown number.
    """
    with store.snapshot():
        row = store.row(SELECT_CASE, (pair_id,))
        if row is None:
            raise NotFound(f"There is no pair number {pair_id}.")
        skipped = store.rows(SELECT_SKIPPED, (pair_id,))
        return Case(
            pair_id, make_item(row), row["place"], Comparison(row["a"], row["b"]),
            row["text_a"], row["text_b"], row["target_k"],
            (*read_voices(store, pair_id), *read_outside(store, pair_id)),
            tuple((one["code"], one["skip_reason"]) for one in skipped),
        )  # fmt: skip


def read_voices(store: Store, pair_id: int) -> list[Voice]:
    """Return what people said here, those who count first."""
    voices: dict[int, Voice] = {}
    for row in store.rows(SELECT_VOTES, {"pair": pair_id}):
        voice = voices.setdefault(
            row["assignment_id"],
            Voice(
                row["code"], left_is=row["left_is"], surplus=bool(row["surplus"]),
                revision=row["revision"], seconds=row["seconds"], saved_at=row["created_at"],
                comment=row["comment"],
            ),
        )  # fmt: skip
        voice.winners[row["criterion"]] = row["winner"]
        voice.choices[row["criterion"]] = row["choice"]
    return list(voices.values())


def read_outside(store: Store, pair_id: int) -> list[Voice]:
    """Return what people said elsewhere."""
    voices: dict[str, Voice] = {}
    for row in store.rows(SELECT_OUTSIDE, (pair_id,)):
        voice = voices.setdefault(row["annotator"], Voice(row["annotator"]))
        voice.winners[row["criterion"]] = row["winner"]
    return list(voices.values())


def list_apps(store: Store, study: Study) -> list[str]:
    """Return the groups that the items of a study are in, as they were written."""
    return [row[0] for row in store.rows(SELECT_APPS, (study.study_id,))]
