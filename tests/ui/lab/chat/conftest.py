"""What tests of the chat share: a switchboard whose models say what they are told to say."""

import asyncio
from dataclasses import dataclass, field

import pytest

from annotations.conversations import Seat
from backend.dialogue import Reply
from backend.keyring import Keyring
from backend.money import NoPurse
from backend.registry import add_card
from backend.registry.cards import OpenAICard, RecordedCard
from backend.switchboard import Switchboard


@dataclass
class Parrot:
    """A client that says its pieces with a pause before each, then how it ended."""

    pieces: tuple = ("Hello", " there")
    pause_s: float = 0.05
    outcome: str = "ok"
    detail: str = ""
    asked: list = field(default_factory=list)
    closed: bool = False

    async def stream(self, messages, sampling, *, template=""):
        self.asked.append((messages, sampling, template))
        try:
            for piece in self.pieces:
                await asyncio.sleep(self.pause_s)
                yield piece
        finally:
            self.closed = True
        yield Reply("".join(self.pieces), self.outcome, self.detail, n_tokens=2, first_token_s=0.1,
                    duration_s=0.3)  # fmt: skip


class Zoo(Switchboard):
    """A real switchboard with real cards; only what is connected to is a parrot."""

    def __init__(self, data):
        super().__init__(data, Keyring({}), NoPurse())
        self.parrots = {}
        self.faults = {}
        self.delays = {}

    async def connect(self, card, on_state=None):
        await asyncio.sleep(self.delays.get(card.name, 0))
        if card.name in self.faults:
            raise self.faults[card.name]
        return self.parrots.setdefault(card.name, Parrot())


@pytest.fixture
def models(tmp_path):
    """Three models that can run, and one that can't."""
    for name in ("ape", "bear", "cat"):
        card = OpenAICard(
            name=name, title=name.upper(), base_url="http://127.0.0.1:9/v1", model="m"
        )
        add_card(tmp_path, card)
    add_card(tmp_path, RecordedCard(name="dodo", system="dodo"))
    zoo = Zoo(tmp_path)
    yield zoo
    zoo.close()


@pytest.fixture
def seats():
    return [Seat(place, name, name.upper(), "hash") for place, name in enumerate(("ape", "bear"))]
