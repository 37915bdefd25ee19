from dataclasses import replace
from pathlib import Path
from typing import get_args

import pytest

from training.orders import End, Job, JobState, Life, Order
from ui.admin.training.jobs import (
    ENDS,
    LIVES,
    list_choices,
    say_pace,
    show_job,
    show_jobs,
    show_log,
    show_settings,
)

ORDER = Order("new", "tiny-alpaca", {"epochs": 2}, ("<a>.json",), actor="ada")
RUNNING = JobState("running", step=240, n_steps=600, left_s=300, started_at=1000)
JOB = Job("20260101-000000-new-abcd", Path("nowhere"), ORDER, RUNNING, 900, {"a.json": "f00"})


def end(how):
    return replace(JOB, state=JobState("ended", how, "It <ended>.", step=599, n_steps=600))


def test_every_state_has_a_word():
    assert set(LIVES) == set(get_args(Life)) and set(ENDS) == set(get_args(End))


def test_the_list_says_how_far_and_how_fast():
    shown = show_jobs([JOB], {JOB.id: 20000.4}, 1600)
    assert "240 of 600" in shown and "20,000 tokens a second, about 5 min left." in shown
    assert f"/admin/?tab=training&amp;job={JOB.id}" in shown
    assert "tiny-alpaca on &lt;a&gt;.json, 1 setting changed, by ada, 10 min ago." in shown


def test_an_empty_list_says_how_to_begin():
    assert "No jobs yet." in show_jobs([], {}, 0)


def test_a_pace_is_told_only_of_what_runs():
    assert say_pace(end("done"), 5.0) == ""
    assert say_pace(replace(JOB, state=JobState()), None) == ""


@pytest.mark.parametrize(("how", "offers"), [("done", True), ("cancelled", False), ("", False)])
def test_only_what_is_done_can_be_chatted_with(how, offers):
    shown = show_job(end(how), 1600)
    assert ("/lab/?tab=chat&amp;model=new" in shown) is offers
    assert "It &lt;ended&gt;." in shown


def test_a_job_that_is_done_is_whole_whatever_was_logged_last():
    assert "600 of 600" in show_job(end("done"), 1600)
    assert "599 of 600" in show_job(end("crashed"), 1600)


def test_a_log_is_shown_line_by_line_as_text():
    shown = show_log(["<b>one</b>", "two"])
    assert "&lt;b&gt;one&lt;/b&gt;&#10;two" in shown
    assert "Nothing is printed yet." in show_log([])


def test_what_a_job_was_told_is_there_with_its_data():
    shown = show_settings(JOB)
    assert "<dt>epochs</dt><dd>2</dd>" in shown and "f00" in shown
    assert list_choices([JOB]) == [(f"new, running ({JOB.id})", JOB.id)]
