"""Judging the judge: how far its preferences are people's, and those of other judges.

Judge and people are compared on the same answers to the same items, by criterion of the people's
votes. What two people make of the same pair is beside it: a judge can't be asked for more.
"""

from collections import defaultdict
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import numpy.typing as npt

from annotations.judging.kappa import PLACES, Agreed, Tables, draw_items, rate_tables
from annotations.judging.preferences import (
    TURNED,
    Answers,
    Evidence,
    Matchup,
    Pair,
    Rater,
    Spot,
    Votes,
)
from backend.records import WINNERS, Comparison, Winner

Key = tuple[str, Comparison]  # an item and two systems
Numbers = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Meeting:
    """One pair that a judge and people both judged. The judge's side is named as in the pair."""

    pair: Pair
    matchup: Matchup
    preference: Winner

    @property
    def key(self) -> Key:
        """Return which item and comparison this is."""
        return self.pair.item_id, self.pair.comparison


@dataclass(frozen=True, slots=True)
class Labels:
    """What a rater and others say on the same pairs, a row each.

    Shapes: (pairs,) the number of the item, of the comparison, and the rater's place in WINNERS;
    (pairs, 3) the votes, in the order of WINNERS.
    """

    items: Numbers
    columns: Numbers
    places: Numbers
    votes: Numbers

    @property
    def n_items(self) -> int:
        """Return how many items there are."""
        return int(self.items.max(initial=-1)) + 1

    def make_tables(self) -> Tables:
        """Return empty tables. Shapes: (items, comparisons, 3, 3)."""
        n_columns = max(1, int(self.columns.max(initial=-1)) + 1)
        return np.zeros((self.n_items, n_columns, len(WINNERS), len(WINNERS)), dtype=np.int64)


@dataclass(frozen=True, slots=True)
class Agreement:
    """How far a judge and people agree on one criterion; `comparison` None is all of them.

    `votes` is the judge against each vote, `majorities` against the side with more votes on it,
    `people` any two votes on one pair, where `kappa` is Fleiss'. Of the pairs that people voted on,
    `n_pairs` are counted here; `n_contradicting` of these have opposite winners in the two orders,
    which count as a tie, and `n_one_order` have one order only. On `n_unread` more no verdict can
    be read, and `n_unjudged` more were never judged.
    """

    criterion: str
    comparison: Comparison | None
    votes: Agreed
    majorities: Agreed
    people: Agreed
    n_items: int
    n_pairs: int
    n_votes: int
    n_contradicting: int
    n_one_order: int
    n_unread: int
    n_unjudged: int


@dataclass(frozen=True, slots=True)
class Pairing:
    """How far two raters agree on the pairs that both judged."""

    first: Rater
    second: Rater
    agreed: Agreed
    n_items: int


def find_agreements(evidence: Evidence, rater: Rater, criterion: str) -> list[Agreement]:
    """Return the agreement of one rater and people on each comparison, in the studies' order."""
    pairs = list_voted(evidence, criterion)
    found = find_matchups(evidence, rater)
    seed = name_seed(evidence, rater)
    return [
        rate_pairs(
            [pair for pair in pairs if pair.comparison == one], found, criterion,
            (*seed, one.a, one.b), one,
        )
        for one in dict.fromkeys(pair.comparison for pair in pairs)
    ]  # fmt: skip


def find_agreement(evidence: Evidence, rater: Rater, criterion: str) -> Agreement:
    """Return the agreement of one rater and people on all comparisons together."""
    found = find_matchups(evidence, rater)
    return rate_pairs(list_voted(evidence, criterion), found, criterion, name_seed(evidence, rater))


def list_voted(evidence: Evidence, criterion: str) -> list[Pair]:
    """Return the pairs with votes on a criterion."""
    return [pair for pair in evidence.pairs if criterion in pair.votes]


def name_seed(evidence: Evidence, rater: Rater) -> tuple[str, ...]:
    """Return the words that all resampling of one rater starts from."""
    return "agreement", evidence.benchmark, evidence.scores, rater.judge, rater.protocol


def rate_pairs(
    pairs: Sequence[Pair],
    found: Mapping[Spot, Sequence[Matchup]],
    criterion: str,
    seed: tuple[str, ...],
    comparison: Comparison | None = None,
) -> Agreement:
    """Return the agreement of a rater's matchups and the votes on some pairs, by one criterion."""
    judged = [matchup for pair in pairs if (matchup := find_matchup(found, pair))]
    met = list(list_meetings(pairs, found))
    votes = [one.pair.votes[criterion] for one in met]
    labels = line_up([one.key for one in met], [one.preference for one in met], votes)
    weights = draw_items(labels.n_items, *seed, criterion)
    return Agreement(
        criterion,
        comparison,
        rate_tables(count_votes(labels), weights),
        rate_tables(count_majorities(labels), weights),
        rate_tables(count_people(labels), weights, fold=2),
        labels.n_items,
        len(met),
        n_votes=int(labels.votes.sum()),
        n_contradicting=sum(one.matchup.contradicts for one in met),
        n_one_order=sum(one.matchup.asked and not one.matchup.both_orders for one in met),
        n_unread=len(judged) - len(met),
        n_unjudged=len(pairs) - len(judged),
    )


def find_matchups(evidence: Evidence, rater: Rater) -> dict[Spot, list[Matchup]]:
    """Return the matchups of one rater by item and systems."""
    found: dict[Spot, list[Matchup]] = defaultdict(list)
    for matchup in evidence.list_of(rater):
        found[matchup.item_id, matchup.a, matchup.b].append(matchup)
    return found


def find_matchup(found: Mapping[Spot, Sequence[Matchup]], pair: Pair) -> Matchup | None:
    """Return the matchup of the very answers that people saw, the most readable if several."""
    first, second = sorted((pair.comparison.a, pair.comparison.b))
    answers = pair.answers if first == pair.comparison.a else (pair.answers[1], pair.answers[0])
    fitting = [
        one for one in found.get((pair.item_id, first, second), ()) if fits(one.answers, answers)
    ]
    return max(fitting, key=lambda one: one.preference is not None, default=None)


def fits(known: Answers, shown: Answers) -> bool:
    """Say whether a judgment can be about the answers shown; one that isn't known can be any."""
    return all(mine in (None, theirs) for mine, theirs in zip(known, shown, strict=True))


def list_meetings(
    pairs: Iterable[Pair], found: Mapping[Spot, Sequence[Matchup]]
) -> Iterator[Meeting]:
    """Yield the pairs with a verdict that can be read."""
    for pair in pairs:
        matchup = find_matchup(found, pair)
        if matchup is None or matchup.preference is None:
            continue
        same = matchup.a == pair.comparison.a
        preference = matchup.preference if same else TURNED[matchup.preference]
        yield Meeting(pair, matchup, preference)


def line_up(keys: Sequence[Key], sides: Sequence[Winner], votes: Sequence[Votes]) -> Labels:
    """Return what two say on the same pairs as numbers."""
    items = number([item for item, _ in keys])
    columns = number([comparison for _, comparison in keys])
    places = np.array([PLACES[side] for side in sides], dtype=np.int64)
    return Labels(items, columns, places, np.array(votes, dtype=np.int64).reshape(-1, len(WINNERS)))


def number(names: Sequence[Hashable]) -> Numbers:
    """Return a number for each name, the same for the same."""
    known = {name: place for place, name in enumerate(dict.fromkeys(names))}
    return np.array([known[name] for name in names], dtype=np.int64)


def count_votes(labels: Labels) -> Tables:
    """Return the tables of each verdict against each vote."""
    tables = labels.make_tables()
    np.add.at(tables, (labels.items, labels.columns, labels.places), labels.votes)
    return tables


def count_majorities(labels: Labels) -> Tables:
    """Return the tables of each verdict against the side with more votes on it."""
    tables = labels.make_tables()
    lead = labels.votes[:, 0] - labels.votes[:, 1]
    sides = np.where(lead > 0, PLACES["a"], np.where(lead < 0, PLACES["b"], PLACES["tie"]))
    np.add.at(tables, (labels.items, labels.columns, labels.places, sides), 1)
    return tables


def count_people(labels: Labels) -> Tables:
    """Return the tables of every vote against every other one on its pair, so each two twice."""
    tables = labels.make_tables()
    votes = labels.votes
    two = votes[:, :, None] * votes[:, None, :] - votes[:, :, None] * np.eye(
        len(WINNERS), dtype=int
    )
    np.add.at(tables, (labels.items, labels.columns), two)
    return tables


def compare_judges(evidence: Evidence) -> list[Pairing]:
    """Return how far every two raters agree, where they judged the same answers at all."""
    found = {rater: find_matchups(evidence, rater) for rater in evidence.raters}
    pairings = []
    for first, second in combinations(evidence.raters, 2):
        both = list(list_shared(found[first], found[second]))
        if both:
            keys = [(one.item_id, Comparison(one.a, one.b)) for one, _, _ in both]
            votes = [make_votes(theirs) for _, _, theirs in both]
            labels = line_up(keys, [mine for _, mine, _ in both], votes)
            seed = (*name_seed(evidence, first), second.judge, second.protocol)
            agreed = rate_tables(count_votes(labels), draw_items(labels.n_items, *seed))
            pairings.append(Pairing(first, second, agreed, labels.n_items))
    return pairings


def list_shared(
    found: Mapping[Spot, Sequence[Matchup]], others: Mapping[Spot, Sequence[Matchup]]
) -> Iterator[tuple[Matchup, Winner, Winner]]:
    """Yield the matchups of the same answers on which both raters have a preference, and both."""
    for spot, here in found.items():
        for one in here:
            for two in others.get(spot, ()):
                if one.answers == two.answers and one.preference and two.preference:
                    yield one, one.preference, two.preference


def make_votes(winner: Winner) -> Votes:
    """Return one verdict as if it were a vote."""
    return int(winner == "a"), int(winner == "b"), int(winner == "tie")
