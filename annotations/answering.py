"""Runs that ask a model for answers: one from its start to its end, and all those of the app.

The command line carries out one errand; the web app has an `Answering`, which goes on whoever
looks.
"""

import asyncio
import logging
import threading
import time
from collections import Counter
from collections.abc import Callable, Coroutine
from concurrent.futures import Future, wait
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, TypeVar

from annotations.generation import Ending, Run, finish_run, read_run, save_outcome, start_run
from annotations.orders import Order, look_ahead
from annotations.store import Store
from backend.answers import Asker, generate_answers
from backend.dialogue import ANSWERED, Outcome, Reply
from backend.errors import CamelidError, NotFound
from backend.records import Item
from backend.supervisor import WorkerState
from backend.switchboard import Switchboard

STOPPED = "Stopped; what had come is kept. Start it again, and it goes on with what is missing."
ENDED = "The app ended before the run did. Start it again, and it goes on with what is missing."
CLOSE_S = 10.0
LOG = logging.getLogger("camelid")
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Pace:
    """How a run is getting on. Units: answers a second, seconds; None while nobody knows."""

    note: str
    n_wanted: int
    n_done: int
    n_failed: int = 0
    rate: float | None = None
    left_s: float | None = None


class Errand:
    """One run: from its row in the ledger to its end, whatever that is."""

    def __init__(
        self,
        store: Store,
        models: Switchboard,
        order: Order,
        actor: str,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Look what is missing, and write the start of the run down.

        Errors: those of `look_ahead`; Conflict when the same is being asked already.
        """
        self.store = store
        self.models = models
        self.clock = clock
        self.outlook = look_ahead(store, models, order)
        self.outcomes: Counter[Outcome] = Counter()
        self._note = "starting"
        self._asked_at = 0.0
        self.run_id = start_run(store, actor, self.outlook.start)

    def find_pace(self) -> Pace:
        """Return how it is getting on now; may be called from any thread."""
        seen = dict(self.outcomes)  # at once: the run goes on meanwhile
        n_wanted, n_done = len(self.outlook.missing), sum(seen.values())
        n_failed = sum(n for outcome, n in seen.items() if outcome not in ANSWERED)
        took = self.clock() - self._asked_at
        if not n_done or took <= 0:
            return Pace(self._note, n_wanted, n_done, n_failed)
        rate = n_done / took
        return Pace(self._note, n_wanted, n_done, n_failed, rate, (n_wanted - n_done) / rate)

    async def carry_out(self, stop: asyncio.Event, *, quitting: Callable[[], bool]) -> Run:
        """Ask for all that is missing; return the run as it ended.

        `quitting` says whether a stop comes from the end of the app, and not from a person.
        """
        ending: Ending = "interrupted"
        message = ENDED
        try:
            ending, message = await self._answer(stop)
            if ending == "cancelled" and quitting():
                ending, message = "interrupted", ENDED
        except CamelidError as error:
            ending, message = "failed", str(error)
        finally:
            run = finish_run(self.store, self.run_id, ending, message)
        return run

    async def _answer(self, stop: asyncio.Event) -> tuple[Ending, str]:
        if not self.outlook.missing:
            return "done", "Nothing was missing."
        client = await unless_stopped(self.models.connect(self.outlook.card, self._follow), stop)
        if client is None:
            return "cancelled", STOPPED
        self._note, self._asked_at = "", self.clock()
        async with client:
            reason = await self._generate(client, stop)
        if reason:
            return "failed", reason
        return ("cancelled", STOPPED) if stop.is_set() else ("done", "")

    async def _generate(self, client: Asker, stop: asyncio.Event) -> str:
        outlook = self.outlook
        return await generate_answers(client, outlook.missing, outlook.asking, self._keep, stop)

    async def _keep(self, item: Item, sample: int, reply: Reply) -> None:
        await asyncio.to_thread(save_outcome, self.store, self.run_id, item, sample, reply)
        self.outcomes[reply.outcome] += 1

    def _follow(self, state: WorkerState) -> None:
        took = max(self.store.clock() - state.since, 0)
        self._note = f"{self.outlook.card.label} is {state.state}, {took:.0f} s"


async def unless_stopped(work: Coroutine[Any, Any, T], stop: asyncio.Event) -> T | None:
    """Return what some work comes to, or None when a stop came first; then it is cancelled."""
    working, stopping = asyncio.create_task(work), asyncio.create_task(stop.wait())
    try:
        await asyncio.wait({working, stopping}, return_when=asyncio.FIRST_COMPLETED)
        return working.result() if working.done() else None
    finally:
        stopping.cancel()
        if not working.done():
            working.cancel()
            with suppress(asyncio.CancelledError, CamelidError):
                await working


@dataclass(frozen=True, slots=True)
class Going:
    """A run that goes on: its errand, how to stop it, and its end."""

    errand: Errand
    stop: asyncio.Event
    ended: Future[Run]


class Answering:
    """All runs of the app, in a thread of their own: no page and no vote waits for one.

    They don't end with the page that started them, only with the app.
    """

    def __init__(self, store: Store, models: Switchboard) -> None:
        """Stand ready; the thread starts with the first run."""
        self.store = store
        self.models = models
        self._going: dict[int, Going] = {}
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._mutex = threading.Lock()
        self._closing = False

    def start(self, order: Order, actor: str) -> int:
        """Begin a run and return its number; it goes on after this returns.

        Errors: those of `Errand`.
        """
        errand = Errand(self.store, self.models, order, actor)
        stop = asyncio.Event()
        work = errand.carry_out(stop, quitting=lambda: self._closing)
        ended = asyncio.run_coroutine_threadsafe(work, self._wake())
        self._going[errand.run_id] = Going(errand, stop, ended)
        ended.add_done_callback(lambda done: self._forget(errand.run_id, done))
        return errand.run_id

    def cancel(self, run_id: int) -> None:
        """Stop a run; what it has brought stays.

        Edge: one that only the ledger takes for running, since its end could not be written, is
        ended there.
        Errors: NotFound when no such run goes on.
        """
        going = self._going.get(run_id)
        if going is None or self._loop is None:
            if read_run(self.store, run_id).state != "running":
                raise NotFound(f"Run {run_id} is not running.")
            finish_run(self.store, run_id, "interrupted", ENDED)
            return
        self._loop.call_soon_threadsafe(going.stop.set)

    def look(self, run_id: int) -> Pace | None:
        """Return how far a run is, or None when it does not go on here."""
        going = self._going.get(run_id)
        return going.errand.find_pace() if going else None

    def close(self) -> None:
        """Stop all runs as interrupted, and end the thread."""
        self._closing = True
        going = list(self._going.values())
        for one in going:
            with suppress(NotFound):
                self.cancel(one.errand.run_id)
        wait([one.ended for one in going], CLOSE_S)
        if self._loop is not None and self._thread is not None:
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join(CLOSE_S)

    def _forget(self, run_id: int, ended: Future[Run]) -> None:
        self._going.pop(run_id, None)
        error = None if ended.cancelled() else ended.exception()
        if error is not None:
            LOG.error("Run %s broke.", run_id, exc_info=error)

    def _wake(self) -> asyncio.AbstractEventLoop:
        with self._mutex:
            if self._loop is None:
                self._loop = asyncio.new_event_loop()
                self._thread = threading.Thread(
                    target=self._serve, args=(self._loop,), name="answering", daemon=True
                )
                self._thread.start()
            return self._loop

    def _serve(self, loop: asyncio.AbstractEventLoop) -> None:
        asyncio.set_event_loop(loop)
        loop.run_forever()
        loop.close()
