"""Who is preferred, by hand-counted votes."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from annotations.pairing.contests import turn_votes
from annotations.pairing.deciding import decide
from annotations.pairing.wishes import COMBINES, DISAGREEMENTS, TIES, PairWish
from backend.records import CRITERIA

TURNED = {"a": "b", "b": "a", "tie": "tie"}
counts = st.tuples(st.integers(0, 9), st.integers(0, 9), st.integers(0, 9))
wishes = st.builds(
    PairWish,
    criteria=st.sampled_from([CRITERIA[:1], CRITERIA[:2], CRITERIA]),
    combine=st.sampled_from(COMBINES),
    ties=st.sampled_from(TIES),
    disagreement=st.sampled_from(DISAGREEMENTS),
    min_votes=st.integers(1, 4),
)


@pytest.mark.parametrize(
    ("votes", "words", "winner", "reason"),
    [
        ((2, 1, 0), {}, "a", None),
        ((1, 2, 0), {}, "b", None),
        ((1, 1, 1), {}, "tie", "tie"),
        ((0, 0, 3), {}, "tie", "tie"),
        ((1, 0, 2), {}, "a", None),
        ((1, 0, 2), {"ties": "against"}, "tie", "tie"),
        ((2, 0, 1), {"ties": "against"}, "a", None),
        ((2, 1, 1), {"ties": "against"}, "tie", "tie"),
        ((2, 1, 0), {"disagreement": "unanimous"}, "tie", "disagreement"),
        ((2, 0, 1), {"disagreement": "unanimous"}, "a", None),
        ((2, 0, 1), {"disagreement": "unanimous", "ties": "against"}, "tie", "disagreement"),
        ((0, 0, 3), {"disagreement": "unanimous"}, "tie", "tie"),
        ((0, 0, 3), {"disagreement": "unanimous", "ties": "against"}, "tie", "tie"),
        ((2, 0, 0), {"min_votes": 3}, "tie", "few_votes"),
        ((1, 0, 2), {"min_votes": 3}, "a", None),
    ],
)
def test_one_criterion_is_decided_as_the_wish_says(votes, words, winner, reason):
    found = decide({"helpful": votes}, PairWish(**words))
    assert (found.winner, found.reason) == (winner, reason)


A, B, TIE = (3, 0, 0), (0, 3, 0), (1, 1, 1)
NARROW = (2, 1, 0)


@pytest.mark.parametrize(
    ("votes", "combine", "winner", "reason"),
    [
        ((A, A, A), "all", "a", None),
        ((A, A, TIE), "all", "tie", "tie"),
        ((A, A, B), "all", "tie", "criteria"),
        ((A, A, None), "all", "tie", "few_votes"),
        ((A, A, B), "majority", "a", None),
        ((A, TIE, TIE), "majority", "a", None),
        ((A, B, TIE), "majority", "tie", "criteria"),
        ((A, None, None), "majority", "a", None),
        ((NARROW, NARROW, B), "majority", "a", None),
        ((NARROW, NARROW, B), "weighted", "b", None),
        ((A, B, TIE), "weighted", "tie", "criteria"),
        ((TIE, TIE, TIE), "weighted", "tie", "tie"),
    ],
)
def test_several_criteria_are_combined_as_the_wish_says(votes, combine, winner, reason):
    told = {name: fell for name, fell in zip(CRITERIA, votes, strict=True) if fell}
    found = decide(told, PairWish(criteria=CRITERIA, combine=combine))
    assert (found.winner, found.reason) == (winner, reason)


def test_weights_say_which_criterion_counts_more():
    votes = {"helpful": A, "harmless": B}
    wish = PairWish(criteria=("helpful", "harmless"), combine="weighted", weights=(1, 2))
    found = decide(votes, wish)
    assert (found.winner, found.lead) == ("b", pytest.approx(-1 / 3))


def test_leads_that_cancel_out_prefer_nobody_though_they_round():
    votes = {"helpful": (0, 1, 0), "honest": (1, 0, 0), "harmless": (4, 1, 0)}
    wish = PairWish(criteria=CRITERIA, combine="weighted", weights=(0.8, 0.2, 1.0))
    assert 0.8 * -1 + 0.2 + 0.6 != 0  # the control: plain arithmetic does prefer one
    assert decide(votes, wish).winner == "tie"


def test_criteria_that_weigh_nothing_decide_nothing():
    wish = PairWish(criteria=CRITERIA[:2], combine="weighted", weights=(0, 1))
    assert decide({"helpful": A}, wish).reason == "few_votes"


def test_most_criteria_have_to_agree_where_ties_count_against():
    wish = PairWish(criteria=CRITERIA, combine="majority", ties="against")
    votes = {"helpful": A, "honest": (0, 0, 3), "harmless": (0, 0, 3)}
    assert decide(votes, wish).reason == "tie"
    assert decide(votes | {"honest": A}, wish).winner == "a"


@pytest.mark.parametrize(("ties", "lead"), [("skip", 3 / 11), ("against", 3 / 12)])
def test_a_lead_is_a_share_of_the_votes_that_count(ties, lead):
    found = decide({"helpful": (7, 4, 1)}, PairWish(ties=ties))
    assert found.lead == pytest.approx(lead)
    assert found.contested


@settings(max_examples=60)
@given(st.dictionaries(st.sampled_from(CRITERIA), counts), wishes)
def test_exchanging_the_sides_exchanges_the_winner_and_nothing_else(votes, wish):
    found = decide(votes, wish)
    turned = decide({name: turn_votes(fell) for name, fell in votes.items()}, wish)
    assert turned.winner == TURNED[found.winner]
    assert (turned.reason, turned.contested) == (found.reason, found.contested)
    assert turned.lead == pytest.approx(-found.lead)


@settings(max_examples=60)
@given(st.dictionaries(st.sampled_from(CRITERIA), counts), wishes)
def test_there_is_a_winner_or_a_reason(votes, wish):
    found = decide(votes, wish)
    assert (found.winner == "tie") == (found.reason is not None)
    assert -1 <= found.lead <= 1
