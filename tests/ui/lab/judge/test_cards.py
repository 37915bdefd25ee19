from dataclasses import replace

import pytest

from annotations.accounts import Account
from annotations.judging.orders import JudgeOrder
from annotations.judging.runs import JudgeRun
from tests.judged import add_judgment, make_questions
from ui.lab.judge.cards import Judged, read_judged, show_judged

ADMIN, RESEARCHER = Account("ada", "admin"), Account("bob", "researcher")
ORDER = JudgeOrder("gpt-4", "vicuna_80", ("alpaca", "<b>"), ("vicuna",))
RUN = JudgeRun(
    7, "vicuna_80", "gpt-4", "gpt-4-0613", "kim", ORDER, "text", "failed", "The quota is used up.",
    320, 20, {"ok": 90, "unreadable": 2}, 1.5, 1000.0, 2000.0,
)  # fmt: skip


def test_nothing_is_shown_where_nothing_was_judged(store):
    assert show_judged(read_judged(store), ADMIN) == ""


def test_a_run_says_how_far_it_is_and_what_went_wrong():
    html = show_judged(Judged((RUN,)), ADMIN)
    assert "112 of 320" in html
    assert all(word in html for word in ("2 without a verdict", "quota", "$1.50", "Failed"))
    assert "alpaca · &lt;b&gt; against vicuna" in html


def test_a_researcher_is_not_led_where_the_door_is_shut():
    assert "/admin/" in show_judged(Judged((RUN,)), ADMIN)
    assert "/admin/" not in show_judged(Judged((RUN,)), RESEARCHER)


@pytest.mark.parametrize(("state", "words"), [("running", "so far"), ("done", "$1.50<")])
def test_money_is_spent_so_far_while_a_run_goes_on(state, words):
    assert words in show_judged(Judged((replace(RUN, state=state),)), ADMIN)


def test_imported_verdicts_are_counted_once_each(store):
    make_questions(store)
    for item, outcome in ((1, "ok"), (2, "ok"), (3, "unreadable")):
        read = (7, 8) if outcome == "ok" else None
        add_judgment(store, item, ("alpaca", "vicuna"), read, outcome=outcome)
    assert read_judged(store) == Judged((), 2)
    assert "2 verdicts" in show_judged(read_judged(store), RESEARCHER)
