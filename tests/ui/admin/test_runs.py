import pytest

from annotations.errands import Pace
from annotations.generation import Run
from backend.dialogue import Sampling
from ui.admin.runs import (
    Line,
    list_choices,
    say_ago,
    say_failures,
    say_left,
    say_pace,
    show_runs,
)


def make_run(**changed):
    told = {
        "run_id": 1, "benchmark": "tiny", "system": "m", "card": "m", "actor": "ada",
        "template": "", "system_text": "", "samples": 1, "sampling": Sampling(), "n_items": 0,
        "state": "done", "message": "", "n_wanted": 10, "outcomes": {"ok": 10},
        "started_at": 0.0, "finished_at": 1.0, **changed,
    }  # fmt: skip
    return Run(**told)


def test_a_run_says_how_far_it_is_and_nothing_in_it_is_a_tag():
    run = make_run(
        state="running", system="<b>", outcomes={"ok": 4, "empty": 1, "truncated": 2, "timeout": 3}
    )
    html = show_runs([Line(run, Pace("", 10, 10, 4, 2.0, 100.0))], 3600)
    assert "&lt;b&gt;" in html and "<b><b>" not in html
    assert "6 of 10" in html
    assert "2.0 a second, about 2 min left." in html
    assert "Failed: 1 empty, 3 too slow. 2 answers are cut at the longest that was allowed." in html
    assert "60 min ago" in html


def test_without_runs_the_list_says_how_to_get_one():
    assert "No runs yet" in show_runs([], 0)


@pytest.mark.parametrize(
    ("pace", "words"),
    [
        (None, ""),
        (Pace("tiny is loading, 4 s", 9, 0), "tiny is loading, 4 s."),
        (Pace("", 9, 0), "waiting for the first answer."),
        (Pace("", 9, 3, 0, 0.05, 120), "3.0 a minute, about 2 min left."),
    ],
)
def test_a_pace_is_told_in_words(pace, words):
    assert say_pace(pace) == words


def test_times_are_told_as_people_do():
    assert [say_left(s) for s in (5, 89, 600, 9000)] == [
        "about 5 s", "about 89 s", "about 10 min", "about 2.5 h"
    ]  # fmt: skip
    assert [say_ago(s) for s in (-1, 59, 60, 7200, 10**6)] == [
        "just now", "just now", "1 min ago", "2 h ago", "11 days ago"
    ]  # fmt: skip


def test_an_outcome_that_nobody_has_a_word_for_is_told_by_its_name():
    assert say_failures({"ok": 3}) == ""
    assert say_failures({"moonstruck": 3}) == "Failed: 3 moonstruck."


def test_only_the_newest_of_runs_for_the_same_answers_can_be_resumed():
    runs = [
        make_run(run_id=5, system="a"),
        make_run(run_id=4, system="a", state="failed", outcomes={}),
        make_run(run_id=3, system="b", state="interrupted", outcomes={"ok": 3}),
        make_run(run_id=2, system="c", state="running", outcomes={}),
        make_run(run_id=1, system="d", outcomes={"ok": 9, "empty": 1}),
    ]
    assert list_choices(runs) == [
        ("b, tiny (interrupted)", 3), ("c, tiny (running)", 2), ("d, tiny (some failed)", 1)
    ]  # fmt: skip
