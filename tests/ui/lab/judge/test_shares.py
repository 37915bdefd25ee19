import pytest

from annotations.judging.bars import Bar
from annotations.judging.panels import Line, Panel, make_published_panels
from annotations.statistics import Interval
from ui.lab.judge.shares import list_cells, say_failures, say_sums, show_foot, show_panel

BAR = Bar(
    "bard", "vicuna", "gpt-4", 664.0, 657.5, n_questions=80, n_judgments=160, wins=40, ties=10,
    losses=30, interval=Interval(0.95, 1.07), mean_difference=0.08,
    difference_interval=Interval(-0.31, 0.52), outcomes={"ok": 160, "refused": 2, "api_error": 1},
)  # fmt: skip


def test_a_row_has_every_number_behind_a_bar():
    assert list_cells("Bard", BAR) == [
        "Bard", "here", "664 : 657.5", "101.0 % (95.0 to 107.0)", 80, 160,
        "2 refused, 1 no reply", "40 / 10 / 30", "0.08 (\N{MINUS SIGN}0.31 to 0.52)",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("sums", "words"),
    [((None, None), "–"), ((0.0, 0.0), "0 : 0"), ((1234.0, 0.125), "1,234 : 0.12")],
)
def test_sums_have_the_decimals_that_they_need(sums, words):
    assert say_sums(Bar("a", "b", "j", *sums)) == words


def test_no_failure_is_a_number_and_no_count_is_none():
    assert say_failures(Bar("a", "b", "j", 1.0, 2.0, outcomes={"ok": 3})) == 0
    assert say_failures(Bar("a", "b", "j", 1.0, 2.0)) == "–"


def test_what_is_only_published_has_no_empty_columns():
    html = show_panel(make_published_panels(4)[0])
    assert html.count("<th ") == 3
    assert "Judgments" not in html


def test_panels_that_have_no_place_are_told_and_notes_stand_once():
    panel = Panel(4, "all", "", "T", "vicuna", "gpt-4", (Line("Bard", BAR),), notes=("A slip.",))
    assert "3 more panels" in show_foot([panel], 3)
    assert "more panels" not in show_foot([panel], 0)
    assert "A slip." in show_panel(panel) and "A slip." not in show_foot([panel], 0)
