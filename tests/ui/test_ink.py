import pytest

from ui.ink import SERIES, assign_colours, pick_text, rate_luminance


def rate_contrast(one, other):
    low, high = sorted(map(rate_luminance, (one, other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("ground", [*SERIES, "#c9c5bd", "#8d8981", "#ffffff", "#000000"])
def test_text_on_a_colour_can_be_read(ground):
    assert rate_contrast(pick_text(ground), ground) >= 4.5


@pytest.mark.parametrize(
    "one, other, contrast", [("#ffffff", "#000000", 21.0), ("#777777", "#ffffff", 4.48)]
)
def test_contrast_is_that_of_the_standard(one, other, contrast):
    assert rate_contrast(one, other) == pytest.approx(contrast, abs=0.01)


def test_a_system_keeps_its_colour_by_its_place_in_the_study():
    assert assign_colours(["X", "Y", "X", "Z"]) == dict(zip("XYZ", SERIES, strict=False))


def test_more_systems_than_colours_begin_again():
    names = [str(number) for number in range(len(SERIES) + 1)]
    assert assign_colours(names)[names[-1]] == SERIES[0]
