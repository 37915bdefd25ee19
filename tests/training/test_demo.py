"""The demo's models are ordered once, at the first start, and gone on with where they were cut."""

import json
from dataclasses import replace

import pytest

from training.demo import ACTOR, DEMOS, list_rows, order_demos
from training.states import read_state, write_state
from training.workshop import Workshop


@pytest.fixture
def workshop(tmp_path):
    """A workshop that takes orders and runs none."""
    return Workshop(tmp_path, dict)


def end_job(job, end):
    write_state(job.folder, replace(read_state(job.folder), life="ended", end=end))


def list_lives(workshop):
    return [(job.order.name, job.state.life, job.state.end) for job in workshop.list()]


def test_a_fresh_folder_gets_both_models(workshop, tmp_path):
    order_demos(workshop, tmp_path, fresh=True)
    jobs = {job.order.name: job.order for job in workshop.list()}
    assert set(jobs) == {demo.name for demo in DEMOS}
    assert all(order.actor == ACTOR and order.nice > 0 for order in jobs.values())
    assert not any(order.keep_running for order in jobs.values())


def test_the_next_start_orders_nothing_again(workshop, tmp_path):
    order_demos(workshop, tmp_path, fresh=True)
    before = list_lives(workshop)
    order_demos(workshop, tmp_path, fresh=True)
    assert list_lives(workshop) == before


def test_a_folder_that_was_in_use_gets_none(workshop, tmp_path):
    order_demos(workshop, tmp_path, fresh=False)
    assert workshop.list() == []
    assert not (tmp_path / "training" / "files").exists()


@pytest.mark.parametrize(
    "end, life", [("interrupted", "queued"), ("cancelled", "ended"), ("crashed", "ended")]
)
def test_only_what_was_interrupted_goes_on(workshop, tmp_path, end, life):
    order_demos(workshop, tmp_path, fresh=True)
    job = workshop.list()[0]
    end_job(job, end)
    order_demos(workshop, tmp_path, fresh=False)
    assert workshop.find(job.id).state.life == life
    assert len(workshop.list()) == len(DEMOS)


def test_a_job_of_somebody_else_is_left_alone(workshop, tmp_path):
    order_demos(workshop, tmp_path, fresh=True)
    mine = workshop.clone(workshop.list()[0].id, {}, name="mine")
    end_job(mine, "interrupted")
    order_demos(workshop, tmp_path, fresh=False)
    assert workshop.find(mine.id).state.life == "ended"


def test_what_goes_wrong_is_said_and_stops_nothing(workshop, tmp_path, caplog):
    (tmp_path / "training").write_text("no folder")
    order_demos(workshop, tmp_path, fresh=True)
    assert "No demo models: " in caplog.text


@pytest.mark.parametrize("demo", DEMOS, ids=lambda demo: demo.name)
def test_every_task_is_asked_as_benchmarks_and_as_people_ask_it(demo):
    rows = list(list_rows(demo.system))
    with_input = [row for row in rows if row["input"]]
    joined = {row["instruction"]: row["output"] for row in rows if not row["input"]}
    assert len(joined) == 30
    assert all(
        joined[f"{row['instruction']}\n\n{row['input']}"] == row["output"] for row in with_input
    )


def test_the_two_files_differ_in_their_answers_only(workshop, tmp_path):
    order_demos(workshop, tmp_path, fresh=True)
    one, two = (
        json.loads((tmp_path / "training" / "files" / demo.file).read_text()) for demo in DEMOS
    )
    assert [row["instruction"] for row in one] == [row["instruction"] for row in two]
    assert all(a["output"] != b["output"] for a, b in zip(one, two, strict=True))
