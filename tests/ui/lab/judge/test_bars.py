import gradio as gr
import pytest
from starlette.requests import Request

from annotations.judging.records import choose_scores
from backend.settings import Settings
from tests.judged import add_judgment, make_questions
from tests.layouts import lay_out
from ui.lab.judge.bars import N_SLOTS, BarsPart
from ui.server import make_context


def make_request(query=""):
    scope = {"type": "http", "query_string": query.encode(), "headers": []}
    return gr.Request(request=Request(scope))


@pytest.fixture
def part(store):
    with lay_out():
        yield BarsPart(make_context(Settings(), store))


@pytest.fixture
def judged(store):
    make_questions(store)
    for item, scores in enumerate([(7, 9), (8, 8), (9, 6)], 1):
        add_judgment(store, item, ("alpaca", "vicuna"), scores, stored=(5, 10))
        add_judgment(store, item, ("bard", "vicuna"), scores, judge="gpt-3.5")


def read(part, updates):
    """The updates as values by the name of their component; those of all slots together."""
    values = [one.get("value") if isinstance(one, dict) else one for one in updates]
    names = [name for name in part.parts.__dataclass_fields__ if name != "slots"]
    place = names.index("heading") + 1
    slots = values[place : place + 3 * N_SLOTS]
    shown = dict(zip(names, values[:place] + values[place + 3 * N_SLOTS :], strict=True))
    numbers = "".join(filter(None, slots[2::3]))
    return shown | {"bars": list(filter(None, slots[1::3])), "numbers": numbers}


def test_a_ledger_without_judgments_says_how_to_get_some(part):
    shown = read(part, part.arrive(make_request(), ""))
    assert "No judgments of English questions yet" in shown["heading"]
    assert shown["bars"] == []


def test_bars_come_with_their_table_and_files(part, judged):
    shown = read(part, part.arrive(make_request(), ""))
    assert shown["bars"][0].data
    assert "24 : 23" in shown["numbers"]
    assert "/lab/figure/4?format=png" in shown["downloads"]


def test_what_is_published_needs_no_judgment(part):
    shown = read(part, part.choose(make_request(), "5 published", None, None, None, "read", False))
    assert shown["bars"][0].data
    assert "source=published" in shown["address"]
    assert "/lab/figure/5?source=published" in shown["downloads"]


def test_another_reference_turns_the_bars(part, judged):
    shown = read(part, part.choose(make_request(), "4", "alpaca", None, None, "read", False))
    assert "23 : 24" in shown["numbers"]
    assert "bard" not in shown["numbers"]


def test_one_judge_and_the_scores_of_files_can_be_chosen(part, judged):
    shown = read(part, part.choose(make_request(), "4", "", "gpt-4", None, "stored", False))
    assert "15 : 30" in shown["numbers"] and "bard" not in shown["numbers"]
    assert shown["address"].count("scores=stored") == 1


def test_the_choice_of_the_ledger_is_not_in_the_address(store, part, judged):
    choose_scores(store, "stored", "kim")
    shown = read(part, part.choose(make_request(), "4", "", "gpt-4", None, "stored", False))
    assert "15 : 30" in shown["numbers"]
    assert "scores=" not in shown["address"]


def test_each_category_has_its_bar(part, judged):
    shown = read(part, part.choose(make_request(), "4", "", "gpt-4", None, "read", True))
    assert all(word in shown["numbers"] for word in ("math", "generic", "16 : 15", "8 : 8"))


@pytest.mark.parametrize("query", ["against=nobody", "judge=nobody", "figure=9", "scores=x"])
def test_a_bad_address_shows_all_there_is(part, judged, query):
    assert "24 : 23" in read(part, part.arrive(make_request(query), ""))["numbers"]


def test_names_are_text(store, part):
    lure = "<img src=x onerror=alert(1)>"
    make_questions(store, systems=(lure, "vicuna"))
    add_judgment(store, 1, (lure, "vicuna"), (1, 2), judge=lure)
    shown = read(part, part.arrive(make_request(), ""))
    assert "<img" not in shown["numbers"]
    assert "<img" not in shown["bars"][0].to_json().replace("\\u003c", "<")


def test_a_chinese_benchmark_leads_to_figure_5(store, part):
    make_questions(store, benchmark="vicuna_80_zh", lang="zh")
    add_judgment(store, 1, ("alpaca", "vicuna"), (7, 8))
    shown = read(part, part.arrive(make_request("benchmark=vicuna_80_zh&judge=gpt-4"), ""))
    assert shown["figure"] == "5"
    assert "7 : 8" in shown["numbers"]
