"""Workers started, watched, and ended for certain. Processes are real; the model is a stand-in."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest

from backend.errors import CamelidError, MissingTool, Refused
from backend.keyring import Keyring
from backend.loans import Loan
from backend.registry.cards import LocalCard
from backend.supervisor import ROOT, Supervisor, build_command

pytestmark = pytest.mark.slow  # real processes

CANARY = "sk-CANARY-0123456789abcdef"


def make_card(name="tiny", **changed):
    return LocalCard(name=name, path="weights", **changed)


def command_for(*life, follow=True):
    """Words that start a stand-in which behaves so; each further start as the next word says."""
    starts = iter(life)

    def command(card, weights, state_path):
        nonlocal last
        last = next(starts, last)
        words = [sys.executable, "-m", "tests.standin", last, "--state", str(state_path)]
        return [*words, *(["--follow-stdin"] if follow else [])]

    last = life[0]
    return command


@pytest.fixture
def supervise(tmp_path):
    """Make a supervisor whose workers live as told."""
    (tmp_path / "weights").mkdir()
    made = []

    def make(*life, **words):
        environment = Keyring({"PATH": os.environ["PATH"]}).child_environment
        supervisor = Supervisor(
            tmp_path,
            lambda key: environment({"CAMELID_WORKER_KEY": key}),
            command=command_for(*life or ["ready"]),
            **words,
        )
        made.append(supervisor)
        return supervisor

    yield make
    for supervisor in made:
        supervisor.close()


def wait(supervisor, card=None, on_state=None):
    """Wait for a worker; a busy machine takes its time."""
    return asyncio.run(asyncio.wait_for(supervisor.wait(card or make_card(), on_state), 60))


def wait_for(condition, seconds=30):
    """Wait until something is so; a stand-in ends by itself after a minute."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not come to that in time"
        time.sleep(0.02)


def is_alive(pid):
    """Say whether a process runs; a zombie doesn't."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_worker_is_started_when_it_is_waited_for(supervise):
    supervisor = supervise()
    assert supervisor.look("tiny").state == "stopped"
    seen = []
    state = wait(supervisor, on_state=lambda state: seen.append(state.state))
    assert (state.state, supervisor.look("tiny"), supervisor.list()) == ("ready", state, [state])
    assert state.base_url.startswith("http://127.0.0.1:") and is_alive(state.pid)
    assert (seen[0], seen[-1]) == ("loading", "ready")


def test_state_has_its_time_on_the_given_clock(supervise):
    supervisor = supervise(clock=lambda: 1234.5)
    assert wait(supervisor).since == 1234.5


def test_waiting_is_told_how_long_it_loads(supervise):
    supervisor, seen = supervise("loading"), []

    async def wait_a_little():
        waiting = asyncio.create_task(supervisor.wait(make_card(), seen.append))
        while len(seen) < 3:
            await asyncio.sleep(0.05)
        waiting.cancel()

    asyncio.run(asyncio.wait_for(wait_a_little(), 60))
    assert {state.state for state in seen} == {"loading"}
    assert supervisor.look("tiny").state == "loading"  # somebody else may wait for it


def test_many_callers_at_once_start_one_process(supervise, tmp_path):
    starts = []
    supervisor = supervise()
    command = supervisor._command
    supervisor._command = lambda *words: [starts.append(1), command(*words)][1]
    with ThreadPoolExecutor(16) as pool:
        pids = {state.pid for state in pool.map(lambda _: wait(supervisor), range(16))}
    assert (len(pids), len(starts)) == (1, 1)


def test_start_does_nothing_while_it_runs(supervise):
    supervisor = supervise()
    state = wait(supervisor)
    supervisor.start(make_card())
    assert supervisor.look("tiny") == state


def test_changed_card_starts_a_new_worker(supervise):
    supervisor = supervise()
    old = wait(supervisor)
    same = wait(supervisor, make_card(title="Another title"))
    new = wait(supervisor, make_card(context=64))
    assert same.pid == old.pid != new.pid
    assert not is_alive(old.pid)


def test_missing_weights_start_nothing(supervise):
    supervisor = supervise()
    with pytest.raises(MissingTool, match="nowhere"):
        supervisor.start(LocalCard(name="tiny", path="nowhere"))
    assert supervisor.list() == []


def test_stopped_worker_is_gone_and_can_start_again(supervise):
    supervisor = supervise()
    first = wait(supervisor)
    supervisor.stop("tiny")
    assert (supervisor.look("tiny").state, is_alive(first.pid)) == ("stopped", False)
    assert wait(supervisor).pid != first.pid


def test_stubborn_worker_is_killed(supervise):
    supervisor = supervise("ready+stubborn", grace_s=0.3)
    pid = wait(supervisor).pid
    started = time.monotonic()
    supervisor.stop("tiny")
    assert not is_alive(pid)
    assert time.monotonic() - started >= 0.3


def test_stopping_is_seen_while_it_takes_its_time(supervise):
    supervisor = supervise("ready+stubborn", grace_s=1)
    wait(supervisor)
    thread = threading.Thread(target=supervisor.stop, args=("tiny",))
    thread.start()
    wait_for(lambda: supervisor.look("tiny").state == "stopping")
    thread.join()
    assert supervisor.look("tiny").state == "stopped"


def test_stopping_ends_what_the_worker_started(supervise):
    supervisor = supervise("ready+parent")
    child = int(wait(supervisor).message)
    assert is_alive(child)
    supervisor.stop("tiny")
    wait_for(lambda: not is_alive(child))


def test_death_ends_what_the_worker_started(supervise):
    supervisor = supervise("ready+parent")
    state = wait(supervisor)
    os.kill(state.pid, signal.SIGKILL)
    wait_for(lambda: not is_alive(int(state.message)))


def test_killed_worker_has_failed_at_once_and_comes_back(supervise):
    supervisor = supervise()
    pid = wait(supervisor).pid
    os.kill(pid, signal.SIGKILL)
    wait_for(lambda: supervisor.look("tiny").state == "failed", 5)
    state = supervisor.look("tiny")
    assert "tiny was killed by signal 9" in state.message and "memory" in state.message
    assert state.pid is None
    assert wait(supervisor).pid != pid


def test_worker_says_itself_why_it_failed(supervise):
    with pytest.raises(CamelidError, match=r"The folder holds no weights\. .*tiny\.log"):
        wait(supervise("failing"))


def test_last_line_of_a_crash_is_told(supervise):
    with pytest.raises(CamelidError, match=r"ended by itself with code 1.*it all went wrong"):
        wait(supervise("crashing"))


def test_stopping_while_it_loads_is_told_to_who_waits(supervise):
    supervisor = supervise("loading")
    stop = threading.Thread(target=supervisor.stop, args=["tiny"])
    with pytest.raises(CamelidError, match="stopped while it was loading"):
        wait(supervisor, on_state=lambda _: stop.ident or stop.start())
    stop.join()


def test_crash_loop_waits_for_a_person(supervise):
    now = [1000.0]
    supervisor = supervise("crashing", clock=lambda: now[0])
    for _ in range(3):
        with pytest.raises(CamelidError, match="ended by itself"):
            wait(supervisor)
    with pytest.raises(CamelidError, match=r"failed 3 times within a minute.*it all went wrong"):
        wait(supervisor)
    supervisor.stop("tiny")
    with pytest.raises(CamelidError, match=r"tiny ended by itself"):
        wait(supervisor)


def test_crashes_long_ago_do_not_count(supervise):
    now = [1000.0]
    supervisor = supervise("crashing", "crashing", "crashing", "ready", clock=lambda: now[0])
    for _ in range(3):
        with pytest.raises(CamelidError):
            wait(supervisor)
    now[0] += 61
    assert wait(supervisor).state == "ready"


def test_sick_worker_is_replaced(supervise):
    supervisor = supervise("ready+sick", "ready")
    sick = wait(supervisor)
    assert wait(supervisor).pid != sick.pid
    assert not is_alive(sick.pid)


def test_worker_makes_room_on_a_gpu_that_is_lent(supervise):
    supervisor, loan = supervise(), Loan((0,), "alpaca is being trained on it")
    state = wait(supervisor)
    supervisor.lend(loan)
    found = supervisor.look("tiny")
    assert (found.state, is_alive(state.pid)) == ("stopped", False)
    assert "GPU 0: alpaca is being trained on it." in found.message
    with pytest.raises(Refused, match="being trained"):
        wait(supervisor)
    supervisor.lend(Loan())
    assert wait(supervisor).state == "ready"


def test_worker_elsewhere_stays(supervise):
    supervisor = supervise()
    state = wait(supervisor, make_card(device="cpu"))
    supervisor.lend(Loan((0,), "alpaca is being trained on it"))
    assert supervisor.look("tiny") == state


def test_who_waits_for_a_worker_is_told_that_it_makes_room(supervise):
    supervisor = supervise("loading")
    loan = Loan((0,), "alpaca is being trained on it")
    lend = threading.Thread(target=supervisor.lend, args=[loan])
    with pytest.raises(CamelidError, match="makes room on GPU 0"):
        wait(supervisor, on_state=lambda _: lend.ident or lend.start())
    lend.join()


def test_closing_stops_all_and_starts_none(supervise):
    supervisor = supervise("ready+stubborn", grace_s=0.5)
    pids = [wait(supervisor, make_card(name)).pid for name in ("one", "two", "three")]
    supervisor.close()
    assert not any(is_alive(pid) for pid in pids)
    with pytest.raises(Refused, match="closing"):
        supervisor.start(make_card("four"))


def test_log_is_kept_and_the_one_before(supervise, tmp_path):
    supervisor = supervise("crashing")
    for _ in range(2):
        with pytest.raises(CamelidError):
            wait(supervisor)
    log = supervisor.look("tiny").log_path
    assert log == tmp_path / "workers" / "tiny.log"
    assert "it all went wrong" in log.read_text() and "it all went wrong" in (
        log.with_suffix(".log.1").read_text()
    )
    assert log.stat().st_mode & 0o077 == 0


def test_no_state_file_stays(supervise, tmp_path):
    supervisor = supervise()
    wait(supervisor)
    supervisor.stop("tiny")
    assert list((tmp_path / "workers").glob("*.state")) == []


def test_stale_state_files_are_cleared_at_the_start(supervise, tmp_path):
    folder = tmp_path / "workers"
    folder.mkdir()
    ended = subprocess.Popen(["true"])
    ended.wait()
    (folder / "old.state").write_text(json.dumps({"state": "ready", "pid": ended.pid, "port": 1}))
    (folder / "broken.state").write_text("{")
    (folder / "alive.state").write_text(json.dumps({"state": "ready", "pid": os.getpid()}))
    supervise()
    assert [path.name for path in folder.glob("*.state")] == ["alive.state"]


def test_child_that_can_not_be_started_is_explained(supervise):
    supervisor = supervise()
    supervisor._command = lambda *words: ["/no/such/program"]
    with pytest.raises(CamelidError, match="tiny can't be started"):
        supervisor.start(make_card())


def look_into(folder, environment):
    """Return a worker's state, its environment and its command line, while it runs."""
    (folder / "weights").mkdir()
    supervisor = Supervisor(folder, environment, command=command_for("ready"))
    try:
        state = wait(supervisor)
        traces = [Path(f"/proc/{state.pid}/{name}").read_text() for name in ("environ", "cmdline")]
        return state, *traces
    finally:
        supervisor.close()


def test_worker_knows_its_own_key_and_no_other(tmp_path):
    keyring = Keyring({"OPENAI_API_KEY": CANARY, "PATH": os.environ["PATH"]})
    state, environ, words = look_into(
        tmp_path, lambda key: keyring.child_environment({"CAMELID_WORKER_KEY": key})
    )
    own = state.key.get_secret_value()
    assert f"CAMELID_WORKER_KEY={own}\0" in environ and len(own) > 30
    assert CANARY not in environ + words + repr(state)
    assert own not in words + repr(state)


def test_worker_that_gets_the_whole_environment_knows_every_key(tmp_path):
    """The control: so a key would be seen."""
    environ = {"OPENAI_API_KEY": CANARY, "PATH": os.environ["PATH"]}
    assert CANARY in look_into(tmp_path, lambda key: environ)[1]


def test_command_says_all_that_the_card_says():
    card = LocalCard(
        name="m",
        template="alpaca",
        dtype="float16",
        device="cuda:1",
        quantisation="8bit",
        context=9,
    )
    words = build_command(card, Path("/w"), Path("/s"))
    assert words[:5] == [sys.executable, "-P", "-m", "backend.worker", "--model"]
    assert " ".join(words[5:]) == (
        "/w --name m --port 0 --host 127.0.0.1 --dtype float16 --device cuda:1 "
        "--quantisation 8bit --context 9 --template alpaca --state /s --follow-stdin"
    )


APP = """
import asyncio, sys
from pathlib import Path
from backend.supervisor import Supervisor
from tests.backend.test_supervisor import command_for, make_card
folder, follow = Path(sys.argv[1]), sys.argv[2] == "follow"
command = command_for("ready+stubborn", follow=follow)
supervisor = Supervisor(folder, lambda key: {}, command=command)
print(asyncio.run(supervisor.wait(make_card())).pid, flush=True)
sys.stdin.read()
"""


@contextmanager
def run_app(folder, follow):
    """A process that supervises one worker; yields it and the worker's id."""
    (folder / "weights").mkdir()
    app = subprocess.Popen(
        [sys.executable, "-c", APP, str(folder), follow],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    pid = int(app.stdout.readline())
    try:
        yield app, pid
    finally:
        app.kill()
        app.wait()
        app.stdin.close()
        app.stdout.close()
        if is_alive(pid):
            os.kill(pid, signal.SIGKILL)


def test_killed_app_leaves_no_worker(tmp_path):
    with run_app(tmp_path, "follow") as (app, pid):
        app.kill()
        wait_for(lambda: not is_alive(pid))


def test_worker_that_does_not_follow_stays(tmp_path):
    """The control: without the pipe a worker outlives a killed app."""
    with run_app(tmp_path, "alone") as (app, pid):
        app.kill()
        app.wait()
        time.sleep(1)
        assert is_alive(pid)
