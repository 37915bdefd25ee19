from dataclasses import replace

import pytest

from annotations.judging.browse import HandReading, open_judgment
from tests.judged import add_judgment, make_questions
from ui.lab.judge.case import Neighbours, say_reading, show_case
from ui.lab.judge.where import Where

PAIR = ("alpaca", "vicuna")


@pytest.fixture
def opened(store):
    make_questions(store)
    return open_judgment(store, add_judgment(store, 1, PAIR, (7, 9), stored=(7, 8)))


def show(opened, scores="read"):
    return show_case(opened, Where(judgment=opened.judgment.judgment_id), Neighbours(), scores)


def test_a_judgment_says_how_it_was_read_and_what_the_file_stores(opened):
    html = show(opened)
    assert "How it was read: first line." in html
    assert "The file stores 7 : 8; the text says 7 : 9." in html


def test_the_scores_of_the_file_are_named_where_they_count(opened):
    html = show(opened, "stored")
    assert "The scores are those that the file stores." in html
    assert '<dd class="best">8</dd>' in html


def test_an_answer_that_the_ledger_lacks_is_asked_for(store):
    make_questions(store)
    opened = open_judgment(store, add_judgment(store, 1, PAIR, (7, 9), has_answers=False))
    assert show(opened).count("is not in the ledger") == 2


def test_a_reply_that_did_not_come_is_said_with_its_reason(store):
    make_questions(store)
    number = add_judgment(store, 1, PAIR, None, outcome="api_error", text="", detail="Too slow.")
    html = show(open_judgment(store, number))
    assert all(word in html for word in ("No reply", "Too slow.", "No reply came."))


def test_the_price_is_unknown_for_a_run_only(opened):
    assert "unknown price" not in show(opened)
    run = replace(opened, judgment=replace(opened.judgment, source="run 3"))
    assert "unknown price" in show(run)


@pytest.mark.parametrize(
    ("scores", "note", "words"),
    [((7.0, 8.5), "Clear.", "7 : 8.5. Clear"), ((None, None), "", "unreadable")],
)
def test_a_person_read_it(scores, note, words):
    assert say_reading(HandReading("kim", *scores, note, 1.0)) == words
