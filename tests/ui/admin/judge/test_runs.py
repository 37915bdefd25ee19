from dataclasses import replace

import pytest

from annotations.errands import Pace
from annotations.judging.orders import JudgeOrder
from annotations.judging.runs import JudgeRun
from ui.admin.judge.runs import (
    Line,
    can_resume,
    list_choices,
    name_some,
    say_failures,
    say_money,
    say_pace,
    show_runs,
)

ORDER = JudgeOrder("gpt", "tiny", ("<b>",), ("ref",), cap_usd=5.0)


def make_run(**changed):
    told = {
        "run_id": 1, "benchmark": "tiny", "judge": "gpt", "snapshot": "gpt-1", "actor": "ada",
        "order": ORDER, "form": "text", "state": "done", "message": "", "n_tasks": 10,
        "n_cached": 2, "outcomes": {"ok": 8}, "cost_usd": 0.0, "started_at": 0.0,
        "finished_at": 1.0, **changed,
    }  # fmt: skip
    return JudgeRun(**told)


def test_a_run_says_what_it_does_and_nothing_in_it_is_a_tag():
    run = make_run(state="running", outcomes={"ok": 4, "refused": 1}, cost_usd=1.25)
    html = show_runs([Line(run, Pace("", 8, 5, 1, 2.0, 100.0))], 3600)
    assert "Run 1: tiny, &lt;b&gt; against ref, by ada, 60 min ago." in html
    assert "7 of 10" in html and "2.0 a second, about 2 min left." in html
    assert "$1.25 spent in this run; the order stops at $5.00." in html
    assert "No verdict: 1 refused by the judge." in html


def test_a_run_says_what_is_unusual_about_it():
    order = replace(ORDER, protocol="original", orders="published", repeats=3, n_items=4,
                    canaries=True, systems=())  # fmt: skip
    html = show_runs([Line(make_run(order=order))], 0)
    assert (
        "all systems against ref, published prompts, one order, 3 repeats, the first 4 items, "
        "with canaries, by ada, just now." in html
    )
    order = replace(ORDER, wants="wins", temperature=0.0, max_tokens=50, seed=7, sample=2)
    html = show_runs([Line(make_run(order=order, form="schema"))], 0)
    assert "wins only, by schema, temperature 0.0, max tokens 50, seed 7, sample 2, by" in html


def test_without_runs_the_list_says_how_to_get_one():
    assert "No judge has run yet. Choose a judge" in show_runs([], 0)


@pytest.mark.parametrize(
    ("pace", "words"),
    [
        (None, ""),
        (Pace("j is loading, 4 s", 9, 0), "j is loading, 4 s."),
        (Pace("", 9, 0), "Waiting for the first reply."),
        (Pace("The server asks to wait.", 9, 3, 0, 0.05, 120),
         "3.0 a minute, about 2 min left. The server asks to wait."),
    ],
)  # fmt: skip
def test_a_pace_is_told_with_why_it_waits(pace, words):
    assert say_pace(pace) == words


def test_money_is_told_where_there_is_any():
    free = replace(ORDER, cap_usd=None)
    assert say_money(make_run(order=free)) == ""
    assert say_money(make_run(order=free, cost_usd=0.0123)) == "$0.0123 spent."
    assert say_money(make_run(cost_usd=12)) == "$12.00 spent in this run; the order stops at $5.00."


def test_failures_are_told_by_name():
    assert say_failures({"ok": 3}, {}) == ""
    assert say_failures({"moonstruck": 1}, {}) == "No verdict: 1 moonstruck."
    words = say_failures({"api_error": 3, "empty": 1}, {"too_long": 2, "timeout": 1})
    assert words == (
        "No verdict: 3 without a reply, 1 empty. Without a reply: too long 2, timeout 1."
    )


def test_many_systems_are_counted():
    assert name_some("abcdef") == "a, b, c, d and 2 more"


def test_only_what_can_go_on_is_offered_and_of_an_order_only_the_newest():
    other = replace(ORDER, systems=("other",))
    again = replace(ORDER, cap_usd=9.0, retry=True)
    runs = [
        make_run(run_id=5, state="paused", outcomes={"ok": 1}),
        make_run(run_id=4, state="running", order=again, outcomes={}),
        make_run(run_id=3, state="done", order=other, outcomes={"ok": 7, "api_error": 1}),
        make_run(run_id=2, state="failed", order=replace(ORDER, repeats=2)),
    ]
    assert list_choices(runs) == [("Run 5: gpt, tiny (paused)", 5),
                                  ("Run 3: gpt, tiny (some failed)", 3)]  # fmt: skip
    assert not can_resume(make_run(outcomes={"ok": 7, "unreadable": 1}))
