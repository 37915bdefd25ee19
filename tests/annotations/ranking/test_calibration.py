"""Scores beside preferences, on numbers counted by hand."""

from dataclasses import replace
from math import log

import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotations.ranking.calibration import (
    EDGES,
    Duel,
    calibrate,
    fill_bins,
    find_bin,
    find_chance,
    tell_calibration,
)
from annotations.statistics import wilson

NEAR = pytest.approx


def duel(a, b, winner="a"):
    return Duel(a, b, "one", "two", winner)


# σ(log 3) is 3/4 and σ(log 19) is 19/20: chances that can be read off.
SCORES = {1: log(3), 2: 0.0, 3: log(19), 4: 0.0, 5: 2.0, 6: 2.0, 7: 1.0, 8: 5.0}
DUELS = [duel(1, 2), duel(1, 4), duel(2, 1), duel(3, 4), duel(5, 6), duel(7, 8, "tie"), duel(1, 99)]


def test_agreement_is_counted_on_decided_pairs_with_both_scores():
    found = calibrate(DUELS, SCORES)
    assert (found.n, found.n_agree, found.n_level) == (5, 3, 1)
    assert (found.rate, found.interval) == (0.6, wilson(3, 5))
    assert (found.n_ties, found.n_missing, found.tie_gap) == (1, 1, 4.0)


def test_bins_hold_what_was_equally_sure_and_the_error_is_their_mean_distance():
    found = calibrate(DUELS, SCORES)
    assert [(one.n, one.n_agree) for one in found.bins] == [(0, 0), (0, 0), (3, 2), (0, 0), (1, 1)]
    assert found.bins[2].said == NEAR(0.75)
    assert found.bins[1].rate is None
    assert found.ece == NEAR((3 * (0.75 - 2 / 3) + 1 * 0.05) / 4)


def test_a_model_that_never_tells_two_answers_apart_is_never_sure():
    """It says one half, which is neither right nor wrong."""
    found = calibrate([duel(5, 6)] * 3, SCORES)
    assert (found.n, found.n_agree, found.rate, found.ece) == (3, 0, 0, None)
    assert "Calibration error" not in dict(tell_calibration(found))


def test_a_model_that_is_as_sure_as_it_is_right_has_no_error():
    right = [duel(1, 2)] * 3 + [duel(2, 1)]
    assert calibrate(right, SCORES).ece == NEAR(0)
    assert calibrate([duel(2, 1)] * 4, SCORES).ece == NEAR(0.75)


def test_scores_of_a_system_are_spread_out_over_its_answers_each_once():
    found = calibrate([duel(1, 2), duel(1, 4), duel(3, 4)], {1: 1.0, 3: 3.0, 2: -1.0, 4: 0.0})
    one, two = found.spreads
    assert (one.system, one.n, one.mean, one.low, one.high) == ("one", 2, 2.0, 1.0, 3.0)
    assert (two.quarter, two.middle, two.three_quarters) == (-0.75, -0.5, -0.25)


def test_one_score_is_its_own_middle():
    (only,) = calibrate([duel(1, 2)], {1: 4.0}).spreads
    assert (only.n, only.low, only.middle, only.high) == (1, 4.0, 4.0, 4.0)


def test_nothing_to_compare_is_a_sentence_and_no_number():
    found = calibrate([duel(1, 2)], {})
    assert (found.rate, found.ece, found.interval, found.gap) == (None, None, None, None)
    rows = dict(tell_calibration(found))
    assert rows["Agrees with who is preferred"].startswith("No pair that people decided has both")
    assert rows["Not compared"] == "1 pair without a score for both"


def test_words_say_n_and_warn_of_few():
    rows = dict(tell_calibration(calibrate(DUELS, SCORES), "gpt-4"))
    assert rows["Agrees with who is preferred"].startswith("60.0% of 5 pairs that gpt-4 decided")
    assert "of 4 pairs, much of it is chance" in rows["Calibration error"]
    assert (
        "chance"
        not in dict(tell_calibration(calibrate([duel(1, 2)] * 50, SCORES)))["Calibration error"]
    )


@pytest.mark.parametrize(
    ("fresh", "said"),
    [
        (DUELS, "none of these questions"),
        ([], "all of these questions: that flatters it"),
        (
            DUELS[2:4],
            "the questions of 3 pairs, which flatters it; on the other 2 it agrees with 50",
        ),
    ],
)
def test_pairs_that_it_has_learned_from_are_told_apart(fresh, said):
    found = replace(calibrate(DUELS, SCORES), fresh=calibrate(fresh, SCORES))
    assert dict(tell_calibration(found))["Its training data asks"].startswith(said)


leads = st.lists(st.floats(-1e6, 1e6), max_size=40)


@given(leads)
def test_each_lead_is_in_one_bin_that_its_chance_belongs_to(found):
    bins = fill_bins(found)
    assert sum(one.n for one in bins) == len(found)
    assert sum(one.n_agree for one in bins) == sum(lead > 0 for lead in found)
    assert all(one.said is None or one.low - 1e-9 <= one.said <= one.high for one in bins)


@given(st.floats(-1e300, 1e300))
def test_a_chance_is_never_below_one_half_and_always_in_a_bin(lead):
    chance = find_chance(lead)
    assert 0.5 <= chance <= 1
    assert 0 <= find_bin(chance) < len(EDGES) - 1


@given(
    st.lists(st.tuples(st.integers(1, 8), st.integers(1, 8), st.sampled_from(["a", "b", "tie"])))
)
def test_exchanging_all_sides_changes_nothing_but_the_systems_places(rows):
    turned = {"a": "b", "b": "a", "tie": "tie"}
    there = calibrate([Duel(a, b, "one", "two", w) for a, b, w in rows], SCORES)
    back = calibrate([Duel(b, a, "two", "one", turned[w]) for a, b, w in rows], SCORES)
    assert (there.n, there.n_agree, there.ece, there.gap) == (
        back.n, back.n_agree, back.ece, back.gap
    )  # fmt: skip
    assert there.spreads == back.spreads
