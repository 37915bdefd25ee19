"""Votes of people in studies, and verdicts of judges, as contests between two texts."""

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping

from annotations.judging.preferences import (
    Matchup,
    Votes,
    is_canary,
    list_benchmarks,
    match_up,
)
from annotations.judging.records import list_judgments, read_choice
from annotations.pairing.contests import Contest, Prompt
from annotations.pairing.wishes import PairWish
from annotations.store import Row, Store
from annotations.studies import find_study
from annotations.tallies import count_votes, read_comparison
from backend.dialogue import Message
from backend.errors import NotFound
from backend.records import CRITERIA, Comparison, Winner

# A judge is asked which answer is better on the whole, and helpfulness is what it is told first.
JUDGED = CRITERIA[0]
ONE_VOTE: Mapping[Winner, Votes] = {"a": (1, 0, 0), "b": (0, 1, 0), "tie": (0, 0, 1)}

# One row: one pair of a study, with what was asked and both answers.
SELECT_VOTED = """
    SELECT i.ext_id, i.instruction, i.input, x.name AS system_a, y.name AS system_b,
        a.text AS text_a, b.text AS text_b
    FROM pair p JOIN item i USING(item_id) JOIN comparison c USING(comparison_id)
        JOIN system x ON x.system_id = c.system_a JOIN system y ON y.system_id = c.system_b
        JOIN answer a ON a.answer_id = p.answer_a JOIN answer b ON b.answer_id = p.answer_b
    WHERE p.study_id = ? ORDER BY c.ord, i.ord"""

# One row: one answer that a judge was shown, with what was asked.
SELECT_JUDGED = """
    SELECT a.answer_id, a.text, i.instruction, i.input
    FROM answer a JOIN item i USING(item_id)
    WHERE a.answer_id IN (SELECT value FROM json_each(?))"""

SELECT_JUDGES = """
    SELECT j.judge, b.name AS benchmark, count(*) AS n
    FROM judgment j JOIN item USING(item_id) JOIN benchmark b USING(benchmark_id)
    WHERE j.kind = 'pair' AND j.system_1 <> j.system_2
    GROUP BY j.judge, b.name ORDER BY n DESC, j.judge"""


def read_voted(store: Store, wish: PairWish) -> Iterator[Contest]:
    """Yield the pairs of the chosen studies that have votes.

    Errors: NotFound for an unknown study.
    """
    for name in wish.studies:
        study = find_study(store, name)
        votes: dict[tuple[str, Comparison], dict[str, Votes]] = defaultdict(dict)
        for count in count_votes(
            store, study.study_id, left_out=wish.excluded, outside=wish.outside
        ):
            fell = (count.a, count.b, count.tie)
            votes[count.item_id, count.comparison][count.criterion] = fell
        for row in store.rows(SELECT_VOTED, (study.study_id,)):
            found = votes.get((row["ext_id"], read_comparison(row)))
            if found:
                yield Contest(
                    ask(row), row["text_a"], row["text_b"], found, (f"study {study.name}",)
                )


def ask(row: Row) -> Prompt:
    """Return an item of a benchmark as what is said to a model."""
    return (Message("user", row["instruction"], row["input"]),)


def list_judges(store: Store) -> dict[str, list[str]]:
    """Return who judged pairs of answers, each with the benchmarks, the busiest first."""
    found: dict[str, list[str]] = defaultdict(list)
    for row in store.rows(SELECT_JUDGES, ()):
        found[row["judge"]].append(row["benchmark"])
    return dict(found)


def read_judged(store: Store, wish: PairWish) -> Iterator[Contest]:
    """Yield the pairs that the chosen judges have a verdict on: each says one vote a protocol.

    Edge: a judge that changes its mind with the order says tie; canaries are left out, and so are
    judgments whose answers the ledger has no text of.
    Errors: NotFound for a judge who judged nothing there.
    """
    if not wish.judges:
        return
    check_judges(store, wish)
    scores = read_choice(store)
    where = """AND j.kind = 'pair' AND j.system_1 <> j.system_2 AND b.name = ?
        AND j.judge IN (SELECT value FROM json_each(?))"""
    for benchmark in wish.benchmarks or list_benchmarks(store):
        judgments = list_judgments(store, where, (benchmark, json.dumps(wish.judges)))
        found = [one for one in match_up(judgments, scores) if not is_canary(one)]
        yield from tell_matchups(store, found)


def check_judges(store: Store, wish: PairWish) -> None:
    """Refuse judges and benchmarks without a judgment."""
    judges = list_judges(store)
    known = {name for names in judges.values() for name in names}
    for judge in wish.judges:
        if judge not in judges:
            raise NotFound(f"{judge!r} judged no pairs. {tell_names('Judges', list(judges))}")
    for benchmark in wish.benchmarks:
        if benchmark not in known:
            said = tell_names("Benchmarks with judgments", sorted(known))
            raise NotFound(f"No answers to {benchmark!r} were judged in pairs. {said}")


def tell_names(what: str, names: list[str]) -> str:
    """Return a sentence with the names that there are."""
    return f"{what} are: {', '.join(names)}." if names else f"{what}: there are none yet."


def tell_matchups(store: Store, matchups: list[Matchup]) -> Iterator[Contest]:
    """Yield what judges make of pairs whose texts are known, as one vote each."""
    ids = json.dumps([one for matchup in matchups for one in matchup.answers])
    texts = {row["answer_id"]: row for row in store.rows(SELECT_JUDGED, (ids,))}
    for one in matchups:
        a, b = (texts.get(number or 0) for number in one.answers)
        if a is not None and b is not None and one.preference is not None:
            votes = {JUDGED: ONE_VOTE[one.preference]}
            yield Contest(ask(a), a["text"], b["text"], votes, (f"judge {one.rater.judge}",))
