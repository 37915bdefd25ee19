"""Errands in a thread of their own."""

import asyncio
import threading
import time

import pytest

from annotations.errands import Errands, unless_stopped
from backend.errors import Refused


class Wait:
    """An errand that waits until it is stopped, and tells whether the app ended."""

    def __init__(self, run_id):
        self.run_id, self.thread, self.ended = run_id, "", []

    async def carry_out(self, stop, *, quitting):
        self.thread = threading.current_thread().name
        await stop.wait()
        self.ended.append("app" if quitting() else "person")


@pytest.fixture
def errands():
    """Errands of a kind; the end of the app is tested twice."""
    errands = Errands("waiting")
    yield errands
    errands.close()


def test_errands_go_on_side_by_side_in_one_thread_until_each_is_stopped(errands):
    first, second = Wait(1), Wait(2)
    assert [errands.start(one) for one in (first, second)] == [1, 2]
    assert errands.stop(1)
    while errands.find(1):
        time.sleep(0.001)
    errands.close()
    assert (first.ended, second.ended) == (["person"], ["app"])
    assert {first.thread, second.thread} == {"waiting"}


def test_what_does_not_go_on_can_not_be_found_or_stopped(errands):
    assert (errands.find(7), errands.stop(7)) == (None, False)


def test_an_app_that_ends_begins_nothing(errands):
    errands.close()
    with pytest.raises(Refused, match="The app is ending"):
        errands.start(Wait(1))


def test_work_is_cancelled_by_a_stop_and_else_comes_to_its_result():
    async def both():
        stop, done = asyncio.Event(), asyncio.Event()
        result = await unless_stopped(asyncio.sleep(0, "so"), stop)
        asyncio.get_running_loop().call_soon(stop.set)
        return result, await unless_stopped(done.wait(), stop)

    assert asyncio.run(both()) == ("so", None)
