import re

import gradio as gr
import pytest
from playwright.sync_api import expect
from starlette.requests import Request

from annotations.browse import Search, find_pair
from backend.settings import Settings
from tests.browser import open_browser, serve_here
from tests.layouts import lay_out
from tests.ledgers import add_ballot, make_study, open_store
from ui.lab.items import ANY, Browser, find_neighbours, open_case, read_shelf
from ui.lab.where import Where
from ui.server import make_context

THREE = ("LLaMA-GPT4", "Alpaca", "GPT-4")


def make_request(query=""):
    scope = {"type": "http", "query_string": query.encode(), "headers": []}
    return gr.Request(request=Request(scope))


@pytest.fixture
def browser(store):
    with lay_out():
        yield Browser(make_context(Settings(), store))


def read(browser, updates):
    """The updates by the name of their component."""
    names = browser.parts.__dataclass_fields__
    return {
        name: update.get("value") if isinstance(update, dict) else update
        for name, update in zip(names, updates, strict=True)
    }


def test_an_empty_ledger_says_so(browser):
    assert "No studies yet" in read(browser, browser.arrive(make_request(), ""))["body"]


def test_the_address_chooses_what_is_shown(store, browser, study):
    add_ballot(store, ["left", "tie", "right"])
    query = "study=study&tab=items&item=i1&criterion=helpful&outcome=a"
    shown = read(browser, browser.arrive(make_request(query), ""))
    assert "1 of 1" in shown["body"] and "AAA" in shown["body"]
    assert shown["where"] == query
    assert "criterion=helpful&amp;outcome=a" in shown["address"]


def test_what_was_looked_at_goes_before_the_address(browser, study):
    shown = read(browser, browser.arrive(make_request("item=i1"), "study=study&item=i2"))
    assert "<h2>i2</h2>" in shown["body"]


def test_a_field_starts_another_list(store, browser, study):
    add_ballot(store, ["left"] * 3)
    add_ballot(store, ["right"] * 3, who="B", slot=2)
    shown = read(browser, browser.sift("study", ANY, "honest", "", "", " ", True))
    assert "1 pair" in shown["body"]
    assert shown["where"] == "study=study&tab=items&criterion=honest&split=1"


def test_what_is_not_there_is_said(browser, study):
    shown = read(browser, browser.visit("study=study&item=i99"))
    assert "no item &#39;i99&#39;" in shown["body"]


@pytest.mark.parametrize(
    "address", ["study=other", "comparison=77", "p=88", "app=None", "x" * 9000]
)
def test_a_bad_address_shows_a_list(browser, study, address):
    assert "<h2>" not in read(browser, browser.visit(address))["body"]


def test_a_page_past_the_end_is_the_last_one(store):
    study = make_study(store, n_items=30)
    shelf = read_shelf(store, study, Where("study", page=9))
    assert (shelf.where.page, len(shelf.entries), shelf.n, shelf.more) == (2, 5, 30, False)


def test_a_long_list_is_counted_up_to_a_limit(store):
    study = make_study(store, n_items=30)
    shelf = read_shelf(store, study, Where("study"), most=25)
    assert (shelf.n, shelf.more, len(shelf.entries)) == (25, True, 25)
    near = find_neighbours(store, study, Where("study"), find_pair(store, study, "i30"), most=25)
    assert (near.place, near.n, near.more, near.after) == (30, 30, False, None)
    near = find_neighbours(store, study, Where("study"), find_pair(store, study, "i25"), most=25)
    assert (near.place, near.n, near.more) == (25, 25, True)
    assert near.after is not None


def test_neighbours_are_those_of_the_list(store):
    study = make_study(store, systems=THREE, n_items=3)
    html = open_case(store, study, Where("study", Search(place=1)).open("i2", 1, 1))
    links = re.findall(r'href="([^"]*)"', html)
    assert [re.search(r"item=(\w+)|$", link)[1] for link in links[:3]] == [None, "i1", "i3"]
    assert "2 of 3" in html


def test_a_pair_outside_its_list_says_so(store, study):
    html = open_case(store, study, Where("study", Search(split=True)).open("i1", 0, 1))
    assert "not in this list" in html


@pytest.mark.browser
def test_a_pair_is_opened_by_its_address_and_comments_are_text(tmp_path):
    comment = "<b>bold</b> <script>document.title = 'run'</script>"
    with open_store(tmp_path) as store:
        make_study(store)
        add_ballot(store, ["left"] * 3, comment=comment)
        add_ballot(store, ["right"] * 3, who="B", slot=2)
        add_ballot(store, ["left"] * 3, pair=2, who="C")
    with serve_here(tmp_path) as app, open_browser() as browser:
        page = browser.new_page()
        page.goto(app.login)
        page.goto(f"{app.url}/lab/?study=study&tab=items&item=i1")
        page.wait_for_selector(".voices")
        assert comment in page.inner_text(".voices")
        assert page.locator(".voices b", has_text="bold").count() == 0
        assert page.title() != "run"
        page.reload()
        assert page.inner_text("#items-body h2") == "i1"
        page.get_by_text("Back to the list", exact=True).click()
        page.get_by_label("Only where annotators disagree").check()
        expect(page.locator(".pairs > li")).to_have_count(1)
        page.wait_for_url("**/lab/?study=study&tab=items&split=1")
        page.click(".pairs a.go")
        page.wait_for_selector(".voices")
        assert "1 of 1" in page.inner_text(".turn")
        page.go_back()
        page.wait_for_selector(".pairs")
