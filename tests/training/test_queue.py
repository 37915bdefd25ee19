"""Whose turn it is: the longest waiting, of those that need nothing that an earlier one needs."""

import subprocess
import sys
from dataclasses import replace

import pytest

from tests.jobs import CPU, GPUS, make_job
from training.group import tell_birth
from training.orders import JobState, Order
from training.queue import Queue, build_supervisor
from training.states import ask_stop, read_state, write_state


@pytest.fixture
def queue(tmp_path):
    queue = Queue(tmp_path, dict, 0, supervisor=build_supervisor, clock=lambda: 9.0)
    yield queue
    queue.release()


@pytest.fixture
def line_up(tmp_path):
    """Make jobs that wait, in this order, for these GPUs; the first one runs."""

    def make(*devices):
        jobs = [
            make_job(tmp_path, Order(f"m-{n}", "stand-in", devices=one))
            for n, one in enumerate(devices)
        ]
        return [replace(jobs[0], state=JobState("running")), *jobs[1:]]

    return make


@pytest.mark.parametrize(
    ("devices", "turns"),
    [
        (((), ()), []),  # the CPU is one place
        (((0,), (1,)), ["m-1"]),
        (((0,), ()), ["m-1"]),
        (((0,), (0, 1)), []),
        (((0,), (0, 1), (1,)), []),  # the last may not pass who waits for its GPU
        (((0,), (1,), (1,), (2, 3)), ["m-1", "m-3"]),
    ],
)
def test_turn_comes_in_order_on_each_device(queue, line_up, devices, turns):
    jobs = line_up(*devices)
    assert [job.order.name for job in queue.choose(jobs, GPUS)] == turns


def test_gpus_of_those_that_run_are_told_with_their_names(queue, line_up):
    jobs = line_up((0, 2), (), (1,))
    assert queue.list_devices(jobs, GPUS) == ((0, 1, 2), "m-0 and m-2 are being trained on it")
    assert queue.list_devices(jobs[1:2], CPU) == ((), "")


def test_stopped_job_leaves_the_line(queue, tmp_path):
    first, second = (make_job(tmp_path, Order(name, "stand-in")) for name in ("a", "b"))
    ask_stop(first)
    assert [job.id for job in queue.settle()] == [second.id]
    state = read_state(first.folder)
    assert (state.end, state.ended_at) == ("cancelled", 9.0)


@pytest.mark.parametrize("end", ["done", "not_finite", "out_of_memory"])
def test_word_of_a_trainer_outlives_its_supervisor(queue, tmp_path, end):
    job = make_job(tmp_path)
    write_state(job.folder, JobState("running", pid=1, born=1.0))
    (job.folder / "outcome.json").write_text(f'{{"end": "{end}", "message": "So."}}')
    assert queue.settle() == []
    assert (read_state(job.folder).end, read_state(job.folder).message) == (end, "So.")


@pytest.mark.parametrize(
    ("log", "end"),
    [("OSError: [Errno 28] No space left on device\n", "disk_full"), ("step 3\n", "interrupted")],
)
def test_full_disk_is_named_even_where_the_supervisor_could_not_say_so(queue, tmp_path, log, end):
    job = make_job(tmp_path)
    write_state(job.folder, JobState("running", pid=1, born=1.0))
    (job.folder / "log.txt").write_text(log)
    assert queue.settle() == [] and read_state(job.folder).end == end


def test_job_that_was_just_being_started_is_given_a_moment(queue, tmp_path):
    job = make_job(tmp_path)
    write_state(job.folder, JobState("starting", started_at=8.0))
    assert [found.id for found in queue.settle()] == [job.id]
    write_state(job.folder, JobState("starting", started_at=60.0))
    assert queue.settle() == [] and read_state(job.folder).end == "interrupted"


def test_queue_has_one_holder(queue, tmp_path):
    other = Queue(tmp_path, dict, 0, supervisor=build_supervisor)
    assert queue.take() and queue.take() and not other.take()
    queue.release()
    assert other.take() and not queue.is_held
    other.release()


def test_supervisor_that_can_not_be_started_is_told(queue, tmp_path):
    job = make_job(tmp_path)
    queue._supervisor = lambda job, low_disk: [str(tmp_path / "nowhere")]
    queue.launch(job)
    assert "could not be started" in read_state(job.folder).message


def test_supervisor_is_started_by_our_own_words(tmp_path):
    job = make_job(tmp_path)
    assert build_supervisor(job, 7) == [
        sys.executable, "-P", "-m", "training.supervise", str(job.folder), "--low-disk", "7",
    ]  # fmt: skip


def test_process_of_somebody_else_is_no_supervisor_and_lives_on(queue, tmp_path):
    job = make_job(tmp_path)
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as other:
        write_state(job.folder, JobState("running", pid=other.pid, born=tell_birth(other.pid)))
        queue.take()
        queue.release()
        assert other.poll() is None
        assert queue.settle() == [] and read_state(job.folder).end == "interrupted"
        other.communicate()


def test_broken_recipe_and_stop_of_a_job_stop_no_other(queue, line_up):
    first, second, third = line_up((), (), ())
    (second.folder / "recipe.yaml").write_bytes(b"\xff")
    (second.folder / "stop").write_bytes(b"\xff")
    assert [job.id for job in queue.settle()] == [first.id, third.id]
    assert queue.choose([second], CPU) == [second]
