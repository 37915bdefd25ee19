"""The crew with things that are no items; more of it is tested with answers."""

import asyncio
from dataclasses import dataclass

import pytest

from backend.crew import FATAL, GONE, MAX_GONE, Crew
from backend.errors import LedgerError


@dataclass
class Ended:
    outcome: str
    detail: str = ""
    retry_after_s: float | None = None


def work(outcomes, wanted=range(30), n_parallel=3, keep=None):
    """Work through numbers; return the crew's reason and what was kept."""
    told, kept = list(outcomes), []

    async def ask(one):
        await asyncio.sleep(0)
        return told.pop(0) if told else Ended("ok")

    async def take(one, ended):
        kept.append((one, ended.outcome))

    async def whole():
        return await Crew(ask, keep or take).work_through(wanted, n_parallel, asyncio.Event())

    return asyncio.run(whole()), kept


def test_each_is_asked_once_whatever_it_is():
    reason, kept = work([], [None, 0, "", (1, 2)])
    assert reason == ""
    assert [one for one, _ in kept] == [None, 0, "", (1, 2)]


@pytest.mark.parametrize("outcome", sorted(FATAL))
def test_what_nothing_would_mend_ends_it_with_the_reason(outcome):
    reason, kept = work([Ended(outcome, "Nobody pays.")])
    assert reason == "Nobody pays."
    assert 1 <= len(kept) <= 3


def test_a_server_that_is_gone_ends_it_and_one_that_comes_back_does_not():
    gone = [Ended(sorted(GONE)[0], "It is gone.")] * (MAX_GONE - 1)
    assert work(gone)[0] == ""
    assert work([*gone, gone[0]])[0] == "It is gone."


def test_what_cannot_be_kept_ends_it():
    async def fail(one, ended):
        raise LedgerError("The disk is full.")

    with pytest.raises(LedgerError, match="full"):
        work([], keep=fail)
