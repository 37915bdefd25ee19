"""Errands of the app: runs that ask a model, in a thread of their own, and how they get on.

No page and no vote waits for one. They don't end with the page that started them, only with the
app.
"""

import asyncio
import logging
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import Future, wait
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

from backend.errors import CamelidError, Refused

STOPPED = "Stopped; what had come is kept. Start it again, and it goes on with what is missing."
ENDED = "The app ended before the run did. Start it again, and it goes on with what is missing."
CLOSE_S = 10.0
LOG = logging.getLogger("camelid")
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Pace:
    """How a run is getting on. Units: answers a second, seconds; None while nobody knows.

    `cost_usd` is what it has spent so far in US dollars, None where asking is free.
    """

    note: str
    n_wanted: int
    n_done: int
    n_failed: int = 0
    rate: float | None = None
    left_s: float | None = None
    cost_usd: float | None = None


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


class Runs(Protocol):
    """One run that can be carried out; see `annotations.rounds.Round`."""

    run_id: int

    def carry_out(
        self, stop: asyncio.Event, *, quitting: Callable[[], bool]
    ) -> Coroutine[Any, Any, object]:
        """Go on until all is done or `stop` is set; `quitting` says whether the app ends."""
        ...


E = TypeVar("E", bound=Runs)


@dataclass(frozen=True, slots=True)
class Going(Generic[E]):
    """A run that goes on: its errand, how to stop it, and its end."""

    errand: E
    stop: asyncio.Event
    ended: Future[object]


class Errands(Generic[E]):
    """All runs of one kind, in one thread."""

    def __init__(self, name: str) -> None:
        """Stand ready; the thread of that name starts with the first run."""
        self.name = name
        self._going: dict[int, Going[E]] = {}
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._mutex = threading.Lock()
        self._closing = False

    def start(self, errand: E) -> int:
        """Begin to carry out an errand and return its run's number; it goes on after this.

        Errors: Refused when the app ends.
        """
        if self._closing:
            raise Refused("The app is ending. Start the run again when it is back.")
        stop = asyncio.Event()
        work = errand.carry_out(stop, quitting=lambda: self._closing)
        ended = asyncio.run_coroutine_threadsafe(work, self._wake())
        self._going[errand.run_id] = Going(errand, stop, ended)
        ended.add_done_callback(lambda done: self._forget(errand.run_id, done))
        return errand.run_id

    def find(self, run_id: int) -> E | None:
        """Return the errand of a run, or None when it does not go on here."""
        going = self._going.get(run_id)
        return going.errand if going else None

    def stop(self, run_id: int) -> bool:
        """Ask a run to stop; False when it does not go on here."""
        going = self._going.get(run_id)
        if going is None or self._loop is None:
            return False
        self._loop.call_soon_threadsafe(going.stop.set)
        return True

    def close(self) -> None:
        """Stop all runs because the app ends, and end the thread; a second time nothing is left."""
        self._closing = True
        going = list(self._going.values())
        for one in going:
            self.stop(one.errand.run_id)
        wait([one.ended for one in going], CLOSE_S)
        if self._loop is not None and self._thread is not None and self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join(CLOSE_S)

    def _forget(self, run_id: int, ended: Future[object]) -> None:
        self._going.pop(run_id, None)
        error = None if ended.cancelled() else ended.exception()
        if error is not None:
            LOG.error("Run %s broke.", run_id, exc_info=error)

    def _wake(self) -> asyncio.AbstractEventLoop:
        with self._mutex:
            if self._loop is None:
                self._loop = asyncio.new_event_loop()
                self._thread = threading.Thread(
                    target=self._serve, args=(self._loop,), name=self.name, daemon=True
                )
                self._thread.start()
            return self._loop

    def _serve(self, loop: asyncio.AbstractEventLoop) -> None:
        asyncio.set_event_loop(loop)
        loop.run_forever()
        loop.close()
