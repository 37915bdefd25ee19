import os
import time
from contextlib import closing

import gradio as gr
import pytest
from starlette.requests import Request

from annotations.accounts import Account, open_session
from backend.errors import InputError, Refused
from backend.keyring import Keyring
from backend.money import NoPurse
from backend.registry import Known, Readiness, add_card, list_cards
from backend.registry.cards import LocalCard, OpenAICard, RecordedCard
from backend.settings import Settings
from backend.supervisor import Supervisor, WorkerState
from backend.switchboard import Switchboard
from tests.backend.test_supervisor import command_for
from tests.layouts import lay_out
from ui.admin.models import (
    LOG_LINES,
    Place,
    Stable,
    find_local,
    list_places,
    say_seconds,
    say_state,
    say_worker,
    show_places,
    show_worker,
    start_worker,
)
from ui.context import STAFF_COOKIE
from ui.server import make_context

LOCAL = LocalCard(name="tiny", title="Tiny <b>", template="alpaca", path="mine")
READY = Readiness(True)


@pytest.fixture
def context(store):
    """A house with one model whose worker is a stand-in."""
    folder = store.folder / "mine"
    folder.mkdir()
    for name in ("config.json", "tokenizer.json", "model.safetensors"):
        (folder / name).write_text("{}")
    add_card(store.folder, LOCAL)
    supervisor = Supervisor(
        store.folder, lambda key: {"PATH": os.environ["PATH"]}, command=command_for("ready")
    )
    with closing(
        Switchboard(store.folder, Keyring({}), NoPurse(), supervisor=supervisor)
    ) as models:
        yield make_context(Settings(data=store.folder), store, models)


@pytest.fixture
def stable(context):
    with lay_out():
        yield Stable(context)


def ask_as(context, role):
    headers = []
    if role:
        token = open_session(context.store, Account("ada", role), 1)
        cookie = f"{STAFF_COOKIE}={context.signer.sign_staff(token)}"
        headers.append((b"cookie", cookie.encode()))
    return gr.Request(request=Request({"type": "http", "headers": headers}))


def make_worker(tmp_path, state, since=0.0, message="", log=""):
    path = tmp_path / "tiny.log"
    path.write_text(log)
    return WorkerState("tiny", state, since, path, message=message)


def test_what_can_be_asked_comes_first_and_what_is_recorded_last(context):
    places = list_places(context.models)
    assert places[0].known.name == "tiny"
    assert isinstance(places[-1].known.card, RecordedCard)
    assert len(places) == len(list_cards(context.settings.data))


def test_every_model_says_what_it_needs(context):
    html = show_places(list_places(context.models), 0)
    assert "Tiny &lt;b&gt;" in html
    assert "GPT-4" in html and "OPENAI_API_KEY is not set." in html
    assert "no weights here" in html
    assert show_places([], 0, "None <i>.") == '<div class="empty">None &lt;i&gt;.</div>'


@pytest.mark.parametrize(
    ("state", "now", "mark", "words"),
    [
        ("loading", 40, "paused", "Loading, 40 s"),
        ("ready", 40, "open", "Running"),
        ("ready", 600, "open", "Running, 10 min"),
        ("stopping", 3, "paused", "Stopping, 3 s"),
        ("failed", 600, "problem", "Failed"),
        ("stopped", 5, "ok", "Ready"),
    ],
)
def test_a_worker_says_what_it_does_and_how_long(tmp_path, state, now, mark, words):
    place = Place(Known("tiny", LOCAL, "data folder"), READY, make_worker(tmp_path, state))
    assert say_state(place, now) == (mark, words)


@pytest.mark.parametrize(
    ("card", "readiness", "words"),
    [
        (None, Readiness(False), "Broken"),
        (RecordedCard(name="x", system="y"), Readiness(False), "Recorded"),
        (LOCAL, Readiness(False), "Not yet"),
        (LOCAL, READY, "Ready"),
    ],
)
def test_a_model_without_a_worker_says_whether_it_can_be_asked(card, readiness, words):
    assert say_state(Place(Known("x", card, "built-in"), readiness), 0)[1] == words


@pytest.mark.parametrize(
    ("n", "words"), [(-1, "0 s"), (119, "119 s"), (120, "2 min"), (7200, "2 h")]
)
def test_times_are_short(n, words):
    assert say_seconds(n) == words


def test_the_last_lines_of_a_log_are_shown_and_none_is_a_tag(tmp_path):
    log = "\n".join(f"line {number} <img src=x>\x1b[0m" for number in range(100))
    html = show_worker(make_worker(tmp_path, "failed", message="It <died>.", log=log), 0)
    assert html.count("line ") == LOG_LINES
    assert "line 99" in html and "line 50 " not in html
    assert "It &lt;died&gt;." in html
    assert "<img" not in html and "\x1b" not in html and "\n" not in html


def test_a_worker_that_never_ran_has_nothing_to_show(tmp_path):
    assert show_worker(None, 0) == ""
    assert show_worker(make_worker(tmp_path, "stopped"), 0) == ""
    assert say_worker(make_worker(tmp_path, "stopped"), 0) == "Stopped"


@pytest.mark.parametrize(
    ("name", "error", "words"),
    [
        (None, InputError, "Choose a model"),
        ("gpt-4", InputError, "does not run on this machine"),
        ("alpaca-7b", Refused, "no weights here.*Put the folder"),
    ],
)
def test_what_cannot_start_says_why(context, name, error, words):
    with pytest.raises(error, match=words):
        start_worker(context.models, name)


def test_a_model_on_this_machine_is_found(context):
    assert find_local(context.models, "tiny") == LOCAL


def test_a_worker_is_started_watched_and_stopped(context, stable):
    request = ask_as(context, "admin")
    assert "is being loaded" in stable.begin(request, "tiny")
    assert stable.tick(request, "tiny")[-1].active is True
    deadline = time.monotonic() + 50
    while context.models.supervisor.look("tiny").state != "ready":
        assert time.monotonic() < deadline
        time.sleep(0.02)
    table, worker, clock = stable.tick(request, "tiny")
    assert "Running" in table and "tiny: running" in worker
    assert clock.active is False
    assert "is stopped" in stable.end(request, "tiny")
    assert context.models.supervisor.look("tiny").state == "stopped"


def test_a_card_is_removed_and_a_built_in_one_is_not(context, stable):
    request = ask_as(context, "admin")
    assert "The card tiny is removed." in stable.drop(request, "tiny")
    assert 'role="alert"' in stable.drop(request, "gpt-4")
    assert "Choose a card" in stable.drop(request, None)


def test_only_cards_of_the_data_folder_can_be_removed(context, stable):
    server = OpenAICard(name="x", base_url="http://127.0.0.1:1/v1", model="m")
    add_card(context.settings.data, server)
    _, _, local, own, *_ = stable.look(ask_as(context, "admin"), None)
    assert [name for _, name in local["choices"]] == ["tiny"]
    assert own["choices"] == ["tiny", "x"]


@pytest.mark.parametrize("role", [None, "researcher"])
def test_nobody_but_an_admin_is_answered(context, stable, role):
    request = ask_as(context, role)
    for act in (
        lambda: stable.look(request, None),
        lambda: stable.tick(request, None),
        lambda: stable.begin(request, "tiny"),
        lambda: stable.end(request, "tiny"),
        lambda: stable.drop(request, "tiny"),
    ):
        with pytest.raises(gr.Error, match="session has ended"):
            act()
    assert context.models.list_workers() == []
    assert "tiny" in {known.name for known in context.models.list_cards()}
