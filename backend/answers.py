"""Answers for a benchmark: asks a model for each that is wanted, many at a time, until stopped.

Nothing here knows a database or a screen: each reply is handed to whoever wants to keep it.
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from backend.crew import Crew
from backend.dialogue import Message, Reply, Sampling
from backend.records import Item

N_LOCAL = 16  # a worker batches what runs: this many keep a device full
N_REMOTE = 8

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

    async def ask(one: Wanted) -> Reply:
        messages = build_messages(one[0], asking.system)
        return await client.ask(messages, asking.sampling, template=asking.template)

    async def keep_one(one: Wanted, reply: Reply) -> None:
        await keep(*one, reply)

    return await Crew(ask, keep_one).work_through(wanted, asking.n_parallel, stop)
