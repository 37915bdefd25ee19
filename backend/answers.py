"""Answers for a benchmark: asks a model for each that is wanted, many at a time, until stopped.

Nothing here knows a database or a screen: each reply is handed to whoever wants to keep it.
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Protocol

from backend.dialogue import Message, Outcome, Reply, Sampling
from backend.records import Item

N_LOCAL = 16  # a worker batches what runs: this many keep a device full
N_REMOTE = 8
# The next item would fare no better after one of these.
FATAL: frozenset[Outcome] = frozenset({"no_quota", "bad_key", "unknown_model"})
# A server that is gone answers nobody, and quickly: so many in a row, and the run ends.
GONE: frozenset[Outcome] = frozenset({"unreachable", "cut_off"})
MAX_GONE = 8
MAX_REST_S = 60.0  # however long a server asks for

Wanted = tuple[Item, int]  # an item, and which sample of it
Keep = Callable[[Item, int, Reply], Awaitable[None]]


class Asker(Protocol):
    """Whoever can be asked: a client of `backend.client`, or a test's queue of replies."""

    def ask(
        self, messages: Sequence[Message], sampling: Sampling, *, template: str = ""
    ) -> Coroutine[Any, Any, Reply]:
        """Return how one answer ended; a fault is an outcome, never raised."""
        ...


@dataclass(frozen=True, slots=True)
class Asking:
    """How every item is put to the model. `n_parallel` is how many are under way at a time."""

    sampling: Sampling
    system: str = ""
    template: str = ""
    n_parallel: int = N_LOCAL


def build_messages(item: Item, system: str = "") -> list[Message]:
    """Return an item as it is said to a model; its input stays apart for formats that know one."""
    told = [Message("system", system)] if system else []
    return [*told, Message("user", item.instruction, item.input)]


async def generate_answers(
    client: Asker, wanted: Iterable[Wanted], asking: Asking, keep: Keep, stop: asyncio.Event
) -> str:
    """Ask for every answer that is wanted; return why the run ended early, or nothing.

    `keep` is awaited for each reply, failures too, and never cut off by `stop`.
    Edge: after `stop` nothing new is asked, and what is under way is cancelled and not kept.
    Errors: what `keep` raises ends the run and is raised again.
    """
    crew = Crew(client, asking, keep)
    follow = asyncio.create_task(crew.follow(stop))
    try:
        async with asyncio.TaskGroup() as group:
            queue = iter(wanted)
            for _ in range(asking.n_parallel):
                group.create_task(crew.work(queue))
    except BaseExceptionGroup as errors:
        raise find_first(errors) from None
    finally:
        follow.cancel()
    return crew.reason


def find_first(errors: BaseExceptionGroup[BaseException]) -> BaseException:
    """Return the error that ended a group; the others are what it did to its neighbours."""
    first = errors.exceptions[0]
    return find_first(first) if isinstance(first, BaseExceptionGroup) else first


class Crew:
    """Takes one item after another from one queue, as many at a time as it has members."""

    def __init__(self, client: Asker, asking: Asking, keep: Keep) -> None:
        """Stand ready."""
        self.client = client
        self.asking = asking
        self.keep = keep
        self.reason = ""
        self.ended = asyncio.Event()
        self._n_gone = 0

    async def follow(self, stop: asyncio.Event) -> None:
        """End when `stop` is set."""
        await stop.wait()
        self.ended.set()

    async def work(self, queue: Iterator[Wanted]) -> None:
        """Ask for what is next in the queue until it is empty or the run has ended."""
        while not self.ended.is_set():
            one = next(queue, None)
            if one is None:
                return
            reply = await self.ask(one[0])
            if reply is None:
                return
            await self.keep(*one, reply)
            self.judge(reply)
            await self.rest(reply.retry_after_s)

    async def ask(self, item: Item) -> Reply | None:
        """Return the reply to one item, or None when the run ended first."""
        messages = build_messages(item, self.asking.system)
        asked = asyncio.create_task(
            self.client.ask(messages, self.asking.sampling, template=self.asking.template)
        )
        ended = asyncio.create_task(self.ended.wait())
        try:
            await asyncio.wait({asked, ended}, return_when=asyncio.FIRST_COMPLETED)
            return asked.result() if asked.done() else None
        finally:
            ended.cancel()
            await cancel(asked)

    async def rest(self, seconds: float | None) -> None:
        """Wait as long as the server asked for, or until the run ends."""
        if seconds:
            with suppress(TimeoutError):
                await asyncio.wait_for(self.ended.wait(), min(seconds, MAX_REST_S))

    def judge(self, reply: Reply) -> None:
        """End the run after a reply that promises nothing better for the next item."""
        self._n_gone = self._n_gone + 1 if reply.outcome in GONE else 0
        if reply.outcome in FATAL or self._n_gone >= MAX_GONE:
            self.reason = self.reason or reply.detail or reply.outcome
            self.ended.set()


async def cancel(task: asyncio.Task[Any]) -> None:
    """Cancel a task that still runs, and wait until it has let go of what it holds."""
    task.cancel()
    await asyncio.wait({task})
