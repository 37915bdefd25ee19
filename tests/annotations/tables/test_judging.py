"""What the judge's tables refuse by themselves, whoever writes to them."""

import sqlite3
from dataclasses import replace

import pytest

from annotations.store import Store
from tests.judged import add_judgment, make_questions
from tests.judges import ORDER, Judge, judge


@pytest.fixture
def store(tmp_path):
    """Three questions that three systems have answered."""
    with Store(tmp_path, purpose="test") as store:
        make_questions(store)
        yield store


def copy(store, **changed):
    """The first judgment again, as another attempt, changed."""
    row = dict(store.row("SELECT * FROM judgment")) | {"judgment_id": None, "attempt": 1} | changed
    marks = ", ".join(f":{name}" for name in row)
    with store.write() as db:
        db.execute(f"INSERT INTO judgment({', '.join(row)}) VALUES ({marks})", row)


FAILED = {"outcome": "unreadable", "read_1": None, "read_2": None, "winner": None}


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"key": "of no task"}, "FOREIGN KEY"),
        ({"content": ""}, "content"),
        ({"cost_usd": -0.01}, "cost_usd"),
        ({"duration_s": -1}, "duration_s"),
        ({"kind": "single", "system_2": None, "reference_slot": None}, "kind"),
        ({"winner": "1"}, "outcome"),
    ],
)
def test_a_judgment_of_a_run_is_one_of_its_tasks_and_whole(store, changed, why):
    judge(store, Judge(), replace(ORDER, n_items=1, systems=("bard",), orders="published"))
    copy(store, **FAILED)
    with pytest.raises(sqlite3.IntegrityError, match=why):
        copy(store, **FAILED | {"attempt": 2} | changed)


@pytest.mark.parametrize("column", ["system_1", "system_2", "item_id"])
def test_a_judgment_is_of_its_systems_answers_to_its_item(store, column):
    add_judgment(store, 1, ("alpaca", "vicuna"), (7, 8))
    copy(store)
    with pytest.raises(sqlite3.IntegrityError, match="answers to its item"):
        copy(store, attempt=2, **{column: 2})


def test_a_verdict_of_another_run_on_the_same_task_is_refused(store):
    judge(store, Judge(), replace(ORDER, n_items=1, systems=("bard",), orders="published"))
    with pytest.raises(sqlite3.IntegrityError, match=r"judgment\.key"):
        copy(store)


@pytest.mark.parametrize("scores", [(7, None), (None, 8), (7, 11)])
def test_a_reading_by_a_person_has_both_scores_or_none(store, scores):
    number = add_judgment(store, 1, ("alpaca", "vicuna"), None, outcome="unreadable")
    sql = "INSERT INTO judgment_reading VALUES (NULL, ?, 'kim', ?, ?, '', 0)"
    with store.write() as db:
        db.execute(sql, (number, None, None))
    with pytest.raises(sqlite3.IntegrityError), store.write() as db:
        db.execute(sql, (number, *scores))


def test_no_more_is_known_already_than_there_is_to_do(store):
    run = judge(store, Judge())
    sql = """INSERT INTO judge_run SELECT 9, benchmark_id, actor, judge, card_sha256, snapshot,
        protocol, prompt_sha256, orders, repeats, wants, form, sampling, wish, cap_usd, 1, ?,
        state, message, started_at, finished_at FROM judge_run WHERE judge_run_id = ?"""
    with pytest.raises(sqlite3.IntegrityError, match="n_cached"), store.write() as db:
        db.execute(sql, (2, run.run_id))
    with store.write() as db:
        assert db.execute(sql, (1, run.run_id)).rowcount == 1


def test_what_is_counted_often_is_counted_without_reading_long_rows(store):
    plans = [
        store.rows(f"EXPLAIN QUERY PLAN {sql}")[0]["detail"]
        for sql in (
            "SELECT outcome, count(*) FROM judgment WHERE judge_run_id = 1 GROUP BY outcome",
            "SELECT judgment_id FROM judgment WHERE outcome = 'unreadable'",
        )
    ]
    assert all("COVERING INDEX" in plan for plan in plans), plans
