import pytest

from annotations.published import Panel
from annotations.studies import find_study, list_studies, set_status
from backend.errors import NotFound
from backend.records import Comparison
from tests.ledgers import add_ballot, add_outside, make_study
from ui.lab.findings import choose_panel, choose_study, find_results, name_panel, pose_as_tallies

THREE = ("LLaMA-GPT4", "Alpaca", "GPT-4")


def test_the_study_that_was_asked_for_is_chosen(store, study):
    assert choose_study([study], "study") == "study"
    assert choose_study([study], "other") == "study"
    assert choose_study([], "study") is None


def test_a_study_that_has_opened_goes_before_a_draft(store, study):
    set_status(store, "study", "open", "test")
    opened, draft = find_study(store, "study"), study
    assert opened.status == "open"
    assert choose_study([opened, draft], None) == "study"
    assert [one.name for one in list_studies(store)] == ["study"]


def test_each_comparison_has_its_own_findings(store):
    make_study(store, systems=THREE, benchmark="user_oriented_252")
    add_outside(store, "helpful", ["a", "a", "b"], comparison=2)
    first, second = find_results(store, "study"), find_results(store, "study", 1)
    assert (first.n, second.n) == (0, 3)
    assert second.comparison == Comparison("LLaMA-GPT4", "GPT-4")
    assert len(second.tallies) == 3


@pytest.mark.parametrize(("place", "panel"), [(0, "a"), (1, "b"), (2, "none")])
def test_the_published_panel_is_found_by_the_systems(store, place, panel):
    make_study(store, systems=THREE, benchmark="user_oriented_252")
    found = find_results(store, "study", place)
    assert found.panel == panel
    assert bool(found.published) == found.same_systems == (panel != "none")


@pytest.mark.parametrize("place", [-1, 3, 99])
def test_a_comparison_that_is_not_there_is_the_first(store, place):
    make_study(store, systems=THREE, benchmark="user_oriented_252")
    assert find_results(store, "study", place).place == 0


def test_another_panel_can_be_set_beside_and_is_not_taken_for_the_same(store, study):
    found = find_results(store, "study", panel="b")
    assert [one.comparison.b for one in found.published] == ["GPT-4"] * 3
    assert not found.same_systems


def test_no_panel_can_be_asked_for(store, study):
    assert find_results(store, "study", panel="none").published == ()


@pytest.mark.parametrize("asked", [None, "", "c", "auto"])
def test_an_unknown_panel_is_the_fitting_one(asked):
    assert choose_panel(Comparison("Alpaca", "LLaMA-GPT4"), asked) == "a"


def test_an_unknown_study_is_said_to_be(store):
    with pytest.raises(NotFound, match="no study 'x'"):
        find_results(store, "x")


@pytest.mark.parametrize(("panel", "n"), [("a", 704), ("b", 755)])
def test_published_numbers_can_be_drawn_as_pies(store, study, panel: Panel, n):
    tallies = pose_as_tallies(find_results(store, "study", panel=panel).published)
    assert [tally.n for tally in tallies] == [n] * 3
    assert name_panel(panel).startswith(f"Figure 3 ({panel}): LLaMA-GPT4 and ")


def test_votes_of_the_app_are_among_the_findings(store, study):
    add_ballot(store, ["left", "tie", "right"])
    assert find_results(store, "study").n == 3
