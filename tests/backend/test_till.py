import asyncio
import time

import pytest

from backend.errors import Refused
from backend.money import CappedPurse
from backend.till import Till


class Endless:
    """A purse without a bottom; writes down what became of its money."""

    def __init__(self):
        self.n, self.settled = 0, {}

    def reserve(self, card, usd, cap_usd):
        self.n += 1
        return self.n

    def settle(self, reservation, usd):
        assert reservation not in self.settled
        self.settled[reservation] = usd


class Slow(Endless):
    """A purse that takes its time, as one does that writes to a disk."""

    def reserve(self, card, usd, cap_usd):
        time.sleep(0.02)
        return super().reserve(card, usd, cap_usd)


def make_till(cap_usd=1.0, purse=None):
    purse = purse or Endless()
    return Till(CappedPurse(purse, cap_usd)), purse


def reserve(till, usd, patience_s=1.0):
    return till.reserve("gpt-4", usd, 5.0, patience_s)


def test_a_call_waits_for_what_others_leave_over():
    async def scene():
        till, _ = make_till()
        first = await reserve(till, 0.9)
        second = asyncio.create_task(reserve(till, 0.9))
        await asyncio.sleep(0.01)
        assert not second.done()
        await till.settle(first, 0.1)
        assert await second == 2

    asyncio.run(scene())


def test_where_nothing_is_under_way_a_refusal_comes_at_once():
    async def scene():
        till, purse = make_till()
        await till.settle(await reserve(till, 0.9), None)
        with pytest.raises(Refused, match="cap of"):
            await asyncio.wait_for(reserve(till, 0.9, 60.0), 20)
        assert purse.n == 1

    asyncio.run(scene())


def test_patience_ends_the_waiting():
    async def scene():
        till, _ = make_till()
        await reserve(till, 0.9)
        with pytest.raises(Refused, match="cap of"):
            await reserve(till, 0.9, 0.01)

    asyncio.run(scene())


def test_of_many_calls_those_pass_that_the_cap_has_room_for():
    async def scene():
        till, purse = make_till()

        async def call():
            number = await reserve(till, 0.3)
            await asyncio.sleep(0.001)
            await till.settle(number, 0.1)

        ends = await asyncio.gather(*(call() for _ in range(30)), return_exceptions=True)
        assert {type(end) for end in ends} == {type(None), Refused}
        assert sum(purse.settled.values()) == pytest.approx(0.1 * ends.count(None))
        assert ends.count(None) == 8  # 0.7 spent: no room for another 0.3 and a little

    asyncio.run(scene())


def test_money_that_is_just_being_set_aside_is_waited_for_too():
    async def scene():
        till, purse = make_till(purse=Slow())

        async def call():
            await till.settle(await reserve(till, 0.55), 0.1)

        ends = await asyncio.gather(*(call() for _ in range(10)), return_exceptions=True)
        assert ends.count(None) == 5  # 0.5 spent: no room for another 0.55
        assert {type(end) for end in ends} == {type(None), Refused}
        assert sum(purse.settled.values()) == pytest.approx(0.5)

    asyncio.run(asyncio.wait_for(scene(), 30))


def test_who_leaves_while_money_is_set_aside_leaves_none_behind():
    async def scene():
        till, purse = make_till()
        call = asyncio.create_task(reserve(till, 0.9))
        await asyncio.sleep(0)
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call
        assert purse.settled in ({}, {1: 0.0})
        assert await reserve(till, 0.9)

    asyncio.run(scene())


def test_a_bill_is_paid_even_where_the_call_is_cancelled():
    async def scene():
        till, purse = make_till()
        number = await reserve(till, 0.9)
        paying = asyncio.create_task(till.settle(number, 0.2))
        await asyncio.sleep(0)
        paying.cancel()
        with pytest.raises(asyncio.CancelledError):
            await paying
        while not purse.settled:
            await asyncio.sleep(0.001)
        assert purse.settled == {number: 0.2}

    asyncio.run(scene())


def test_bills_that_are_settled_soon_are_settled_at_the_end():
    async def scene():
        till, purse = make_till()
        for number in [await reserve(till, 0.1) for _ in range(5)]:
            till.settle_soon(number, 0.05)
        assert len(purse.settled) < 5
        await till.finish()
        assert purse.settled == dict.fromkeys(range(1, 6), 0.05)

    asyncio.run(scene())


def test_a_bill_that_could_not_be_settled_is_told_at_the_end():
    class Broken(Endless):
        def settle(self, reservation, usd):
            raise OSError("The disk is full.")

    async def scene():
        till, _ = make_till(purse=Broken())
        till.settle_soon(await reserve(till, 0.1), 0.05)
        await asyncio.sleep(0.01)
        with pytest.raises(OSError, match="disk is full"):
            await till.finish()

    asyncio.run(scene())
