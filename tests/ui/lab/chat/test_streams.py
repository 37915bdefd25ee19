"""One side's answer: heard, cut short, failed, and written down each time."""

import asyncio
import time
from pathlib import Path
from types import SimpleNamespace

import pytest

from annotations.conversations import add_turn, find_talk, start_battle, start_talk
from backend.dialogue import Reply
from backend.errors import MissingTool
from backend.supervisor import WorkerState
from tests.ledgers import open_store
from tests.ui.lab.chat.conftest import Parrot
from ui.lab.chat.floor import Floor
from ui.lab.chat.streams import BEAT_S, Speaker, watch

pytestmark = pytest.mark.slow  # streams in their own time


@pytest.fixture
def talk(store, seats):
    found = start_talk(store, "kim", seats)
    add_turn(store, found.conversation_id, "kim", "Hi.")
    return find_talk(store, found.key, "kim")


def run_round(store, models, talk, during=None, positions=(0, 1)):
    """Let the sides answer; return the conversation afterwards and the round."""

    async def live():
        floor = Floor()
        found = floor.begin(talk, positions, Speaker(store, models).speak)
        if during:
            await during(floor, found)
        await asyncio.gather(*(side.task for side in found.sides), return_exceptions=True)
        return found

    found = asyncio.run(live())
    return find_talk(store, talk.key, talk.actor), found


def test_every_side_is_asked_and_its_answer_kept(store, models, talk):
    models.parrots["bear"] = Parrot(("Grr",))
    after, _ = run_round(store, models, talk)
    replies = [one.reply for one in after.turns[-1].replies]
    assert [reply.text for reply in replies] == ["Hello there", "Grr"]
    (messages, sampling, _) = models.parrots["ape"].asked[0]
    assert [m.content for m in messages] == ["Hi."] and sampling.temperature == 0.7


def test_a_stop_that_comes_while_an_answer_is_written_down_changes_nothing(store, models, talk):
    class SlowStore:
        """The same ledger; somebody presses Stop just before it is written to."""

        clock = store.clock

        def write(self):
            loop.call_soon_threadsafe(floor.stop, talk.key, "kim")
            time.sleep(0.05)
            return store.write()

    async def live():
        nonlocal loop
        loop = asyncio.get_running_loop()
        found = floor.begin(talk, [0], Speaker(SlowStore(), models).speak)
        await asyncio.gather(*(side.task for side in found.sides), return_exceptions=True)
        return found.sides[0]

    floor, loop = Floor(), None
    side = asyncio.run(live())
    assert side.stored is not None and side.stored.reply.outcome == "ok"


def test_one_side_fails_in_words_and_the_other_goes_on(store, models, talk):
    models.faults["ape"] = MissingTool("APE has no weights here.")
    after, _ = run_round(store, models, talk)
    ape, bear = (one.reply for one in after.turns[-1].replies)
    assert (ape.outcome, ape.detail, ape.text) == ("unreachable", "APE has no weights here.", "")
    assert bear.outcome == "ok"


def test_a_fault_of_ours_is_named_and_logged(store, models, talk, caplog):
    models.faults["ape"] = ZeroDivisionError("secret")
    after, _ = run_round(store, models, talk)
    reply = after.turns[-1].replies[0].reply
    assert reply.outcome == "server_error" and "secret" not in reply.detail
    assert "could not be asked" in caplog.text


def test_a_side_whose_worker_made_room_for_training_says_so(store, models):
    message = "Ape makes room on GPU 0: alpaca is being trained on it."
    state = WorkerState("ape", "stopped", 0.0, Path("log"), message=message)
    models.supervisor = SimpleNamespace(look=lambda name: state, close=lambda: None)
    lost, kept = Reply("Hel", "cut_off"), Reply("Hello", "ok")
    assert asyncio.run(Speaker(store, models).explain("ape", lost)).detail == message
    assert asyncio.run(Speaker(store, models).explain("ape", kept)) == kept


def test_what_was_said_until_stop_is_kept_and_the_request_closed(store, models, talk):
    models.parrots["ape"] = Parrot(("Hello",) * 1000, 0.01)

    async def stop(floor, found):
        while not found.sides[0].text:
            await asyncio.sleep(0.01)
        floor.stop(talk.key, "kim")

    after, _ = run_round(store, models, talk, stop)
    reply = after.turns[-1].replies[0].reply
    assert reply.outcome == "stopped" and reply.text.startswith("Hello")
    assert reply.first_token_s is not None and reply.detail
    assert models.parrots["ape"].closed


def test_in_a_battle_nobody_speaks_before_all_are_ready(store, models, seats):
    talk = start_battle(store, "kim", seats)
    add_turn(store, talk.conversation_id, "kim", "Hi.")
    talk = find_talk(store, talk.key, "kim")
    slow = talk.seats[1].model
    models.delays[slow] = 1
    seen = []

    async def look(_, found):
        await asyncio.sleep(0.1)
        seen.extend((side.state, side.text) for side in found.sides)

    after, _ = run_round(store, models, talk, look)
    assert seen == [("waiting", "")] * 2
    assert all(one.reply.answered for one in after.turns[-1].replies)


def test_the_control_by_name_the_fast_side_speaks_at_once(store, models, talk):
    models.delays["bear"] = 60
    seen = []

    async def look(floor, found):
        while not found.sides[0].text:
            await asyncio.sleep(0.01)
        seen.append(found.sides[1].text)
        floor.stop(talk.key, "kim")

    run_round(store, models, talk, look)
    assert seen == [""]


def test_a_battle_goes_on_when_one_side_cannot_start(store, models, seats):
    talk = start_battle(store, "kim", seats)
    add_turn(store, talk.conversation_id, "kim", "Hi.")
    talk = find_talk(store, talk.key, "kim")
    models.faults[talk.seats[0].model] = MissingTool("gone")
    after, _ = run_round(store, models, talk)
    assert [one.reply.outcome for one in after.turns[-1].replies] == ["unreachable", "ok"]


def test_an_answer_that_cannot_be_saved_says_so(tmp_path, models, seats):
    with open_store(tmp_path / "d") as store:
        talk = start_talk(store, "kim", seats)
        add_turn(store, talk.conversation_id, "kim", "Hi.")
        talk = find_talk(store, talk.key, "kim")

    # closed: as a disk that takes nothing
    async def live():
        found = Floor().begin(talk, [0], Speaker(store, models).speak)
        await asyncio.gather(*(side.task for side in found.sides), return_exceptions=True)
        return found.sides[0]

    side = asyncio.run(live())
    assert side.stored is None and "could not be saved" in side.problem


def test_a_watched_side_is_told_in_beats_until_its_end(store, models, talk):
    models.parrots["ape"] = Parrot(("a",) * 3, BEAT_S * 1.5)
    told = []

    async def look(floor, found):
        async for html in watch(floor, found.sides[0], lambda side: side.text):
            told.append(html)

    run_round(store, models, talk, look, positions=(0,))
    assert told[-1] == "aaa"
    assert told.count("") > 1  # told again although nothing had come, so that leaving is noticed
