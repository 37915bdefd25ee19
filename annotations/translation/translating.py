"""Translating: one run of a translator from its start to its end."""

import asyncio
import time
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any

from annotations.generation import Ending
from annotations.rounds import Round
from annotations.spending import LedgerPurse
from annotations.store import Store
from annotations.translation.orders import TranslationOrder, look_ahead_translation
from annotations.translation.runs import (
    TranslationRun,
    finish_translation,
    open_press,
    place_sheets,
    save_translation,
    start_translation,
)
from backend.crew import Crew
from backend.dialogue import Reply
from backend.money import CappedPurse
from backend.registry.cards import Card, LocalCard
from backend.switchboard import Switchboard
from backend.translating import Translator

if TYPE_CHECKING:
    from backend.client import Client


class TranslationErrand(Round[TranslationRun]):
    """One run: from its row in the ledger to its end, whatever that is."""

    def __init__(
        self,
        store: Store,
        models: Switchboard,
        order: TranslationOrder,
        actor: str,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Look what is missing, write the start of the run down, and put in place what is known.

        Errors: those of `look_ahead_translation`; Conflict when the same goes on already.
        """
        super().__init__(store, models, clock)
        self.outlook = look_ahead_translation(store, models, order)
        self.n_wanted = len(self.outlook.missing)
        self.cost_usd = None if self.outlook.cost_usd is None else 0.0
        self.run_id = start_translation(store, actor, self.outlook.start, self.n_wanted)
        self._press = open_press(store, self.run_id)
        place_sheets(store, self._press, self.outlook.sheets)

    def find_card(self) -> Card:
        """Return the card of who translates."""
        return self.outlook.card

    def connect(self) -> Coroutine[Any, Any, "Client"]:
        """Return who translates, paid up to the order's cap where it has one."""
        cap_usd = self.outlook.order.cap_usd
        purse = None if cap_usd is None else CappedPurse(LedgerPurse(self.store), cap_usd)
        return self.models.connect(self.find_card(), self.follow, purse)

    async def ask_all(self, client: "Client", stop: asyncio.Event) -> str:
        """Ask for every text that is missing; return why that ended early, or nothing."""
        outlook, order = self.outlook, self.outlook.order
        template = outlook.card.template if isinstance(outlook.card, LocalCard) else ""
        translator = Translator(
            client, outlook.prompt, order.temperature, order.max_tokens, template
        )

        async def ask(key: str) -> Reply:
            return await translator.translate(outlook.missing[key].text)

        crew = Crew(ask, self._keep)
        return await crew.work_through(outlook.missing, outlook.n_parallel, stop)

    def finish(self, ending: Ending, message: str) -> TranslationRun:
        """Write the end down; return the run as it ended."""
        return finish_translation(self.store, self.run_id, ending, message)

    async def _keep(self, key: str, reply: Reply) -> None:
        sheets = self.outlook.missing[key].sheets.values()
        await asyncio.to_thread(save_translation, self.store, self._press, key, reply, sheets)
        self.outcomes[reply.outcome] += 1
        if self.cost_usd is not None:
            self.cost_usd += reply.cost_usd or 0.0
