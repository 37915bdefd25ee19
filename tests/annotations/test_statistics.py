import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from annotations.statistics import (
    bootstrap_shares,
    holm,
    make_rng,
    resample_items,
    sign_test,
    wilson,
)

ITEMS = np.array([[3, 0, 0], [2, 1, 0], [0, 3, 0], [1, 1, 1], [0, 0, 3], [3, 0, 0]])


@given(st.integers(1, 2000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_wilson_equals_scipy(votes):
    n_hits, n = votes
    ours = wilson(n_hits, n)
    theirs = stats.binomtest(n_hits, n).proportion_ci(0.95, method="wilson")
    assert ours.low == pytest.approx(theirs.low, abs=1e-12)
    assert ours.high == pytest.approx(theirs.high, abs=1e-12)
    assert 0 <= ours.low <= n_hits / n <= ours.high <= 1


def test_wilson_of_no_votes_is_none():
    assert wilson(0, 0) is None


@pytest.mark.parametrize("n_hits, n", [(-1, 5), (6, 5)])
def test_wilson_refuses_counts_that_cannot_be(n_hits, n):
    with pytest.raises(ValueError, match=f"{n_hits} of {n}"):
        wilson(n_hits, n)


@given(st.integers(0, 300), st.integers(0, 300))
def test_sign_test_equals_scipy(first, second):
    expected = stats.binomtest(first, first + second).pvalue if first + second else 1.0
    assert sign_test(first, second) == pytest.approx(expected, rel=1e-9)
    assert sign_test(first, second) == sign_test(second, first)


@pytest.mark.parametrize(
    "first, second, printed",
    [
        (381, 139, "4.6e-27"),
        (183, 221, "0.066"),
        (116, 179, "0.00029"),
        (323, 333, "0.73"),
        (286, 283, "0.93"),
        (239, 267, "0.23"),
    ],
)
def test_sign_test_of_the_published_votes(first, second, printed):
    assert f"{sign_test(first, second):.2g}" == printed


def test_sign_test_of_very_many_items_is_exact_and_finite():
    assert sign_test(10_000, 0) == 0.0  # below the smallest float, not an overflow
    assert sign_test(5000, 5000) == 1.0


def test_sign_test_refuses_a_negative_count():
    with pytest.raises(ValueError, match="-1 against 3"):
        sign_test(-1, 3)


def test_holm_by_hand():
    assert holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])
    assert holm([0.5, 0.9]) == [1.0, 1.0]


@given(st.lists(st.floats(0, 1), max_size=8))
def test_holm_never_makes_a_test_stronger_and_keeps_the_order(p_values):
    adjusted = holm(p_values)
    assert all(p <= q <= 1 for p, q in zip(p_values, adjusted, strict=True))
    ranked = [q for _, q in sorted(zip(p_values, adjusted, strict=True))]
    assert ranked == sorted(ranked)


def test_resampling_patterns_has_the_moments_of_drawing_items():
    rng = np.random.default_rng(1)
    drawn = ITEMS[rng.integers(0, len(ITEMS), (20_000, len(ITEMS)))].sum(axis=1)
    fast = resample_items(ITEMS, np.random.default_rng(2), 20_000)
    assert fast.mean(axis=0) == pytest.approx(drawn.mean(axis=0), rel=0.02)
    assert np.cov(fast.T) == pytest.approx(np.cov(drawn.T), rel=0.06, abs=0.15)


def test_bootstrap_agrees_with_drawing_items_one_by_one():
    rng = np.random.default_rng(3)
    items = rng.multinomial(3, [0.5, 0.2, 0.3], size=252)
    drawn = items[rng.integers(0, 252, (4000, 252))].sum(axis=1)
    slow = np.quantile(drawn[:, 0] / drawn.sum(axis=1), [0.025, 0.975])
    low_high = bootstrap_shares(items, make_rng("seed"), 4000)[0]
    assert [low_high.low, low_high.high] == pytest.approx(slow, abs=0.004)


def test_bootstrap_is_wider_than_wilson_where_raters_of_an_item_agree():
    agreed = np.repeat([[3, 0, 0], [0, 3, 0]], 100, axis=0)
    interval, naive = bootstrap_shares(agreed, make_rng("seed"))[0], wilson(300, 600)
    assert interval.high - interval.low > 1.5 * (naive.high - naive.low)


def test_bootstrap_knows_items_of_unequal_size():
    one_big = np.array([[97, 0, 0], [0, 1, 0], [0, 1, 0], [0, 1, 0]])
    interval = bootstrap_shares(one_big, make_rng("seed"))[0]
    assert interval.low == 0.0
    assert interval.high > 0.99


def test_bootstrap_of_one_item_is_none():
    assert bootstrap_shares(ITEMS[:1], make_rng("seed")) == (None,) * 4


def test_bootstrap_of_unanimous_votes_claims_no_certainty():
    unanimous = np.array([[3, 0, 0], [2, 0, 0], [3, 0, 0]])
    assert bootstrap_shares(unanimous, make_rng("seed")) == (None,) * 4


def test_bootstrap_where_only_ties_are_constant_bounds_the_others():
    a, b, tie, net = bootstrap_shares(np.array([[2, 0, 1], [0, 2, 1]] * 9), make_rng("seed"))
    assert tie is None
    assert None not in (a, b, net)


@given(st.permutations(range(len(ITEMS))))
def test_bootstrap_does_not_depend_on_the_order_of_items(order):
    shuffled = bootstrap_shares(ITEMS[list(order)], make_rng("seed"))
    assert shuffled == bootstrap_shares(ITEMS, make_rng("seed"))


@given(
    st.lists(
        st.tuples(*[st.integers(0, 5)] * 3).filter(any),
        min_size=2,
        max_size=30,
    )
)
def test_bootstrap_stays_within_what_shares_can_be(rows):
    *shares, net = bootstrap_shares(np.array(rows), make_rng("seed"), 200)
    assert all(share is None or 0 <= share.low <= share.high <= 1 for share in shares)
    assert net is None or -1 <= net.low <= net.high <= 1


def test_another_seed_gives_other_draws():
    assert bootstrap_shares(ITEMS, make_rng("1")) != bootstrap_shares(ITEMS, make_rng("2"))
