"""Who is preferred, of two answers that people and judges voted on. Pure counting, nothing else."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from annotations.judging.preferences import Votes
from annotations.pairing.contests import NO_VOTES
from annotations.pairing.wishes import PairWish
from backend.records import Winner

DECIMALS = 9  # of a weighted lead: a smaller one is zero that was rounded

# Why two answers make no pair.
Reason = Literal[
    "few_votes",  # fewer than were asked for
    "tie",  # as many on one side as on the other, or nobody prefers either
    "disagreement",  # not all agree, and all had to
    "criteria",  # the criteria have different winners
    "same_answer",  # the two texts are one
    "unknown_prompt",  # the two sides were not asked the same
]


@dataclass(frozen=True, slots=True)
class Verdict:
    """How one criterion, or all of them together, came out.

    Units: `lead` in [-1, 1], a's share less b's. `reason` says why there is no winner;
    `contested` whether somebody voted otherwise.
    """

    winner: Winner
    lead: float = 0.0
    reason: Reason | None = None
    contested: bool = False


def decide(votes: Mapping[str, Votes], wish: PairWish) -> Verdict:
    """Return who is preferred by what a wish counts.

    Edge: with "all", a criterion without enough votes leaves the pair open; else it is left out.
    """
    found = {name: votes.get(name, NO_VOTES) for name in wish.criteria}
    counted = {name: fell for name, fell in found.items() if sum(fell) >= wish.min_votes}
    if not counted or (wish.combine == "all" and len(counted) < len(found)):
        return Verdict("tie", reason="few_votes")
    verdicts = {name: decide_one(fell, wish) for name, fell in counted.items()}
    if any(one.reason == "disagreement" for one in verdicts.values()):
        return Verdict("tie", reason="disagreement", contested=True)
    return combine(verdicts, wish)


def decide_one(votes: Votes, wish: PairWish) -> Verdict:
    """Return who is preferred on one criterion; there is at least one vote."""
    a, b, ties = votes
    against = ties if wish.ties == "against" else 0
    contested = min(a, b) > 0 or ties > 0 < max(a, b)
    ahead, behind = max(a, b), min(a, b) + against
    if wish.disagreement == "unanimous" and ahead and behind:
        return Verdict("tie", reason="disagreement", contested=True)
    if ahead <= behind:
        return Verdict("tie", reason="tie", contested=contested)
    return Verdict("a" if a > b else "b", (a - b) / (a + b + against), contested=contested)


def combine(verdicts: Mapping[str, Verdict], wish: PairWish) -> Verdict:
    """Return what several criteria come to together."""
    shares = wish.shares
    total = sum(shares[name] for name in verdicts)
    if not total:
        return Verdict("tie", reason="few_votes")
    lead = sum(shares[name] * one.lead for name, one in verdicts.items()) / total
    winners = [one.winner for one in verdicts.values()]
    n_a, n_b, n_ties = (winners.count(side) for side in ("a", "b", "tie"))
    contested = n_a * n_b > 0 or any(one.contested for one in verdicts.values())
    against = n_ties if wish.ties == "against" else 0
    if wish.combine == "all":
        won: float = (n_a - n_b) if len(set(winners)) == 1 else 0
    elif wish.combine == "majority":
        won = (n_a - n_b) if max(n_a, n_b) > min(n_a, n_b) + against else 0
    else:
        won = round(lead, DECIMALS)
    if not won:
        return Verdict("tie", reason="criteria" if n_a * n_b else "tie", contested=contested)
    return Verdict("a" if won > 0 else "b", lead, contested=contested)
