"""What pairs of scores say, held against values worked out by hand and against numpy."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.run.formula import list_deciles, measure_pairs, rate_loss

SCORES = st.floats(-50, 50)
PAIRS = st.lists(st.tuples(SCORES, SCORES), min_size=1, max_size=30)


@pytest.mark.parametrize(
    ("chosen", "rejected", "loss"),
    [
        ([0], [0], math.log(2)),
        ([1], [-1], 0.126928011),  # log(1 + e^-2)
        ([-1], [1], 2.126928011),
        ([1, -1], [-1, 1], 1.126928011),  # the mean of both
        ([2000], [-2000], 0),
        ([-2000], [2000], 4000),
    ],
)
def test_loss_is_the_formula_s(chosen, rejected, loss):
    assert rate_loss(chosen, rejected) == pytest.approx(loss, abs=1e-9)


@given(PAIRS)
def test_loss_depends_on_differences_only(pairs):
    chosen, rejected = zip(*pairs, strict=True)
    moved = [score + 3 for score in chosen], [score + 3 for score in rejected]
    assert rate_loss(chosen, rejected) == pytest.approx(rate_loss(*moved), abs=1e-9)
    assert rate_loss(chosen, rejected) > 0


def test_a_tie_is_no_hit():
    told = measure_pairs([1.0, 2.0, 0.5, 3.0], [0.0, 2.0, 1.5, 1.0])
    assert (told["n_pairs"], told["n_ties"], told["accuracy"]) == (4, 1, 0.5)
    assert told["margin"] == pytest.approx((1 + 0 - 1 + 2) / 4)


def test_of_no_pairs_nothing_is_told():
    assert measure_pairs([], []) == {"n_pairs": 0}
    assert rate_loss([], []) is None


@pytest.mark.parametrize(
    ("chosen", "rejected"), [([1.0], []), ([math.nan], [0.0]), ([0.0], [math.inf])]
)
def test_what_is_no_score_is_refused(chosen, rejected):
    with pytest.raises(ValueError, match=r"finite number|shorter"):
        measure_pairs(chosen, rejected)


@given(st.lists(SCORES, min_size=1, max_size=40))
def test_deciles_are_numpy_s(numbers):
    expected = np.quantile(numbers, np.linspace(0, 1, 11))
    assert list_deciles(numbers) == pytest.approx(expected.tolist(), abs=1e-9)
