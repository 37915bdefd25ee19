import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotations.published import find_published
from annotations.tallies import Coverage, tally
from backend.records import CRITERIA, Comparison, VoteCount
from ui.figures import draw_bars, draw_figure3, draw_pies
from ui.ink import INKS, SERIES

PAIR = Comparison("LLaMA-GPT4", "Alpaca")
OTHER = Comparison("LLaMA-GPT4", "GPT-4")


def make_tallies(*counts, comparison=PAIR, coverage=None):
    """Tallies of (a, b, tie) a criterion, two items each."""
    votes = [
        VoteCount(item, comparison, criterion, a * share, tie * share, b * share)
        for criterion, (a, b, tie) in zip(CRITERIA, counts, strict=False)
        for item, share in (("i1", 1), ("i2", 2))
    ]
    return tally(votes, [comparison], "0", coverage)


def list_pies(figure):
    return [trace for trace in figure.data if trace.type == "pie"]


def list_bars(figure, hatched):
    bars = [trace for trace in figure.data if trace.type == "bar"]
    return [bar for bar in bars if (bar.marker.pattern.shape == "/") is hatched]


def list_texts(figure):
    return "\n".join(annotation.text for annotation in figure.layout.annotations)


COUNTS = st.tuples(*[st.integers(0, 50)] * 3).filter(any)


@given(st.lists(COUNTS, min_size=3, max_size=3))
def test_label_value_and_colour_of_a_wedge_belong_together(counts):
    figure = draw_pies(make_tallies(*counts))
    names = ("LLaMA-GPT4", "Alpaca", "Tie")
    for pie, votes in zip(list_pies(figure), counts, strict=True):
        assert pie.labels == ("a", "b", "tie")
        assert pie.values == tuple(3 * n for n in votes)
        assert pie.marker.colors == (SERIES[0], SERIES[1], INKS["light"].tie)
        for text, name, n in zip(pie.text, names, votes, strict=True):
            label = re.sub(r"<.*?>", " ", text).split()
            percent = f"{100 * (n / sum(votes)):.1f}"
            assert label == ([name, percent, "%", f"({3 * n})"] if n else [])


def test_wedges_are_never_sorted_by_size():
    for pie in list_pies(draw_pies(make_tallies((1, 2, 9), (9, 1, 2), (2, 9, 1)))):
        assert pie.sort is False
        assert (pie.direction, pie.rotation) == ("clockwise", 0)


def test_systems_of_one_shortened_name_keep_their_own_wedges():
    twins = Comparison("vicuna-13b-v1.1-epoch-1-final", "vicuna-13b-v1.1-epoch-2-final")
    pie = list_pies(draw_pies(make_tallies((3, 1, 1), comparison=twins)))[0]
    assert len(set(pie.labels)) == 3
    assert pie.values == (9, 3, 3)


def test_a_system_called_tie_is_not_drawn_as_one():
    pie = list_pies(draw_pies(make_tallies((1, 1, 1), comparison=Comparison("tie", "X"))))[0]
    assert pie.marker.colors == (SERIES[0], SERIES[1], INKS["light"].tie)


def test_one_tally_alone_gives_one_pie():
    assert len(list_pies(draw_pies(make_tallies((1, 1, 1))[:1]))) == 1


@pytest.mark.parametrize("draw", [draw_pies, draw_bars])
def test_no_votes_give_no_figure_on_a_page(draw):
    assert draw(make_tallies()) is None
    assert draw([]) is None


@pytest.mark.parametrize("tallies", [make_tallies(), []])
def test_no_votes_give_a_file_that_says_so(tallies):
    figure = draw_figure3(tallies, title="Human evaluation")
    assert list(figure.data) == []
    assert "No votes yet" in list_texts(figure)


def test_a_criterion_without_votes_says_so():
    figure = draw_pies(make_tallies((1, 1, 1)))
    assert len(list_pies(figure)) == 1
    assert list_texts(figure).count("no votes yet") == 2


def test_bars_stand_at_the_name_of_their_system():
    figure = draw_bars(make_tallies((5, 3, 1), (1, 3, 5), (2, 2, 2)))
    names = dict(zip(figure.layout.yaxis.tickvals, figure.layout.yaxis.ticktext, strict=True))
    for bar, name, shares in zip(
        list_bars(figure, hatched=False),
        ("LLaMA-GPT4", "Alpaca", "Tie"),
        ([5 / 9, 1 / 9, 1 / 3], [1 / 3] * 3, [1 / 9, 5 / 9, 1 / 3]),
        strict=True,
    ):
        assert [names[row] for row in bar.y] == [name] * 3
        assert list(bar.x) == pytest.approx(shares)


def test_whiskers_end_where_the_intervals_end():
    votes = [VoteCount(str(k), PAIR, "helpful", k % 3, 1, k % 2) for k in range(40)]
    tallies = tally(votes, [PAIR], "0")
    bar, outcome = list_bars(draw_bars(tallies), hatched=False)[0], tallies[0].outcomes[0]
    assert bar.x[0] + bar.error_x.array[0] == pytest.approx(outcome.interval.high)
    assert bar.x[0] - bar.error_x.arrayminus[0] == pytest.approx(outcome.interval.low)


def test_a_share_without_an_interval_has_no_whisker():
    bars = list_bars(draw_bars(make_tallies((1, 0, 0))), hatched=False)
    assert [bar.error_x.array for bar in bars] == [None] * 3


def test_published_bars_are_hatched_and_hold_the_published_shares():
    published = find_published(PAIR)
    figure = draw_bars(make_tallies((1, 1, 1), (1, 1, 1), (1, 1, 1)), published)
    for place, bar in enumerate(list_bars(figure, hatched=True)):
        assert list(bar.x) == [one.outcomes[place].share for one in published]
        assert bar.marker.line.color == (*SERIES[:2], INKS["light"].tie)[place]
        assert bar.error_x.array is None
    assert "hatched: published, n = 704" in list_texts(figure)


def test_figure3_has_a_row_for_each_comparison_and_names_those_without_votes():
    tallies = [
        *make_tallies((1, 1, 1), (1, 1, 1), (1, 1, 1)),
        *make_tallies((2, 1, 1), (2, 1, 1), (2, 1, 1), comparison=OTHER),
        *make_tallies(comparison=Comparison("Alpaca", "GPT-4")),
    ]
    figure = draw_figure3(tallies, find_published(OTHER), title="A study")
    assert len(list_pies(figure)) == 6
    assert {bar.yaxis for bar in list_bars(figure, hatched=True)} == {"y2"}
    assert "No votes yet: Alpaca and GPT-4." in list_texts(figure)


def test_a_system_has_one_colour_in_all_rows():
    tallies = [
        *make_tallies((1, 1, 1), comparison=OTHER),
        *make_tallies((1, 1, 1), comparison=Comparison("GPT-4", "Alpaca")),
    ]
    figure = draw_figure3(tallies, title="", systems=("LLaMA-GPT4", "Alpaca", "GPT-4"))
    first, second = list_pies(figure)
    assert first.marker.colors[1] == second.marker.colors[0] == SERIES[2]
    assert second.marker.colors[1] == SERIES[1]


@pytest.mark.parametrize(
    "n_outside, words",
    [
        (0, "9 votes on each question, 2 items, 3 annotators"),
        (4, "incl. 4 votes collected elsewhere"),
        (9, "all votes were collected elsewhere"),
    ],
)
def test_votes_from_elsewhere_are_said_to_be(n_outside, words):
    coverage = {(PAIR, name): Coverage(3, n_outside=n_outside) for name in CRITERIA}
    tallies = make_tallies((1, 1, 1), (1, 1, 1), (1, 1, 1), coverage=coverage)
    texts = list_texts(draw_figure3(tallies, title=""))
    assert words in texts
    assert ("elsewhere" in texts) is (n_outside > 0)


def test_a_name_is_text_and_never_markup():
    sly = Comparison("<a href='x'>X</a>", "Y")
    figure = draw_figure3(make_tallies((3, 1, 1), comparison=sly), title="<b>T")
    assert "<a" not in figure.to_json().replace("\\u003c", "<")
    assert "&lt;b&gt;T" in list_texts(figure)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_theme_reaches_text_and_ties(theme):
    figure = draw_pies(make_tallies((1, 1, 1)), theme=theme)
    assert figure.layout.template.layout.font.color == INKS[theme].text
    assert list_pies(figure)[0].marker.colors[2] == INKS[theme].tie
