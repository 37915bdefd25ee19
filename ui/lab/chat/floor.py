"""Who is speaking at this moment: the sides of each running turn, and who watches them.

The ledger knows what has been said; this knows what is being said. A side is one task that asks
one model, keeps the text so far, and writes its reply down when it ends, however it ends. Pages
only watch: a side that nobody watches any more is stopped.
"""

import asyncio
import logging
import secrets
import time
from collections.abc import Awaitable, Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Literal

from annotations.conversations import Conversation, StoredReply
from backend.errors import Refused

State = Literal["waiting", "loading", "speaking", "done"]

MAX_ROUNDS = 3  # running turns of one account
ARRIVE_S = 15.0  # a page has this long to begin to watch
LEAVE_S = 6.0  # and this long to come back: a slow reload does not stop an answer
LOG = logging.getLogger("camelid")

Speak = Callable[["Round", "Side"], Awaitable[None]]


@dataclass(eq=False)
class Side:
    """One model's part of a running turn. `ticket` is what a page watches it by.

    `since` is when the present state began, on the monotonic clock.
    """

    position: int
    ticket: str = field(default_factory=lambda: secrets.token_urlsafe(12))
    text: str = ""
    state: State = "waiting"
    since: float = field(default_factory=time.monotonic)
    stored: StoredReply | None = None
    problem: str = ""
    n_watching: int = 0
    task: "asyncio.Future[None] | None" = None
    stopping: bool = False

    @property
    def running(self) -> bool:
        """Say whether more may come."""
        return self.state != "done"

    def enter(self, state: State) -> None:
        """Change the state, once."""
        if state != self.state:
            self.state, self.since = state, time.monotonic()

    def stop(self) -> None:
        """End the side; what has come is kept. A second call changes nothing."""
        if self.running and self.task is not None and not self.stopping:
            self.stopping = True
            self.task.cancel()


@dataclass(eq=False)
class Round:
    """The running sides of the last turn of one conversation, which is as it was when they began.

    `ready` is set once all are connected: in a battle nobody speaks before, since how long a side
    takes to load would say who it is.
    """

    talk: Conversation
    sides: tuple[Side, ...]
    ready: asyncio.Event = field(default_factory=asyncio.Event)
    connected: set[int] = field(default_factory=set)

    @property
    def key(self) -> str:
        """Return the conversation's key."""
        return self.talk.key

    @property
    def running(self) -> bool:
        """Say whether any side may say more."""
        return any(side.running for side in self.sides)

    def note_connected(self, side: Side) -> None:
        """Remember that a side can speak, or never will."""
        self.connected.add(side.position)
        if len(self.connected) == len(self.sides):
            self.ready.set()


class Floor:
    """All rounds of the app that are going on."""

    def __init__(self, arrive_s: float = ARRIVE_S, leave_s: float = LEAVE_S) -> None:
        """Start with silence."""
        self.rounds: dict[str, Round] = {}
        self.held: list[tuple[str, str]] = []  # (key, actor) of the acts that are on their way
        self.arrive_s = arrive_s
        self.leave_s = leave_s

    @contextmanager
    def hold(self, key: str, actor: str) -> Iterator[None]:
        """Keep a conversation to one act at a time; an empty `key` is one that has yet to begin.

        Errors: Refused while it is being answered, and when too many of this person's are.
        """
        if key and (key in self.rounds or key in (held for held, _ in self.held)):
            raise Refused("This conversation is being answered. Wait, or press Stop first.")
        n = sum(one.talk.actor == actor for one in self.rounds.values())
        n += sum(one == actor for _, one in self.held)
        if n >= MAX_ROUNDS:
            raise Refused(
                f"{n} of your conversations are being answered. Wait for one, or stop it first."
            )
        self.held.append((key, actor))
        try:
            yield
        finally:
            self.held.remove((key, actor))

    def begin(self, talk: Conversation, positions: Iterable[int], speak: Speak) -> Round:
        """Start one task a side; to be called inside the app's event loop, while it is held."""
        found = Round(talk, tuple(Side(position) for position in positions))
        self.rounds[talk.key] = found
        for side in found.sides:
            side.task = asyncio.ensure_future(speak(found, side))
            side.task.add_done_callback(partial(self.end, found, side))
            self.look_later(side, self.arrive_s)
        return found

    def end(self, found: Round, side: Side, task: "asyncio.Future[None]") -> None:
        """Close a side, however its task ended; when the last has ended, the round is over."""
        if not task.cancelled() and task.exception():
            LOG.error("A side of a chat failed.", exc_info=task.exception())
        side.enter("done")
        found.note_connected(side)
        if not found.running and self.rounds.get(found.key) is found:
            del self.rounds[found.key]

    def find_round(self, key: str) -> Round | None:
        """Return what is going on in a conversation."""
        return self.rounds.get(key)

    def find_side(self, ticket: str, actor: str) -> tuple[Round, Side] | None:
        """Return the running side of that ticket, to whoever asked the question."""
        for one in self.rounds.values():
            for side in one.sides:
                if side.ticket == ticket and one.talk.actor == actor:
                    return one, side
        return None

    def stop(self, key: str, actor: str) -> bool:
        """End all sides of a conversation; say whether there were any."""
        found = self.rounds.get(key)
        if found is None or found.talk.actor != actor:
            return False
        for side in found.sides:
            side.stop()
        return True

    @contextmanager
    def watch(self, side: Side) -> Iterator[None]:
        """Count a page that looks at a side; after the last one has left, the side is stopped."""
        side.n_watching += 1
        try:
            yield
        finally:
            side.n_watching -= 1
            if not side.n_watching:
                self.look_later(side, self.leave_s)

    def look_later(self, side: Side, seconds: float) -> None:
        """Stop a side, after some seconds, if nobody watches it then."""

        def look() -> None:
            if side.running and not side.n_watching:
                side.stop()

        asyncio.get_running_loop().call_later(seconds, look)
