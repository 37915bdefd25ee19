import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotations.published import find_published
from annotations.statistics import Interval
from annotations.tallies import tally, tally_study
from backend.records import CRITERIA, Comparison, VoteCount
from tests.ledgers import add_ballot, add_published, make_study
from ui.lab.tables import (
    describe_test,
    show_coverage,
    show_interval,
    show_number,
    show_p,
    show_sentences,
    show_shares,
)

PAIR = Comparison("LLaMA-GPT4", "Alpaca")


def tally_items(a, tie, b):
    """The helpful tally of one vote for a on `a` items, one tie on `tie` items, and so on."""
    splits = [(1, 0, 0)] * a + [(0, 1, 0)] * tie + [(0, 0, 1)] * b
    votes = [VoteCount(f"i{k}", PAIR, "helpful", *split) for k, split in enumerate(splits)]
    return tally(votes, [PAIR], "0")[0]


def test_the_published_shares_stand_to_the_digit(store):
    study = make_study(store, n_items=252)
    add_published(store, "a")
    table = show_shares(tally_study(store, study), ())
    for share in ("54.12 %", "19.74 %", "26.14 %", "25.99 %", "31.39 %", "16.48 %", "58.10 %"):
        assert share in table
    assert "Published" not in table


def test_published_shares_stand_beside_ours_in_our_order(store):
    study = make_study(store, systems=("Alpaca", "LLaMA-GPT4"))
    add_ballot(store, ["left", "left", "left"])
    tallies = tally_study(store, study)
    table = show_shares(tallies, find_published(tallies[0].comparison))
    first = table.split("<tr>")[2]
    assert "Alpaca" in first
    assert "19.74 %" in first


def test_a_preference_is_called_one_when_the_test_says_so():
    said = describe_test(tally_items(60, 20, 10))
    assert said.startswith("Helpful: LLaMA-GPT4 preferred, net +56 points (")
    assert "p < 0.001 after Holm" in said
    assert "60 to LLaMA-GPT4, 10 to Alpaca, 20 to neither" in said


def test_the_sentence_is_told_from_the_side_that_leads():
    said = describe_test(tally_items(10, 20, 60))
    assert "Alpaca preferred, net +56 points (" in said
    assert "60 to Alpaca, 10 to LLaMA-GPT4" in said


def test_a_small_lead_is_no_preference():
    said = describe_test(tally_items(12, 5, 10))
    assert "no clear preference, LLaMA-GPT4 ahead by 7 points (" in said
    assert "p = 1.00" in said or "p = 0." in said


def test_no_lead_at_all_names_nobody_as_ahead():
    assert "no clear preference, net 0 points" in describe_test(tally_items(5, 5, 5))


def test_no_votes_are_said_to_be_none():
    assert describe_test(tally([], [PAIR], "0")[0]) == "Helpful: no votes yet."


@given(st.integers(0, 30), st.integers(0, 30), st.integers(0, 30))
def test_a_preference_is_never_claimed_against_the_votes(a, tie, b):
    said = describe_test(tally_items(a, tie, b))
    if "Alpaca preferred" in said:
        assert b > a
    if "LLaMA-GPT4 preferred" in said:
        assert a > b


@pytest.mark.parametrize(
    ("interval", "words"),
    [
        (None, ""),
        (Interval(0.28, 0.4), " (28-40)"),
        (Interval(-0.05, 0.08), " (−5 to 8)"),
        (Interval(-0.16, -0.04), " (−16 to −4)"),
        (Interval(-0.001, 0.1), " (0-10)"),
    ],
)
def test_an_interval_never_puts_two_strokes_together(interval, words):
    assert show_interval(interval) == words


@pytest.mark.parametrize(("value", "text"), [(1.25, "1.2"), (-1.26, "−1.3"), (-0.01, "0.0")])
def test_a_number_has_a_true_minus_or_none(value, text):
    assert show_number(value, 1) == text


@pytest.mark.parametrize(
    ("p", "text"),
    [(0.0002, "p < 0.001"), (0.0123, "p = 0.012"), (0.5, "p = 0.50"), (1, "p = 1.00")],
)
def test_a_p_value_is_as_exact_as_it_matters(p, text):
    assert show_p(p) == text


def test_what_n_consists_of_is_told_for_each_criterion(store, study):
    add_ballot(store, ["left", "tie", "right"])
    table = show_coverage(tally_study(store, study))
    assert table.count('<td class="n">17</td>') == len(CRITERIA)


def test_names_of_systems_are_escaped(store):
    study = make_study(store, systems=("<b>x", "y"))
    add_ballot(store, ["left", "left", "left"])
    tallies = tally_study(store, study)
    assert "<b>x" not in show_shares(tallies, ()) + show_sentences(tallies)
    assert "&lt;b&gt;x" in show_shares(tallies, ())
