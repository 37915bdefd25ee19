import gradio as gr
import pytest
from playwright.sync_api import expect
from starlette.requests import Request

from backend.settings import Settings
from tests.browser import open_browser, serve_here
from tests.judged import add_judgment
from tests.layouts import lay_out
from tests.ledgers import add_ballot, make_study, open_store
from ui.lab.judge.agreement import AgreementPart
from ui.server import make_context

A, B = "LLaMA-GPT4", "<b>Alpaca</b>"


def make_request(query=""):
    scope = {"type": "http", "query_string": query.encode(), "headers": []}
    return gr.Request(request=Request(scope))


@pytest.fixture
def part(store):
    with lay_out():
        yield AgreementPart(make_context(Settings(), store))


def read(part, updates):
    """The updates by the name of their component."""
    names = part.parts.__dataclass_fields__
    return dict(zip(names, updates, strict=True))


def fill(store):
    """One pair on which judge and vote part, and one on which they don't."""
    make_study(store, (A, B), n_items=2)
    for item, scores in ((1, (9, 8)), (2, (6, 7))):
        add_judgment(store, item, (A, B), scores, text="<i>Reasons</i>")
        add_judgment(store, item, (B, A), scores[::-1], reference_slot=1)
    for pair in (1, 2):
        add_ballot(store, ["right", "left", "tie"], pair=pair, comment="Why <script>")


def test_an_empty_ledger_says_what_will_be_here(part):
    shown = read(part, part.arrive(make_request(), ""))
    assert "No judgments of pairs yet" in shown["body"]
    assert not shown["judge"]["visible"]


def test_without_votes_the_judge_is_told_alone(store, part, study):
    add_judgment(store, 1, ("LLaMA-GPT4", "Alpaca"), (9, 8))
    body = read(part, part.arrive(make_request(), ""))["body"]
    assert "No votes on these answers yet" in body
    assert "Biases" in body and "Disagreements" not in body


def test_the_address_chooses_what_is_shown_and_keeps_it(store, part):
    fill(store)
    query = "tab=judge&view=agreement&criterion=honest&opposite=1"
    shown = read(part, part.arrive(make_request(query), ""))
    assert (shown["criterion"]["value"], shown["opposite"]["value"]) == ("honest", True)
    assert "<h2>gpt-4 and people: honest</h2>" in shown["body"]
    assert "criterion=honest&opposite=1" in shown["where"]
    assert read(part, part.arrive(make_request(), shown["where"])) == shown


@pytest.mark.parametrize(
    "query", ["benchmark=no&judge=no&study=no&criterion=no&scores=no&p=999&pair=x", "p=-1", "%00"]
)
def test_what_makes_no_sense_in_an_address_counts_as_not_there(store, part, query):
    fill(store)
    body = read(part, part.arrive(make_request(query), ""))["body"]
    assert "<h2>gpt-4 and people: helpful</h2>" in body


def test_a_field_shows_the_first_page_of_another_view(store, part):
    fill(store)
    shown = read(part, part.choose("tiny", "original|gpt-4", "study", "harmless", "stored", True))
    assert "<h2>gpt-4 and people: harmless</h2>" in shown["body"]
    assert "study=study&criterion=harmless&scores=stored&opposite=1" in shown["where"]


def test_a_disagreement_opens_with_answers_votes_and_reasons(store, part):
    fill(store)
    body = read(part, part.visit("tab=judge&view=agreement&pair=1"))["body"]
    assert "gpt-4 prefers LLaMA-GPT4" in body and "Done." in body
    assert "&lt;i&gt;Reasons&lt;/i&gt;" in body and "AAA" in body
    assert "<script>" not in body and "<b>Alpaca</b>" not in body


def test_a_pair_that_is_not_there_is_said(store, part):
    fill(store)
    assert "no pair number 77" in read(part, part.visit("pair=77"))["body"]


@pytest.mark.browser
def test_a_disagreement_is_opened_and_left_without_loading_the_page(tmp_path):
    with open_store(tmp_path) as store:
        fill(store)
    with serve_here(tmp_path) as app, open_browser() as browser:
        page = browser.new_page(viewport={"width": 390, "height": 800})
        page.goto(app.login)
        if page.get_by_role("button", name="Log in").count():
            page.get_by_role("button", name="Log in").click()
        page.goto(f"{app.url}/lab/?tab=judge&view=agreement")
        page.locator("#agreement-body .parted a.go").first.click()
        expect(page.get_by_text("gpt-4 prefers LLaMA-GPT4")).to_be_visible()
        page.wait_for_url("**&pair=1")
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
        page.get_by_text("Back to agreement").click()
        expect(page.get_by_text("Disagreements: 1")).to_be_visible()
        page.wait_for_url(lambda url: "pair=" not in url)
