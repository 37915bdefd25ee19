"""The switchboard: connects whoever asks with a model, wherever it is."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import SecretStr

from backend.call import Endpoint, Patience
from backend.errors import MissingTool, Refused
from backend.keyring import Keyring
from backend.loans import Loan
from backend.money import Purse
from backend.registry import Known, Readiness, check_card, fill_prices, find_card, list_cards
from backend.registry.cards import Card, LocalCard, OpenAICard
from backend.supervisor import Supervisor, WorkerState

if TYPE_CHECKING:
    from backend.client import Client

WORKER_KEY = "CAMELID_WORKER_KEY"


class Switchboard:
    """What the web app and the command line hold: cards, keys, money, and workers."""

    def __init__(
        self,
        data: Path,
        keyring: Keyring,
        purse: Purse,
        *,
        supervisor: Supervisor | None = None,
        patience: Patience | None = None,
    ) -> None:
        self.data, self._keyring, self._purse = data, keyring, purse
        self._patience = patience
        self.supervisor = supervisor or Supervisor(
            data, lambda key: keyring.child_environment({WORKER_KEY: key})
        )

    def list_cards(self) -> list[Known]:
        """Return all cards there are, broken ones with their fault."""
        return list_cards(self.data)

    def find_card(self, name: str) -> Card:
        """Return the card of that name.

        Errors: NotFound, with names like it.
        """
        return find_card(self.data, name)

    def check(self, card: Card) -> Readiness:
        """Look whether a card can be asked; if not, why and what to do."""
        return check_card(card, self.data, has_key=self._keyring.has)

    def list_workers(self) -> list[WorkerState]:
        """Return how all workers are that have run since the app started."""
        return self.supervisor.list()

    def free_devices(self, devices: tuple[int, ...], why: str) -> None:
        """Leave these GPUs to training, and only these; who chats on them is told why.

        Edge: cheap when nothing changes.
        """
        self.supervisor.lend(Loan(devices, why))

    async def connect(
        self,
        card: Card,
        on_state: Callable[[WorkerState], None] | None = None,
        purse: Purse | None = None,
    ) -> "Client":
        """Return a client of a card's model, when it can be asked.

        Edge: a local card's worker is started and waited for; `on_state` is told how it goes.
        `purse` pays in place of the switchboard's own.
        Errors: Refused for a recorded card; MissingTool without key or weights; CamelidError with
        the reason when the worker fails.
        """
        if isinstance(card, LocalCard):
            state = await self.supervisor.wait(card, on_state)
            return await asyncio.to_thread(self._make_client, card, state, purse)
        if isinstance(card, OpenAICard):
            return await asyncio.to_thread(self._make_client, card, None, purse)
        raise Refused(f"{card.label} is recorded: it can't be asked anything new.")

    def _make_client(
        self, card: LocalCard | OpenAICard, state: WorkerState | None, purse: Purse | None
    ) -> "Client":
        # openai takes a second to import: a web app that asks no model does without
        from backend.client import Client  # noqa: PLC0415

        if isinstance(card, OpenAICard):
            priced = fill_prices(card)
            endpoint = Endpoint(
                card.name,
                card.base_url,
                card.model,
                self._find_key(card),
                card.key_env,
                price_input_usd=priced.price_input_usd,
                price_output_usd=priced.price_output_usd,
                daily_cap_usd=card.daily_cap_usd,
            )
        else:
            url, key = (state.base_url, state.key) if state else ("", None)
            endpoint = Endpoint(card.name, url, card.name, key, is_local=True)
        return Client(endpoint, purse or self._purse, patience=self._patience)

    def _find_key(self, card: OpenAICard) -> SecretStr | None:
        if not card.key_env:
            return None
        key = self._keyring.find(card.key_env)
        if key is None:
            raise MissingTool(
                f"{card.key_env} is not set; {card.label} needs it. Set it in the app's "
                "environment and start again; everything else works without."
            )
        return key

    def close(self) -> None:
        """Stop all workers."""
        self.supervisor.close()
