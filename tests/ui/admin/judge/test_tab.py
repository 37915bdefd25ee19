import time
from contextlib import closing

import gradio as gr
import pytest
from playwright.sync_api import expect
from starlette.requests import Request

from annotations.accounts import Account, open_session
from annotations.judging.planting import plant_canaries
from annotations.judging.records import list_judgments
from annotations.judging.runs import read_judge_run, read_judge_runs
from annotations.store import Store
from backend.registry import add_card
from backend.registry.cards import OpenAICard
from backend.settings import Settings
from tests.browser import open_browser, serve_here
from tests.judged import make_questions
from tests.layouts import lay_out
from tests.ledgers import open_store
from tests.upstream import Scene, serve
from ui.admin.judge import Tribunal
from ui.admin.judge.form import FIELDS
from ui.context import STAFF_COOKIE
from ui.server import make_context

pytestmark = pytest.mark.slow

FORM = ["j", "vicuna_80", ["alpaca"], ["vicuna"], "", "camelid", "both", 1, "scores", "auto", "",
        "", "", 0, 0, 0, False, False]  # fmt: skip
VERDICT = "7 8\nThe second says more."


@pytest.fixture
def context(store):
    make_questions(store)
    context = make_context(Settings(data=store.folder), store)
    with closing(context.models), closing(context.judging):
        yield context


@pytest.fixture
def tribunal(context):
    with lay_out():
        yield Tribunal(context)


def ask_as(context, role="admin"):
    headers = []
    if role:
        token = open_session(context.store, Account("ada", role), 1)
        cookie = f"{STAFF_COOKIE}={context.signer.sign_staff(token)}"
        headers.append((b"cookie", cookie.encode()))
    return gr.Request(request=Request({"type": "http", "headers": headers}))


def offer(folder, upstream, **told):
    add_card(folder, OpenAICard(name="j", base_url=upstream.url, model="judge-0613", **told))


def fill(**changed):
    return [changed.get(name, value) for name, value in zip(FIELDS, FORM, strict=True)]


def wait_for(is_so, seconds=60.0):
    deadline = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < deadline, "it never was"
        time.sleep(0.02)


def test_the_form_offers_who_has_answered(context, tribunal):
    plant_canaries(context.store, "vicuna_80", "kim")
    chosen = tribunal.look(ask_as(context), None, None, ["gone", "bard"], None)
    judge, benchmark, systems, against, table, *_ = chosen
    assert benchmark["value"] == "vicuna_80" and judge["value"]
    assert systems["choices"] == against["choices"] == ["alpaca", "bard", "vicuna"]
    assert (systems["value"], against["value"]) == (["bard"], [])
    assert "No judge has run yet" in table


def test_what_will_happen_and_cost_is_said_before_anything_is_asked(context, tribunal):
    request = ask_as(context)
    with serve(VERDICT) as upstream:
        dear = {"price_input_usd": 30, "price_output_usd": 60, "daily_cap_usd": 5}
        offer(context.settings.data, upstream, **dear)
        said = tribunal.look_ahead(request, *fill(cap_usd="2"))
        assert "6 judgments of j on 3 items of vicuna_80: 6 are to be asked." in said
        assert "$5.00 of today&#39;s cap" in said and "It stops at $2.00" in said
        assert "Choose a judge" in tribunal.look_ahead(request, *fill(against=[]))
        assert 'role="alert"' in tribunal.look_ahead(request, *fill(cap_usd="much"))
        assert upstream.asked == [] and read_judge_runs(context.store) == []


def test_a_run_is_started_seen_and_not_started_again_when_all_is_judged(context, tribunal):
    request = ask_as(context)
    with serve(VERDICT) as upstream:
        offer(context.settings.data, upstream)
        assert "Started run 1. 6 judgments of j" in tribunal.begin(request, *FORM)
        wait_for(lambda: read_judge_run(context.store, 1).state == "done")
        table, _, clock, *_ = tribunal.tick(request, None)
        assert "6 of 6" in table and "by ada" in table and clock.active is False
        assert "nothing is to be asked" in tribunal.begin(request, *FORM)
    assert len(read_judge_runs(context.store)) == 1
    assert {one.score() for one in list_judgments(context.store)} == {(7, 8)}


def test_a_run_is_paused_resumed_and_cancelled(context, tribunal):
    request, values = ask_as(context), fill(repeats=20, n_parallel=2)
    with serve(Scene(VERDICT, delay_s=0.02)) as upstream:
        offer(context.settings.data, upstream)
        tribunal.begin(request, *values)
        wait_for(lambda: read_judge_run(context.store, 1).n_done > 2)
        assert tribunal.tick(request, None)[2].active
        assert "Run 1 pauses." in tribunal.pause(request, 1)
        wait_for(lambda: read_judge_run(context.store, 1).state == "paused")
        assert "The new cap is &#39;x&#39;" in tribunal.go_on(request, 1, "x")
        assert "Started run 2." in tribunal.go_on(request, 1, "3")
        assert read_judge_run(context.store, 2).order.cap_usd == 3
        assert "Run 2 ends." in tribunal.cancel(request, 2)
        wait_for(lambda: read_judge_run(context.store, 2).state == "cancelled")
    assert "is not running" in tribunal.cancel(request, 2)
    assert "Choose a run" in tribunal.pause(request, None)


@pytest.mark.parametrize("role", [None, "researcher"])
def test_nobody_but_an_admin_is_answered(context, tribunal, role):
    request = ask_as(context, role)
    with serve() as upstream:
        offer(context.settings.data, upstream)
        for act in (
            lambda: tribunal.look(request, None, None, None, None),
            lambda: tribunal.change(request, None, None, None),
            lambda: tribunal.tick(request, None),
            lambda: tribunal.look_ahead(request, *FORM),
            lambda: tribunal.begin(request, *FORM),
            lambda: tribunal.go_on(request, 1, ""),
            lambda: tribunal.pause(request, 1),
            lambda: tribunal.cancel(request, 1),
        ):
            with pytest.raises(gr.Error, match="session has ended"):
                act()
        assert upstream.asked == []
    assert read_judge_runs(context.store) == []


@pytest.mark.browser
def test_an_admin_lets_a_judge_compare_and_reads_what_it_could_not(tmp_path):
    with open_store(tmp_path) as store:
        make_questions(store)

    def reply(body):
        asked = body["messages"][1]["content"]
        return "I <b>like</b> both." if "What is 2?" in asked else VERDICT

    with serve(reply) as upstream, serve_here(tmp_path) as app, open_browser() as browser:
        offer(tmp_path, upstream)
        page = browser.new_page()
        page.goto(app.login)
        page.goto(f"{app.url}/admin/?tab=judge")
        page.get_by_text("Choose a judge, a benchmark, and what").wait_for()
        page.get_by_label("Against").filter(visible=True).click()
        page.get_by_role("option", name="vicuna").click()
        page.keyboard.press("Escape")
        page.get_by_text("12 are to be asked.").wait_for()
        page.get_by_role("button", name="Start", exact=True).click()
        page.locator(".runs .status.warning", has_text="Some failed").wait_for()
        page.get_by_text("No verdict: 4 unreadable.").wait_for()
        assert page.locator(".judged .text b").count() == 0
        page.get_by_text("I <b>like</b> both.").first.wait_for()
        page.get_by_label("Score of Assistant 1").fill("6")
        page.get_by_label("Score of Assistant 2").fill("6.5")
        page.get_by_role("button", name="Save these scores").click()
        page.get_by_text("counts as 6 : 6.5.").wait_for()
        page.get_by_text("3 wait.").wait_for()
        expect(page.get_by_label("Score of Assistant 1")).to_have_value("")
        page.set_viewport_size({"width": 390, "height": 844})
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
    with Store(tmp_path) as store:
        assert (6, 6.5) in {one.score() for one in list_judgments(store)}
