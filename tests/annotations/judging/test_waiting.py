"""Replies that a person has to read."""

import math

import pytest

from annotations.judging.records import list_judgments
from annotations.judging.waiting import count_waiting, list_waiting, read_by_hand
from backend.errors import InputError, NotFound, Refused
from tests.judged import add_judgment, make_questions
from tests.ledgers import open_store


@pytest.fixture
def store(tmp_path):
    """A reply that nobody could read, and one that was read."""
    with open_store(tmp_path) as store:
        make_questions(store)
        add_judgment(store, 1, ("alpaca", "vicuna"), None, outcome="unreadable",
                     text="Seven, or eight.", first_text="Hm.")  # fmt: skip
        add_judgment(store, 2, ("alpaca", "vicuna"), (7, 8))
        yield store


def test_what_waits_is_shown_with_all_that_was_said(store):
    (one,) = list_waiting(store)
    assert (one.judgment.judgment_id, one.first_text, one.text) == (1, "Hm.", "Seven, or eight.")
    assert count_waiting(store) == 1


def test_scores_read_by_a_person_count_and_the_reply_waits_no_more(store):
    read_by_hand(store, 1, "kim", 7, 8.5, "It says so.")
    assert list_waiting(store) == []
    assert list_judgments(store)[0].score() == (7, 8.5)
    row = store.row("SELECT actor, note FROM judgment_reading")
    assert tuple(row) == ("kim", "It says so.")


def test_a_person_who_can_not_read_it_either_leaves_no_score(store):
    read_by_hand(store, 1, "kim", None, None)
    assert list_waiting(store) == []
    assert list_judgments(store)[0].score() is None


def test_the_latest_reading_counts_and_the_earlier_stays(store):
    read_by_hand(store, 1, "kim", None, None)
    read_by_hand(store, 1, "ada", 0, 10)
    assert list_judgments(store)[0].score() == (0, 10)
    assert store.row("SELECT count(*) FROM judgment_reading")[0] == 2


@pytest.mark.parametrize(
    ("number", "scores", "error", "problem"),
    [
        (99, (7, 8), NotFound, "no judgment number 99"),
        (2, (7, 8), Refused, "ended as ok"),
        (1, (7, None), InputError, "has 2 scores; give both"),
        (1, (None, 7), InputError, "has 2 scores; give both"),
        (1, (7, 11), InputError, "A score is 11"),
        (1, (-1, 5), InputError, "A score is -1"),
        (1, (math.nan, 5), InputError, "A score is nan"),
    ],
)
def test_what_can_not_have_been_read_is_refused(store, number, scores, error, problem):
    with pytest.raises(error, match=problem):
        read_by_hand(store, number, "kim", *scores)
    assert store.row("SELECT count(*) FROM judgment_reading")[0] == 0
