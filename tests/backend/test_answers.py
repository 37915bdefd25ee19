import asyncio
import time

import pytest

from backend.answers import Asking, build_messages, generate_answers
from backend.crew import FATAL, MAX_GONE
from backend.dialogue import Message, Reply, Sampling
from backend.errors import LedgerError
from backend.records import Item

ITEMS = [Item(f"i{number}", f"Do {number}.", "this" * (number % 2)) for number in range(40)]
WANTED = [(item, 0) for item in ITEMS]


class Queue:
    """A model with queued replies: each is an outcome, and "ok" when the queue is empty."""

    def __init__(self, *outcomes, pause_s=0.0, retry_after_s=None):
        self.outcomes = list(outcomes)
        self.pause_s, self.retry_after_s = pause_s, retry_after_s
        self.asked, self.n_running, self.n_most, self.n_cancelled = [], 0, 0, 0

    async def ask(self, messages, sampling, *, template=""):
        self.asked.append((messages, sampling, template))
        self.n_running += 1
        self.n_most = max(self.n_most, self.n_running)
        outcome = self.outcomes.pop(0) if self.outcomes else "ok"
        try:
            await asyncio.sleep(self.pause_s)
        except asyncio.CancelledError:
            self.n_cancelled += 1
            raise
        finally:
            self.n_running -= 1
        rest_s = None if outcome == "ok" else self.retry_after_s
        text, detail = f"answer {len(self.asked)}", f"It was {outcome}."
        return Reply(text, outcome, detail, retry_after_s=rest_s)


def run(model, wanted=WANTED, *, n_parallel=4, keep=None, stop_after=None, **asking):
    """Run to the end; return why it ended early and all that was kept."""
    kept = []

    async def take(item, sample, reply):
        await asyncio.sleep(0)
        kept.append((item.item_id, sample, reply.outcome))
        if stop_after is not None and len(kept) >= stop_after:
            stop.set()

    async def whole():
        nonlocal stop
        stop = asyncio.Event()
        how = Asking(Sampling(), n_parallel=n_parallel, **asking)
        return await generate_answers(model, wanted, how, keep or take, stop)

    stop = None
    return asyncio.run(whole()), kept


def test_every_item_is_asked_once_and_kept():
    reason, kept = run(Queue(), [(item, sample) for item in ITEMS for sample in range(2)])
    assert reason == ""
    assert len(kept) == len(set(kept)) == 80


@pytest.mark.parametrize("n_parallel", [1, 4, 16, 100])
def test_as_many_run_side_by_side_as_are_wanted(n_parallel):
    model = Queue(pause_s=0.005)
    run(model, n_parallel=n_parallel)
    assert model.n_most == min(n_parallel, len(WANTED))
    assert model.n_running == 0


def test_an_item_keeps_its_input_apart():
    assert build_messages(ITEMS[1], "Be brief.") == [
        Message("system", "Be brief."),
        Message("user", "Do 1.", "this"),
    ]


def test_the_model_is_asked_as_it_was_said():
    model = Queue()
    run(model, WANTED[:1], system="Be brief.", template="alpaca")
    messages, sampling, template = model.asked[0]
    assert [one.role for one in messages] == ["system", "user"]
    assert (sampling, template) == (Sampling(), "alpaca")


@pytest.mark.parametrize("outcome", ["empty", "too_long", "timeout", "rate_limited", "malformed"])
def test_a_failure_is_kept_and_the_run_goes_on(outcome):
    reason, kept = run(Queue(*[outcome] * 20))
    assert reason == ""
    assert [one[2] for one in kept].count(outcome) == 20
    assert len(kept) == len(WANTED)


@pytest.mark.parametrize("outcome", sorted(FATAL))
def test_what_no_other_item_would_survive_ends_the_run(outcome):
    model = Queue("ok", "ok", outcome, pause_s=0.001)
    reason, kept = run(model, n_parallel=1)
    assert reason == f"It was {outcome}."
    assert [one[2] for one in kept] == ["ok", "ok", outcome]
    assert len(model.asked) == 3


def test_a_server_that_is_gone_ends_the_run_soon():
    reason, kept = run(Queue(*["unreachable"] * 40))
    assert reason == "It was unreachable."
    assert MAX_GONE <= len(kept) < 2 * MAX_GONE


def test_a_server_that_stumbles_does_not():
    reason, kept = run(Queue(*[*["unreachable"] * (MAX_GONE - 1), "ok"] * 5), n_parallel=1)
    assert reason == ""
    assert len(kept) == len(WANTED)


def test_stopping_asks_nothing_more_and_cancels_what_runs():
    model = Queue(pause_s=0.005)
    reason, kept = run(model, stop_after=6)
    assert reason == ""
    assert 6 <= len(kept) <= 6 + 4
    assert model.n_running == 0
    assert len(model.asked) == len(kept) + model.n_cancelled < len(WANTED)


def test_a_server_that_asks_for_a_pause_gets_it():
    began = time.monotonic()
    run(Queue("rate_limited", "rate_limited", retry_after_s=0.1), n_parallel=1)
    assert time.monotonic() - began >= 0.2


def test_a_pause_does_not_hold_up_a_stop():
    began = time.monotonic()
    run(Queue(*["rate_limited"] * 8, retry_after_s=50), stop_after=4)
    assert time.monotonic() - began < 5


def test_a_fault_of_whoever_keeps_them_ends_the_run_as_itself():
    model = Queue(pause_s=0.001)

    async def keep(_item, _sample, _reply):
        raise LedgerError("The disk is full.")

    with pytest.raises(LedgerError, match="disk is full"):
        run(model, keep=keep)
    assert model.n_running == 0
    assert len(model.asked) <= 8


def test_nothing_wanted_asks_nothing():
    model = Queue()
    assert run(model, []) == ("", [])
    assert model.asked == []
