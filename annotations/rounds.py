"""What runs that ask a model have in common: how each goes on, and how it ends.

A round is one run, from its row in the ledger to its end. Answers, translations and scores come
in rounds; each kind knows what it asks and what it keeps.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from annotations.errands import ENDED, STOPPED, Pace, unless_stopped
from annotations.generation import Ending
from annotations.store import Store
from backend.errors import CamelidError
from backend.registry.cards import Card
from backend.supervisor import WorkerState
from backend.switchboard import Switchboard

if TYPE_CHECKING:
    from backend.client import Client

T = TypeVar("T")


class Round(Generic[T]):
    """One run of any kind; T is how the ledger tells of it.

    Subclasses say what is asked in `ask_all`, and write the end down in `finish`. They count how
    each question ended in `outcomes`; those in `good` are no failures. Units: `cost_usd` in US
    dollars, None where asking is free.
    """

    good: frozenset[str] = frozenset({"ok"})
    run_id: int

    def __init__(
        self, store: Store, models: Switchboard, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Stand ready."""
        self.store = store
        self.models = models
        self.clock = clock
        self.n_wanted = 0
        self.outcomes: Counter[str] = Counter()
        self.cost_usd: float | None = None
        self.note = "starting"
        self._asked_at = 0.0

    def find_card(self) -> Card:
        """Return the card of who is asked."""
        raise NotImplementedError

    def connect(self) -> Coroutine[Any, Any, "Client"]:
        """Return who is asked."""
        return self.models.connect(self.find_card(), self.follow)

    async def ask_all(self, client: "Client", stop: asyncio.Event) -> str:
        """Ask for all that is missing, and keep it; return why that ended early, or nothing."""
        raise NotImplementedError

    def finish(self, ending: Ending, message: str) -> T:
        """Write the end down; return the run as it ended."""
        raise NotImplementedError

    def find_pace(self) -> Pace:
        """Return how it is getting on now; may be called from any thread."""
        seen = dict(self.outcomes)  # at once: the run goes on meanwhile
        n_done = sum(seen.values())
        n_failed = sum(n for outcome, n in seen.items() if outcome not in self.good)
        took = self.clock() - self._asked_at
        if not n_done or took <= 0:
            return Pace(self.note, self.n_wanted, n_done, n_failed, cost_usd=self.cost_usd)
        rate = n_done / took
        left_s = (self.n_wanted - n_done) / rate
        return Pace(self.note, self.n_wanted, n_done, n_failed, rate, left_s, self.cost_usd)

    async def carry_out(self, stop: asyncio.Event, *, quitting: Callable[[], bool]) -> T:
        """Ask for all that is missing; return the run as it ended.

        `quitting` says whether a stop comes from the end of the app, and not from a person.
        """
        ending: Ending = "interrupted"
        message = ENDED
        try:
            ending, message = await self._work(stop)
            if ending == "cancelled" and quitting():
                ending, message = "interrupted", ENDED
        except CamelidError as error:
            ending, message = "failed", str(error)
        finally:
            run = self.finish(ending, message)
        return run

    async def _work(self, stop: asyncio.Event) -> tuple[Ending, str]:
        if not self.n_wanted:
            return "done", "Nothing was missing."
        client = await unless_stopped(self.connect(), stop)
        if client is None:
            return "cancelled", STOPPED
        self.note, self._asked_at = "", self.clock()
        async with client:
            reason = await self.ask_all(client, stop)
        if reason:
            return "failed", reason
        return ("cancelled", STOPPED) if stop.is_set() else ("done", "")

    def follow(self, state: WorkerState) -> None:
        """Take in how the worker is that has to start first."""
        took = max(self.store.clock() - state.since, 0)
        self.note = f"{self.find_card().label} is {state.state}, {took:.0f} s"
