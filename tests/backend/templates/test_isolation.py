import gc
import subprocess
import sys
from pathlib import Path
from time import monotonic, sleep

import pytest

from backend.errors import InputError
from backend.templates.isolation import ROOT, Isolation
from backend.templates.rendering import compile_template, fill_template

pytestmark = pytest.mark.slow  # real processes

ENDLESS = (
    "{% for a in range(99999) %}{% for b in range(99999) %}{% for c in range(99999) %}"
    "{% endfor %}{% endfor %}{% endfor %}"
)
VARIABLES = {"messages": [{"role": "user", "content": "你好"}]}


@pytest.fixture
def isolate():
    """Make isolations that end with the test."""
    made = []

    def isolate(source, timeout_s=5.0):
        made.append(Isolation(source, timeout_s=timeout_s))
        return made[-1]

    yield isolate
    for isolation in made:
        isolation.close()


def test_a_template_is_filled_in_elsewhere_as_it_is_here(isolate):
    source = "{% for m in messages %}{{ m.content }}{{ unknown }}{% endfor %}\ue000"
    isolation = isolate(source)
    assert isolation.fill(VARIABLES) == "你好\ue000"
    assert isolation.fill(VARIABLES) == fill_template(
        compile_template(source, strict=False), VARIABLES
    )


def test_an_endless_template_is_stopped_and_the_next_filling_works(isolate):
    isolation = isolate("{% if messages %}" + ENDLESS + "{% endif %}done", timeout_s=0.3)
    begun = monotonic()
    with pytest.raises(InputError, match=r"more than 0.3 s or 512 MB"):
        isolation.fill(VARIABLES)
    assert monotonic() - begun < 30
    assert isolation.fill({"messages": []}) == "done"


def test_it_is_the_limit_that_stops_a_slow_template(isolate):
    """The control: the same template gets to its end where there is time enough."""
    slow = "{% for a in range(500) %}{% for b in range(9999) %}{% endfor %}{% endfor %}done"
    assert isolate(slow, timeout_s=60.0).fill({}) == "done"
    with pytest.raises(InputError, match="was stopped"):
        isolate(slow, timeout_s=0.05).fill({})


@pytest.mark.parametrize(
    "source",
    [
        "{% set x = 'a' * 4000000000 %}",
        "{{ 'a' * 4000000000 }}",
        "{{ '%4000000000d' % 1 }}",
        "{{ 'a' | center(4000000000) }}",
        "{% set x = ('a' * 9999) | replace('a', 'a' * 99999) %}",
    ],
)
def test_a_template_that_fills_the_memory_is_stopped(isolate, source):
    with pytest.raises(InputError):
        isolate(source).fill(VARIABLES)


def test_a_text_without_end_is_refused(isolate):
    with pytest.raises(InputError, match="more than 4194304 characters"):
        isolate("{{ 'a' * 5000000 }}").fill(VARIABLES)
    with pytest.raises(InputError, match="longer than"):
        isolate("a" * 5_000_000)


@pytest.mark.parametrize(
    ("source", "complaint"),
    [
        ("{{ messages.__class__.__mro__ }}", "unsafe"),
        ("{{ raise_exception('one user only') }}", "one user only"),
        ("{% if %}", "no Jinja template"),
    ],
)
def test_a_fault_of_the_template_is_told(isolate, source, complaint):
    isolation = isolate(source)
    for _ in range(2):
        with pytest.raises(InputError, match=complaint):
            isolation.fill(VARIABLES)


def test_the_child_sees_no_environment(isolate, monkeypatch):
    monkeypatch.setenv("CANARY_KEY", "sk-CANARY")
    isolation = isolate("x")
    isolation.fill(VARIABLES)
    environment = (ROOT / f"/proc/{isolation._child.pid}/environ").read_bytes()
    assert b"CANARY" not in environment
    assert b"PYTHONUTF8" in environment


def test_the_child_goes_with_its_owner(isolate):
    isolation = Isolation("x")
    isolation.fill(VARIABLES)
    child = isolation._child
    del isolation
    gc.collect()
    assert child.returncode is not None


@pytest.mark.parametrize(("work", "limit_s"), [("", 30), (ENDLESS, 30)])
def test_no_child_is_left_when_the_owner_is_killed(work, limit_s):
    code = (
        "import os, threading; from backend.templates.isolation import Isolation\n"
        "i = Isolation('{% if n %}' + " + repr(work) + " + '{% endif %}', timeout_s=1)\n"
        "i.fill({'n': 0}); print(i._child.pid, flush=True)\n"
        "threading.Timer(0.2, lambda: os.kill(os.getpid(), 9)).start()\n"
        "i.fill({'n': 1}); threading.Event().wait()\n"
    )
    told = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, check=False)
    assert told.returncode == -9
    process, until = Path(f"/proc/{int(told.stdout)}/cmdline"), monotonic() + limit_s
    while lives(process) and monotonic() < until:
        sleep(0.05)
    assert not lives(process)


def lives(process):
    """Say whether a process has a command line; it may go while it is looked at."""
    try:
        return bool(process.read_bytes())
    except OSError:
        return False
