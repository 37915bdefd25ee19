import pytest

from annotations.judging.browse import read_judgments
from tests.judged import add_judgment, make_questions
from ui.lab.judge.listing import Shelf, say_side, show_shelf
from ui.lab.judge.where import Where


@pytest.fixture
def judgments(store):
    make_questions(store)
    return read_judgments(store, [add_judgment(store, 1, ("alpaca", "vicuna"), (7, 7))])


def show(judgments, question="What?", page=1, n_pages=1):
    return show_shelf(Shelf(Where(page=page), judgments, {1: question}, 1, n_pages, "read"))


def test_nothing_found_says_so():
    assert "No judgment fits" in show([])


def test_a_tie_has_no_winner(judgments):
    assert "best" not in show(judgments)
    assert show(judgments).count('<dd class="">7</dd>') == 2


def test_a_long_question_is_cut(judgments):
    assert "x" * 200 + "…" in show(judgments, "x" * 300)


@pytest.mark.parametrize(("page", "n_links"), [(1, 1), (2, 2), (3, 1)])
def test_pages_lead_to_their_neighbours(judgments, page, n_links):
    html = show(judgments, page=page, n_pages=3)
    assert html.count('class="go button"') == n_links


@pytest.mark.parametrize(
    ("score", "slot", "winner", "words"),
    [(7.5, "1", "1", "7.5"), (None, "1", "1", "won"), (None, "2", "1", "–"),
     (None, "1", "tie", "tie"), (None, "1", None, "–")],
)  # fmt: skip
def test_a_side_without_a_score_says_how_it_did(score, slot, winner, words):
    assert say_side(score, slot, winner) == words
