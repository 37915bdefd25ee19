from contextlib import closing

import gradio as gr
import pytest
from starlette.requests import Request

from annotations.accounts import Account, open_session
from annotations.judging.records import list_judgments, read_choice
from annotations.judging.waiting import list_waiting
from backend.settings import Settings
from tests.judged import add_judgment, make_questions
from tests.layouts import lay_out
from ui.admin.judge.readings import Readings, find_waiting, show_reply
from ui.context import STAFF_COOKIE
from ui.server import make_context


@pytest.fixture
def context(store):
    make_questions(store)
    context = make_context(Settings(data=store.folder), store)
    with closing(context.models):
        yield context


@pytest.fixture
def readings(context):
    with lay_out():
        yield Readings(context)


def ask_as(context, role="admin"):
    headers = []
    if role:
        token = open_session(context.store, Account("ada", role), 1)
        cookie = f"{STAFF_COOKIE}={context.signer.sign_staff(token)}"
        headers.append((b"cookie", cookie.encode()))
    return gr.Request(request=Request({"type": "http", "headers": headers}))


def leave(store, text="Both are <b>nice</b>.\nReally.", **told):
    outcome = {"outcome": "unreadable", "read": None, "text": text, **told}
    return add_judgment(store, told.pop("item", 1), ("alpaca", "vicuna"), **outcome)


def test_a_reply_is_shown_as_it_came(store):
    make_questions(store)
    number = leave(store, first_text="Hm & ha.")
    html = show_reply(list_waiting(store)[0], 1)
    assert "Both are &lt;b&gt;nice&lt;/b&gt;.&#10;Really." in html and "Hm &amp; ha." in html
    assert f"/lab/?tab=judge&amp;view=judgments&amp;judgment={number}" in html
    assert "alpaca" not in html  # who it is about shall not sway the reader


def test_without_replies_the_form_is_hidden(context, readings):
    shown, chosen, hand, _ = readings.look(ask_as(context), None)
    assert "No reply waits." in shown
    assert chosen["visible"] is hand["visible"] is False


def test_scores_that_were_read_by_hand_count_and_the_next_reply_comes(context, readings):
    request = ask_as(context)
    first, second = leave(context.store), leave(context.store, judge="other")
    _, chosen, hand, _ = readings.look(request, None)
    assert (chosen["value"], hand["visible"]) == (first, True)
    assert f"Reply {first} counts as 3 : 4.5." in readings.keep(request, first, "3", "4.5", " so ")
    assert readings.look(request, first)[1]["value"] == second
    assert list_judgments(context.store)[0].score() == (3, 4.5)
    row = context.store.row("SELECT actor, note FROM judgment_reading", ())
    assert tuple(row) == ("ada", "so")


def test_a_reply_that_nobody_can_read_stays_without_scores(context, readings):
    number = leave(context.store)
    assert "stays without scores" in readings.drop(ask_as(context), number, "")
    judgment = list_judgments(context.store)[0]
    assert judgment.hand_unreadable and judgment.score() is None
    assert list_waiting(context.store) == []


@pytest.mark.parametrize(
    ("first", "second", "words"),
    [
        ("", "", "Give the scores"),
        ("8", "", "give both"),
        ("8", "11", "it can be 0 to 10"),
        ("nan", "8", "The first score is &#39;nan&#39;"),
        ("-1", "8", "it can be 0 to 10"),
    ],
)
def test_what_is_no_score_is_not_kept(context, readings, first, second, words):
    number = leave(context.store)
    said = readings.keep(ask_as(context), number, first, second, "")
    assert words in said and 'role="alert"' in said
    assert len(list_waiting(context.store)) == 1


def test_a_deed_without_a_reply_says_so(context, readings):
    assert "No reply is chosen." in readings.keep(ask_as(context), None, "1", "2", None)
    assert find_waiting([], 7) is None


def test_another_reply_comes_with_an_empty_form(context, readings):
    leave(context.store), leave(context.store, judge="other", text="The other one.")
    number = list_waiting(context.store)[1].judgment.judgment_id
    shown, *form = readings.turn(ask_as(context), number)
    assert "The other one." in shown and form == ["", "", ""]


def test_which_scores_count_is_a_choice_that_is_kept(context, readings):
    request = ask_as(context)
    assert readings.look(request, None)[-1] == "read"
    for _ in range(2):
        assert "that the files store count" in readings.choose(request, "stored")
    assert read_choice(context.store) == "stored"
    assert len(context.store.rows("SELECT 1 FROM score_choice", ())) == 1
    assert "Choose which" in readings.choose(request, None)


@pytest.mark.parametrize("role", [None, "researcher"])
def test_nobody_but_an_admin_reads_or_chooses(context, readings, role):
    number, request = leave(context.store), ask_as(context, role)
    for act in (
        lambda: readings.look(request, None),
        lambda: readings.turn(request, number),
        lambda: readings.keep(request, number, "1", "2", ""),
        lambda: readings.drop(request, number, ""),
        lambda: readings.choose(request, "stored"),
    ):
        with pytest.raises(gr.Error, match="session has ended"):
            act()
    assert len(list_waiting(context.store)) == 1


def test_the_form_is_emptied_only_when_its_scores_were_kept(context, readings):
    request, number = ask_as(context), leave(context.store)
    said, *fields = readings.keep_and_empty(request, number, "11", "4", "so")
    assert "counts as" not in said and fields == [gr.skip()] * 3
    said, *fields = readings.keep_and_empty(request, number, "3", "4", "so")
    assert "counts as 3 : 4." in said and fields == [""] * 3
