"""How far two raters agree: shares and kappa of tables, with intervals that resample items.

A share or a kappa that isn't there is a sentence that says why, never a number.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from math import prod

import numpy as np
import numpy.typing as npt

from annotations.statistics import (
    N_RESAMPLES,
    SAME,
    Counts,
    Interval,
    Rates,
    bound,
    make_rng,
    resample_items,
    wilson,
)
from backend.records import WINNERS, Winner

# One 3 x 3 table an item and comparison: one rater down, the other across, in the order of WINNERS.
Tables = npt.NDArray[np.int64]

PLACES: Mapping[Winner, int] = {winner: place for place, winner in enumerate(WINNERS)}
DECIDED = 2  # the first two of WINNERS are sides, the third is the tie
ENOUGH = 0.95  # of the resamples must have a value, else there is no interval

NOTHING = "undefined: nothing was judged by both"
NONE_DECIDED = "undefined: on no pair did both decide for a side"
ONE_ANSWER = "undefined: both gave one and the same answer throughout"


@dataclass(frozen=True, slots=True)
class Measure:
    """One number about `n` pairs of answers, with its 95 % interval over items.

    Units: a share lies in [0, 1], a kappa in [-1, 1]. Edge: where `value` is None, `why` says why;
    `interval` is None where resampling items can't tell.
    """

    value: float | None
    interval: Interval | None
    n: int
    why: str = ""


@dataclass(frozen=True, slots=True)
class Agreed:
    """How far two raters agree: with ties as an answer like the others, and where both decided.

    `table` is the sum of all tables: one rater down, the other across, in the order of WINNERS.
    """

    raw: Measure
    kappa: Measure
    raw_decided: Measure
    kappa_decided: Measure
    table: tuple[tuple[int, ...], ...]


@dataclass(frozen=True, slots=True)
class Share:
    """How many of `n` were so. Units: both intervals lie in [0, 1].

    `interval` resamples items, `wilson` takes all `n` as independent. Edge: no `n`, no intervals.
    """

    n_hits: int
    n: int
    interval: Interval | None = None
    wilson: Interval | None = None

    @property
    def value(self) -> float | None:
        """Return the share; None of nothing."""
        return self.n_hits / self.n if self.n else None


def draw_items(n_items: int, *seed: str) -> Rates:
    """Return how often each item is in each resample; the first row has every item once.

    Shapes: (1 + resamples, items). The same seed and number of items give the same draws.
    """
    drawn = make_rng(*seed).integers(max(1, n_items), size=(N_RESAMPLES, n_items))
    drawn += n_items * np.arange(N_RESAMPLES)[:, None]
    counts = np.bincount(drawn.ravel(), minlength=N_RESAMPLES * n_items)
    return np.vstack([np.ones(n_items), counts.reshape(N_RESAMPLES, n_items)])


def rate_tables(tables: Tables, weights: Rates, fold: int = 1) -> Agreed:
    """Return how far the raters of the tables agree, with intervals from draws of the items.

    Kappa takes chance agreement within each comparison, so it doesn't hang on which system of a
    comparison is called the first. A resample draws whole items, with all their comparisons.
    Shapes: tables (items, comparisons, 3, 3), weights as of draw_items. `fold` is how often each
    pair of answers was counted.
    Source: Cohen (1960), Educ. Psychol. Meas. 20:37; over strata: Barlow et al. (1991), Stat.
    Med. 10:1465. Of a table with both orders of every two of a pair's votes it is Fleiss' kappa.
    """
    n_items, *shape = tables.shape
    drawn = (weights @ tables.reshape(n_items, prod(shape))).reshape(len(weights), *shape)
    whole = tables.sum(axis=(0, 1))
    none_decided = NONE_DECIDED if whole.any() else NOTHING
    return Agreed(
        *measure_agreement(drawn, fold, NOTHING),
        *measure_agreement(drawn[:, :, :DECIDED, :DECIDED], fold, none_decided),
        tuple(tuple(int(n) // fold for n in row) for row in whole),
    )


def measure_agreement(drawn: Rates, fold: int, nothing: str) -> tuple[Measure, Measure]:
    """Return the raw agreement and kappa of the first tables; the others are its resamples.

    Shapes: drawn (1 + resamples, comparisons, answers, answers).
    """
    raw, kappa = rate_agreement(drawn)
    n = round(drawn[0].sum()) // fold
    return measure(raw, n, nothing), measure(kappa, n, ONE_ANSWER if n else nothing)


def rate_agreement(drawn: Rates) -> tuple[Rates, Rates]:
    """Return the raw agreement and kappa of each draw; not a number where there is none.

    Shapes: drawn (draws, comparisons, answers, answers) -> (draws,) twice.
    """
    sizes = drawn.sum(axis=(2, 3))
    agreed = np.trace(drawn, axis1=2, axis2=3).sum(axis=1)
    margins = (drawn.sum(axis=3) * drawn.sum(axis=2)).sum(axis=2)
    chance = divide(margins, sizes, 0.0).sum(axis=1)
    n = sizes.sum(axis=1)
    return divide(agreed, n), divide(agreed - chance, n - chance)


def divide(top: Rates, bottom: Rates, otherwise: float = np.nan) -> Rates:
    """Return quotients; `otherwise` where there is nothing to divide by."""
    quotients: Rates = np.full(top.shape, otherwise)
    np.divide(top, bottom, out=quotients, where=bottom > SAME)
    return quotients


def measure(values: Rates, n: int, why: str) -> Measure:
    """Return the first value, with the interval that the others give.

    Edge: no value is told as `why`; too few resamples with a value give no interval.
    """
    if np.isnan(values[0]):
        return Measure(None, None, n, why)
    known = values[1:][~np.isnan(values[1:])]
    interval = bound(known) if len(known) > ENOUGH * (len(values) - 1) else None
    return Measure(float(values[0]), interval, n)


def rate_share(counts: Counts, *seed: str) -> Share:
    """Return a share over items that each have several. Shapes: counts (items, 2): hits, of n."""
    counts = counts[counts[:, 1] > 0]
    if not len(counts):
        return Share(0, 0)
    n_hits, n = (int(one) for one in counts.sum(axis=0))
    hits, sizes = resample_items(counts, make_rng(*seed)).T
    return Share(n_hits, n, bound(hits / sizes), wilson(n_hits, n))
