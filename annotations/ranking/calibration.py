"""How well a reward model's scores tell whom people prefer. Pure counting; nothing is asked.

A reward model says by how much one answer is better: the chance that it is preferred is σ of the
difference (Bradley & Terry, 1952), and that is what is compared with what people said.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import exp
from statistics import fmean, median, quantiles

from annotations.orders import count
from annotations.statistics import Interval, wilson
from backend.records import Winner

EDGES = (0.5, 0.6, 0.7, 0.8, 0.9, 1.0)  # of the bins of chances; below one half is never said
FEW = 50  # decided pairs; with fewer, a calibration error is mostly chance
SEEN = "Pairs that the model was trained on flatter it: compare it with votes that it has not seen."
NOTHING = "No pair that {who} decided has both scores yet, so that nothing can be said."


@dataclass(frozen=True, slots=True)
class Duel:
    """Two answers, by their numbers and systems, and whom people, or a judge, prefer."""

    a: int
    b: int
    system_a: str
    system_b: str
    winner: Winner


@dataclass(frozen=True, slots=True)
class Bin:
    """The pairs about which a reward model was equally sure.

    Units: chances in [0, 1]; `said` is their mean, None in an empty bin.
    """

    low: float
    high: float
    n: int
    n_agree: int
    said: float | None = None

    @property
    def rate(self) -> float | None:
        """Return how often the higher score was that of the preferred answer."""
        return self.n_agree / self.n if self.n else None

    @property
    def interval(self) -> Interval | None:
        """Return the Wilson interval of the rate."""
        return wilson(self.n_agree, self.n)


@dataclass(frozen=True, slots=True)
class Spread:
    """The scores of one system's answers: how many, their mean, and where they lie."""

    system: str
    n: int
    mean: float
    low: float
    quarter: float
    middle: float
    three_quarters: float
    high: float


@dataclass(frozen=True, slots=True)
class Calibration:
    """How a reward model stands to those who vote.

    `n` decided pairs have both scores; on `n_level` of them the scores are the same, which is no
    agreement. `n_missing` pairs lack a score and are in no other number. `ece` is the expected
    calibration error; `gap` and `tie_gap` are the middle differences of scores, on decided pairs
    and on ties. None where there is nothing to say it from. Pairs of the same score are in no bin:
    nothing is said of them that could come true. `fresh` is the same of those pairs whose question
    the model was not trained on, None where that can't be known.
    Source: Guo et al. (2017), arXiv:1706.04599, for the error.
    """

    n: int
    n_agree: int
    n_level: int
    n_ties: int
    n_missing: int
    bins: tuple[Bin, ...]
    spreads: tuple[Spread, ...]
    ece: float | None = None
    gap: float | None = None
    tie_gap: float | None = None
    fresh: "Calibration | None" = None

    @property
    def rate(self) -> float | None:
        """Return the share of decided pairs on which the higher score is the preferred answer's."""
        return self.n_agree / self.n if self.n else None

    @property
    def interval(self) -> Interval | None:
        """Return the Wilson interval of the rate."""
        return wilson(self.n_agree, self.n)


def calibrate(duels: Iterable[Duel], scores: Mapping[int, float]) -> Calibration:
    """Compare scores with who was preferred; `scores` are by the answers' numbers."""
    duels = list(duels)
    known = [duel for duel in duels if duel.a in scores and duel.b in scores]
    decided = [duel for duel in known if duel.winner != "tie"]
    leads = [find_lead(duel, scores) for duel in decided]
    tie_gaps = [abs(scores[duel.a] - scores[duel.b]) for duel in known if duel.winner == "tie"]
    bins = fill_bins([lead for lead in leads if lead])
    return Calibration(
        n=len(decided),
        n_agree=sum(lead > 0 for lead in leads),
        n_level=sum(lead == 0 for lead in leads),
        n_ties=len(tie_gaps),
        n_missing=len(duels) - len(known),
        bins=bins,
        spreads=tuple(spread_out(duels, scores)),
        ece=find_error(bins),
        gap=median(map(abs, leads)) if leads else None,
        tie_gap=median(tie_gaps) if tie_gaps else None,
    )


def find_lead(duel: Duel, scores: Mapping[int, float]) -> float:
    """Return by how much the preferred answer's score is the higher; negative where it is not."""
    lead = scores[duel.a] - scores[duel.b]
    return lead if duel.winner == "a" else -lead


def find_chance(lead: float) -> float:
    """Return how sure a model is that the answer with the higher score is preferred."""
    return 1 / (1 + exp(-min(abs(lead), 700.0)))


def fill_bins(leads: Sequence[float]) -> tuple[Bin, ...]:
    """Return the bins with their pairs; a chance on an edge belongs to the bin above it."""
    found: dict[int, list[float]] = defaultdict(list)
    for lead in leads:
        found[find_bin(find_chance(lead))].append(lead)
    return tuple(
        Bin(
            low, high, len(found[place]), sum(lead > 0 for lead in found[place]),
            fmean(map(find_chance, found[place])) if found[place] else None,
        )
        for place, (low, high) in enumerate(pairwise(EDGES))
    )  # fmt: skip


def find_bin(chance: float) -> int:
    """Return the number of the bin that a chance falls into."""
    return next(place for place in reversed(range(len(EDGES) - 1)) if chance >= EDGES[place])


def find_error(bins: Sequence[Bin]) -> float | None:
    """Return the mean distance of what was said from what came, each bin by its pairs.

    Units: in [0, 1]. Edge: no pairs at all give None.
    """
    n = sum(one.n for one in bins)
    gaps = [
        one.n * abs(one.said - one.rate)
        for one in bins
        if one.said is not None and one.rate is not None
    ]
    return sum(gaps) / n if n else None


def spread_out(duels: Iterable[Duel], scores: Mapping[int, float]) -> list[Spread]:
    """Return how the scores of each system's answers lie, the best mean first."""
    answers: dict[str, set[int]] = defaultdict(set)
    for duel in duels:
        answers[duel.system_a].add(duel.a)
        answers[duel.system_b].add(duel.b)
    spreads = [
        describe(system, found)
        for system, numbers in answers.items()
        if (found := [scores[number] for number in sorted(numbers) if number in scores])
    ]
    return sorted(spreads, key=lambda one: (-one.mean, one.system))


def describe(system: str, scores: Sequence[float]) -> Spread:
    """Return how some scores lie; there is at least one."""
    many = list(scores) * (1 if len(scores) > 1 else 2)
    quarter, middle, rest = quantiles(many, n=4, method="inclusive")
    return Spread(
        system, len(scores), fmean(scores), min(scores), quarter, middle, rest, max(scores)
    )


def tell_calibration(found: Calibration, who: str = "people") -> list[tuple[str, str]]:
    """Return a label and words for each thing to know; what can't be known is a sentence.

    `who` decided: people, or a judge's name.
    """
    rows = [("Agrees with who is preferred", tell_rate(found, who))]
    if found.n and found.fresh is not None:
        rows.append(("Its training data asks", tell_fresh(found, found.fresh)))
    if found.ece is not None:
        rows.append(("Calibration error", tell_error(found)))
    if found.n_level:
        rows.append(
            ("Same score for both", f"{count(found.n_level, 'decided pair')}, no agreement")
        )
    if found.n_ties:
        rows.append(("Ties", tell_ties(found, who)))
    if found.n_missing:
        rows.append(("Not compared", f"{count(found.n_missing, 'pair')} without a score for both"))
    return rows


def tell_rate(found: Calibration, who: str) -> str:
    """Return the accuracy with its interval and n, or why there is none."""
    if found.rate is None or found.interval is None:
        return NOTHING.format(who=who)
    low, high = found.interval.low, found.interval.high
    return (
        f"{found.rate:.1%} of {count(found.n, 'pair')} that {who} decided "
        f"(95 % interval {low:.1%} to {high:.1%})"
    )


def tell_fresh(found: Calibration, fresh: Calibration) -> str:
    """Return on how many pairs the model is flattered, and how it does on the others."""
    n_seen = found.n - fresh.n
    if not n_seen:
        return "none of these questions"
    if fresh.rate is None or fresh.interval is None:
        return "all of these questions: that flatters it, and says nothing about new ones"
    low, high = fresh.interval.low, fresh.interval.high
    return (
        f"the questions of {count(n_seen, 'pair')}, which flatters it; on the other {fresh.n:,} it "
        f"agrees with {fresh.rate:.1%} (95 % interval {low:.1%} to {high:.1%})"
    )


def tell_error(found: Calibration) -> str:
    """Return the calibration error, with a warning where it is mostly chance."""
    n = found.n - found.n_level
    few = f"; of {count(n, 'pair')}, much of it is chance" if n < FEW else ""
    return f"{found.ece:.3f}, 0 is perfect{few}"


def tell_ties(found: Calibration, who: str) -> str:
    """Return how far apart scores are where nobody is ahead, beside the decided pairs."""
    n_ties = count(found.n_ties, "pair")
    apart = f"{n_ties} that {who} left open: scores {found.tie_gap:.2f} apart"
    decided = f", {found.gap:.2f} on decided pairs" if found.gap is not None else ""
    return f"{apart} in the middle{decided}"
