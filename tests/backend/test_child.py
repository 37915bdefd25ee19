"""One child process: its traces are read whatever they hold, and its end is said in words."""

import signal
import sys
import time

import pytest

from backend.child import Child, Told, Traces, explain_end


@pytest.fixture
def traces(tmp_path):
    return Traces(tmp_path / "workers" / "m.state", tmp_path / "workers" / "m.log")


@pytest.fixture
def run(traces):
    """Start a Python program as a child; it is gone when the test is over."""
    children = []

    def start(program):
        children.append(Child([sys.executable, "-c", program], {}, traces))
        return children[-1]

    yield start
    for child in children:
        child.stop(0)
        child.reap()


def wait_for_end(child):
    deadline = time.monotonic() + 60
    while not child.has_ended():
        assert time.monotonic() < deadline
        time.sleep(0.01)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('{"state": "ready", "port": 7, "message": "Well."}', Told("ready", 7, "Well.")),
        ('{"state": "loading", "port": null}', Told("loading")),
        ('{"state": "loading", "port": "7", "message": null}', Told("loading")),
        ("{", None),
        ("[]", None),
        ('{"port": 7}', None),
        ("\udcff", None),
        (None, None),
    ],
)
def test_state_is_read_or_unknown(traces, text, told):
    traces.clear()
    if text is not None:
        traces.state_path.write_bytes(text.encode(errors="surrogateescape"))
    assert traces.read_state() == told


@pytest.mark.parametrize(
    ("log", "line"),
    [
        (b"first\nlast\n\n", "last"),
        (b"loading 10%\rloading 90%\r", "loading 90%"),
        (b"\x1b[31mred\x1b[0m \xff\n", "[31mred[0m \ufffd"),
        (b"x" * 100_000, "x" * 300),
        (b"", ""),
        (None, ""),
    ],
)
def test_last_line_of_a_log_is_short_and_printable(traces, log, line):
    traces.clear()
    if log is not None:
        traces.log_path.write_bytes(log)
    assert traces.read_last_line() == line


def test_output_goes_to_the_log(run, traces):
    child = run("import sys; print('out'); sys.stderr.write('err')")
    wait_for_end(child)
    assert child.reap() == 0
    assert traces.log_path.read_text() == "out\nerr"


def test_child_ends_when_its_input_does(run):
    child = run("import sys; sys.stdin.read()")
    assert not child.has_ended()
    child._process.stdin.close()
    wait_for_end(child)


def test_child_that_takes_no_signal_is_killed(run):
    program = "import signal, time; signal.signal(15, signal.SIG_IGN); print(1, flush=True)"
    child = run(f"{program}; time.sleep(60)")
    while not child.traces.read_last_line():
        time.sleep(0.01)
    started = time.monotonic()
    child.stop(0.2)
    assert child.reap() == -signal.SIGKILL
    assert 0.2 <= time.monotonic() - started < 30  # it would sleep for a minute


def test_child_that_obeys_is_not_killed(run):
    child = run("import time; time.sleep(60)")
    child.stop(60)
    assert child.reap() == -signal.SIGTERM


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (-9, "was killed by signal 9, as the system does when memory runs out"),
        (-11, "was ended by signal 11 (SIGSEGV)"),
        (-250, "was ended by signal 250 (250)"),
        (3, "ended by itself with code 3"),
        (0, "ended by itself with code 0"),
    ],
)
def test_end_is_said_in_words(code, words):
    assert explain_end(code, "boom") == f"{words}. Its log ends: boom"
    assert explain_end(code, "") == f"{words}; its log is empty."
