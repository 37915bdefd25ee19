import pytest

from annotations.judging.disagreements import list_disagreements
from annotations.judging.preferences import Rater, read_evidence
from tests.judged import add_judgment
from tests.ledgers import add_outside, make_study

A, B = "LLaMA-GPT4", "Alpaca"
GPT4 = Rater("gpt-4", "original")


@pytest.fixture
def parted(store):
    """Item 1: opposite sides; 2: the same; 3: judge a, people tie; 4: opposite, by more votes."""
    make_study(store, n_items=4)
    for item, scores in enumerate([(9, 8), (9, 8), (9, 8), (7, 9)], 1):
        add_judgment(store, item, (A, B), scores)
        add_judgment(store, item, (B, A), scores[::-1], reference_slot=1)
    rounds = [["b", "a", "a", "a"], ["tie", "a", "b", "a"]]
    add_outside(store, "helpful", [vote for one in rounds for vote in one], n_items=4)
    return read_evidence(store, "tiny", "read")


def test_the_plainest_disagreement_comes_first(parted):
    found = list_disagreements(parted, GPT4, "helpful")
    assert [one.meeting.pair.item_id for one in found] == ["i4", "i1", "i3"]
    assert [one.kind for one in found] == ["opposite", "opposite", "half"]


def test_both_sides_are_told_in_the_order_of_the_pair(parted):
    first, second, third = list_disagreements(parted, GPT4, "helpful")
    assert (first.judged, first.people, first.votes, first.lead) == ("b", "a", (2, 0, 0), -2)
    assert (second.judged, second.people, second.votes, second.lead) == ("a", "b", (0, 1, 1), 1)
    assert (third.judged, third.people) == ("a", "tie")


def test_only_opposite_sides_can_be_asked_for(parted):
    found = list_disagreements(parted, GPT4, "helpful", ("opposite",))
    assert len(found) == 2
    assert list_disagreements(parted, GPT4, "honest") == []
