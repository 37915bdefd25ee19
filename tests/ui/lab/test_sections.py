import pytest

from annotations.exports import EXPORTS
from annotations.studies import set_status
from tests.ledgers import add_ballot, make_study
from ui.lab.findings import find_results
from ui.lab.sections import (
    show_address,
    show_downloads,
    show_heading,
    show_numbers,
    show_published,
)
from ui.prints import FORMATS


@pytest.mark.parametrize(
    ("status", "words"),
    [("draft", "is a draft"), ("open", "join link"), ("paused", "is paused"), ("closed", "closed")],
)
def test_without_votes_the_page_says_how_to_get_some(store, study, status, words):
    set_status(store, "study", status, "test")
    heading = show_heading(find_results(store, "study"))
    assert "No votes yet" in heading
    assert words in heading


def test_a_study_by_invitation_shows_no_join_link(store):
    make_study(store, enrolment="invitation")
    set_status(store, "study", "open", "test")
    assert "/join/" not in show_heading(find_results(store, "study"))


def test_with_votes_the_heading_says_how_many(store, study):
    add_ballot(store, ["left", "tie", "right"])
    heading = show_heading(find_results(store, "study"))
    assert "1 vote" in heading
    assert "No votes yet" not in heading


def test_tables_come_with_votes_only(store, study):
    assert show_numbers(find_results(store, "study")) == ""
    add_ballot(store, ["left", "tie", "right"])
    assert "What n consists of" in show_numbers(find_results(store, "study"))


def test_every_export_and_format_has_a_link(store, study):
    add_ballot(store, ["left", "tie", "right"])
    html = show_downloads(find_results(store, "study"))
    for kind, export in EXPORTS.items():
        for format in export.formats:
            assert f'href="/lab/export/{kind}?study=study&amp;format={format}"' in html
    assert 'href="/lab/export/everything?study=study"' in html
    for format in FORMATS:
        assert f'href="/lab/figure/3?study=study&amp;format={format}"' in html


def test_a_figure_is_offered_with_votes_only(store, study):
    assert "/lab/figure/3" not in show_downloads(find_results(store, "study"))


def test_results_lead_to_the_pairs_behind_them(store, study):
    add_ballot(store, ["left", "tie", "right"])
    html = show_numbers(find_results(store, "study"))
    assert 'href="/lab/?study=study&amp;tab=items&amp;comparison=0"' in html
    assert "comparison=0&amp;criterion=honest&amp;split=1" in html


def test_the_address_shows_the_same_again(store):
    make_study(store, systems=("LLaMA-GPT4", "Alpaca", "GPT-4"), benchmark="user_oriented_252")
    assert 'href="/lab/?study=study"' in show_address(find_results(store, "study"))
    other = show_address(find_results(store, "study", 1, "a"))
    assert 'href="/lab/?study=study&amp;pair=1&amp;published=a"' in other


def test_published_numbers_of_other_systems_are_called_so(store):
    make_study(store, benchmark="user_oriented_252")
    assert "The paper's own votes, under" in show_published(find_results(store, "study")).replace(
        "&#39;", "'"
    )
    other = show_published(find_results(store, "study", panel="b"))
    assert "on other systems or instructions than these" in other
    assert show_published(find_results(store, "study", panel="none")) == ""
