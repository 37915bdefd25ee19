"""How judges took the answers that should lose to everything: an empty one, and one that begs."""

from collections.abc import Sequence
from dataclasses import dataclass

from annotations.judging.preferences import (
    Evidence,
    Matchup,
    Rater,
    find_winner,
)
from annotations.judging.records import Judgment
from backend.judge.canaries import PREFIX


@dataclass(frozen=True, slots=True)
class Canary:
    """How one rater took one canary against one system, each order and repeat by itself.

    `name` is without what marks it as one. Units: mean scores as they were given, None where none
    count. `n_failed` ended without a verdict.
    """

    rater: Rater
    name: str
    reference: str
    wins: int
    ties: int
    losses: int
    n_failed: int
    mean: float | None
    mean_reference: float | None

    @property
    def n(self) -> int:
        """Return how many verdicts there are."""
        return self.wins + self.ties + self.losses


def find_canaries(evidence: Evidence) -> list[Canary]:
    """Return how each rater took each canary against each system it met."""
    found: dict[tuple[Rater, str, str], list[Judgment]] = {}
    for matchup in evidence.matchups:
        for name, reference in list_planted(matchup):
            key = (matchup.rater, name, reference)
            found.setdefault(key, []).extend(matchup.judgments)
    return [sum_up(evidence, *key, group) for key, group in sorted(found.items(), key=first_of)]


def first_of(entry: tuple[tuple[Rater, str, str], list[Judgment]]) -> tuple[Rater, str, str]:
    """Return what an entry is sorted by."""
    return entry[0]


def list_planted(matchup: Matchup) -> list[tuple[str, str]]:
    """Return the canary of a matchup and what it met; canaries among themselves prove nothing."""
    pairs = ((matchup.a, matchup.b), (matchup.b, matchup.a))
    return [
        (name, reference)
        for name, reference in pairs
        if name.startswith(PREFIX) and not reference.startswith(PREFIX)
    ]


def sum_up(
    evidence: Evidence, rater: Rater, name: str, reference: str, group: Sequence[Judgment]
) -> Canary:
    """Return one rater's verdicts on one canary and one system."""
    winners = [find_winner(one, name, evidence.scores) for one in group]
    pairs = [
        pair if one.system_1 == name else (pair[1], pair[0])
        for one in group
        if (pair := one.score(evidence.scores)) is not None
    ]
    return Canary(
        rater,
        name.removeprefix(PREFIX),
        reference,
        winners.count("a"),
        winners.count("tie"),
        winners.count("b"),
        winners.count(None),
        find_mean([mine for mine, _ in pairs]),
        find_mean([theirs for _, theirs in pairs]),
    )


def find_mean(scores: Sequence[float | None]) -> float | None:
    """Return the mean of the scores that there are."""
    known = [score for score in scores if score is not None]
    return sum(known) / len(known) if known else None
