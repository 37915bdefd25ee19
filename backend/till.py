"""The till: a purse that many calls of one event loop pay from."""

import asyncio
import time
from contextlib import suppress

from backend.errors import Refused
from backend.money import Purse


class Till:
    """Sets money aside for calls, and counts what they did cost; the purse works in threads."""

    def __init__(self, purse: Purse) -> None:
        """Stand beside a purse."""
        self._purse = purse
        self._n_open = 0  # calls that have money set aside, or are just having it set aside
        self._ended = asyncio.Event()
        self._bills: set[asyncio.Task[None]] = set()

    async def reserve(self, card: str, usd: float, cap_usd: float, patience_s: float) -> int:
        """Put money aside and return the reservation's number.

        Edge: calls under way have the most set aside that they can cost. Where a cap leaves no
        more, their end is waited for, as long as there is patience.
        Errors: Refused when it would pass a cap all the same; nothing is put aside then.
        """
        give_up_at = time.monotonic() + patience_s
        while True:
            ended = self._ended
            try:
                return await self._try(card, usd, cap_usd)
            except Refused:
                comes = self._n_open > 0 or ended.is_set()
                if not comes or not await happens(ended, give_up_at - time.monotonic()):
                    self._wake()  # whoever took this try for a call under way
                    raise

    async def settle(self, reservation: int, usd: float | None) -> None:
        """Replace a reservation by what was spent, whoever is cancelled meanwhile."""
        await asyncio.shield(self._settle(reservation, usd))

    def settle_soon(self, reservation: int, usd: float | None) -> None:
        """Begin to settle, and wait for nothing: `finish` does. Until then all of it counts."""
        bill = asyncio.create_task(self._settle(reservation, usd))
        self._bills.add(bill)
        bill.add_done_callback(self._file)

    async def finish(self) -> None:
        """Wait until all is settled.

        Errors: those of the purse.
        """
        bills, self._bills = self._bills, set()
        await asyncio.shield(asyncio.gather(*bills))

    def _file(self, bill: asyncio.Task[None]) -> None:
        if not bill.cancelled() and bill.exception() is None:  # else `finish` tells
            self._bills.discard(bill)

    async def _try(self, card: str, usd: float, cap_usd: float) -> int:
        self._n_open += 1
        taking = asyncio.create_task(self._take(card, usd, cap_usd))
        try:
            return await asyncio.shield(taking)
        except asyncio.CancelledError:
            with suppress(Refused):
                await self._settle(await taking, 0.0)
            self._wake()
            raise

    async def _take(self, card: str, usd: float, cap_usd: float) -> int:
        try:
            return await asyncio.to_thread(self._purse.reserve, card, usd, cap_usd)
        except BaseException:
            self._n_open -= 1
            raise

    async def _settle(self, reservation: int, usd: float | None) -> None:
        try:
            await asyncio.to_thread(self._purse.settle, reservation, usd)
        finally:
            self._n_open -= 1
            self._wake()

    def _wake(self) -> None:
        self._ended.set()
        self._ended = asyncio.Event()


async def happens(event: asyncio.Event, within_s: float) -> bool:
    """Wait for an event; False when it takes too long."""
    try:
        async with asyncio.timeout(max(0.0, within_s)):
            await event.wait()
    except TimeoutError:
        return False
    return True
