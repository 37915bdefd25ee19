"""What pairs of scores say: the pairwise loss, and how often the preferred answer has more.

Plain numbers, so that what TRL computes can be held against it.
"""

import math
from collections.abc import Sequence
from fractions import Fraction

N_DECILES = 10


def rate_loss(chosen: Sequence[float], rejected: Sequence[float]) -> float | None:
    """Return the mean of −log σ(chosen − rejected) over pairs; None for no pairs.

    Edge: a difference of hundreds is no overflow.
    Errors: ValueError when the two are not equally many.
    Source: Ouyang et al. (2022), arXiv:2203.02155, eq. 1; but each pair is a term of its own, so
    that a prompt of K answers weighs C(K, 2) times what it does there.
    """
    terms = [soften(low - high) for high, low in zip(chosen, rejected, strict=True)]
    return math.fsum(terms) / len(terms) if terms else None


def soften(number: float) -> float:
    """Return log(1 + exp(number))."""
    return max(number, 0.0) + math.log1p(math.exp(-abs(number)))


def measure_pairs(chosen: Sequence[float], rejected: Sequence[float]) -> dict[str, object]:
    """Return what a model's scores say of pairs that people, or a judge, have decided.

    Units: `accuracy` in [0, 1], a tie being no hit; `margin` and the deciles in the model's own
    unit, which has no zero and no scale that two models share. Deciles are eleven numbers, the
    least and the greatest among them.
    Edge: of no pairs nothing is told but that there are none.
    Errors: ValueError when the two are not equally many, or a score is no finite number.
    """
    margins = [high - low for high, low in zip(chosen, rejected, strict=True)]
    if not margins:
        return {"n_pairs": 0}
    if not all(math.isfinite(score) for score in (*chosen, *rejected)):
        raise ValueError("A score is no finite number, so the pairs can't be measured.")
    return {
        "n_pairs": len(margins),
        "n_ties": margins.count(0.0),
        "accuracy": sum(margin > 0 for margin in margins) / len(margins),
        "loss": rate_loss(chosen, rejected),
        "margin": math.fsum(margins) / len(margins),
        "margin_deciles": list_deciles(margins),
        "chosen_deciles": list_deciles(chosen),
        "rejected_deciles": list_deciles(rejected),
    }


def list_deciles(numbers: Sequence[float]) -> list[float]:
    """Return the eleven deciles of at least one number, linear between its neighbours."""
    ordered = sorted(numbers)
    places = [Fraction(tenth * (len(ordered) - 1), N_DECILES) for tenth in range(N_DECILES + 1)]
    return [read_between(ordered, place) for place in places]


def read_between(ordered: Sequence[float], place: Fraction) -> float:
    """Return what stands at a place of ordered numbers; between two it is in proportion."""
    below = math.floor(place)
    above = min(below + 1, len(ordered) - 1)
    share = float(place - below)
    return (1 - share) * ordered[below] + share * ordered[above]
