import gradio as gr
import pytest
from starlette.requests import Request

from annotations.accounts import Account, open_session
from annotations.studies import Plan, find_study, list_studies
from backend.errors import InputError, NotFound
from backend.settings import Settings
from tests.layouts import lay_out
from tests.ledgers import make_study
from ui.admin.studies import (
    Workbench,
    change_status,
    list_answered,
    show_join,
    show_list,
)
from ui.admin.studies import (
    make_study as make_plan,
)
from ui.context import STAFF_COOKIE
from ui.lab.studies import read_rows
from ui.server import make_context


@pytest.fixture
def context(store):
    return make_context(Settings(), store)


@pytest.fixture
def bench(context):
    with lay_out():
        yield Workbench(context)


def ask_as(context, role, query=""):
    """A request of somebody with that role, or of nobody."""
    headers = [(b"host", b"lab.example")]
    if role:
        token = open_session(context.store, Account("ada", role), 1)
        cookie = f"{STAFF_COOKIE}={context.signer.sign_staff(token)}"
        headers.append((b"cookie", cookie.encode()))
    scope = {
        "type": "http", "scheme": "https", "server": ("x", 1), "path": "/admin/",
        "query_string": query.encode(), "headers": headers,
    }  # fmt: skip
    return gr.Request(request=Request(scope))


def test_a_study_is_made_as_a_draft(store, study):
    (said,) = make_plan(store, Plan("next", "tiny", ("Alpaca", "LLaMA-GPT4")), "ada")
    assert said.startswith("next is made, as a draft: 6 pairs, 18 ballots wanted.")
    assert find_study(store, "next").status == "draft"


@pytest.mark.parametrize("status", ["open", "paused", "closed"])
def test_a_status_is_changed_and_said(store, study, status):
    (said,) = change_status(store, "study", status, "ada")
    assert said.startswith(f"study is {status}.")
    assert find_study(store, "study").status == status


def test_no_study_has_no_status(store):
    with pytest.raises(InputError, match="Choose a study"):
        change_status(store, None, "open", "ada")
    with pytest.raises(NotFound):
        change_status(store, "x", "open", "ada")


def test_systems_that_answered_everything_are_offered(store, study):
    assert list_answered(store, "tiny") == ["Alpaca", "LLaMA-GPT4"]
    assert list_answered(store, "other") == []


def test_a_study_by_invitation_has_no_join_link(store):
    study = make_study(store, enrolment="invitation")
    assert show_join(study) == "By invitation only"
    assert "/join/" not in show_list(read_rows(store))


def test_an_admin_opens_a_study_and_the_event_names_them(context, bench, store, study):
    assert "study is open" in bench.set_open(ask_as(context, "admin"), "study")
    event = store.row("SELECT actor FROM event WHERE kind = 'study_open'")
    assert event["actor"] == "ada"


@pytest.mark.parametrize("role", [None, "researcher"])
def test_nobody_but_an_admin_changes_anything(context, bench, store, study, role):
    request = ask_as(context, role)
    form = ["new", "tiny", ["Alpaca", "LLaMA-GPT4"], 3, "", "", "name", 21, 30, "0"]
    acts = [
        lambda: bench.set_open(request, "study"),
        lambda: bench.set_paused(request, "study"),
        lambda: bench.set_closed(request, "study"),
        lambda: bench.create(request, *form),
        lambda: bench.look(request, None),
        lambda: bench.ask(request, "study"),
        lambda: bench.invitations.invite(request, "study", 1, 1),
    ]
    for act in acts:
        with pytest.raises(gr.Error, match="session has ended"):
            act()
    assert [(one.name, one.status) for one in list_studies(store)] == [("study", "draft")]


def test_a_form_becomes_a_study(context, bench, store, study):
    form = ["new", "tiny", ["Alpaca", "LLaMA-GPT4"], 2, "Look", "Alpaca", "invitation", 5, 10, ""]
    assert "new is made" in bench.create(ask_as(context, "admin"), *form)
    made = find_study(store, "new")
    assert (made.votes_per_pair, made.quota, made.lease_s) == (2, 5, 600)
    assert (made.title, made.enrolment, made.seed) == ("Look", "invitation", "0")
    assert made.systems == ("LLaMA-GPT4", "Alpaca")


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        (0, " ", "needs 1 to 80"),
        (1, None, "no benchmark"),
        (2, [], "at least two"),
        (3, None, "1 to"),
    ],
)
def test_a_bad_form_is_answered_with_a_sentence(context, bench, study, field, value, words):
    form = ["new", "tiny", ["Alpaca", "LLaMA-GPT4"], 3, "", "", "name", 21, 30, "0"]
    form[field] = value
    said = bench.create(ask_as(context, "admin"), *form)
    assert 'role="alert"' in said
    assert words in said
    assert len(list_studies(context.store)) == 1


def test_closing_asks_first(context, bench, store, study):
    row, question = bench.ask(ask_as(context, "admin"), "study")
    assert row["visible"]
    assert "study" in question
    assert find_study(store, "study").status == "draft"


def test_the_address_may_name_a_study_to_manage(context, bench, store, study):
    make_plan(store, Plan("next", "tiny", ("Alpaca", "LLaMA-GPT4")), "ada")
    _, chosen, _, join = bench.look(ask_as(context, "admin", "study=study"), None)
    assert chosen["value"] == "study"
    assert join["value"] == f"https://lab.example/join/{study.slug}"
