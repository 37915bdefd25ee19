import math
import re
import time
from contextlib import closing

import gradio as gr
import pytest
from playwright.sync_api import expect
from starlette.requests import Request

from annotations.accounts import Account, open_session
from annotations.demo import load_demo
from annotations.generation import read_run, read_runs
from annotations.library import find_answers
from annotations.orders import Order
from annotations.store import Store
from backend.dialogue import Sampling
from backend.errors import InputError
from backend.registry import add_card
from backend.registry.cards import LocalCard, OpenAICard
from backend.settings import Settings
from tests.browser import open_browser, run_app, serve_here
from tests.layouts import lay_out
from tests.ledgers import open_store
from tests.talkers import make_talker
from tests.upstream import Scene, serve
from ui.admin.answers import Writer, list_models, read_order
from ui.context import STAFF_COOKIE
from ui.server import make_context
from ui.wording import hash_wording

FORM = ["m", "tiny", 1, "", 0.7, 1.0, 0, 1024, "", "", 0, 0]


@pytest.fixture
def context(store, study):
    context = make_context(Settings(data=store.folder), store)
    with closing(context.answering):
        yield context
    context.models.close()


@pytest.fixture
def writer(context):
    with lay_out():
        yield Writer(context)


def ask_as(context, role="admin"):
    headers = []
    if role:
        token = open_session(context.store, Account("ada", role), 1)
        cookie = f"{STAFF_COOKIE}={context.signer.sign_staff(token)}"
        headers.append((b"cookie", cookie.encode()))
    return gr.Request(request=Request({"type": "http", "headers": headers}))


def offer(context, upstream):
    add_card(context.settings.data, OpenAICard(name="m", base_url=upstream.url, model="x"))


def wait_for(is_so, seconds=60.0):
    deadline = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < deadline, "it never was"
        time.sleep(0.02)


def test_a_form_becomes_an_order():
    values = ["m", "tiny", 3, " warm ", 0.2, 0.9, 5.0, 77, "Be brief.", "alpaca", 4, 2]
    sampling = Sampling(temperature=0.2, top_p=0.9, top_k=5, max_tokens=77)
    expected = Order("m", "tiny", 3, sampling, "warm", "Be brief.", "alpaca", 4, 2)
    assert read_order(values) == expected


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [(2, None, "Samples"), (2, 1.5, "Samples"), (4, None, "Temperature"), (7, 0, "Longest")],
)
def test_a_wrong_number_is_said(field, value, words):
    values = [*FORM]
    values[field] = value
    with pytest.raises(InputError, match=words):
        read_order(values)


def test_models_that_can_answer_come_first_and_others_are_marked(context):
    with serve() as upstream:
        offer(context, upstream)
        models = list_models(context.models)
    names = [name for _, name in models]
    assert models[0] == ("m", "m")
    assert ("GPT-4 (not yet)", "gpt-4") in models
    assert not {"bard", "opt-1.3b-reward"} & set(names)


def test_a_line_says_what_will_happen(context, writer):
    request = ask_as(context)
    with serve() as upstream:
        offer(context, upstream)
        assert "6 items × 1 sample: 6 answers of m, 6 are missing." in writer.look_ahead(
            request, *FORM
        )
        assert "no weights" in writer.look_ahead(request, "alpaca-7b", *FORM[1:])
        assert writer.look_ahead(request, None, *FORM[1:]) == ""
        assert upstream.asked == []
    assert read_runs(context.store) == []


def test_a_run_is_started_seen_and_not_started_again_when_nothing_is_missing(context, writer):
    request = ask_as(context)
    with serve("Yes.") as upstream:
        offer(context, upstream)
        assert "Started: 6 answers of m to tiny." in writer.begin(request, *FORM)
        wait_for(lambda: read_run(context.store, 1).state == "done")
        table, _, clock = writer.tick(request)
        assert "6 of 6" in table and "by ada" in table
        assert clock.active is False
        assert "nothing is missing" in writer.begin(request, *FORM)
    assert len(find_answers(context.store, "tiny", "m")) == 6
    assert len(read_runs(context.store)) == 1


def test_a_run_is_cancelled_and_resumed_with_the_same_words(context, writer):
    request, values = ask_as(context), [*FORM]
    values[2], values[-1] = 20, 2
    with serve(Scene("Yes.", delay_s=0.02)) as upstream:
        offer(context, upstream)
        writer.begin(request, *values)
        wait_for(lambda: read_run(context.store, 1).n_done > 2)
        assert "The run for m ends" in writer.cancel(request, 1)
        wait_for(lambda: read_run(context.store, 1).state == "cancelled")
        left = 120 - read_run(context.store, 1).n_answered
        assert f"Started: {left} answers of m to tiny." in writer.go_on(request, 1)
        wait_for(lambda: read_run(context.store, 2).state == "done")
    assert read_run(context.store, 2).n_answered == left
    assert "is not running" in writer.cancel(request, 1)
    assert "Choose a run" in writer.cancel(request, None)


def test_a_form_that_makes_no_sense_starts_nothing(context, writer):
    values = [*FORM]
    values[2] = None
    assert 'role="alert"' in writer.begin(ask_as(context), *values)
    assert read_runs(context.store) == []


@pytest.mark.parametrize("role", [None, "researcher"])
def test_nobody_but_an_admin_is_answered(context, writer, role):
    request = ask_as(context, role)
    with serve() as upstream:
        offer(context, upstream)
        for act in (
            lambda: writer.look(request, None, None),
            lambda: writer.tick(request),
            lambda: writer.look_ahead(request, *FORM),
            lambda: writer.begin(request, *FORM),
            lambda: writer.go_on(request, 1),
            lambda: writer.cancel(request, 1),
        ):
            with pytest.raises(gr.Error, match="session has ended"):
                act()
        assert upstream.asked == []
    assert read_runs(context.store) == []


@pytest.mark.browser
def test_an_admin_lets_a_real_model_answer_the_demo_and_looks_away(tmp_path):
    folder = make_talker(tmp_path / "weights")
    data = tmp_path / "data"
    with open_store(data) as store:
        load_demo(store, hash_wording())
    add_card(data, LocalCard(name="tiny", path=str(folder), template="alpaca", device="cpu"))
    with serve_here(data) as app, open_browser() as browser:
        person = browser.new_context()
        page = person.new_page()
        page.goto(app.login)
        page.goto(f"{app.url}/admin/?tab=answers")
        plan = page.get_by_text("30 items × 1 sample: 30 answers of tiny, 30 are missing.")
        plan.wait_for()
        page.get_by_text("Advanced").filter(visible=True).click()
        page.get_by_label("Longest answer").fill("8")
        page.get_by_role("button", name="Start", exact=True).click()
        page.get_by_text("Started: 30 answers of tiny to demo.").wait_for()
        page.get_by_text("tiny is loading").wait_for()
        page.close()
        page = person.new_page()
        page.goto(f"{app.url}/admin/?tab=answers")
        page.locator(".runs .status", has_text="Done").first.wait_for(timeout=120_000)
        expect(page.locator(".runs li").first).to_contain_text("30 of 30")
        page.goto(f"{app.url}/admin/?tab=models")
        page.locator(".models li", has_text="Running").wait_for()
        page.get_by_role("button", name="Stop", exact=True).click()
        page.get_by_text("tiny is stopped, and its memory is free.").wait_for()
        page.locator(".models li", has_text="Ready").first.wait_for()


@pytest.mark.browser
def test_a_run_that_died_with_the_app_is_resumed_after_the_next_start(tmp_path):
    with open_store(tmp_path) as store:
        load_demo(store, hash_wording())
    with serve(Scene("Yes.", delay_s=0.2)) as upstream, open_browser() as browser:
        add_card(tmp_path, OpenAICard(name="m", base_url=upstream.url, model="x"))
        with run_app(tmp_path) as app:
            page = browser.new_page()
            page.goto(app.login)
            page.goto(f"{app.url}/admin/?tab=answers")
            page.get_by_label("Samples").fill("5")
            page.get_by_text("150 answers of m, 150 are missing.").wait_for()
            upstream.hold_after = 40  # it is not at its end, however slow the page is
            page.get_by_role("button", name="Start", exact=True).click()
            page.locator(".runs li", has_text=re.compile("a (second|minute)")).wait_for()
            app.process.kill()
            app.process.wait(60)
            upstream.hold_after = math.inf
        with Store(tmp_path) as store:
            n_before = read_runs(store)[0].n_answered
        assert 0 < n_before < 150
        with run_app(tmp_path) as app:
            page = browser.new_page()
            page.goto(app.login)
            page.goto(f"{app.url}/admin/?tab=answers")
            page.locator(".runs li", has_text="Interrupted").wait_for()
            page.get_by_role("button", name="Resume").click()
            page.get_by_text(f"Started: {150 - n_before} answers of m to demo.").wait_for()
            page.locator(".runs .status.open", has_text="Done").wait_for(timeout=120_000)
        assert len(upstream.asked) <= 150 + 8
