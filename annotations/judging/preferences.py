"""Whom a judge prefers and whom people do, on the same pairs: what all agreement is read from.

A judge prefers an answer where it does so in both orders; a pair asked in one order only goes by
that one. Source of the rule: Zheng et al. (2023), arXiv:2306.05685, 3.4.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, field

from annotations.judging.records import Judgment, Scores, list_judgments
from annotations.store import Row, Store
from annotations.studies import find_study
from annotations.studies import list_studies as list_all_studies
from annotations.tallies import count_votes
from backend.judge.canaries import PREFIX
from backend.records import Comparison, Study, Winner

TURNED: Mapping[Winner, Winner] = {"a": "b", "b": "a", "tie": "tie"}

Votes = tuple[int, int, int]  # for a, for b, for neither: in the order of WINNERS
Answers = tuple[int | None, int | None]  # the numbers of a's answer and of b's
Spot = tuple[str, str, str]  # an item and two systems, their names in order

# One row: one pair of a study.
SELECT_PAIRS = """
    SELECT p.pair_id, p.answer_a, p.answer_b, i.ext_id, i.app, c.ord AS place,
        x.name AS system_a, y.name AS system_b
    FROM pair p JOIN item i USING(item_id) JOIN comparison c USING(comparison_id)
    JOIN system x ON x.system_id = c.system_a JOIN system y ON y.system_id = c.system_b
    WHERE p.study_id = ? ORDER BY c.ord, i.ord"""

SELECT_BENCHMARKS = """
    SELECT b.name FROM judgment j JOIN item USING(item_id) JOIN benchmark b USING(benchmark_id)
    WHERE j.kind = 'pair' AND j.system_1 <> j.system_2
    GROUP BY b.benchmark_id ORDER BY count(*) DESC, b.name"""

# One row: two answers, of one text, that were judged.
SELECT_IDENTICAL = """
    SELECT DISTINCT x.answer_id AS one, y.answer_id AS two
    FROM judgment j JOIN answer x ON x.answer_id = j.answer_1
    JOIN answer y ON y.answer_id = j.answer_2 AND y.text = x.text
    JOIN item i ON i.item_id = j.item_id JOIN benchmark b USING(benchmark_id) WHERE b.name = ?"""

SELECT_LENGTHS = """
    SELECT answer_id, length(text) AS length FROM answer JOIN item USING(item_id)
    JOIN benchmark b USING(benchmark_id) WHERE b.name = ?"""


@dataclass(frozen=True, slots=True, order=True)
class Rater:
    """A judge with the protocol it was asked by: another prompt makes another rater."""

    judge: str
    protocol: str = ""


@dataclass(frozen=True, slots=True)
class Matchup:
    """What one rater makes of two answers to one question; a's name comes before b's.

    `first` is who is preferred where a's answer stands first, `second` where b's does: by more of
    the repeats, None where no verdict can be read. `lead` is a's mean score less b's, None without
    scores. `asked` is False where the answers are identical: nobody was asked, or one prompt stands
    for both orders.
    """

    rater: Rater
    item_id: str
    a: str
    b: str
    answers: Answers
    first: Winner | None
    second: Winner | None
    lead: float | None = None
    asked: bool = True
    judgments: tuple[Judgment, ...] = ()

    @property
    def preference(self) -> Winner | None:
        """Return who is preferred in the orders that there are."""
        if self.first is None or self.second is None:
            return self.first or self.second
        return self.first if self.first == self.second else "tie"

    @property
    def both_orders(self) -> bool:
        """Say whether both orders were asked and have a verdict."""
        return self.asked and self.first is not None and self.second is not None

    @property
    def contradicts(self) -> bool:
        """Say whether the orders have opposite winners."""
        return {self.first, self.second} == {"a", "b"}


@dataclass(frozen=True, slots=True)
class Pair:
    """What people said on one pair of a study; `votes` has the criteria that have any.

    `place` is that of the comparison in its study, which may name the two the other way round.
    """

    study: str
    pair_id: int
    place: int
    item_id: str
    category: str
    comparison: Comparison
    answers: Answers
    votes: Mapping[str, Votes]


@dataclass(frozen=True)
class Evidence:
    """All there is on one benchmark: matchups, pairs with votes, lengths of answers in characters.

    `scores` is which scores of the judgments count.
    """

    benchmark: str
    scores: Scores
    matchups: Sequence[Matchup] = ()
    pairs: Sequence[Pair] = ()
    lengths: Mapping[int, int] = field(default_factory=dict)

    @property
    def raters(self) -> list[Rater]:
        """Return who judged, the one with most pairs first."""
        counts: dict[Rater, int] = defaultdict(int)
        for matchup in self.matchups:
            counts[matchup.rater] += 1
        return sorted(counts, key=lambda rater: (-counts[rater], rater))

    def list_of(self, rater: Rater) -> list[Matchup]:
        """Return the matchups of one rater, canaries left out."""
        return [one for one in self.matchups if one.rater == rater and not is_canary(one)]


def read_evidence(store: Store, benchmark: str, scores: Scores, study: str = "") -> Evidence:
    """Return what judges and people said on a benchmark; a study's name leaves the others out.

    Errors: NotFound for an unknown study.
    """
    with store.snapshot():
        where = "AND j.kind = 'pair' AND j.system_1 <> j.system_2 AND b.name = ?"
        judgments = list_judgments(store, where, (benchmark,))
        studies = [find_study(store, study)] if study else list_studies(store, benchmark)
        lengths = {
            row["answer_id"]: row["length"] for row in store.rows(SELECT_LENGTHS, (benchmark,))
        }
        found = store.rows(SELECT_IDENTICAL, (benchmark,))
        identical = {frozenset((row["one"], row["two"])) for row in found}
        matchups = match_up(judgments, scores, identical)
        return Evidence(benchmark, scores, matchups, read_pairs(store, studies), lengths)


def list_benchmarks(store: Store) -> list[str]:
    """Return the benchmarks that have judgments of pairs, the one with most of them first."""
    return [row["name"] for row in store.rows(SELECT_BENCHMARKS, ())]


def list_studies(store: Store, benchmark: str) -> list[Study]:
    """Return the studies of a benchmark, oldest first."""
    return [study for study in list_all_studies(store) if study.benchmark == benchmark]


def is_canary(matchup: Matchup) -> bool:
    """Say whether one of the two was planted."""
    return matchup.a.startswith(PREFIX) or matchup.b.startswith(PREFIX)


def match_up(
    judgments: Iterable[Judgment],
    scores: Scores,
    identical: Set[frozenset[int | None]] = frozenset(),
) -> list[Matchup]:
    """Return what each rater makes of each pair of answers, all its orders and repeats together.

    `identical` are the numbers of answers that are one text. Edge: a judgment that doesn't know its
    answers is about those that all others of its item and systems are about; where these are
    several, or none, it stands apart.
    """
    spots: dict[Spot, list[Judgment]] = defaultdict(list)
    for judgment in judgments:
        spots[find_spot(judgment)].append(judgment)
    return [
        make_matchup(spot, who, group, scores, frozenset(who[1]) not in identical)
        for spot, here in spots.items()
        for who, group in group_here(here).items()
    ]


def find_spot(judgment: Judgment) -> Spot:
    """Return what a judgment is about, whatever its order."""
    first, second = sorted((judgment.system_1, judgment.system_2 or ""))
    return judgment.item_id, first, second


def group_here(here: Sequence[Judgment]) -> dict[tuple[Rater, Answers], list[Judgment]]:
    """Return the judgments of one item and two systems by who judged which answers."""
    known = {found for one in here if None not in (found := list_answers(one))}
    only = next(iter(known)) if len(known) == 1 else None
    groups: dict[tuple[Rater, Answers], list[Judgment]] = defaultdict(list)
    for one in here:
        answers = list_answers(one)
        if only and all(mine in (None, theirs) for mine, theirs in zip(answers, only, strict=True)):
            answers = only
        groups[Rater(one.judge, one.way), answers].append(one)
    return groups


def list_answers(judgment: Judgment) -> Answers:
    """Return the answers' numbers, in the order of the systems' names."""
    pair = (judgment.answer_1, judgment.answer_2)
    return pair if judgment.system_1 < (judgment.system_2 or "") else (pair[1], pair[0])


def make_matchup(
    spot: Spot,
    who: tuple[Rater, Answers],
    group: Sequence[Judgment],
    scores: Scores,
    differ: bool,
) -> Matchup:
    """Return what a rater makes of one pair of answers; `differ` says whether these are two."""
    item_id, a, b = spot
    in_order = [one for one in group if one.system_1 == a]
    turned = [one for one in group if one.system_1 != a]
    leads = [lead for one in group if (lead := find_lead(one, a, scores)) is not None]
    return Matchup(
        who[0],
        item_id,
        a,
        b,
        who[1],
        find_majority(in_order, a, scores),
        find_majority(turned, a, scores),
        sum(leads) / len(leads) if leads else None,
        differ,
        tuple(group),
    )


def find_winner(judgment: Judgment, a: str, scores: Scores) -> Winner | None:
    """Return who won, where `a` is the name of one of the two; None where nothing can be read."""
    slot = judgment.winner(scores)
    if slot is None or slot == "tie":
        return slot
    return "a" if (slot == "1") == (judgment.system_1 == a) else "b"


def find_majority(judgments: Sequence[Judgment], a: str, scores: Scores) -> Winner | None:
    """Return who won more of the verdicts; nobody is a tie, no verdict at all is None."""
    winners = [winner for one in judgments if (winner := find_winner(one, a, scores))]
    return lead_to(winners.count("a"), winners.count("b")) if winners else None


def lead_to(n_a: int, n_b: int) -> Winner:
    """Return the side with more on it."""
    return "tie" if n_a == n_b else "a" if n_a > n_b else "b"


def find_lead(judgment: Judgment, a: str, scores: Scores) -> float | None:
    """Return the score of `a` less that of the other; None where there are no two scores."""
    counted = judgment.score(scores)
    if counted is None or counted[1] is None:
        return None
    lead = counted[0] - counted[1]
    return lead if judgment.system_1 == a else -lead


def read_pairs(store: Store, studies: Iterable[Study]) -> list[Pair]:
    """Return the pairs that have votes; all studies name two systems in the same order."""
    seen: dict[frozenset[str], Comparison] = {}
    pairs: list[Pair] = []
    for study in studies:
        votes: dict[tuple[str, Comparison], dict[str, Votes]] = defaultdict(dict)
        for count in count_votes(store, study.study_id):
            fell = (count.a, count.b, count.tie)
            votes[count.item_id, count.comparison][count.criterion] = fell
        for row in store.rows(SELECT_PAIRS, (study.study_id,)):
            comparison = Comparison(row["system_a"], row["system_b"])
            if (row["ext_id"], comparison) in votes:
                names = frozenset((comparison.a, comparison.b))
                mine = votes[row["ext_id"], comparison]
                pair = make_pair(study, row, comparison, mine)
                pairs.append(orient(pair, seen.setdefault(names, comparison)))
    return pairs


def make_pair(study: Study, row: Row, comparison: Comparison, votes: Mapping[str, Votes]) -> Pair:
    """Turn a row of SELECT_PAIRS and the votes on it into a record."""
    return Pair(
        study.name, row["pair_id"], row["place"], row["ext_id"], row["app"], comparison,
        (row["answer_a"], row["answer_b"]), votes,
    )  # fmt: skip


def orient(pair: Pair, comparison: Comparison) -> Pair:
    """Return a pair with its systems in the order of a comparison."""
    if pair.comparison == comparison:
        return pair
    votes = {criterion: (b, a, tie) for criterion, (a, b, tie) in pair.votes.items()}
    return Pair(
        pair.study, pair.pair_id, pair.place, pair.item_id, pair.category, comparison,
        (pair.answers[1], pair.answers[0]), votes,
    )  # fmt: skip
