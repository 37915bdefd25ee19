"""Money: what a call may cost at most, what it did cost, and who keeps count.

A call that costs money first reserves what it can cost at most, and is settled by what it did
cost. A reservation that is never settled, because the app died, stays spent.
"""

import math
import re
import threading
from collections.abc import Sequence
from typing import Protocol
from urllib.parse import urlsplit

from backend.dialogue import Message
from backend.errors import Refused

PER = 1_000_000  # prices are for a million tokens
CHEAP = re.compile(r"[A-Za-z \n]+")
LETTERS = re.compile(r"[^\W\d_\x00-\x7f]+")  # of any other alphabet
TOKENS_PER_MESSAGE = 8  # role and separators, which the published formats count as 3 to 5


class Priced(Protocol):
    """What says where a model is and what it costs: a card, or an endpoint.

    Units: US dollars a million tokens, None where unknown; the cap is for a UTC day.
    """

    @property
    def name(self) -> str:
        """Return the card's name."""

    @property
    def base_url(self) -> str:
        """Return where its server answers."""

    @property
    def price_input_usd(self) -> float | None:
        """Return the price of a million tokens of prompt."""

    @property
    def price_output_usd(self) -> float | None:
        """Return the price of a million tokens of answer."""

    @property
    def daily_cap_usd(self) -> float:
        """Return what may be spent on a UTC day; 0 lets nothing be spent."""


class Purse(Protocol):
    """Who keeps count of the money."""

    def reserve(self, card: str, usd: float, cap_usd: float) -> int:
        """Put money aside and return the reservation's number.

        Errors: Refused when it would pass the cap of the UTC day; nothing was put aside then.
        """

    def settle(self, reservation: int, usd: float | None) -> None:
        """Replace a reservation by what was spent; None counts the whole reservation."""


class NoPurse:
    """A purse that holds nothing: for models that cost nothing."""

    def reserve(self, card: str, usd: float, cap_usd: float) -> int:
        """Refuse: nobody keeps count here."""
        raise Refused(f"{card} costs money, and nothing keeps count of it here; not asked.")

    def settle(self, reservation: int, usd: float | None) -> None:
        """Do nothing: there is no reservation."""


class CappedPurse:
    """A purse that lends another one's money up to a cap of its own, which no day resets.

    Units: US dollars.
    """

    def __init__(self, purse: Purse, cap_usd: float, spent_usd: float = 0.0) -> None:
        """Lend nothing yet; `spent_usd` of the cap are gone already."""
        self._purse, self.cap_usd = purse, cap_usd
        self._open: dict[int, float] = {}
        self._settled_usd, self._asked_usd = spent_usd, 0.0
        self._mutex = threading.Lock()

    @property
    def spent_usd(self) -> float:
        """Return what is spent, and what is set aside."""
        return self._settled_usd + self._asked_usd + math.fsum(self._open.copy().values())

    def reserve(self, card: str, usd: float, cap_usd: float) -> int:
        """Put money aside and return the reservation's number.

        Errors: Refused when it would pass one of the caps; nothing was put aside then.
        """
        with self._mutex:
            spent_usd = self.spent_usd
            if spent_usd + usd > self.cap_usd:
                raise Refused(
                    f"{card}: this call can cost ${usd:.4f}, and ${spent_usd:.4f} of this run's "
                    f"cap of {write_usd(self.cap_usd)} are spent or reserved. Start it again "
                    "with a higher cap; what is there stays."
                )
            self._asked_usd += usd
        number = None
        try:  # many at a time: the purse inside writes to a disk
            number = self._purse.reserve(card, usd, cap_usd)
        finally:
            with self._mutex:
                self._asked_usd -= usd
                if number is not None:
                    self._open[number] = usd
        return number

    def settle(self, reservation: int, usd: float | None) -> None:
        """Replace a reservation by what was spent; None counts the whole reservation."""
        self._purse.settle(reservation, usd)
        with self._mutex:
            reserved_usd = self._open.pop(reservation, None)
            if reserved_usd is not None:  # settled once, a second time changes nothing
                self._settled_usd += reserved_usd if usd is None else usd


def write_usd(usd: float) -> str:
    """Return US dollars with cents, and with parts of a cent where there are some."""
    return f"${usd:,.2f}" if round(usd, 2) == usd else f"${usd:,.4f}"


def cost(card: Priced, n_prompt_tokens: int, n_tokens: int) -> float | None:
    """Return what so many tokens cost in US dollars, or None where a price is unknown."""
    if card.price_input_usd is None or card.price_output_usd is None:
        return None
    return (n_prompt_tokens * card.price_input_usd + n_tokens * card.price_output_usd) / PER


def estimate(card: Priced, messages: Sequence[Message], max_tokens: int) -> float | None:
    """Return what a call can cost at most in US dollars, or None where a price is unknown."""
    return cost(card, count_tokens(messages), max_tokens)


def count_tokens(messages: Sequence[Message]) -> int:
    """Return a number of prompt tokens that text stays below, ordinary or not.

    Half a token for a letter or a space of ASCII, where English has a quarter; two for any other
    letter, where a Chinese character has one or two; and one a byte for all else (digits, marks,
    emoji), which no vocabulary built from bytes can pass.
    """
    return sum(TOKENS_PER_MESSAGE + math.ceil(weigh(m.text)) for m in messages)


def weigh(text: str) -> float:
    """Return how many tokens a text can have."""
    n_bytes = len(text.encode(errors="surrogatepass"))
    cheap = CHEAP.findall(text)
    letters = LETTERS.findall(text)
    n_cheap, n_letters = sum(map(len, cheap)), sum(map(len, letters))
    n_letter_bytes = sum(len(run.encode()) for run in letters)
    return n_cheap / 2 + 2 * n_letters + (n_bytes - n_cheap - n_letter_bytes)


def is_free(card: Priced) -> bool:
    """Say whether asking costs nothing: both prices are known to be 0."""
    return card.price_input_usd == 0 and card.price_output_usd == 0


def refuse_unpriced(card: Priced) -> Refused:
    """Return the error of a card on a public server whose price nobody has told."""
    host = urlsplit(card.base_url).hostname
    return Refused(
        f"{card.name} has no price, and {host} is a public server: put price_input_usd and "
        "price_output_usd, in dollars a million tokens, into its card (0 where it is free)."
    )


def refuse_cap(card: str, usd: float, cap_usd: float, spent_usd: float) -> Refused:
    """Return the error of a call that would pass the cap, for purses to raise."""
    if cap_usd == 0:
        return Refused(
            f"{card} costs money and its daily cap is 0: set daily_cap_usd in its card to the "
            "dollars that may be spent on it in a day (UTC)."
        )
    return Refused(
        f"{card}: this call can cost ${usd:.4f}, and ${spent_usd:.4f} of today's cap of "
        f"${cap_usd:.2f} (UTC day) are spent or reserved. Wait until tomorrow, or raise "
        "daily_cap_usd in its card."
    )
