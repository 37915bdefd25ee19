import re

import gradio as gr
import pytest
from starlette.requests import Request

from annotations.judging.browse import PAGE, Filter
from backend.settings import Settings
from tests.judged import add_judgment, make_questions
from tests.layouts import lay_out
from ui.lab.judge.browser import Browser, read_shelf
from ui.lab.judge.where import Where
from ui.server import make_context

PAIR = ("alpaca", "vicuna")


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
    return dict(zip(names, updates, strict=True))


def read_body(browser, updates):
    return read(browser, updates)["body"]["value"]


@pytest.fixture
def judged(store):
    """Three questions, both orders of one pair on the first, one unreadable reply."""
    make_questions(store)
    return [
        add_judgment(store, 1, PAIR, (7, 9)),
        add_judgment(store, 1, PAIR[::-1], (6, 8), reference_slot=1),
        add_judgment(store, 2, PAIR, (8, 8), stored=(8, 7)),
        add_judgment(store, 3, ("bard", "vicuna"), None, outcome="unreadable", text="Hm."),
    ]


def test_a_ledger_without_judgments_says_how_to_get_some(browser):
    assert "No judgments yet" in read_body(browser, browser.arrive(make_request(), ""))


def test_the_list_has_who_was_judged_with_scores(browser, judged):
    html = read_body(browser, browser.arrive(make_request(), ""))
    assert "4 judgments" in html
    assert '<dt class="best">vicuna</dt><dd class="best">9</dd>' in html
    assert "Unreadable" in html and "The file stores other scores" in html


@pytest.mark.parametrize(
    ("fields", "n"),
    [
        ({}, 4),
        ({"system": "bard"}, 1),
        ({"reference": "vicuna", "category": "math"}, 3),
        ({"outcome": "unreadable"}, 1),
        ({"flips": True}, 2),
        ({"differs": True}, 1),
        ({"text": "What is 2"}, 1),
    ],
)
def test_a_field_starts_another_list(browser, judged, fields, n):
    form = ["system", "reference", "judge", "benchmark", "category", "outcome", "source", "text",
            "flips", "differs"]  # fmt: skip
    shown = read(browser, browser.sift(*(fields.get(name) for name in form)))
    assert f"{n} judgment{'' if n == 1 else 's'}<" in shown["body"]["value"]
    assert f"/lab/export/judgments?{shown['where'].partition('judgments')[2].lstrip('&')}" in (
        shown["body"]["value"].replace("&amp;", "&")
    )


def test_a_judgment_is_opened_with_its_neighbours_and_its_other_order(browser, judged):
    html = read_body(browser, browser.visit(f"judgment={judged[1]}&category=math"))
    links = re.findall(r'class="go button" href="[^"]*judgment=(\d+)"', html)
    assert "2 of 3" in html
    assert [int(link) for link in links] == [judged[0], judged[3]]
    assert "alpaca says 1." in html and "judged again" in html


def test_one_outside_its_list_has_no_neighbours(browser, judged):
    html = read_body(browser, browser.visit(f"judgment={judged[3]}&system=alpaca"))
    assert "not in this list" in html
    assert "Previous" not in html


@pytest.mark.parametrize("address", ["judgment=999", "judgment=1&p=88"])
def test_what_is_not_there_is_said_in_words(browser, judged, address):
    assert "judgment" in read_body(browser, browser.visit(address))


def test_a_page_past_the_end_is_the_last_one(store):
    make_questions(store, n_items=PAGE + 2)
    for item in range(1, PAGE + 3):
        add_judgment(store, item, PAIR, (7, 9))
    shelf = read_shelf(store, Where(Filter(), 9), "read")
    assert (shelf.where.page, len(shelf.judgments), shelf.n) == (2, 2, PAGE + 2)


def test_names_and_replies_are_text(store, browser):
    lure = "<img src=x onerror=alert(1)>"
    make_questions(store, systems=(lure, "vicuna"))
    opened = add_judgment(store, 1, (lure, "vicuna"), (1, 2), text=lure, first_text=lure,
                          detail=lure)  # fmt: skip
    for address in (f"judgment={opened}", f"q={lure}"):
        assert "<img" not in read_body(browser, browser.visit(address))
