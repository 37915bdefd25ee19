"""Running answers: one round a conversation, stopped by a word or by everybody leaving."""

import asyncio
from contextlib import ExitStack

import pytest

from annotations.conversations import start_talk
from backend.errors import Refused
from ui.lab.chat.floor import MAX_ROUNDS, Floor


@pytest.fixture
def talk(store, seats):
    return start_talk(store, "kim", seats)


async def speak_on(_, side):
    side.enter("speaking")
    try:
        await asyncio.sleep(60)
    except asyncio.CancelledError:
        side.text += "stopped"


async def settle(n=5):
    for _ in range(n):
        await asyncio.sleep(0)


def test_a_side_that_is_stopped_twice_still_writes_down_what_it_said(talk):
    async def live():
        floor = Floor()
        found = floor.begin(talk, [0, 1], speak_on)
        await settle()
        assert floor.stop(talk.key, "kim") and floor.stop(talk.key, "kim")
        await settle()
        assert [side.text for side in found.sides] == ["stopped", "stopped"]
        assert floor.find_round(talk.key) is None
        return found

    assert not asyncio.run(live()).running


def test_nobody_else_stops_or_watches(talk):
    async def live():
        floor = Floor()
        found = floor.begin(talk, [0], speak_on)
        ticket = found.sides[0].ticket
        assert not floor.stop(talk.key, "lee")
        assert floor.find_side(ticket, "lee") is None
        assert floor.find_side(ticket, "kim") == (found, found.sides[0])
        floor.stop(talk.key, "kim")
        await settle()

    asyncio.run(live())


def test_a_conversation_has_one_round_and_a_person_a_few(store, seats):
    talks = [start_talk(store, "kim", seats) for _ in range(MAX_ROUNDS + 1)]

    async def live():
        floor = Floor()
        for talk in talks[:MAX_ROUNDS]:
            with floor.hold(talk.key, "kim"):
                with pytest.raises(Refused, match="being answered"), floor.hold(talk.key, "kim"):
                    pass
                floor.begin(talk, [0], speak_on)
        with pytest.raises(Refused, match=f"{MAX_ROUNDS} of your"), floor.hold("", "kim"):
            pass
        with floor.hold("", "lee"):
            pass
        for talk in talks:
            floor.stop(talk.key, "kim")
        await settle()
        with floor.hold(talks[0].key, "kim"):
            pass

    asyncio.run(live())


def test_acts_that_are_on_their_way_count_among_a_persons_few():
    floor = Floor()
    with ExitStack() as acts:
        acts.enter_context(floor.hold("", "lee"))
        for _ in range(MAX_ROUNDS):
            acts.enter_context(floor.hold("", "kim"))
        with pytest.raises(Refused, match=f"{MAX_ROUNDS} of your"), floor.hold("", "kim"):
            pass
    with floor.hold("", "kim"):  # they have ended
        assert floor.held == [("", "kim")]


def test_who_leaves_stops_the_side_and_who_comes_back_does_not(talk):
    async def live(back):
        floor = Floor(arrive_s=5, leave_s=0.05)
        side = floor.begin(talk, [0], speak_on).sides[0]
        with floor.watch(side):
            await asyncio.sleep(0.02)
        if back:
            with floor.watch(side):
                await asyncio.sleep(0.1)
                await settle()
                return side.running
        await asyncio.sleep(0.1)
        await settle()  # both times may have come at once
        return side.running

    assert asyncio.run(live(back=True))
    assert not asyncio.run(live(back=False))


def test_a_side_that_nobody_ever_watched_is_stopped(talk):
    async def live(arrive_s):
        side = Floor(arrive_s=arrive_s).begin(talk, [0], speak_on).sides[0]
        await asyncio.sleep(0.08)
        await settle()  # both times may have come at once
        return side.running

    assert not asyncio.run(live(0.02))
    assert asyncio.run(live(5))  # the control: it would still speak
