"""Many cases before one judge: how many at a time, and when it ends."""

import asyncio

import pytest

from backend.dialogue import Reply
from backend.judge.session import judge_cases
from tests.backend.judge.jurors import (
    BUSY,
    GOOD,
    VAGUE,
    Judge,
    Kept,
    make_asking,
    make_cases,
    run,
)


@pytest.mark.parametrize("fault", ["no_quota", "bad_key", "unknown_model"])
def test_a_run_ends_when_nothing_better_can_come(fault):
    judge = Judge(Reply("", fault, "Pay first."))
    kept, reason = run(judge, make_cases(50), n_parallel=4)
    assert reason == "Pay first."
    assert {verdict.fault for verdict in kept.verdicts.values()} == {fault}
    assert len(judge.asked) <= 4


def test_a_server_that_wants_a_day_of_rest_ends_the_run():
    judge = Judge(Reply("", "rate_limited", "Tomorrow.", retry_after_s=86_400))
    kept, reason = run(judge, make_cases(50), n_parallel=4)
    assert reason == "Tomorrow."
    assert len(kept.verdicts) <= 4


def test_a_run_of_failures_ends_the_run_but_single_ones_do_not():
    broken = Reply("", "server_error", "Broken.")
    kept, reason = run(Judge(broken), make_cases(50), n_parallel=2)
    assert reason == "Broken." and 10 <= len(kept.verdicts) <= 14
    kept, reason = run(Judge(*[broken] * 9, GOOD), make_cases(50), n_parallel=2)
    assert reason == "" and len(kept.verdicts) == 50


def test_prompts_that_are_too_long_end_no_run():
    kept, reason = run(Judge(Reply("", "too_long", "Too long.")), make_cases(40), n_parallel=2)
    assert (reason, len(kept.verdicts)) == ("", 40)


def test_no_more_are_asked_at_a_time_than_wished():
    judge = Judge(GOOD, delay_s=0.002)
    kept, _ = run(judge, make_cases(60), n_parallel=5)
    assert (judge.most_open, len(kept.verdicts)) == (5, 60)


def test_haste_lowers_how_many_are_asked_and_patience_raises_it():
    seen = []
    judge = Judge(*[GOOD] * 8, BUSY, GOOD, delay_s=0.001)
    kept, _ = run(judge, make_cases(120), look=seen.append, n_parallel=8)
    numbers = [load.n_parallel for load in seen]
    assert (min(numbers), numbers[-1]) == (4, 8)
    assert {verdict.outcome for verdict in kept.verdicts.values()} == {"ok"}


def test_after_a_stop_what_is_under_way_is_kept_and_nothing_new_is_asked():
    judge = Judge(GOOD, delay_s=0.02)
    kept, reason = run(judge, make_cases(100), Kept(stop_after=3), n_parallel=4)
    assert reason == ""
    assert len(judge.asked) == len(kept.verdicts) <= 12


def test_a_stop_asks_no_reminder():
    judge = Judge(VAGUE, delay_s=0.02)
    kept = Kept()

    async def scene():
        asyncio.get_running_loop().call_later(0.005, kept.stop.set)
        work = judge_cases(judge, make_cases(9), make_asking(n_parallel=3), kept.keep, kept.stop)
        return await work

    assert asyncio.run(scene()) == ""
    assert (len(judge.asked), kept.verdicts) == (3, {})


def test_a_run_that_cannot_keep_its_verdicts_ends_with_the_error():
    with pytest.raises(OSError, match="disk is full"):
        run(Judge(GOOD), make_cases(50), Kept(fail_after=5))
