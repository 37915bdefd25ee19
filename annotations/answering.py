"""Runs that ask a model for answers: one from its start to its end, and all those of the app.

The command line carries out one errand; the web app has an `Answering`, which goes on whoever
looks.
"""

import asyncio
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from annotations.errands import ENDED, Errands, Pace
from annotations.generation import Ending, Run, finish_run, read_run, save_outcome, start_run
from annotations.orders import Order, look_ahead
from annotations.rounds import Round
from annotations.store import Store
from backend.answers import generate_answers
from backend.dialogue import ANSWERED, Reply
from backend.errors import NotFound
from backend.records import Item
from backend.registry.cards import Card
from backend.switchboard import Switchboard

if TYPE_CHECKING:
    from backend.client import Client


class Errand(Round[Run]):
    """One run: from its row in the ledger to its end, whatever that is."""

    good = ANSWERED

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
        super().__init__(store, models, clock)
        self.outlook = look_ahead(store, models, order)
        self.n_wanted = len(self.outlook.missing)
        self.run_id = start_run(store, actor, self.outlook.start)

    def find_card(self) -> Card:
        """Return the card of who is asked."""
        return self.outlook.card

    async def ask_all(self, client: "Client", stop: asyncio.Event) -> str:
        """Ask for every answer that is missing; return why that ended early, or nothing."""
        outlook = self.outlook
        return await generate_answers(client, outlook.missing, outlook.asking, self._keep, stop)

    def finish(self, ending: Ending, message: str) -> Run:
        """Write the end down; return the run as it ended."""
        return finish_run(self.store, self.run_id, ending, message)

    async def _keep(self, item: Item, sample: int, reply: Reply) -> None:
        await asyncio.to_thread(save_outcome, self.store, self.run_id, item, sample, reply)
        self.outcomes[reply.outcome] += 1


class Answering:
    """All runs of the app, in a thread of their own: no page and no vote waits for one.

    They don't end with the page that started them, only with the app.
    """

    def __init__(self, store: Store, models: Switchboard) -> None:
        """Stand ready; the thread starts with the first run."""
        self.store = store
        self.models = models
        self._errands: Errands[Errand] = Errands("answering")

    def start(self, order: Order, actor: str) -> int:
        """Begin a run and return its number; it goes on after this returns.

        Errors: those of `Errand`.
        """
        return self._errands.start(Errand(self.store, self.models, order, actor))

    def cancel(self, run_id: int) -> None:
        """Stop a run; what it has brought stays.

        Edge: one that only the ledger takes for running, since its end could not be written, is
        ended there.
        Errors: NotFound when no such run goes on.
        """
        if not self._errands.stop(run_id):
            if read_run(self.store, run_id).state != "running":
                raise NotFound(f"Run {run_id} is not running.")
            finish_run(self.store, run_id, "interrupted", ENDED)

    def look(self, run_id: int) -> Pace | None:
        """Return how far a run is, or None when it does not go on here."""
        errand = self._errands.find(run_id)
        return errand.find_pace() if errand else None

    def close(self) -> None:
        """Stop all runs as interrupted, and end the thread."""
        self._errands.close()
