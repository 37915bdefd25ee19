import pytest

from annotations.judging.preferences import Rater, read_evidence
from backend.errors import NotFound
from tests.judged import add_judgment, make_questions
from tests.ledgers import add_outside, make_study
from ui.lab.judge.overview import (
    PAGE,
    View,
    choose_rater,
    describe_open,
    find_pair,
    read_shelf,
    read_view,
    show_overview,
)
from ui.lab.where import read_query

SIDES = ("LLaMA-GPT4", "Alpaca")
GPT4 = Rater("gpt-4", "original")


@pytest.mark.parametrize(
    "view",
    [
        View(),
        View("b", Rater("gpt-4", "llm_judge"), "s", "honest", "stored", True, 3, 12),
        View("a & b", Rater("x|y=z", "FastChat review")),
    ],
)
def test_an_address_leads_back_to_its_view(view):
    assert read_view(read_query(view.address.partition("?")[2])) == view


def test_a_judge_is_found_by_its_name_alone(store):
    make_questions(store, n_items=2)
    add_judgment(store, 1, ("alpaca", "bard"), (9, 8))
    for item in (1, 2):
        add_judgment(store, item, ("alpaca", "bard"), (9, 8), judge="bard")
    evidence = read_evidence(store, "vicuna_80", "read")
    assert choose_rater(evidence, Rater("gpt-4")) == GPT4
    assert choose_rater(evidence, Rater("nobody")).judge == "bard"


def test_disagreements_come_in_pages(store):
    make_study(store, n_items=PAGE + 2)
    for item in range(1, PAGE + 3):
        add_judgment(store, item, SIDES, (9, 8))
    add_outside(store, "helpful", ["b"] * (PAGE + 2), n_items=PAGE + 2)
    evidence = read_evidence(store, "tiny", "read")
    shelf = read_shelf(evidence, View("tiny", GPT4, page=99))
    assert (shelf.page, shelf.n_pages, shelf.n, len(shelf.rows)) == (2, 2, PAGE + 2, 2)
    assert "p=" not in shelf.before and shelf.after == ""
    assert f"Disagreements: {PAGE + 2}" in show_overview(evidence, View("tiny", GPT4))


def test_what_is_said_of_a_pair_is_what_there_is(store):
    make_study(store, n_items=2)
    add_judgment(store, 1, SIDES, (9, 8))
    add_judgment(store, 2, SIDES, None, outcome="unreadable")
    add_outside(store, "helpful", ["b", "a"], n_items=2)
    evidence = read_evidence(store, "tiny", "read")
    first, second = evidence.pairs
    assert "1 for Alpaca" in describe_open(evidence, View("tiny", GPT4), first)
    assert "no verdict" in describe_open(evidence, View("tiny", GPT4), second)
    honest = describe_open(evidence, View("tiny", GPT4, criterion="honest"), first)
    assert honest == "Nobody has said yet which answer is more honest."


def test_an_unknown_pair_is_said(store, study):
    with pytest.raises(NotFound, match="99"):
        find_pair(read_evidence(store, "tiny", "read"), 99)
