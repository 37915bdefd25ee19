"""What a job's folder says: read whole, torn lines left out, a curve that joins."""

import json
import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.errors import InputError
from tests.jobs import make_job
from training.orders import JobState
from training.states import (
    METRICS,
    MOST_NOTES,
    MOST_POINTS,
    ask_stop,
    clear_traces,
    join_point,
    keep_running,
    may_outlive,
    read_last,
    read_log,
    read_metrics,
    read_notes,
    read_state,
    read_stop,
    write_notes,
    write_state,
)


@pytest.fixture
def job(tmp_path):
    return make_job(tmp_path)


def test_state_comes_back_as_it_was_written(job):
    state = JobState("running", "", "It trains.", ("a", "b"), 1.0, 2.0, 0.0, 3, 9, 4.5, 77, 5.0)
    write_state(job.folder, state)
    assert read_state(job.folder) == state
    assert [path.name for path in job.folder.glob(".*")] == []


def test_untouched_folder_waits(tmp_path):
    assert read_state(tmp_path) == JobState()


@pytest.mark.parametrize("text", ["", "{", "[]", '{"life": "dancing"}', '{"step": "many"}'])
def test_damaged_state_is_a_crash(job, text):
    (job.folder / "state.json").write_text(text)
    state = read_state(job.folder)
    assert (state.life, state.end) == ("ended", "crashed") and "state.json" in state.message


def test_stop_is_asked_and_forgotten(job):
    assert read_stop(job.folder) == ""
    ask_stop(job)
    assert read_stop(job.folder) == "save"
    ask_stop(job, now=True)
    assert read_stop(job.folder) == "now"
    clear_traces(job.folder)
    assert read_stop(job.folder) == ""


def test_job_may_outlive_the_app_or_not(job):
    assert not may_outlive(job.folder)
    keep_running(job)
    assert may_outlive(job.folder)
    keep_running(job, False)
    assert not may_outlive(job.folder)


@pytest.mark.parametrize("text", ["", "Better.\n中文 $(touch x)\tend", "\ud800", "\0\x1b[2J"])
def test_notes_are_kept(job, text):
    write_notes(job, text)
    assert read_notes(job) == text.replace("\ud800", "?").replace("\0\x1b", "")


def test_long_notes_are_refused(job):
    with pytest.raises(InputError, match="20,000"):
        write_notes(job, "x" * (MOST_NOTES + 1))
    assert read_notes(job) == ""


def test_log_shows_its_last_lines_without_what_steers_a_terminal(job):
    (job.folder / "log.txt").write_bytes(b"one\n\n10%\r100%\n\x1b[31mred\xff\r\n\n")
    assert read_log(job) == ["one", "100%", "[31mred\ufffd"]
    assert read_log(job, 1) == ["[31mred\ufffd"] and read_log(job, 0) == []


def test_log_that_is_not_there_is_empty(job):
    assert read_log(job) == [] and read_metrics(job) == []


def write_metrics(job, *lines):
    (job.folder / "metrics.jsonl").write_text("".join(lines))


def test_torn_last_line_is_left_out(job):
    write_metrics(job, '{"step": 1, "loss": 2.5}\n', '{"step": 2, "lo')
    assert read_metrics(job) == [{"step": 1, "loss": 2.5}]


def test_lines_of_one_step_are_one_point(job):
    write_metrics(job, '{"step": 1, "loss": 2}\n', '{"step": 1, "eval_loss": 3}\n')
    assert read_metrics(job) == [{"step": 1, "loss": 2, "eval_loss": 3}]


def test_number_that_is_none_is_none(job):
    write_metrics(job, '{"step": 1, "loss": NaN, "grad_norm": Infinity}\n', "[1]\n", '{"a": 1}\n')
    assert read_metrics(job) == [{"step": 1, "loss": None, "grad_norm": None}]


def test_curve_is_cut_where_a_job_went_on(job):
    lines = [json.dumps({"step": n, "loss": loss}) + "\n" for n, loss in
             [(1, 9), (2, 8), (3, 7), (4, 6), (3, 70), (4, 60)]]  # fmt: skip
    write_metrics(job, *lines)
    assert [(point["step"], point["loss"]) for point in read_metrics(job)] == [
        (1, 9), (2, 8), (3, 70), (4, 60),
    ]  # fmt: skip


@given(st.lists(st.integers(0, 9)))
def test_steps_of_a_curve_always_rise(steps):
    points = []
    for n, step in enumerate(steps):
        join_point(points, {"step": step, "n": n})
    found = [point["step"] for point in points]
    assert found == sorted(set(found)) and found[-1:] == steps[-1:]


@pytest.mark.parametrize("name", ["state.json", "stop", "notes.md", "log.txt", "metrics.jsonl"])
def test_pipe_and_link_are_not_waited_for(job, name):
    for make in (os.mkfifo, lambda path: path.symlink_to("/dev/zero")):
        (job.folder / name).unlink(missing_ok=True)
        make(job.folder / name)
        assert read_notes(job) == "" and read_log(job) == [] and read_metrics(job) == []
        assert read_stop(job.folder) == "" and read_state(job.folder).life in ("queued", "ended")


def test_stop_of_any_bytes_is_a_stop(job):
    (job.folder / "stop").write_bytes(b"\xff\xfe")
    assert read_stop(job.folder) == "save"


@pytest.mark.parametrize(
    "line",
    ['{"step": 1, "loss": "<b>", "left_s": 1' + "0" * 400 + "}", '{"step": true}', "[" * 100_000,
     '{"step": 1' + "0" * 400 + "}", '{"step": -1}', '{"step": 1, "loss": {"a": 1}}'],
)  # fmt: skip
def test_curve_holds_numbers_and_nothing_else(job, line):
    (job.folder / "metrics.jsonl").write_text(line + "\n")
    assert read_metrics(job) in ([], [{"step": 1, "left_s": None}], [{"step": 1}])


@pytest.mark.parametrize("change", ['"left_s": 1e999', '"step": -1', '"queued_at": NaN'])
def test_state_that_can_not_be_is_a_crash(job, change):
    (job.folder / "state.json").write_text(f'{{"life": "running", {change}}}')
    assert read_state(job.folder).end == "crashed"


def test_message_steers_no_terminal(job):
    write_state(job.folder, JobState("ended", "crashed", "\x1b[2JIt\nended.", ("\x1b[2J",)))
    state = read_state(job.folder)
    assert (state.message, state.tail) == ("[2JIt ended.", ("[2J",))


def test_of_a_long_curve_some_steps_are_read_with_both_ends_and_all_that_was_held_out(job):
    n = 3 * MOST_POINTS
    lines = [json.dumps({"step": step, "loss": 1.0}) for step in range(1, n + 1)]
    lines[7] = json.dumps({"step": 8, "eval_loss": 2.0})
    (job.folder / METRICS).write_text("\n".join(lines) + "\n")
    points = read_metrics(job)
    assert len(points) <= MOST_POINTS + 3 and (points[0]["step"], points[-1]["step"]) == (1, n)
    assert {"step": 8, "eval_loss": 2.0} in points and read_last(job.folder / METRICS) == points[-1]


def test_the_last_point_is_whole_and_a_torn_line_is_none(job):
    path = job.folder / METRICS
    assert read_last(path) == {}
    path.write_text('{"step": 1, "loss": 3}\n{"step": 1, "eval_loss": 4}\n{"step": 2, "lo')
    assert read_last(path) == {"step": 1, "loss": 3, "eval_loss": 4}
