"""kill -9 of the app: what may go on goes on and is found again; nothing else is left."""

import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager

import pytest

from tests.jobs import fill_house, list_left, make_job, make_workshop, open_workshop, wait_for
from training.jobs import list_jobs, read_metrics
from training.supervise import Patience, plan_trainer

pytestmark = pytest.mark.slow  # real processes

WITHIN_S = 10
CANARY = "sk-CANARY-0123456789abcdef"


@contextmanager
def run_app(data, *words):
    """A process that runs the queue and gives one order, as the app does."""
    app = subprocess.Popen([sys.executable, "-m", "tests.jobs", str(data), *words])
    try:
        job = wait_for(lambda: next((one for one in list_jobs(data) if one.state.step), None))
        yield app, job
    finally:
        app.kill()
        app.wait()


def test_grace_fits_into_what_is_promised():
    patience = Patience()
    assert patience.poll_s + patience.grace_s + 1 < WITHIN_S


def test_trainer_is_told_no_secret(tmp_path):
    environ = {"PATH": "/bin", "OPENAI_API_KEY": CANARY, "SHELL": CANARY}
    job = make_job(tmp_path)
    words, environment = plan_trainer(job, environ)
    assert words[-1] == str(job.folder) and (job.folder / "accelerate.yaml").exists()
    assert CANARY not in environment.values() and environment["CAMELID_JOB"] == str(job.folder)
    assert environment["HF_HUB_OFFLINE"] == "1" and "OPENAI_API_KEY" not in environ


@pytest.mark.parametrize("life", ["steps 9999", "stubborn far 9999"])
def test_killed_app_leaves_nothing(tmp_path, life):
    fill_house(tmp_path, life)
    with run_app(tmp_path) as (app, job):
        app.kill()
        app.wait()
        wait_for(lambda: not list_left(tmp_path), 3 * WITHIN_S)  # a busy machine is slower
    state = list_jobs(tmp_path)[0].state
    assert (state.end, "Resume" in state.message) == ("interrupted", True)
    saved = job.folder / "run" / f"checkpoint-{state.step}"
    if state.step % 5:  # all save every fifth step
        assert saved.is_dir() == (life == "steps 9999")


def test_killed_app_is_outlived_by_a_job_that_may(tmp_path):
    """It is the control of the test above, too: only the permission differs."""
    fill_house(tmp_path, "steps 9999")
    with run_app(tmp_path, "keep") as (app, job):
        app.kill()
        app.wait()
        time.sleep(1)
        with open_workshop(tmp_path, "steps 9999") as workshop:
            step = workshop.find(job.id).state.step
            wait_for(lambda: workshop.find(job.id).state.step > step)
            assert workshop.find(job.id).state.pid == job.state.pid
            workshop.stop(job.id)
            assert workshop.wait(job.id, 30).state.end == "cancelled"
    steps = [point["step"] for point in read_metrics(job)]
    assert steps == list(range(1, len(steps) + 1))


def test_app_and_supervisor_killed_at_once_leave_nothing(tmp_path):
    fill_house(tmp_path, "stubborn far 9999")
    with run_app(tmp_path, "keep") as (app, job):
        app.kill()
        os.kill(job.state.pid, signal.SIGKILL)
        wait_for(lambda: not list_left(job.folder), 3 * WITHIN_S)
    with open_workshop(tmp_path) as workshop:
        assert workshop.wait(job.id, 30).state.end == "interrupted"


def test_machine_that_shuts_down_interrupts(tmp_path):
    fill_house(tmp_path, "steps 9999")
    with run_app(tmp_path) as (_, job):
        os.kill(job.state.pid, signal.SIGTERM)
        workshop = make_workshop(tmp_path)
        assert workshop.wait(job.id, 30).state.end == "interrupted"
    wait_for(lambda: not list_left(tmp_path))
