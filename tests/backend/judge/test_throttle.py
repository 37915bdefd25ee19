import asyncio

import pytest

from backend.judge.throttle import Closed, Throttle


class Watch:
    """A clock that stands still until it is moved."""

    def __init__(self):
        self.now = 100.0

    def __call__(self):
        return self.now


def make(n_most=8, **words):
    return Throttle(n_most, clock=Watch(), **words)


async def fill(throttle, n):
    return [await asyncio.wait_for(throttle.enter(), 1) for _ in range(n)]


def test_no_more_than_the_limit_go_in():
    async def scene():
        throttle = make(2)
        await fill(throttle, 2)
        third = asyncio.create_task(throttle.enter())
        await asyncio.sleep(0)
        assert not third.done()
        throttle.leave(answered=True)
        await asyncio.wait_for(third, 1)
        assert throttle.load.n_asked == 2

    asyncio.run(scene())


def test_refusals_of_one_crowd_halve_the_limit_once():
    async def scene():
        throttle = make(8)
        entered = await fill(throttle, 3)
        throttle.now.now += 1
        for at in entered:
            throttle.refuse(at, 5, "Busy.")
        assert throttle.load.n_parallel == 4
        throttle.refuse(throttle.now(), 5, "Busy.")
        assert throttle.load.n_parallel == 2

    asyncio.run(scene())


def test_the_limit_never_falls_below_one_and_grows_to_its_top_again():
    async def scene():
        throttle = make(8)
        for _ in range(9):
            throttle.now.now += 60
            throttle.refuse(throttle.now(), 1, "Busy.")
        assert throttle.load.n_parallel == 1
        throttle.now.now += 60
        for _ in range(60):
            await fill(throttle, 1)
            throttle.leave(answered=True)
        assert throttle.load.n_parallel == 8

    asyncio.run(scene())


def test_the_door_stays_shut_as_long_as_the_server_asks():
    seen = []
    throttle = make(look=seen.append)
    throttle.refuse(throttle.now(), 200, "Busy; try again in 200 s.")
    assert 200 <= throttle.parked_s <= 220
    assert seen[-1].note == "Busy; try again in 200 s."
    throttle.now.now += 221
    assert (throttle.parked_s, throttle.load.note) == (0, "")


def test_a_shorter_wait_does_not_open_the_door_sooner():
    throttle = make()
    throttle.refuse(throttle.now(), 200, "Long.")
    throttle.refuse(throttle.now(), 1, "Short.")
    assert throttle.parked_s >= 200
    assert throttle.load.note == "Long."


@pytest.mark.parametrize("told", [None, 0])
def test_without_a_word_each_refusal_waits_twice_as_long(told):
    throttle = make(backoff_s=2)
    throttle.refuse(throttle.now(), told, "Busy.")
    assert 2 <= throttle.parked_s <= 2.2
    throttle.now.now += 3
    throttle.refuse(throttle.now(), told, "Busy.")
    assert 4 <= throttle.parked_s <= 4.4


def test_whoever_waits_goes_in_when_the_pause_is_over():
    async def scene():
        throttle = Throttle(4)
        throttle.refuse(throttle.now(), 0.02, "Busy.")
        await asyncio.wait_for(throttle.enter(), 1)
        assert throttle.parked_s == 0

    asyncio.run(scene())


def test_a_shut_door_sends_all_who_wait_away():
    async def scene():
        throttle = make(1)
        await throttle.enter()
        waiting = [asyncio.create_task(throttle.enter()) for _ in range(3)]
        await asyncio.sleep(0)
        throttle.close()
        ends = await asyncio.gather(*waiting, return_exceptions=True)
        assert [type(end) for end in ends] == [Closed] * 3
        with pytest.raises(Closed):
            await throttle.enter()

    asyncio.run(scene())
