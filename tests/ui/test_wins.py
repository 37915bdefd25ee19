import pytest

from annotations.judging.panels import Ask, arrange_panels, make_published_panels
from tests.verdicts import judge, make_material
from ui.relative import draw_panels
from ui.wins import has_wins


def list_parts(judgments):
    figure = draw_panels(arrange_panels(make_material(judgments), Ask(4)), title="")
    return [trace for trace in figure.data if trace.type == "bar" and trace.base is not None]


def test_won_tied_and_lost_fill_a_bar_in_this_order():
    judgments = [judge(item, pair) for item, pair in enumerate([(9, 8), (8, 8), (7, 8), (6, 8)])]
    won, tied, lost = list_parts(judgments)
    assert [part.customdata[0] for part in (won, tied, lost)] == [1, 1, 2]
    assert [part.base[0] for part in (won, tied, lost)] == [0, 0.25, 0.5]
    assert lost.base[0] + lost.x[0] == pytest.approx(1)
    assert [part.text[0] for part in (won, tied, lost)] == ["1", "1", "2"]


def test_a_part_too_small_for_its_number_has_none():
    judgments = [judge(item, (9, 8)) for item in range(99)] + [judge(99, (7, 8))]
    won, _, lost = list_parts(judgments)
    assert (won.text[0], lost.text[0]) == ("99", "")


def test_a_system_without_a_verdict_has_no_parts():
    judgments = [judge(1), judge(1, None, systems=("bard", "gpt-4"))]
    assert all(len(part.y) == 1 for part in list_parts(judgments))


def test_published_panels_have_none():
    assert not any(has_wins(panel) for panel in make_published_panels(4))
