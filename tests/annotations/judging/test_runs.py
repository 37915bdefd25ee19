"""What the ledger keeps of a judge's run."""

import sqlite3
from dataclasses import replace

import pytest

from annotations.judging.orders import look_ahead_judge
from annotations.judging.records import list_judgments
from annotations.judging.runs import (
    finish_judge_run,
    read_judge_run,
    read_judge_runs,
    save_verdict,
    start_judge_run,
)
from annotations.judging.waiting import read_by_hand
from backend.errors import Conflict, NotFound, Refused
from backend.judge.records import VERDICT_OUTCOMES, Reading, Verdict
from tests.judged import make_questions
from tests.judges import ORDER, Judge
from tests.ledgers import open_store

FINE = Verdict("ok", Reading(0, 8, "first line", ("zero",)), text="0 8", cost_usd=0.5)


@pytest.fixture
def store(tmp_path):
    """Three questions that three systems have answered."""
    with open_store(tmp_path) as store:
        make_questions(store)
        yield store


def begin(store, **changed):
    """A run that has begun, and what it is to ask."""
    outlook = look_ahead_judge(store, Judge(), replace(ORDER, **changed))
    return start_judge_run(store, "kim", outlook), outlook.tasks


def test_a_run_knows_what_it_was_sent_to_do(store):
    run_id, tasks = begin(store, repeats=2, cap_usd=3.0)
    run = read_judge_run(store, run_id)
    assert (run.order.repeats, run.order.cap_usd, run.judge, run.snapshot) == (
        2, 3.0, "free", "judge-0613",
    )  # fmt: skip
    assert (run.state, run.n_tasks, run.n_done) == ("running", len(tasks), 0)
    assert store.row("SELECT count(*) FROM judge_task")[0] == 24


def test_what_was_judged_after_the_look_ahead_is_not_paid_for_again(store):
    late = look_ahead_judge(store, Judge(), ORDER)
    run_id, tasks = begin(store)
    save_verdict(store, run_id, tasks[0], FINE)
    finish_judge_run(store, run_id, "cancelled")
    with pytest.raises(Conflict, match="have just been judged"):
        start_judge_run(store, "kim", late)
    assert begin(store)[1] == tasks[1:]


def test_scores_lie_with_their_flags_beside_how_they_were_read(store):
    run_id, tasks = begin(store)
    save_verdict(store, run_id, tasks[0], FINE)
    (one,) = list_judgments(store)
    assert (one.read, one.how, one.flags, one.source) == ((0, 8), "first line", ("zero",), "run 1")


@pytest.mark.parametrize("outcome", [name for name in VERDICT_OUTCOMES if name != "ok"])
def test_no_failure_has_a_score(store, outcome):
    run_id, tasks = begin(store)
    save_verdict(store, run_id, tasks[0], Verdict(outcome, text="9 9", detail="It failed."))
    (one,) = list_judgments(store)
    assert (one.outcome, one.read, one.score(), one.winner()) == (outcome, None, None, None)
    assert read_judge_run(store, run_id).outcomes == {outcome: 1}


@pytest.mark.parametrize("late", [FINE, Verdict("api_error", fault="timeout")])
def test_what_a_person_has_read_meanwhile_stays(store, late):
    run_id, tasks = begin(store)
    number = save_verdict(store, run_id, tasks[0], Verdict("unreadable", text="Seven, eight."))
    read_by_hand(store, number, "kim", 7, 8)
    assert save_verdict(store, run_id, tasks[0], late) is None
    assert list_judgments(store)[0].score() == (7, 8)


def test_a_reply_that_was_asked_for_again_is_read_by_nobody(store):
    run_id, tasks = begin(store)
    number = save_verdict(store, run_id, tasks[0], Verdict("unreadable", text="Seven, eight."))
    read_by_hand(store, number, "kim", None, None)
    save_verdict(store, run_id, tasks[0], FINE)
    with pytest.raises(Refused, match="asked again after judgment 1"):
        read_by_hand(store, number, "kim", 7, 8)


def test_a_failure_with_a_score_is_refused_by_the_ledger_itself(store):
    run_id, tasks = begin(store)
    with pytest.raises(sqlite3.IntegrityError, match="CHECK"):
        save_verdict(store, run_id, tasks[0], Verdict("empty", Reading(7, 8, "first line")))
    assert list_judgments(store) == []


def test_twins_share_a_verdict_and_its_money_is_counted_once(store):
    run_id, tasks = begin(store)
    first = save_verdict(store, run_id, tasks[0], FINE, tasks[1:3])
    rows = store.rows("SELECT judgment_id, text, read_1, cost_usd, detail FROM judgment")
    assert [tuple(row)[1:4] for row in rows] == [("0 8", 0, 0.5), ("0 8", 0, 0), ("0 8", 0, 0)]
    assert rows[1]["detail"].startswith(f"As judgment {first},")


def test_a_verdict_after_the_end_is_kept_and_the_first_ending_stands(store):
    run_id, tasks = begin(store)
    finish_judge_run(store, run_id, "cancelled", "by kim")
    assert save_verdict(store, run_id, tasks[0], FINE)
    assert finish_judge_run(store, run_id, "done").message == "by kim"
    assert [run.n_judged for run in read_judge_runs(store)] == [1]


def test_a_run_that_is_not_there_is_said(store):
    _, tasks = begin(store)
    for ask in (lambda: read_judge_run(store, 99), lambda: save_verdict(store, 99, tasks[0], FINE)):
        with pytest.raises(NotFound, match="no judge run number 99"):
            ask()
