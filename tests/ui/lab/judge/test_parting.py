import pytest

from annotations.judging.preferences import Matchup, Rater
from ui.lab.judge.parting import Shelf, say_orders, show_disagreements, show_pages


def meet(first, second, asked=True):
    return Matchup(Rater("gpt-4"), "1", "x", "y", (1, 2), first, second, asked=asked)


@pytest.mark.parametrize(
    ("matchup", "words"),
    [
        (meet("a", "a"), "the same in both"),
        (meet("a", "b"), "opposite winners"),
        (meet("a", "tie"), "a tie in one"),
        (meet("a", None), "one order only"),
        (meet("tie", "tie", asked=False), "identical answers"),
    ],
)
def test_orders_are_told_in_words(matchup, words):
    assert say_orders(matchup) == words


def test_no_disagreement_is_said():
    assert "part nowhere" in show_disagreements(Shelf([], 0, 1, 1))


def test_pages_lead_to_each_other_and_no_further():
    html = show_pages(Shelf([], 60, 1, 3, "", "/lab/?p=2"))
    assert "Page 1 of 3" in html and html.count("<a ") == 1
    assert show_pages(Shelf([], 3, 1, 1)) == ""
