import pytest

from annotations.judging.panels import Ask, arrange_panels, make_published_panels
from tests.verdicts import judge, make_material
from ui.ink import INKS
from ui.relative import WIDTH, draw_panels, draw_relative

NAMES = ("gpt-4", "bard", "LLaMA-GPT4", "alpaca-13b", "a rather long name of a system", "通义千问")


def make_panels(names=NAMES, n=6, **fields):
    judgments = [
        judge(
            item, (5 + (item + place) % 5, 8 + item % 2), systems=(name, "gpt-3.5-turbo"), **fields
        )
        for place, name in enumerate(names)
        for item in range(n)
    ]
    return arrange_panels(make_material(judgments), Ask(4))


def list_texts(figure):
    return "\n".join(annotation.text for annotation in figure.layout.annotations)


def list_bars(figure):
    """Bars of scores: those of won, tied and lost have a base."""
    return [trace for trace in figure.data if trace.type == "bar" and trace.base is None]


@pytest.mark.parametrize("draw", [draw_relative, lambda panels: draw_panels(panels, title="T")])
def test_every_bar_has_its_share_sums_and_name(draw):
    panels = make_panels()
    figure = draw(panels)
    ours = [x for trace in list_bars(figure) if trace.width > 20 for x in trace.x]
    assert sorted(ours) == sorted(bar.share for bar in panels[0].bars)
    for name in ("bard", "LLaMA-GPT4", "通义千问"):
        assert name in list_texts(figure)
    inside = [text for trace in figure.data if trace.type == "scatter" for text in trace.text]
    assert f"{panels[0].bars[0].sum_system:g} : {panels[0].bars[0].sum_reference:g}" in inside


def test_whiskers_end_where_the_intervals_end():
    panels = make_panels()
    (trace,) = [one for one in list_bars(draw_panels(panels, title="")) if one.error_x.array]
    for place, bar in enumerate(panels[0].bars):
        assert trace.x[place] + trace.error_x.array[place] == pytest.approx(bar.interval.high)
        assert trace.x[place] - trace.error_x.arrayminus[place] == pytest.approx(bar.interval.low)


def test_a_name_is_text_and_never_markup():
    panels = make_panels(names=("<a href='x'>X</a>",), judge="<b>", protocol="<i>")
    for figure in (draw_relative(panels), draw_panels(panels, title="<b>T")):
        text = figure.to_json().replace("\\u003c", "<").replace("\\u003e", ">")
        assert "<a" not in text
        assert "<i>" not in text
        assert "&lt;a href" in text


def test_panels_do_not_overlap():
    for figure in (
        draw_panels(make_published_panels(4), title="T"),
        draw_panels([*make_panels(), *make_panels(judge="b")], title="T"),
        draw_relative([*make_panels(), *make_panels(judge="b")]),
    ):
        spots = [
            (*figure.layout[f"xaxis{key}"].domain, *figure.layout[f"yaxis{key}"].domain)
            for key in {trace.xaxis[1:] for trace in figure.data}
        ]
        assert len(spots) == len(set(spots))
        for place, one in enumerate(spots):
            assert all(0 <= edge <= 1 for edge in one)
            for other in spots[place + 1 :]:
                apart_x = one[1] <= other[0] or other[1] <= one[0]
                assert apart_x or one[3] <= other[2] or other[3] <= one[2]


def test_published_panels_stand_two_in_a_row_and_ours_one():
    published = draw_panels(make_published_panels(5), title="T")
    assert published.layout.xaxis.domain[0] < 0.5 < published.layout.xaxis3.domain[0]
    assert published.layout.yaxis.domain == published.layout.yaxis3.domain
    assert published.layout.width == WIDTH
    assert "<b>(a) Translated answers" in list_texts(published)


def test_all_bars_of_a_sheet_have_one_scale():
    figure = draw_panels([*make_panels(), *make_panels(("x",), judge="b")], title="T")
    scales = {
        round((axis.domain[1] - axis.domain[0]) / axis.range[1], 9)
        for axis in (figure.layout.xaxis, figure.layout.xaxis3)
    }
    assert len(scales) == 1


@pytest.mark.parametrize("least", [0.5, 5, 10])
def test_a_bar_of_any_length_can_be_drawn(least):
    """A reference that got next to nothing: the axis reaches to 160,000 % and has few ticks."""
    judgments = [judge(item, (10, 0 if item else least)) for item in range(80)]
    panels = arrange_panels(make_material(judgments), Ask(4))
    for figure, most in ((draw_panels(panels, title="T"), 13), (draw_relative(panels), 6)):
        assert figure.layout.xaxis.range[1] > panels[0].bars[0].share == 800 / least
        assert 2 <= len(figure.layout.xaxis.tickvals) <= most


def test_failures_questions_and_judge_stand_under_the_title():
    texts = list_texts(draw_panels(make_panels(), title="T")).replace("<br>", " ")
    assert "Judge judge, protocol camelid; n = 6 questions, 6 judgments a bar; no failures" in texts
    assert "Judgments from 1 run." in texts
    assert "Hatched: Peng et al. 2023" in texts


def test_no_judgments_give_no_figure_on_a_page_and_a_file_that_says_so():
    assert draw_relative([]) is None
    figure = draw_panels([], title="Figure 4")
    assert list(figure.data) == []
    assert "No judgments yet" in list_texts(figure)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_theme_reaches_text_and_paper(theme):
    figure = draw_panels(make_panels(), title="T", theme=theme)
    assert figure.layout.template.layout.font.color == INKS[theme].text
    assert figure.layout.paper_bgcolor == INKS[theme].paper


def test_a_page_has_the_width_of_its_reader():
    figure = draw_relative(make_panels())
    assert figure.layout.width is None
    assert figure.layout.xaxis.domain == (0, 1)
