import gradio as gr
import pytest
from starlette.requests import Request

from annotations.accounts import Account, open_session
from annotations.backups import list_backups
from annotations.traffic import Traffic
from backend.machine import Check
from backend.settings import Settings
from tests.layouts import lay_out
from tests.ledgers import add_ballot
from ui.admin.system import (
    Monitor,
    say_duration,
    say_latency,
    say_refused,
    show_checks,
    show_code,
    show_pulse,
    show_versions,
)
from ui.context import STAFF_COOKIE
from ui.meter import Reading
from ui.server import make_context

pytestmark = pytest.mark.slow

QUIET = Reading(59, 0, None, None, {401: 0, 429: 0})
BUSY = Reading(90_061, 200, 0.0123, 0.0456, {401: 2, 429: 1000})


def test_what_asks_for_something_comes_first():
    checks = [
        Check("A", "ok", "fine"),
        Check("B", "problem", "bad", "Run `x`."),
        Check("C", "warning", "so"),
    ]
    html = show_checks(checks)
    assert html.index("<b>B</b>") < html.index("<b>C</b>") < html.index("<b>A</b>")
    assert "Run <code>x</code>." in html


def test_no_text_of_a_check_becomes_a_tag():
    assert show_code("<b>`<i>`") == "&lt;b&gt;<code>&lt;i&gt;</code>"


def test_a_pulse_says_nothing_that_was_not_measured():
    html = show_pulse(Traffic(0, 0, 0, 0), QUIET, "none yet")
    assert "nothing saved since the start" in html
    assert "none since the start" in html


def test_a_busy_app_tells_rates_times_and_refusals():
    assert say_latency(BUSY).startswith("half within 12 ms, 95 % within 46 ms")
    assert say_refused(BUSY) == "2 not logged in (401), 1,000 too fast (429) since the start"
    assert "1,234 in the last day" in show_pulse(Traffic(1, 20, 1234, 3), BUSY, "x")


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(59, "0 min"), (3599, "59 min"), (3661, "1 h 1 min"), (90_061, "1 d 1 h")],
)
def test_uptime_is_told_as_people_do(seconds, words):
    assert say_duration(seconds) == words


def test_versions_are_told():
    assert "python 3." in show_versions()


@pytest.fixture
def context(store):
    return make_context(Settings(data=store.folder), store)


@pytest.fixture
def monitor(context):
    with lay_out():
        yield Monitor(context)


def make_request(context, role=None):
    headers = []
    if role:
        token = open_session(context.store, Account("kim", role), 2e9)
        cookie = f"{STAFF_COOKIE}={context.signer.sign_staff(token)}"
        headers = [(b"cookie", cookie.encode())]
    return gr.Request(request=Request({"type": "http", "headers": headers}))


def test_a_backup_is_made_and_told(context, monitor, study):
    request = make_request(context, "admin")
    add_ballot(context.store, ["left"] * 3)
    assert "Wrote camelid-" in monitor.save(request)
    assert len(list_backups(context.store.folder)) == 1
    assert "less than a minute ago, 1 in all" in monitor.feel(request)
    assert "<b>Backup</b>" in monitor.examine(request)


def test_a_restore_is_asked_for_told_and_taken_back(context, monitor, study):
    request = make_request(context, "admin")
    monitor.save(request)
    name = list_backups(context.store.folder)[0].path.name
    assert f"goes back to {name}, as kim asked" in monitor.plan(request, name)
    assert name in monitor.look_back(request)[1]
    assert monitor.drop(request) == ""
    assert monitor.look_back(request)[1] == ""


@pytest.mark.parametrize("name", [None, "", "../camelid.db"])
def test_a_restore_of_something_else_is_refused_in_words(context, monitor, name):
    assert "There is no backup" in monitor.plan(make_request(context, "admin"), name)


@pytest.mark.parametrize("act", ["plan", "drop"])
@pytest.mark.parametrize("role", [None, "researcher"])
def test_nobody_but_an_admin_asks_for_a_restore(context, monitor, act, role):
    words = ["x"] if act == "plan" else []
    with pytest.raises(gr.Error):
        getattr(monitor, act)(make_request(context, role), *words)


@pytest.mark.parametrize("act", ["save", "feel", "examine", "wake"])
@pytest.mark.parametrize("role", [None, "researcher"])
def test_nobody_but_an_admin_is_answered(context, monitor, act, role):
    with pytest.raises(gr.Error):
        getattr(monitor, act)(make_request(context, role))
    assert list_backups(context.store.folder) == []
