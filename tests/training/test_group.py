"""A job's processes are ended for certain, also when their supervisor is killed."""

import signal
import subprocess
import sys
import time

import psutil
import pytest

from tests.jobs import list_left, make_job, make_recipe, stand_in, wait_for
from training.group import end_marked, is_same, tell_birth
from training.jobs import read_state
from training.launch import MARK
from training.orders import Order

pytestmark = pytest.mark.slow  # real processes

SLEEP = [sys.executable, "-I", "-S", "-c", "import time; time.sleep(60)"]


@pytest.fixture
def process():
    """A process that sleeps, with a mark."""
    with subprocess.Popen(SLEEP, env={MARK: "the job"}, start_new_session=True) as process:
        wait_for(lambda: psutil.Process(process.pid).environ().get(MARK) == "the job")
        yield process
        process.kill()


def test_process_is_told_from_a_later_one_of_its_number(process):
    born = tell_birth(process.pid)
    assert is_same(process.pid, born) and not is_same(process.pid, born - 60)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux counts from its own start")
def test_birth_is_told_by_a_clock_that_nobody_sets(process):
    """By the wall clock, a laptop that has slept would take a job that runs for a dead one."""
    assert 0 <= time.clock_gettime(time.CLOCK_BOOTTIME) - tell_birth(process.pid) < 30


def test_dead_process_is_nobody(process):
    born = tell_birth(process.pid)
    process.kill()
    wait_for(lambda: psutil.Process(process.pid).status() == psutil.STATUS_ZOMBIE)
    assert not is_same(process.pid, born) and not is_same(0, 0.0)


def test_only_what_bears_the_mark_is_ended(process):
    assert end_marked("another job") == 0 and process.poll() is None
    assert end_marked("the job") == 1
    assert process.wait(30) == -signal.SIGKILL


@pytest.fixture
def supervisor(tmp_path):
    """A supervisor that no queue looks after, of a trainer that refuses to end."""
    recipe = make_recipe("stubborn far 9999")
    job = make_job(tmp_path, Order("model", recipe.name), recipe)
    process = subprocess.Popen(stand_in(job, 0), stdin=subprocess.PIPE, start_new_session=True)
    wait_for(lambda: read_state(job.folder).step)
    yield process, job
    end_marked(str(job.folder))
    process.kill()
    process.communicate()


def test_killed_supervisor_takes_all_with_it(supervisor, tmp_path):
    process, job = supervisor
    far = int((job.folder / "far.pid").read_text())
    process.kill()
    process.wait()
    wait_for(lambda: not list_left(tmp_path), 5)
    assert not tell_birth(far)


def test_without_the_watchman_something_is_left(supervisor, tmp_path):
    """The control: he it is who ends it."""
    process, _ = supervisor
    children = psutil.Process(process.pid).children()
    (watchman,) = [one for one in children if MARK not in one.environ()]
    watchman.kill()
    process.kill()
    process.wait()
    time.sleep(1)
    assert list_left(tmp_path)


def test_app_that_goes_takes_the_job_with_it(supervisor, tmp_path):
    process, job = supervisor
    process.stdin.close()
    process.wait(30)
    assert read_state(job.folder).end == "interrupted" and not list_left(tmp_path)
