import pytest

from annotations.judging.preferences import (
    Matchup,
    Rater,
    list_benchmarks,
    match_up,
    read_evidence,
)
from annotations.judging.records import list_judgments
from annotations.studies import Plan, create_study
from backend.errors import NotFound
from tests.judged import add_judgment, make_questions
from tests.ledgers import add_ballot, add_outside, make_study

A, B = "LLaMA-GPT4", "Alpaca"


def read(store, scores="read"):
    """The only matchup there is."""
    (matchup,) = match_up(list_judgments(store), scores)
    return matchup


@pytest.mark.parametrize(
    ("first", "second", "preferred", "contradicts"),
    [
        ((9, 8), (7, 9), "a", False),
        ((8, 9), (9, 7), "b", False),
        ((9, 8), (9, 8), "tie", True),
        ((8, 9), (8, 9), "tie", True),
        ((9, 8), (8, 8), "tie", False),
        ((8, 8), (8, 8), "tie", False),
        ((9, 8), None, "a", False),
        (None, (8, 9), "a", False),
        (None, None, None, False),
    ],
)
def test_an_answer_is_preferred_where_it_is_in_both_orders(
    store, first, second, preferred, contradicts
):
    make_questions(store, ("alpaca", "bard"), 1)
    for sides, read_scores in ((("alpaca", "bard"), first), (("bard", "alpaca"), second)):
        outcome = "ok" if read_scores else "unreadable"
        add_judgment(store, 1, sides, read_scores, outcome=outcome)
    matchup = read(store)
    assert (matchup.a, matchup.b) == ("alpaca", "bard")
    assert (matchup.preference, matchup.contradicts) == (preferred, contradicts)
    assert matchup.both_orders == (None not in (first, second))


def test_repeats_of_an_order_go_by_the_majority(store):
    make_questions(store, ("alpaca", "bard"), 1)
    for repeat, read_scores in enumerate([(9, 8), (8, 9), (9, 1), (5, 5)]):
        add_judgment(store, 1, ("alpaca", "bard"), read_scores, repeat=repeat)
    matchup = read(store)
    assert (matchup.first, matchup.second) == ("a", None)
    assert matchup.lead == pytest.approx((1 - 1 + 8 + 0) / 4)


def test_the_lead_turns_with_the_order(store):
    make_questions(store, ("alpaca", "bard"), 1)
    add_judgment(store, 1, ("bard", "alpaca"), (9, 6))
    assert read(store).lead == -3


def test_stored_scores_count_where_they_are_chosen(store):
    make_questions(store, ("alpaca", "bard"), 1)
    add_judgment(store, 1, ("alpaca", "bard"), (10, 4), stored=(4, 10))
    assert (read(store).preference, read(store, "stored").preference) == ("a", "b")


def test_judgments_that_do_not_know_their_answers_join_those_that_do(store):
    make_questions(store, ("alpaca", "bard"), 1)
    add_judgment(store, 1, ("alpaca", "bard"), (9, 8), has_answers=False)
    add_judgment(store, 1, ("bard", "alpaca"), (8, 9))
    matchup = read(store)
    assert matchup.answers == (1, 2) and matchup.both_orders


def test_another_judge_and_another_protocol_are_other_raters(store):
    make_questions(store, ("alpaca", "bard"), 1)
    add_judgment(store, 1, ("alpaca", "bard"), (9, 8))
    add_judgment(store, 1, ("alpaca", "bard"), (8, 9), judge="bard")
    raters = read_evidence(store, "vicuna_80", "read").raters
    assert raters == [Rater("bard", "original"), Rater("gpt-4", "original")]
    assert Matchup(raters[0], "1", "x", "y", (None, None), None, None).preference is None


def test_identical_answers_are_not_asked_twice(store):
    make_study(store, n_items=1, benchmark="vicuna_80")  # all answers say the same
    add_judgment(store, 1, (A, B), (9, 8))
    (matchup,) = read_evidence(store, "vicuna_80", "read").matchups
    assert not matchup.asked and matchup.preference == "b"


def test_votes_from_here_and_elsewhere_count_together(store):
    make_study(store, n_items=1)
    add_ballot(store, ["left", "tie", "right"])
    add_outside(store, "helpful", ["b"], n_items=1)
    (pair,) = read_evidence(store, "tiny", "read").pairs
    assert pair.votes == {"helpful": (1, 1, 0), "honest": (0, 0, 1), "harmless": (0, 1, 0)}


def test_two_studies_name_their_systems_in_one_order(store):
    make_study(store, n_items=1)
    create_study(store, Plan("other", "tiny", (B, A)), "no", "test")
    for comparison in (1, 2):
        add_outside(store, "helpful", ["a"], comparison=comparison, n_items=1)
    pairs = read_evidence(store, "tiny", "read").pairs
    assert {(pair.comparison.a, pair.comparison.b) for pair in pairs} == {(A, B)}
    assert [pair.votes["helpful"] for pair in pairs] == [(1, 0, 0), (0, 1, 0)]
    assert pairs[0].answers == pairs[1].answers
    assert [pair.study for pair in read_evidence(store, "tiny", "read", "other").pairs] == ["other"]


def test_pairs_without_votes_are_left_out(store, study):
    assert read_evidence(store, "tiny", "read", "study").pairs == []


def test_an_unknown_study_is_said(store):
    with pytest.raises(NotFound, match="nothing"):
        read_evidence(store, "tiny", "read", "nothing")


def test_benchmarks_with_judgments_of_pairs_are_listed(store):
    make_questions(store, ("alpaca", "bard"), 1)
    assert list_benchmarks(store) == []
    add_judgment(store, 1, ("alpaca", "bard"), (9, 8))
    assert list_benchmarks(store) == ["vicuna_80"]
