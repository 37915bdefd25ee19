from itertools import pairwise

import pytest

from annotations.judging.panels import Ask, Line, arrange_panels, make_published_panels
from tests.verdicts import judge, make_material
from ui.ink import INKS
from ui.marks import (
    GPT4_INK,
    OTHER_INK,
    OWN_INK,
    choose_colour,
    choose_rows,
    fit_scale,
    make_marks,
    measure_overhang,
    mix,
)


def list_marks(*judgments, above=False, px=500):
    (panel,) = arrange_panels(make_material(judgments), Ask(4))
    rows = choose_rows(panel, above)
    return rows, make_marks(panel, rows, INKS["light"], px)


@pytest.mark.parametrize(
    "name, ink",
    [("LLaMA_GPT4 (7B, R1)", OWN_INK), ("GPT4", GPT4_INK), ("Bard", OTHER_INK), (None, OTHER_INK)],
)
def test_colours_are_those_of_the_papers_three_groups(name, ink):
    assert choose_colour(Line("x", None, None, name)) == ink


def test_a_published_bar_is_hatched_beside_ours_and_hollow_alone():
    _, (ours, theirs) = list_marks(judge(1, (8, 9)), judge(2, (6, 9)))
    assert (ours.look, theirs.look) == ("solid", "hatched")
    assert (ours.inside, theirs.end) == ("14 : 18", "80 %&nbsp; 593 : 745.5")
    panel = make_published_panels(4)[0]
    marks = make_marks(panel, choose_rows(panel, False), INKS["light"], 500)
    assert {mark.look for mark in marks} == {"hollow"}
    assert marks[-1].inside == "624 : 667"


def test_sums_that_do_not_fit_inside_stand_behind_the_bar():
    _, marks = list_marks(judge(1, (1, 9)), px=100)
    assert marks[0].inside == ""
    assert marks[0].end == "<b>11 %</b>&nbsp; 1 : 9"


def test_a_bar_without_scores_says_so_with_its_failures():
    _, (mark, *_) = list_marks(judge(1, None))
    assert mark.end.startswith("<b>no scores</b>")
    assert "1 failed" in mark.end
    assert mark.reach == 0


@pytest.mark.parametrize("above", [True, False])
def test_no_bar_covers_another(above):
    judgments = [judge(1, systems=(name, "gpt-4")) for name in ("bard", "x", "gpt-4")]
    rows, marks = list_marks(*judgments, above=above)
    edges = sorted((mark.row, 22 if mark.look == "solid" else 15) for mark in marks)
    for (row, height), (below, next_height) in pairwise(edges):
        assert below - row >= (height + next_height) / 2
    assert edges[-1][0] <= 3 * rows.height


def test_texts_behind_bars_fit_into_their_room():
    _, marks = list_marks(judge(1, (8, 9)), judge(2, (6, 9)))
    scale = fit_scale(marks, 400, 1.1)
    assert 0 < scale < 400 / 1.1
    for mark in marks:
        assert measure_overhang(mark, scale * 1.1, 1.1) + scale * 1.1 <= 400


def test_a_tint_lies_between_colour_and_paper():
    assert mix("#000000", "#ffffff", 0.5) == "#808080"
    assert mix("#e69f00", "#ffffff", 1) == "#e69f00"
