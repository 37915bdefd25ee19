"""The statistics behind every tally: pure functions of counts, with numpy and nothing else.

Votes on one item hang together, so intervals come from resampling items and tests from items; an
interval that takes votes as independent is there for a quick view only.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt

import numpy as np
import numpy.typing as npt

from backend.records import hash_text

Counts = npt.NDArray[np.int64]  # one row an item: votes for a, votes for b, ties
Sums = npt.NDArray[np.int64]  # one row a resample: the same three, summed over its items
Rates = npt.NDArray[np.float64]

N_RESAMPLES = 2000
SAME = 1e-12  # resampled shares closer than this differ by rounding only
Z_95 = 1.959963984540054  # the normal deviate that leaves 2.5 % above it


@dataclass(frozen=True, slots=True)
class Interval:
    """The two ends of a 95 % interval."""

    low: float
    high: float


def make_rng(*words: str) -> np.random.Generator:
    """Return a generator that is the same for the same words, on every machine."""
    return np.random.default_rng(int(hash_text(*words)[:16], 16))


def wilson(n_hits: int, n: int, z: float = Z_95) -> Interval | None:
    """Return the score interval of a share, as if every vote stood alone.

    Units: both ends lie in [0, 1].
    Edge: no votes at all give None.
    Errors: ValueError when the counts can't be.
    Source: Wilson (1927), JASA 22:209.
    """
    if not 0 <= n_hits <= n:
        raise ValueError(f"{n_hits} of {n} votes can't be")
    if n == 0:
        return None
    share, scale = n_hits / n, 1 + z * z / n
    middle = (share + z * z / (2 * n)) / scale
    half = z / scale * sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    low = 0.0 if n_hits == 0 else max(0.0, middle - half)
    high = 1.0 if n_hits == n else min(1.0, middle + half)
    return Interval(low, high)


def resample_items(
    counts: Counts, rng: np.random.Generator, n_resamples: int = N_RESAMPLES
) -> Sums:
    """Return the vote counts of resamples, each drawing as many items as there are, with return.

    How often each pattern of votes is drawn is all that matters, and that is multinomial: the same
    distribution as drawing items one by one, at the cost of the few patterns there are.
    Shapes: counts (items, 3) with no empty row -> (resamples, 3).
    Source: Efron & Tibshirani (1993), ch. 8, with the item as the unit that is drawn.
    """
    patterns, frequency = np.unique(counts, axis=0, return_counts=True)
    drawn = rng.multinomial(len(counts), frequency / len(counts), size=n_resamples)
    sums: Sums = drawn @ patterns
    return sums


def bound(values: Rates) -> Interval | None:
    """Return the middle 95 % of resampled values (the percentile interval).

    Edge: None where all resamples agree: five votes out of five are no proof of 100 %.
    """
    if np.ptp(values) < SAME:
        return None
    low, high = np.quantile(values, (0.025, 0.975))
    return Interval(float(low), float(high))


def bootstrap_shares(
    counts: Counts, rng: np.random.Generator, n_resamples: int = N_RESAMPLES
) -> tuple[Interval | None, Interval | None, Interval | None, Interval | None]:
    """Return the item-cluster bootstrap's intervals of the shares of a, b and tie, and of a less b.

    Shapes: counts (items, 3) with no empty row. Units: shares in [0, 1], their difference in
    [-1, 1]; all four are read off the same resamples.
    Edge: None where resampling can't tell: one item only, or the same share on all items.
    """
    sums = resample_items(counts, rng, n_resamples)
    shares = sums / sums.sum(axis=1, keepdims=True)
    a, b, tie = shares.T
    return bound(a), bound(b), bound(tie), bound(a - b)


def sign_test(n_first: int, n_second: int) -> float:
    """Return the exact two-sided p value of n_first against n_second under a fair coin; ties out.

    Edge: nothing decided gives 1, which is what the binomial says of no throws.
    Errors: ValueError when a count is negative.
    Source: Conover (1999), Practical Nonparametric Statistics, 3.4.
    """
    if n_first < 0 or n_second < 0:
        raise ValueError(f"{n_first} against {n_second} can't be")
    n, fewer = n_first + n_second, min(n_first, n_second)
    term = tail = 1  # ways to have 0 of n; exact in whole numbers, however many items there are
    for taken in range(fewer):
        term = term * (n - taken) // (taken + 1)
        tail += term
    return 1.0 if 2 * tail >= 1 << n else 2 * tail / (1 << n)


def holm(p_values: Sequence[float]) -> list[float]:
    """Return the p values adjusted for being several, in the order they came in.

    Source: Holm (1979), Scand. J. Statist. 6:65.
    """
    adjusted = [0.0] * len(p_values)
    largest = 0.0
    for rank, place in enumerate(sorted(range(len(p_values)), key=p_values.__getitem__)):
        largest = max(largest, min(1.0, (len(p_values) - rank) * p_values[place]))
        adjusted[place] = largest
    return adjusted
