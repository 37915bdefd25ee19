"""The circle as a page has it: pairs are seen, saved and trained on; a stand-in takes orders."""

from contextlib import closing
from dataclasses import replace
from types import SimpleNamespace

import gradio as gr
import pytest
from starlette.requests import Request

from annotations.accounts import Account, open_session
from annotations.pairing import PairWish, make_pairs
from backend.errors import Conflict
from backend.settings import Settings
from tests.layouts import lay_out
from tests.ledgers import add_ballot
from tests.preferred import make_study
from training.data import read_pairs
from training.report import Report
from ui.admin.training.circle import Circle, show_pairs
from ui.admin.training.wishes import FIELDS
from ui.context import STAFF_COOKIE
from ui.pairing import BENCHMARKS
from ui.server import make_context

FORM = [["likes"], [], "none", ["helpful"], "skip", "majority", 1, "all", "", [], True, "",
        "tiny-reward", "", "", 0.1, 42, False, True]  # fmt: skip
START = 3  # where the button stands among what a look ahead answers


class Shop:
    """Takes orders, and says what it was told about their data."""

    def __init__(self, *faults, full=False):
        self.faults, self.full, self.orders = faults, full, []

    def look(self, order, rows=()):
        return SimpleNamespace(report=replace(REPORT, faults=self.faults))

    def create(self, order):
        if self.full:
            raise Conflict("The name is taken.")
        self.orders.append(order)
        return SimpleNamespace(id="job-1", order=order)


REPORT = Report(n_rows=2, n_examples=2, n_steps=3, effective_batch=2)


@pytest.fixture
def context(store):
    make_study(store)
    add_ballot(store, ("left",) * 3, pair=1)
    add_ballot(store, ("right",) * 3, pair=2)
    add_ballot(store, ("tie",) * 3, pair=3)
    context = make_context(Settings(data=store.folder), store)
    with closing(context.models):
        yield context


def build(context, *faults, **words):
    shop = Shop(*faults, **words)
    with lay_out():
        return Circle(replace(context, workshop=shop)), shop


@pytest.fixture
def ada(context):
    token = open_session(context.store, Account("ada", "admin"), 1)
    cookie = f"{STAFF_COOKIE}={context.signer.sign_staff(token)}"
    return gr.Request(request=Request({"type": "http", "headers": [(b"cookie", cookie.encode())]}))


def change(**told):
    return [told.get(name, value) for name, value in zip(FIELDS, FORM, strict=True)]


def test_what_there_is_can_be_chosen_and_what_was_chosen_stays(context, ada):
    circle, _ = build(context)
    studies, judges, _, recipe, base = circle.look(ada, *FORM)
    assert (studies["choices"], studies["value"]) == (["likes"], ["likes"])
    assert judges["choices"] == []
    assert recipe["value"] == "tiny-reward"
    assert base["choices"] == [("as the recipe says", "")]


def test_pairs_are_shown_and_nothing_is_written(context, ada):
    circle, shop = build(context)
    html = circle.show(ada, *FORM)
    assert "2 pairs on 2 questions" in html
    assert "Sorted: camel, hump" in html
    assert not (context.settings.data / "training").exists()
    assert shop.orders == []


def test_a_wish_that_makes_no_sense_is_a_sentence(context, ada):
    circle, _ = build(context)
    assert "Choose a study, a judge" in circle.show(ada, *change(studies=[]))
    assert "kept apart is 0.9" in circle.show(ada, *change(share=0.9))


def test_a_look_saves_the_pairs_and_opens_the_start_which_orders_them(context, ada):
    circle, shop = build(context)
    _, said, _, start, looked = circle.look_ahead(ada, *FORM)
    assert (said, start["interactive"]) == ("", True)
    done, button = circle.begin(ada, looked, *FORM)
    assert "?tab=training&amp;job=job-1" in done
    assert not button["interactive"]
    (order,) = shop.orders
    saved = context.settings.data / "training" / "files" / order.data[0]
    assert [pair.chosen for pair in read_pairs(saved, "preference").pairs] == [
        "An animal.", "Sorted: camel, hump"
    ]  # fmt: skip
    assert (order.recipe, order.name, order.actor) == ("tiny-reward", "tiny-reward", "ada")


def test_a_start_that_was_not_looked_at_is_refused(context, ada):
    circle, shop = build(context)
    *_, looked = circle.look_ahead(ada, *FORM)
    for seen, values in (("", FORM), (looked, change(min_votes=2)), (None, FORM)):
        assert "See what will happen first" in circle.begin(ada, seen, *values)[0]
    assert shop.orders == []


def test_a_change_closes_the_start(context, ada):
    circle, _ = build(context)
    *_, looked = circle.look_ahead(ada, *FORM)
    assert not circle.check(ada, looked, *change(ties="against"))["interactive"]
    assert "interactive" not in circle.check(ada, looked, *FORM)


def test_a_report_with_a_fault_leaves_the_start_closed(context, ada):
    circle, _ = build(context, "Too many rows are empty.")
    _, _, report, start, looked = circle.look_ahead(ada, *FORM)
    assert "Too many rows are empty." in report
    assert (start["interactive"], looked) == (False, "")


def test_no_pair_is_nothing_to_train_on(context, ada):
    circle, _ = build(context)
    shown, said, *_ = circle.look_ahead(ada, *change(min_votes=3))
    assert "too few votes" in shown
    assert "There is no pair to save" in said


def test_an_order_that_is_refused_is_said(context, ada):
    circle, _ = build(context, full=True)
    *_, looked = circle.look_ahead(ada, *FORM)
    assert "The name is taken." in circle.begin(ada, looked, *FORM)[0]


def test_nobody_else_may_look(context):
    circle, _ = build(context)
    nobody = gr.Request(request=Request({"type": "http", "headers": []}))
    for deed in (circle.look, circle.show, circle.look_ahead):
        with pytest.raises(gr.Error, match="session has ended"):
            deed(nobody, *FORM)
    with pytest.raises(gr.Error, match="session has ended"):
        circle.begin(nobody, "", *FORM)


def test_questions_of_a_benchmark_are_named_in_the_preview(store, data_sources):
    lines = (data_sources / "vicuna_80" / "question.jsonl").read_text("utf-8").splitlines()
    asked = lines[0].split('"text": "')[1].split('"')[0]
    make_study(store, first=asked)
    add_ballot(store, ("left",) * 3, pair=1)
    html = show_pairs(make_pairs(store, PairWish(studies=("likes",))), 0)
    assert BENCHMARKS.format(n=1).split(";")[1] in html


def test_what_looks_like_markup_in_an_answer_is_shown_as_text(store):
    make_study(store, first="<b>Bold</b><script>x</script>")
    add_ballot(store, ("left",) * 3, pair=1)
    html = show_pairs(make_pairs(store, PairWish(studies=("likes",))), 0)
    assert "<script>" not in html
    assert "&lt;b&gt;Bold" in html
