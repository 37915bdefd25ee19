"""Asking the models of a turn: each side by itself, watched while it speaks, kept as it ends."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing
from dataclasses import dataclass, replace

from annotations.conversations import Turn, history, save_reply
from annotations.store import Store
from backend.dialogue import Outcome, Reply
from backend.errors import CamelidError
from backend.switchboard import Switchboard
from ui.lab.chat.floor import Floor, Round, Side

STEP_S = 0.1  # a page is told at most so often
BEAT_S = 0.5  # and at least so often, so that one that was left is noticed
SHARE = 10  # of the time, one part in so many may go into drawing a side
DEATH_S = 1.0  # a worker that has died is known to have died after so long
LOST: frozenset[Outcome] = frozenset({"cut_off", "unreachable", "server_error"})
FAULT = "Something went wrong in the app itself; its log says what."
LEFT = "It was stopped, or the page was left."
NOT_KEPT = "This answer could not be saved: {}"

LOG = logging.getLogger("camelid")


@dataclass(frozen=True)
class Speaker:
    """Lets the sides of a round speak, and writes down what they said."""

    store: Store
    models: Switchboard

    async def speak(self, found: Round, side: Side) -> None:
        """Ask one side's model; what it says is kept, however it ends."""
        began, start = self.store.clock(), time.monotonic()
        heard = Heard()
        try:
            reply = await self.ask(found, side, heard)
        except asyncio.CancelledError:  # Stop, or everybody has left
            reply = heard.end(side, "stopped", LEFT, start)
        except CamelidError as error:  # could not be started
            reply = heard.end(side, "unreachable", str(error), start)
        except Exception:
            LOG.exception("A model could not be asked.")
            reply = heard.end(side, "server_error", FAULT, start)
        found.note_connected(side)
        await self.keep(found.talk.turns[-1], side, reply, began)

    async def ask(self, found: Round, side: Side, heard: "Heard") -> Reply:
        """Return how one model answered; its text grows on the side meanwhile.

        Errors: CamelidError when it can't be asked at all.
        """
        seat, is_open = found.talk.seats[side.position], found.talk.is_open
        messages = history(found.talk, side.position)
        card = await asyncio.to_thread(self.models.find_card, seat.model)

        def note(state: object) -> None:
            if is_open and getattr(state, "state", "") == "loading":
                side.enter("loading")

        client = await self.models.connect(card, note)
        found.note_connected(side)
        if not is_open:
            await found.ready.wait()
        side.enter("speaking")
        start = time.monotonic()
        stream = client.stream(messages, seat.sampling, template=seat.template)
        async with aclosing(stream) as pieces:
            async for piece in pieces:
                if isinstance(piece, Reply):
                    return await self.explain(seat.model, piece)
                if heard.first_token_s is None:
                    heard.first_token_s = time.monotonic() - start
                side.text += piece
        raise RuntimeError("A stream ended without saying how.")

    async def explain(self, model: str, reply: Reply) -> Reply:
        """Return a reply whose detail says what became of its worker, if that is why it ended."""
        if reply.outcome not in LOST:
            return reply
        deadline = time.monotonic() + DEATH_S
        while time.monotonic() < deadline:
            state = self.models.supervisor.look(model)
            if state.state == "failed":
                return replace(reply, detail=f"Its worker {state.message.rstrip('.')}.")
            if state.state in ("stopping", "stopped") and state.message:  # it made room
                return replace(reply, detail=state.message)
            await asyncio.sleep(STEP_S)
        return reply

    async def keep(self, turn: Turn, side: Side, reply: Reply, began: float) -> None:
        """Write a reply down, outside the event loop; the page shows what was written.

        Edge: Stop comes too late from here on.
        """
        side.stopping = True
        try:
            side.stored = await asyncio.to_thread(
                save_reply, self.store, turn.turn_id, side.position, reply, began
            )
        except CamelidError as error:
            side.problem = NOT_KEPT.format(error)


@dataclass
class Heard:
    """What is known of an answer that is cut short. Units: seconds."""

    first_token_s: float | None = None

    def end(self, side: Side, outcome: Outcome, detail: str, start: float) -> Reply:
        """Return the reply that ends here, with the text that has come."""
        return Reply(
            side.text, outcome, detail, first_token_s=self.first_token_s,
            duration_s=time.monotonic() - start, cost_usd=None,
        )  # fmt: skip


async def watch(floor: Floor, side: Side, show: Callable[[Side], str]) -> AsyncIterator[str]:
    """Yield a side as it grows, until it has ended; whoever watches keeps it going."""
    shown, told_at = "", 0.0
    with floor.watch(side):
        while True:
            running, start = side.running, time.monotonic()
            html = show(side)
            took = time.monotonic() - start
            if html != shown or start - told_at >= BEAT_S:
                shown, told_at = html, start
                yield html
            if not running:
                return
            await asyncio.sleep(max(STEP_S, SHARE * took))
