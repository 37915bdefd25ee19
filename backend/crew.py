"""A crew asks a model for one thing after another, many at a time, until nothing is left.

Nothing here knows what is asked for: answers, translations and scores all pass here.
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Iterator
from contextlib import suppress
from typing import Any, Generic, Protocol, TypeVar

from backend.dialogue import Outcome

# The next one would fare no better after one of these.
FATAL: frozenset[Outcome] = frozenset({"no_quota", "bad_key", "unknown_model"})
# A server that is gone answers nobody, and quickly: so many in a row, and the run ends.
GONE: frozenset[Outcome] = frozenset({"unreachable", "cut_off"})
MAX_GONE = 8
MAX_REST_S = 60.0  # however long a server asks for


class Ended(Protocol):
    """How one question ended: a reply, or scores."""

    @property
    def outcome(self) -> Outcome:
        """Return its name."""

    @property
    def detail(self) -> str:
        """Return the sentence about it."""

    @property
    def retry_after_s(self) -> float | None:
        """Return how long the server asked to wait."""


W = TypeVar("W")
R = TypeVar("R", bound=Ended)
T = TypeVar("T")


class Crew(Generic[W, R]):
    """Takes one thing after another from one queue, as many at a time as it has members."""

    def __init__(
        self,
        ask: Callable[[W], Coroutine[Any, Any, R]],
        keep: Callable[[W, R], Awaitable[None]],
    ) -> None:
        """Stand ready; `keep` is awaited for how each ended, and never cut off by a stop."""
        self._ask = ask
        self._keep = keep
        self.reason = ""
        self.ended = asyncio.Event()
        self._n_gone = 0

    async def work_through(self, wanted: Iterable[W], n_parallel: int, stop: asyncio.Event) -> str:
        """Ask for all that is wanted; return why that ended early, or nothing.

        Edge: after `stop` nothing new is asked, and what is under way is cancelled and not kept.
        Errors: what `keep` raises ends the run and is raised again.
        """
        follow = asyncio.create_task(self.follow(stop))
        try:
            async with asyncio.TaskGroup() as group:
                queue = iter(wanted)
                for _ in range(n_parallel):
                    group.create_task(self.work(queue))
        except BaseExceptionGroup as errors:
            raise find_first(errors) from None
        finally:
            follow.cancel()
        return self.reason

    async def follow(self, stop: asyncio.Event) -> None:
        """End when `stop` is set."""
        await stop.wait()
        self.ended.set()

    async def work(self, queue: Iterator[W]) -> None:
        """Ask for what is next in the queue until it is empty or the run has ended."""
        while not self.ended.is_set():
            try:
                one = next(queue)
            except StopIteration:
                return
            reply = await self.ask(one)
            if reply is None:
                return
            await self._keep(one, reply)
            self.judge(reply)
            await self.rest(reply.retry_after_s)

    async def ask(self, one: W) -> R | None:
        """Return how one ended, or None when the run ended first."""
        asked = asyncio.create_task(self._ask(one))
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

    def judge(self, reply: R) -> None:
        """End the run after a reply that promises nothing better for the next one."""
        self._n_gone = self._n_gone + 1 if reply.outcome in GONE else 0
        if reply.outcome in FATAL or self._n_gone >= MAX_GONE:
            self.reason = self.reason or reply.detail or reply.outcome
            self.ended.set()


def find_first(errors: BaseExceptionGroup[BaseException]) -> BaseException:
    """Return the error that ended a group; the others are what it did to its neighbours."""
    first = errors.exceptions[0]
    return find_first(first) if isinstance(first, BaseExceptionGroup) else first


async def cancel(task: asyncio.Task[Any]) -> None:
    """Cancel a task that still runs, and wait until it has let go of what it holds."""
    task.cancel()
    await asyncio.wait({task})
