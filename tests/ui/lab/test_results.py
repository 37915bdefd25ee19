import gradio as gr
import pytest
from starlette.requests import Request

from backend.settings import Settings
from tests.layouts import lay_out
from tests.ledgers import add_ballot, make_study
from ui.lab.results import THEME_COOKIE, Viewer, find_theme
from ui.server import make_context


def make_request(query="", cookie=""):
    scope = {
        "type": "http",
        "query_string": query.encode(),
        "headers": [(b"cookie", cookie.encode())],
    }
    return gr.Request(request=Request(scope))


@pytest.fixture
def viewer(store):
    with lay_out():
        yield Viewer(make_context(Settings(), store))


def read(viewer, updates):
    """The updates by the name of their component, as values."""
    names = viewer.parts.__dataclass_fields__
    return {
        name: update.get("value") if isinstance(update, dict) else update
        for name, update in zip(names, updates, strict=True)
    }


def test_an_empty_ledger_says_so(viewer):
    shown = read(viewer, viewer.arrive(make_request(), None, None, None))
    assert "No studies yet" in shown["heading"]
    assert shown["pies"] is None


def test_the_address_chooses_what_is_shown(store, viewer):
    make_study(store, systems=("LLaMA-GPT4", "Alpaca", "GPT-4"), benchmark="user_oriented_252")
    request = make_request("study=study&pair=1&published=a")
    shown = read(viewer, viewer.arrive(request, None, None, None))
    assert (shown["study"], shown["pair"], shown["panel"]) == ("study", 1, "a")


@pytest.mark.parametrize("pair", ["-1", "x", "99", "²", "9" * 5000, ""])
def test_a_bad_address_shows_the_first_comparison(store, viewer, study, pair):
    request = make_request(f"study=study&pair={pair}".encode().decode("latin-1"))
    assert read(viewer, viewer.arrive(request, None, None, None))["pair"] == 0


def test_what_is_chosen_on_the_page_goes_before_the_address(store, viewer, study):
    request = make_request("study=other&published=b")
    assert read(viewer, viewer.arrive(request, "study", 0, "none"))["panel"] == "none"


def test_figures_come_with_the_first_vote(store, viewer, study):
    before = read(viewer, viewer.show(make_request(), "study", 0, None))
    add_ballot(store, ["left", "tie", "right"])
    after = read(viewer, viewer.show(make_request(), "study", 0, None))
    assert before["pies"] is before["bars"] is None
    assert len(after["pies"].data) == 3
    assert after["bars"].data


def test_another_comparison_brings_its_own_published_numbers(store, viewer):
    make_study(store, systems=("LLaMA-GPT4", "Alpaca", "GPT-4"), benchmark="user_oriented_252")
    shown = read(viewer, viewer.choose_pair(make_request(), "study", 1))
    assert shown["panel"] == "b"
    assert "tell" not in shown


@pytest.mark.parametrize(
    ("cookie", "theme"), [("", "light"), ("dark", "dark"), ("light", "light"), ("x", "light")]
)
def test_the_page_tells_its_theme(cookie, theme):
    request = make_request(cookie=f"{THEME_COOKIE}={cookie}")
    assert find_theme(request.request) == theme
