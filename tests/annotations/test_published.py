import json

import pytest

from annotations.published import find_published, match_panel, read_published
from backend.records import CRITERIA, Comparison


def test_shares_are_those_that_were_printed():
    percents = [
        [f"{100 * outcome.share:.2f}" for outcome in one.outcomes] for one in read_published("b")
    ]
    assert percents == [
        ["42.78", "44.11", "13.11"],
        ["37.88", "37.48", "24.64"],
        ["31.66", "35.36", "32.98"],
    ]


@pytest.mark.parametrize("panel, n", [("a", 704), ("b", 755)])
def test_every_criterion_has_as_many_votes_as_were_published(panel, n):
    found = read_published(panel)
    assert [one.n for one in found] == [n] * 3
    assert tuple(one.criterion for one in found) == CRITERIA


def test_numbers_equal_the_transcribed_file(data_sources):
    figure = json.loads((data_sources / "published_figures.json").read_text())["figure_3"]
    for panel in ("a", "b"):
        for one in read_published(panel):
            assert [outcome.n for outcome in one.outcomes] == figure[panel][one.criterion]
            assert [one.comparison.a, one.comparison.b] == figure[panel]["systems"]


@pytest.mark.parametrize(
    "a, b, panel",
    [
        ("LLaMA-GPT4", "Alpaca", "a"),
        ("alpaca (13B)", "llama_gpt4 (7B)", "a"),
        ("LLaMA-GPT4", "GPT-4", "b"),
        ("gpt4", "LLaMA-GPT4", "b"),
        ("LLaMA-7B GPT4", "gpt-4-0314", "b"),
        ("LLaMA-GPT4", "LLaMA-GPT4 (7B)", None),
        ("GPT-4", "Alpaca", None),
        ("LLaMA-GPT4", "GPT-4o", None),
        ("LLaMA_GPT4_CN (7B)", "GPT-4", None),
        ("LLaMA_GPT4 (7B, R1)", "Alpaca", None),
        ("LLaMA-GPT4", "Alpaca-GPT4", None),
        ("LLaMA", "Alpaca", None),
        ("", "", None),
    ],
)
def test_a_panel_is_known_by_both_systems(a, b, panel):
    assert match_panel(Comparison(a, b)) == panel


def test_numbers_are_turned_round_with_the_systems():
    found = find_published(Comparison("Alpaca (13B)", "LLaMA-GPT4"))[0]
    counts = [(outcome.winner, outcome.system, outcome.n) for outcome in found.outcomes]
    assert counts == [("a", "Alpaca (13B)", 139), ("b", "LLaMA-GPT4", 381), ("tie", "tie", 184)]


def test_what_was_not_published_is_not_invented():
    assert find_published(Comparison("Vicuna", "Alpaca")) == []
    assert all(o.interval is None for one in read_published("a") for o in one.outcomes)


def test_votes_on_other_instructions_are_not_held_against_the_papers():
    pair = Comparison("LLaMA-GPT4", "Alpaca")
    assert match_panel(pair, "user_oriented_252") == "a"
    assert match_panel(pair, "vicuna_80") is None
    assert find_published(pair, "vicuna_80") == []
