"""Runs from their start to their end: what is kept, and how they end."""

import asyncio
import threading
import time
from contextlib import closing

import pytest

from annotations.answering import Answering, Errand
from annotations.endings import mark_interrupted
from annotations.generation import read_run, read_runs
from annotations.library import find_answers, list_systems
from annotations.orders import Order, look_ahead
from backend.dialogue import Reply
from backend.errors import CamelidError, Conflict, LedgerError, NotFound
from backend.registry import Readiness
from backend.registry.cards import OpenAICard
from tests.ledgers import make_study, open_store

CARD = OpenAICard(name="free", base_url="http://127.0.0.1:1/v1", model="m")
ORDER = Order("free", "tiny")


class Models:
    """One model with queued replies: outcomes in their order, "ok" when there are no more."""

    def __init__(self, *outcomes, pause_s=0.0, fault=None, stop_at=None):
        self.outcomes, self.pause_s, self.fault = list(outcomes), pause_s, fault
        self.stop, self.stop_at = None, stop_at
        self.n_asked = 0
        self.connected, self.threads = threading.Event(), set()

    def find_card(self, name):
        return CARD

    def check(self, card):
        return Readiness(True)

    async def connect(self, card, on_state=None):
        self.connected.set()
        if self.fault == "never":
            await asyncio.sleep(60)
        if self.fault:
            raise self.fault
        return self

    async def __aenter__(self):
        return self

    async def __aexit__(self, *error):
        pass

    async def ask(self, messages, sampling, *, template=""):
        self.n_asked += 1
        self.threads.add(threading.current_thread().name)
        number = self.n_asked
        if number == self.stop_at:
            self.stop.set()
        outcome = self.outcomes.pop(0) if self.outcomes else "ok"
        await asyncio.sleep(self.pause_s)
        return Reply(f"Answer {number}.", outcome, f"It was {outcome}.")


def carry_out(store, models, order=ORDER, *, stop_after_s=None, quitting=False):
    """Run an order to its end."""

    async def whole():
        stop = models.stop = asyncio.Event()
        if stop_after_s is not None:
            asyncio.get_running_loop().call_later(stop_after_s, stop.set)
        errand = Errand(store, models, order, "kim")
        return await errand.carry_out(stop, quitting=lambda: quitting)

    return asyncio.run(whole())


def wait_for(is_so, seconds=60.0):
    """Wait until something is so."""
    deadline = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < deadline, "it never was"
        time.sleep(0.01)


def test_every_answer_is_there_with_its_source(store, study):
    run = carry_out(store, Models(), Order("free", "tiny", samples=2))
    assert (run.state, run.n_answered, run.outcomes, run.actor) == ("done", 12, {"ok": 12}, "kim")
    system = next(one for one in list_systems(store, "tiny") if one.name == "free")
    assert (system.n_items, system.n_answers) == (6, 12)


def test_a_failure_is_a_name_and_never_a_text(store, study):
    run = carry_out(store, Models("empty", "timeout", "refused"))
    assert run.outcomes == {"ok": 3, "empty": 1, "timeout": 1, "refused": 1}
    assert len(find_answers(store, "tiny", "free")) == 3


def test_a_second_run_asks_only_for_what_failed(store, study):
    carry_out(store, Models("timeout", "timeout"))
    models = Models()
    run = carry_out(store, models)
    assert (models.n_asked, run.n_wanted, run.state) == (2, 2, "done")
    assert look_ahead(store, models, ORDER).missing == []


def test_what_no_item_would_survive_fails_the_run_with_its_reason(store, study):
    run = carry_out(store, Models(*["bad_key"] * 6))
    assert (run.state, run.message) == ("failed", "It was bad_key.")


def test_a_worker_that_does_not_start_fails_the_run_with_its_reason(store, study):
    run = carry_out(store, Models(fault=CamelidError("free ran out of memory.")))
    assert (run.state, run.message, run.n_done) == ("failed", "free ran out of memory.", 0)


@pytest.mark.parametrize(("quitting", "state"), [(False, "cancelled"), (True, "interrupted")])
def test_a_stop_keeps_what_has_come(store, study, quitting, state):
    order = Order("free", "tiny", samples=50, n_parallel=2)
    models = Models(pause_s=0.01, stop_at=10)
    run = carry_out(store, models, order, quitting=quitting)
    assert run.state == state
    assert 8 <= run.n_answered <= 10
    assert len(look_ahead(store, Models(), order).missing) == 300 - run.n_answered


def test_a_stop_does_not_wait_for_a_model_that_loads(store, study):
    began = time.monotonic()
    run = carry_out(store, Models(fault="never"), stop_after_s=0.1)
    assert (run.state, run.n_done) == ("cancelled", 0)
    assert time.monotonic() - began < 5


def test_a_run_that_breaks_is_written_down_as_interrupted(store, study):
    with pytest.raises(RuntimeError):
        carry_out(store, Models(fault=RuntimeError("a fault of ours")))
    assert read_runs(store)[0].state == "interrupted"


def test_the_same_is_asked_by_one_run_at_a_time(store, study):
    Errand(store, Models(), ORDER, "kim")
    with pytest.raises(Conflict, match="being asked"):
        Errand(store, Models(), ORDER, "kim")


def test_pace_says_what_it_knows(store, study):
    now = [100.0]
    errand = Errand(store, Models("timeout"), ORDER, "kim", clock=lambda: now[0])
    assert errand.find_pace().rate is None

    async def whole():
        stop = asyncio.Event()
        await errand.carry_out(stop, quitting=lambda: False)

    asyncio.run(whole())
    now[0] += 3
    pace = errand.find_pace()
    assert (pace.n_done, pace.n_failed, pace.rate, pace.left_s) == (6, 1, 2.0, 0.0)


def test_runs_of_the_app_go_on_in_a_thread_of_their_own(store, study):
    models = Models()
    with closing(Answering(store, models)) as answering:
        run_id = answering.start(ORDER, "kim")
        wait_for(lambda: read_run(store, run_id).state == "done")
        wait_for(lambda: answering.look(run_id) is None)
    assert models.threads == {"answering"}
    assert "answering" not in {thread.name for thread in threading.enumerate()}


def test_a_run_of_the_app_is_cancelled_by_its_number(store, study):
    order = Order("free", "tiny", samples=50, n_parallel=1)
    with closing(Answering(store, Models(pause_s=0.01))) as answering:
        run_id = answering.start(order, "kim")
        wait_for(lambda: answering.look(run_id).n_done > 2)
        answering.cancel(run_id)
        wait_for(lambda: read_run(store, run_id).state == "cancelled")
        wait_for(lambda: answering.look(run_id) is None)
        with pytest.raises(NotFound, match="not running"):
            answering.cancel(run_id)


def test_a_run_whose_end_could_not_be_written_is_ended_by_hand(store, study, caplog):
    with closing(Answering(store, Models(fault=RuntimeError("a fault of ours")))) as answering:
        left = Errand(store, Models(), ORDER, "kim").run_id
        answering.cancel(left)
        assert read_run(store, left).state == "interrupted"
        run_id = answering.start(ORDER, "kim")
        wait_for(lambda: "a fault of ours" in caplog.text)
        assert read_run(store, run_id).state == "interrupted"


def test_the_end_of_the_app_interrupts_its_runs_and_the_next_start_resumes(store, study):
    order = Order("free", "tiny", samples=50, n_parallel=1)
    answering = Answering(store, Models(pause_s=0.01))
    run_id = answering.start(order, "kim")
    wait_for(lambda: answering.look(run_id).n_done > 2)
    answering.close()
    run = read_run(store, run_id)
    assert (run.state, run.n_answered > 2) == ("interrupted", True)
    again = carry_out(store, Models(), order)
    assert again.n_wanted == again.n_answered == 300 - run.n_answered


def test_a_run_that_died_with_its_process_is_interrupted_at_the_next_start(store, study):
    run_id = Errand(store, Models(), ORDER, "kim").run_id
    assert read_run(store, run_id).state == "running"
    assert mark_interrupted(store) == 1
    assert read_run(store, run_id).state == "interrupted"
    assert carry_out(store, Models()).state == "done"


def test_a_ledger_that_takes_nothing_more_ends_the_run(tmp_path):
    with open_store(tmp_path) as store:
        make_study(store)
        models = Models(pause_s=0.05)
        errand = Errand(store, models, ORDER, "kim")

        async def whole():
            asyncio.get_running_loop().call_later(0.01, store.close)
            await errand.carry_out(asyncio.Event(), quitting=lambda: False)

        with pytest.raises(LedgerError):
            asyncio.run(whole())
    assert models.n_asked == 6
