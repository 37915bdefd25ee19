import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from annotations.judging.kappa import (
    NONE_DECIDED,
    NOTHING,
    ONE_ANSWER,
    Share,
    draw_items,
    rate_share,
    rate_tables,
)

numbers = st.integers(min_value=0, max_value=4)
tables = st.lists(
    st.lists(st.lists(st.lists(numbers, min_size=3, max_size=3), min_size=3, max_size=3),
             min_size=2, max_size=2),
    min_size=1, max_size=8,
)  # fmt: skip


def rate(tables, seed="test"):
    """The agreement of tables, one an item."""
    return rate_tables(tables, draw_items(len(tables), seed))


def spread(table):
    """One item for each case of a table, in one comparison."""
    return np.array(
        [
            np.eye(9, dtype=np.int64)[3 * row + column].reshape(1, 3, 3)
            for row in range(3)
            for column in range(3)
            for _ in range(table[row][column])
        ]
    )


@pytest.mark.parametrize(
    ("table", "raw", "kappa"),
    [
        # chance is (25 x 30 + 25 x 20) / 50 / 50 = 0.5, so kappa is (0.7 - 0.5) / 0.5
        ([[20, 5, 0], [10, 15, 0], [0, 0, 0]], 0.7, 0.4),
        # chance is (6 x 5 + 4 x 5 + 2 x 2) / 12 / 12 = 0.375
        ([[4, 1, 1], [1, 3, 0], [0, 1, 1]], 8 / 12, (8 / 12 - 0.375) / 0.625),
        ([[0, 3, 0], [3, 0, 0], [0, 0, 0]], 0.0, -1.0),
        ([[3, 0, 0], [0, 3, 0], [0, 0, 0]], 1.0, 1.0),
    ],
)
def test_agreement_is_what_one_counts_by_hand(table, raw, kappa):
    found = rate(spread(table))
    assert found.raw.value == pytest.approx(raw)
    assert found.kappa.value == pytest.approx(kappa)
    assert found.table == tuple(map(tuple, table))


def test_without_ties_only_cases_with_two_sides_count():
    found = rate(spread([[20, 5, 9], [10, 15, 9], [9, 9, 9]]))
    assert (found.raw_decided.value, found.raw_decided.n) == (0.7, 50)
    assert found.kappa_decided.value == pytest.approx(0.4)
    assert found.raw.n == 95


@pytest.mark.parametrize(
    ("table", "raw", "kappa", "decided"),
    [
        ([[0, 0, 0], [0, 0, 0], [0, 0, 0]], NOTHING, NOTHING, NOTHING),
        ([[5, 0, 0], [0, 0, 0], [0, 0, 0]], "", ONE_ANSWER, ""),
        ([[0, 0, 0], [0, 0, 0], [0, 0, 5]], "", ONE_ANSWER, NONE_DECIDED),
        ([[0, 0, 2], [0, 0, 1], [0, 0, 3]], "", "", NONE_DECIDED),
    ],
)
def test_what_is_undefined_is_a_sentence_and_no_number(table, raw, kappa, decided):
    found = rate(spread(table).reshape(-1, 1, 3, 3))
    assert (found.raw.why, found.kappa.why, found.raw_decided.why) == (raw, kappa, decided)
    assert (found.raw.value is None, found.kappa.value is None) == (bool(raw), bool(kappa))


def test_one_answer_in_each_comparison_is_no_agreement_beyond_chance():
    tables = np.zeros((4, 2, 3, 3), dtype=np.int64)
    tables[:, 0, 0, 0] = tables[:, 1, 1, 1] = 1
    found = rate(tables)
    assert (found.raw.value, found.kappa.value) == (1.0, None)
    assert found.kappa.why == ONE_ANSWER


@settings(max_examples=40)
@given(tables)
def test_kappa_does_not_hang_on_which_system_is_called_the_first(rows):
    tables = np.array(rows, dtype=np.int64)
    turned = tables.copy()
    turned[:, 0] = turned[:, 0][:, [1, 0, 2]][:, :, [1, 0, 2]]
    one, two = (rate(each) for each in (tables, turned))
    assert one.kappa.value == pytest.approx(two.kappa.value)
    assert one.raw_decided.value == pytest.approx(two.raw_decided.value)


@settings(max_examples=40)
@given(tables)
def test_every_number_lies_where_it_can(rows):
    found = rate(np.array(rows, dtype=np.int64))
    for one in (found.raw, found.kappa, found.raw_decided, found.kappa_decided):
        assert (one.value is None) == bool(one.why)
        assert one.value is None or -1 - 1e-9 <= one.value <= 1 + 1e-9
        assert one.interval is None or -1 - 1e-9 <= one.interval.low <= one.interval.high < 1 + 1e-9


def test_the_same_words_give_the_same_interval():
    table = spread([[20, 5, 0], [10, 15, 0], [0, 0, 0]])
    assert rate(table, "one") == rate(table, "one")
    assert rate(table, "one").kappa.interval != rate(table, "two").kappa.interval


def test_intervals_over_single_cases_are_those_of_the_binomial():
    found = rate(spread([[70, 0, 0], [0, 70, 0], [30, 30, 0]]))
    reach = 1.96 * (0.7 * 0.3 / 200) ** 0.5
    assert found.raw.interval.low == pytest.approx(0.7 - reach, abs=0.01)
    assert found.raw.interval.high == pytest.approx(0.7 + reach, abs=0.01)


def test_cases_of_one_item_hang_together():
    """Three votes an item that all say the same are worth one, not three."""
    single = spread([[35, 15, 0], [15, 35, 0], [0, 0, 0]])
    one, three = (rate(each).raw.interval for each in (single, 3 * single))
    assert three.high - three.low == pytest.approx(one.high - one.low, abs=0.01)


def test_a_share_has_both_intervals():
    share = rate_share(np.array([[1, 2], [0, 2], [2, 2], [0, 0]]), "test")
    assert (share.n_hits, share.n, share.value) == (3, 6, 0.5)
    assert (share.interval.low, share.interval.high) == (0, 1)
    assert share.wilson.low == pytest.approx(0.1876, abs=1e-4)


def test_a_share_of_nothing_is_none():
    assert rate_share(np.zeros((3, 2), dtype=np.int64), "test") == Share(0, 0)
    assert Share(0, 0).value is None
