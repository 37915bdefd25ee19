"""One case and replies that are queued up: what becomes of each."""

import pytest

from backend.call import Patience
from backend.dialogue import Reply
from tests.backend.judge.jurors import BUSY, GOOD, VAGUE, Judge, run


def test_a_reply_becomes_a_verdict_with_all_that_it_took():
    judge = Judge(GOOD)
    kept, reason = run(judge)
    verdict = kept.only
    assert (verdict.outcome, verdict.reading.score_1, verdict.reading.score_2) == ("ok", 8, 9)
    assert (verdict.model, verdict.cost_usd, verdict.text) == ("j-0613", 0.5, GOOD.text)
    assert reason == "" and verdict.boundary in judge.asked[0][1].content


def test_an_unreadable_reply_is_asked_about_once_more():
    judge = Judge(VAGUE, GOOD)
    kept, _ = run(judge)
    assert (kept.only.outcome, kept.only.first_text) == ("ok", VAGUE.text)
    assert (kept.only.cost_usd, kept.only.duration_s) == (0.75, 3.0)
    assert [m.content for m in judge.asked[1][:2]] == [m.content for m in judge.asked[0]]
    assert judge.asked[1][2].content == VAGUE.text


def test_what_stays_unreadable_waits_with_both_texts():
    judge = Judge(VAGUE, Reply("I can't decide.", "ok"), GOOD)
    verdict = run(judge)[0].only
    assert (verdict.outcome, verdict.reading) == ("unreadable", None)
    assert (verdict.first_text, verdict.text) == (VAGUE.text, "I can't decide.")
    assert len(judge.asked) == 2 and "No two scores" in verdict.detail


@pytest.mark.parametrize("outcome", ["refused", "filtered", "truncated", "empty"])
def test_a_reminder_without_a_good_reply_leaves_the_case_to_a_person(outcome):
    verdict = run(Judge(VAGUE, Reply("", outcome, "It said no.")))[0].only
    assert (verdict.outcome, verdict.first_text) == ("unreadable", VAGUE.text)
    assert "It said no." in verdict.detail


def test_a_reminder_that_fails_is_the_apis_failure():
    verdict = run(Judge(VAGUE, Reply("", "timeout", "Too late.")))[0].only
    assert (verdict.outcome, verdict.fault) == ("api_error", "timeout")
    assert verdict.first_text == VAGUE.text


@pytest.mark.parametrize("outcome", ["refused", "filtered", "truncated", "empty"])
def test_named_outcomes_stay_and_are_no_scores(outcome):
    judge = Judge(Reply("8 9", outcome, "A sentence."))
    verdict = run(judge)[0].only
    assert (verdict.outcome, verdict.reading, verdict.fault) == (outcome, None, "")
    assert verdict.detail == "A sentence." and len(judge.asked) == 1


@pytest.mark.parametrize(
    "fault",
    ["too_long", "timeout", "unreachable", "cut_off", "malformed", "server_error", "stopped"],
)
def test_all_other_failures_are_the_apis(fault):
    verdict = run(Judge(Reply("8 9", fault, "A sentence.")))[0].only
    assert (verdict.outcome, verdict.reading, verdict.fault) == ("api_error", None, fault)
    assert verdict.text == "8 9"


def test_a_case_that_is_refused_for_haste_is_asked_again():
    judge = Judge(BUSY, BUSY, GOOD)
    kept, reason = run(judge)
    assert (kept.only.outcome, kept.only.cost_usd, reason) == ("ok", 0.5, "")
    assert len(judge.asked) == 3
    assert not any(words["patience"].waits_for_turn for words in judge.words)


def test_haste_that_never_ends_is_a_failure_after_six_times():
    judge = Judge(BUSY)
    kept, reason = run(judge)
    assert (kept.only.outcome, kept.only.fault, reason) == ("api_error", "rate_limited", "")
    assert len(judge.asked) == 6


def test_no_case_waits_longer_than_its_deadline():
    judge = Judge(Reply("", "rate_limited", "In 200 s.", retry_after_s=200))
    kept, reason = run(judge)
    assert (kept.only.fault, kept.only.retry_after_s, reason) == ("rate_limited", 200, "")
    assert len(judge.asked) == 1


def test_a_case_takes_its_deadline_along_when_asked_again():
    judge = Judge(VAGUE, GOOD, delay_s=0.05)
    run(judge)
    first, second = (words["patience"].deadline_s for words in judge.words)
    assert first == pytest.approx(5, abs=0.01)
    assert second <= 4.95


def test_an_unreadable_reply_without_time_for_a_reminder_is_unreadable():
    judge = Judge(VAGUE, delay_s=0.01, patience=Patience(deadline_s=0.01, backoff_s=0.001))
    verdict = run(judge)[0].only
    assert (verdict.outcome, verdict.text, verdict.first_text) == ("unreadable", VAGUE.text, "")
    assert len(judge.asked) == 1
