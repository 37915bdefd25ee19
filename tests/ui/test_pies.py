import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotations.tallies import Outcome, tally
from backend.records import CRITERIA, Comparison, VoteCount
from ui.figures import draw_pies
from ui.ink import CLEAR, INKS, assign_colours
from ui.pies import LEAST_LABEL, MOST_LABEL, label_wedge, measure_label, place_label

PAIR = Comparison("text-davinci-003", "Alpaca")
TALLIES = tally([VoteCount("i", PAIR, name, 5, 3, 2) for name in CRITERIA], [PAIR], "0")


def test_our_pies_are_solid_and_published_ones_hollow():
    solid, hollow = draw_pies(TALLIES), draw_pies(TALLIES, hollow=True)
    colours = (*assign_colours((PAIR.a, PAIR.b)).values(), INKS["light"].tie)
    for ours, theirs in zip(solid.data, hollow.data, strict=True):
        assert ours.marker.colors == colours
        assert ours.marker.pattern.shape is None
        assert set(theirs.marker.colors) == {CLEAR}
        assert theirs.marker.pattern.shape == "/"
        assert theirs.marker.pattern.fgcolor == theirs.marker.line.color == colours


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_text_on_a_hollow_wedge_has_the_colour_of_text(theme):
    figure = draw_pies(TALLIES, theme=theme, hollow=True)
    assert set(figure.data[0].insidetextfont.color) == {INKS[theme].text}


def test_a_large_wedge_bears_a_long_name_whole():
    assert "text-davinci-003" in label_wedge(Outcome("a", PAIR.a, 5, 0.34))
    assert "text-davinci-003" not in label_wedge(Outcome("a", PAIR.a, 5, 0.19))


@given(st.floats(0, 1), st.floats(0, 1))
def test_more_room_never_shortens_a_name(one, other):
    small, large = sorted((one, other))
    sizes = [measure_label(Outcome("a", "x" * 60, 1, share)) for share in (small, large)]
    assert LEAST_LABEL <= sizes[0] <= sizes[1] <= MOST_LABEL
    assert place_label(Outcome("a", "x", 1, 0.1)) == "outside"
