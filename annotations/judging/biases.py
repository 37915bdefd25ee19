"""What sways a judge and shouldn't: which answer stands first, and which is longer."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from annotations.judging.agreement import find_matchups, list_meetings, list_voted, name_seed
from annotations.judging.kappa import Share, rate_share
from annotations.judging.preferences import (
    Answers,
    Evidence,
    Matchup,
    Rater,
    lead_to,
)
from backend.records import Winner

Hit = tuple[str, bool]  # an item, and whether it was so


@dataclass(frozen=True, slots=True)
class Flips:
    """What becomes of a verdict when the answers change places, on pairs asked in both orders.

    `flipped` have opposite winners, of which `n_first` went to the first slot both times;
    `changed` are these and those where one order has a winner and the other a tie.
    """

    flipped: Share
    changed: Share
    n_first: int


@dataclass(frozen=True, slots=True)
class Slots:
    """How often the first slot wins where there is a winner.

    `first` counts each order of the pairs that were asked in both: only there no slot has better
    systems than the other. `n_ties` are the orders without a winner. `lone` counts the pairs
    asked in one order, where the slot can't be told from the system in it.
    """

    first: Share
    n_ties: int
    lone: Share


@dataclass(frozen=True, slots=True)
class Lengths:
    """How often the longer answer wins where there is a winner. Units: characters.

    `longer` is the judge's on all its pairs; `beside` is the judge's and `people` that of the
    majority of votes on the pairs that both judged. Of all pairs, `n_equal` have answers of one
    length, and of `n_unknown` the ledger lacks a text.
    """

    longer: Share
    beside: Share
    people: Share
    n_equal: int
    n_unknown: int


def rate_hits(hits: Iterable[Hit], *seed: str) -> Share:
    """Return the share of hits, with an interval over items."""
    counts: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    for item, hit in hits:
        counts[item][0] += hit
        counts[item][1] += 1
    return rate_share(np.array(list(counts.values()), dtype=np.int64).reshape(-1, 2), *seed)


def find_flips(evidence: Evidence, rater: Rater) -> Flips:
    """Return how many verdicts hang on the order."""
    both = [one for one in evidence.list_of(rater) if one.both_orders]
    seed = name_seed(evidence, rater)
    return Flips(
        rate_hits(((one.item_id, one.contradicts) for one in both), *seed, "flipped"),
        rate_hits(((one.item_id, one.first != one.second) for one in both), *seed, "changed"),
        sum(one.contradicts and one.first == "a" for one in both),
    )


def find_slot_bias(evidence: Evidence, rater: Rater) -> Slots:
    """Return how often the first slot is preferred; a tie is no preference."""
    asked = [one for one in evidence.list_of(rater) if one.asked]
    orders = [hit for one in asked if one.both_orders for hit in list_orders(one)]
    lone = [hit for one in asked if not one.both_orders for hit in list_orders(one)]
    seed = name_seed(evidence, rater)
    return Slots(
        rate_hits(drop_ties(orders), *seed, "first"),
        sum(first is None for _, first in orders),
        rate_hits(drop_ties(lone), *seed, "lone"),
    )


def list_orders(matchup: Matchup) -> list[tuple[str, bool | None]]:
    """Return for each order that has a verdict whether the first slot won; None is a tie."""
    sides = ((matchup.first, "a"), (matchup.second, "b"))
    return [
        (matchup.item_id, None if winner == "tie" else winner == side)
        for winner, side in sides
        if winner
    ]


def drop_ties(orders: Iterable[tuple[str, bool | None]]) -> list[Hit]:
    """Return the orders that have a winner."""
    return [(item, hit) for item, hit in orders if hit is not None]


def find_length_bias(evidence: Evidence, rater: Rater, criterion: str) -> Lengths:
    """Return how often the longer answer is preferred, by the judge and by people."""
    asked = [one for one in evidence.list_of(rater) if one.preference and one.asked]
    both = [find_lengths(evidence, one.answers) for one in asked]
    every = [(one.item_id, one.preference, two) for one, two in zip(asked, both, strict=True)]
    found = find_matchups(evidence, rater)
    met = list(list_meetings(list_voted(evidence, criterion), found))
    sizes = [find_lengths(evidence, one.pair.answers) for one in met]
    sides = [lead_to(*one.pair.votes[criterion][:2]) for one in met]
    items = [one.pair.item_id for one in met]
    seed = (*name_seed(evidence, rater), "longer")
    return Lengths(
        rate_hits(list_longer(every), *seed),
        rate_hits(
            list_longer(zip(items, [one.preference for one in met], sizes, strict=True)),
            *seed, criterion,
        ),
        rate_hits(list_longer(zip(items, sides, sizes, strict=True)), *seed, criterion, "people"),
        sum(two is not None and two[0] == two[1] for two in both),
        sum(two is None for two in both),
    )  # fmt: skip


def find_lengths(evidence: Evidence, answers: Answers) -> tuple[int, int] | None:
    """Return the lengths of a's answer and of b's; None where one isn't known."""
    first, second = (None if one is None else evidence.lengths.get(one) for one in answers)
    return None if first is None or second is None else (first, second)


def list_longer(
    preferred: Iterable[tuple[str, Winner | None, tuple[int, int] | None]],
) -> list[Hit]:
    """Return whether the longer answer won, where one did and one is longer."""
    return [
        (item, (winner == "a") == (lengths[0] > lengths[1]))
        for item, winner, lengths in preferred
        if winner in ("a", "b") and lengths and lengths[0] != lengths[1]
    ]
