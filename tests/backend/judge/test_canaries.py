import pytest

from backend.errors import NotFound
from backend.judge.canaries import CANARIES, PREFIX, plant_text
from backend.judge.verdicts import read_pair


@pytest.mark.parametrize("name", CANARIES)
def test_a_canary_sings_in_both_languages(name):
    assert plant_text(name, "zh") != plant_text(name) == plant_text(name, "fr")
    assert PREFIX + name == f"canary: {name}"


@pytest.mark.parametrize("name", CANARIES)
@pytest.mark.parametrize("lang", ["en", "zh"])
def test_a_canary_that_is_recited_is_no_verdict(name, lang):
    assert read_pair(plant_text(name, lang)) is None
    assert read_pair(f"3 9\n{plant_text(name, lang)}").score_1 == 3


def test_an_unknown_canary_is_named():
    with pytest.raises(NotFound, match=r"no canary 'parrot'; there are null answer, begging"):
        plant_text("parrot")
