"""Runs of a judge from their start to their end: what is kept, what is paid, how they end."""

import asyncio
import json
import sqlite3
import time
from contextlib import closing
from dataclasses import replace

import pytest

from annotations.endings import mark_interrupted
from annotations.judging.judging import JudgeErrand, Judging, resume_judge_order
from annotations.judging.orders import JudgeOrder, look_ahead_judge
from annotations.judging.records import list_judgments
from annotations.judging.runs import (
    read_judge_run,
    read_judge_runs,
    save_verdict,
)
from annotations.judging.waiting import list_waiting
from backend.dialogue import Reply
from backend.errors import Conflict, LedgerError, NotFound
from backend.judge.records import Reading, Verdict
from tests.judged import make_questions
from tests.judges import ORDER, Judge, judge
from tests.ledgers import open_store

DEAR = replace(ORDER, judge="dear")
N_TASKS = 3 * 2 * 2  # items, systems, orders


@pytest.fixture
def store(tmp_path):
    """Three questions that three systems have answered."""
    with open_store(tmp_path) as store:
        store._writer.execute("PRAGMA synchronous=OFF")
        make_questions(store)
        yield store


def wait_for(is_so, seconds=60.0):
    """Wait until something is so."""
    deadline = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < deadline, "it never was"
        time.sleep(0.005)


def slot_wise(prompt):
    """A judge that gives 9 to the first answer and 4 to the second."""
    return "9 4\nThe first is better."


def test_every_task_has_its_verdict_in_both_orders(store):
    run = judge(store, Judge(slot_wise))
    assert (run.state, run.outcomes, run.n_done, run.n_tasks) == (
        "done", {"ok": N_TASKS}, N_TASKS, N_TASKS,
    )  # fmt: skip
    alpaca = [one for one in list_judgments(store) if one.system == "alpaca"]
    assert {(one.system_1, one.reference_slot) for one in alpaca} == {("alpaca", 2), ("vicuna", 1)}
    assert {one.score() for one in alpaca} == {(9.0, 4.0)}


def test_a_judgment_keeps_all_that_stands_behind_it(store):
    judge(store, Judge(), replace(ORDER, systems=("bard",), n_items=1, orders="published"))
    row = store.row("SELECT * FROM judgment")
    assert (row["judge"], row["model"], row["protocol"]) == ("free", "judge-0613@1", "camelid")
    assert (row["text"], row["n_prompt_tokens"], row["n_tokens"]) == (
        "7 8\nBoth are fine.", 100, 9,
    )  # fmt: skip
    assert row["how"] and row["boundary"] and row["prompt_sha256"] and row["content"]


def test_a_second_run_asks_for_nothing(store):
    judge(store, Judge())
    models = Judge()
    run = judge(store, models)
    assert (models.asked, run.state, run.n_cached, run.n_done) == ([], "done", N_TASKS, N_TASKS)
    assert len(list_judgments(store)) == N_TASKS


def test_what_has_changed_is_judged_anew_and_nothing_else(store):
    judge(store, Judge(), replace(ORDER, systems=("bard",)))
    models = Judge()
    assert judge(store, models).n_cached == N_TASKS / 2
    judge(store, models, replace(ORDER, temperature=0.9))
    assert len(models.asked) == N_TASKS / 2 + N_TASKS


def test_failures_are_names_and_never_scores(store):
    replies = iter(["refused", "filtered", "truncated", "empty", "timeout"])

    def answer(prompt):
        outcome = next(replies, "ok")
        return Reply("9 9" if outcome in ("ok", "truncated") else "", outcome, "It failed.")

    run = judge(store, Judge(answer), replace(ORDER, n_parallel=1))
    assert run.outcomes == {
        "ok": 7, "refused": 1, "filtered": 1, "truncated": 1, "empty": 1, "api_error": 1,
    }  # fmt: skip
    assert run.n_failed == 5
    failed = [one for one in list_judgments(store) if one.outcome != "ok"]
    assert {one.score() for one in failed} == {None}
    assert {one.fault for one in failed} == {"", "timeout"}


def test_what_the_server_failed_is_asked_again_and_the_rest_only_when_it_is_wished(store):
    replies = iter(["refused", "timeout"])
    judge(store, Judge(lambda _: Reply("", one) if (one := next(replies, "")) else "7 8"),
          replace(ORDER, n_parallel=1))  # fmt: skip
    again, retried = Judge(), Judge()
    run = judge(store, again)
    assert (len(again.asked), run.outcomes) == (1, {"ok": 1})
    judge(store, retried, replace(ORDER, retry=True))
    assert len(retried.asked) == 1
    assert {one.outcome for one in list_judgments(store)} == {"ok"}
    assert store.row("SELECT max(attempt), count(*) FROM judgment")[:] == (1, N_TASKS + 2)


def test_what_can_not_be_read_waits_for_a_person_with_both_replies(store):
    texts = iter(["I would rather not say.", "Both have their merits."])
    run = judge(store, Judge(lambda _: next(texts, "7 8")), replace(ORDER, n_parallel=1))
    assert run.outcomes == {"ok": N_TASKS - 1, "unreadable": 1}
    (one,) = list_waiting(store)
    assert (one.first_text, one.text) == ("I would rather not say.", "Both have their merits.")


def test_equal_texts_of_two_systems_are_asked_once_and_judged_both(tmp_path):
    with open_store(tmp_path) as store:
        make_questions(store, ("r1", "b", "ref"))
        store._writer.execute("DROP TRIGGER answer_no_update")
        store._writer.execute("UPDATE answer SET text = 'Same.' WHERE system_id IN (1, 2)")
        models = Judge()
        order = JudgeOrder("free", "vicuna_80", ("r1", "b"), ("ref",))
        run = judge(store, models, order)
        assert (len(models.asked), run.outcomes) == (6, {"ok": 12})
        copies = [one for one in list_judgments(store) if one.system == "b"]
        assert len(copies) == 6
        assert all("which is of the same texts" in one.detail for one in copies)


def test_a_verdict_on_equal_texts_is_taken_over_by_a_later_run(tmp_path):
    with open_store(tmp_path) as store:
        make_questions(store, ("r1", "b", "ref"))
        store._writer.execute("DROP TRIGGER answer_no_update")
        store._writer.execute("UPDATE answer SET text = 'Same.' WHERE system_id IN (1, 2)")
        judge(store, Judge(), JudgeOrder("free", "vicuna_80", ("r1",), ("ref",)))
        models = Judge()
        run = judge(store, models, JudgeOrder("free", "vicuna_80", ("b",), ("ref",)))
        assert (models.asked, run.outcomes, run.cost_usd) == ([], {"ok": 6}, 0)


def test_equal_answers_are_ties_without_a_call_where_wins_are_wanted(tmp_path):
    with open_store(tmp_path) as store:
        make_questions(store, ("a", "b"))
        store._writer.execute("DROP TRIGGER answer_no_update")
        store._writer.execute("UPDATE answer SET text = 'Same.' WHERE item_id < 3")
        models = Judge()
        order = JudgeOrder("free", "vicuna_80", ("a",), ("b",), wants="wins")
        run = judge(store, models, order)
        assert (len(models.asked), run.outcomes) == (2, {"ok": 6})
        ties = [one for one in list_judgments(store) if one.how == "identical"]
        assert {(one.winner(), one.score(), one.cost_usd) for one in ties} == {("tie", None, 0.0)}
        judge(store, models, replace(order, wants="scores"))
        assert len(models.asked) == 2 + 2  # both orders are the same prompt


def test_canaries_ride_along_as_systems_with_answers(store):
    models = Judge()
    run = judge(store, models, replace(ORDER, canaries=True))
    assert run.outcomes == {"ok": 2 * N_TASKS}
    systems = {one.system for one in list_judgments(store)}
    assert systems == {"alpaca", "bard", "canary: begging answer", "canary: null answer"}
    judge(store, models, replace(ORDER, canaries=True))
    assert len(models.asked) == 2 * N_TASKS
    judge(store, models, replace(ORDER, systems=()))  # all, and canaries only where wished
    assert len(models.asked) == 2 * N_TASKS


@pytest.mark.parametrize(
    ("pause", "quitting", "state"),
    [(False, False, "cancelled"), (True, False, "paused"), (True, True, "interrupted")],
)
def test_a_stop_keeps_what_has_come_and_the_next_run_does_the_rest(store, pause, quitting, state):
    models = Judge(pause_s=0.002)
    order = replace(ORDER, repeats=10, n_parallel=2)
    run = judge(store, models, order, stop_after=20, pause=pause, quitting=quitting)
    assert (run.state, 18 <= run.n_judged < 40) == (state, True)
    again = Judge()
    whole = judge(store, again, resume_judge_order(run))
    assert (whole.state, len(again.asked)) == ("done", 120 - run.n_judged)
    assert len(list_judgments(store)) == 120


def test_a_wrong_key_fails_the_run_with_its_reason(store):
    models = Judge(Reply("", "bad_key", "The key was revoked."))
    run = judge(store, models, replace(ORDER, n_parallel=2))
    assert (run.state, run.message) == ("failed", "The key was revoked.")
    assert len(models.asked) <= 4


def test_the_cap_of_an_order_stops_it_cleanly_and_holds_over_restarts(store):
    order = replace(DEAR, cap_usd=0.055, n_parallel=2)
    run = judge(store, Judge(), order)
    assert (run.state, run.n_judged, run.cost_usd) == ("paused", 5, pytest.approx(0.05))
    assert "$0.0500 of this run's cap of $0.0550 are spent" in run.message
    assert set(run.outcomes) == {"ok"}  # who was not asked has not failed
    again = Judge()
    run = judge(store, again, order)
    assert (run.state, again.asked, run.outcomes) == ("paused", [], {})
    assert "$0.0500 of this run's cap of $0.0550 are spent" in run.message
    more = judge(store, again, replace(order, cap_usd=1.0))
    assert (more.state, more.n_judged) == ("done", N_TASKS - 5)
    assert sum(one.cost_usd for one in read_judge_runs(store)) == pytest.approx(0.12)


def test_the_cap_of_the_day_stops_a_run_as_cleanly(store):
    run = judge(store, Judge(call_usd=30), replace(DEAR, n_parallel=1))
    assert (run.state, run.n_judged) == ("paused", 3)
    assert "today's cap of $100.00" in run.message


def test_what_a_killed_run_had_set_aside_counts_for_the_cap(store):
    errand = JudgeErrand(store, Judge(), replace(DEAR, cap_usd=0.055), "kim")
    asyncio.run(errand.connect())
    errand.models.purse.reserve("dear", 0.03, 100)  # and the process is gone
    mark_interrupted(store)
    run = judge(store, Judge(), replace(DEAR, cap_usd=0.055))
    assert (run.state, run.n_judged) == ("paused", 2)


def test_a_done_order_begins_with_a_full_cap_again(store):
    judge(store, Judge(), replace(DEAR, cap_usd=1.0))
    outlook = look_ahead_judge(store, Judge(), replace(DEAR, cap_usd=1.0))
    assert outlook.spent_usd == 0


def test_a_verdict_is_given_once(store):
    errand = JudgeErrand(store, Judge(), ORDER, "kim")
    task = errand.outlook.tasks[0]
    verdict = Verdict("ok", Reading(7, 8, "first line"), text="7 8")
    assert save_verdict(store, errand.run_id, task, verdict)
    assert save_verdict(store, errand.run_id, task, verdict) is None
    assert save_verdict(store, errand.run_id, task, Verdict("empty")) is None
    assert store.row("SELECT count(*) FROM judgment")[0] == 1


def test_odd_letters_of_a_judge_are_kept_as_what_the_ledger_can_hold(store):
    judge(store, Judge("7 8\nNUL \0 and half \ud800."), replace(ORDER, n_items=1))
    assert "NUL \ufffd and half \ufffd." in list_texts(store)[0]


def list_texts(store):
    return [row[0] for row in store.rows("SELECT text FROM judgment")]


def test_the_same_is_judged_by_one_run_at_a_time(store):
    JudgeErrand(store, Judge(), ORDER, "kim")
    with pytest.raises(Conflict, match="Run 1 is judging"):
        JudgeErrand(store, Judge(), replace(ORDER, systems=("bard",)), "kim")
    assert JudgeErrand(store, Judge(), replace(ORDER, temperature=0.9), "kim").run_id == 2


def test_a_run_that_died_with_its_process_is_interrupted_at_the_next_start(store):
    run_id = JudgeErrand(store, Judge(), ORDER, "kim").run_id
    assert (mark_interrupted(store), mark_interrupted(store)) == (1, 0)
    assert read_judge_run(store, run_id).state == "interrupted"
    assert judge(store, Judge()).state == "done"


def test_runs_of_the_app_go_on_in_a_thread_of_their_own_and_are_paused_and_resumed(store):
    models = Judge(pause_s=0.005)
    with closing(Judging(store, models)) as judging:
        run_id = judging.start(replace(ORDER, n_parallel=1), "kim")
        wait_for(lambda: judging.look(run_id).n_done > 1)
        judging.pause(run_id)
        wait_for(lambda: read_judge_run(store, run_id).state == "paused")
        wait_for(lambda: judging.look(run_id) is None)
        with pytest.raises(NotFound, match="not running"):
            judging.cancel(run_id)
        second = judging.resume(run_id, "kim")
        wait_for(lambda: read_judge_run(store, second).state == "done")
    assert models.threads == {"judging"}
    assert len(list_judgments(store)) == N_TASKS


def test_the_end_of_the_app_interrupts_its_runs(store):
    judging = Judging(store, Judge(pause_s=0.01))
    run_id = judging.start(replace(ORDER, n_parallel=1), "kim")
    wait_for(lambda: judging.look(run_id).n_done > 1)
    judging.close()
    assert read_judge_run(store, run_id).state == "interrupted"


def test_pace_tells_rate_and_money(store):
    now = [100.0]
    errand = JudgeErrand(store, Judge(Reply("7 8", "ok", cost_usd=0.25)), DEAR, "kim",
                         clock=lambda: now[0])  # fmt: skip
    assert errand.find_pace().cost_usd == 0
    asyncio.run(errand.carry_out(asyncio.Event(), quitting=lambda: False))
    now[0] += 6
    pace = errand.find_pace()
    assert (pace.n_done, pace.rate, pace.cost_usd) == (N_TASKS, 2.0, 3.0)


def test_a_ledger_that_takes_nothing_more_ends_the_run(tmp_path):
    with open_store(tmp_path) as store:
        make_questions(store)
        errand = JudgeErrand(store, Judge(pause_s=0.02), ORDER, "kim")

        async def whole():
            asyncio.get_running_loop().call_later(0.01, store.close)
            await errand.carry_out(asyncio.Event(), quitting=lambda: False)

        with pytest.raises(LedgerError):
            asyncio.run(whole())


def test_the_ledger_itself_takes_no_second_verdict_on_a_key(store):
    judge(store, Judge(), replace(ORDER, n_items=1, systems=("bard",), orders="published"))
    row = dict(store.row("SELECT * FROM judgment"))
    row |= {"judgment_id": None, "attempt": 1}
    marks = ", ".join(f":{name}" for name in row)
    sql = f"INSERT INTO judgment({', '.join(row)}) VALUES ({marks})"
    with pytest.raises(sqlite3.IntegrityError, match=r"judgment\.key"), store.write() as db:
        db.execute(sql, row)
    assert json.loads(row["flags"]) == []
