"""Money spent on models: set aside in the ledger before a call, settled after it.

A UTC day has one sum for each card. What was set aside and never settled, because the app died in
the middle of a call, stays spent: nobody knows what the provider has counted.
"""

import math
import sqlite3
from collections.abc import Callable
from datetime import UTC, datetime

from annotations.store import Store
from backend.errors import InputError, NotFound
from backend.money import refuse_cap

NANO = 1_000_000_000  # sums of whole billionths of a dollar don't drift

SELECT_SPENT = """SELECT coalesce(sum(coalesce(spent_nano_usd, reserved_nano_usd)), 0)
    FROM reservation WHERE day = ? AND card = ?"""


class LedgerPurse:
    """Keeps count of money in the ledger; see `backend.money.Purse`."""

    def __init__(
        self, store: Store, note: Callable[[sqlite3.Connection, int], None] | None = None
    ) -> None:
        """Keep count in one ledger, open to write.

        `note` is called with every new reservation's number, inside its transaction.
        """
        self.store = store
        self._note = note

    def reserve(self, card: str, usd: float, cap_usd: float) -> int:
        """Put money aside and return the reservation's number; it is on disk then.

        Errors: Refused when it would pass the cap of the UTC day; nothing was put aside then.
        """
        wanted, cap = count_nano(usd), count_nano(cap_usd)

        def reserve(db: sqlite3.Connection) -> int:
            day = find_day(self.store)
            spent = int(db.execute(SELECT_SPENT, (day, card)).fetchone()[0])
            if spent + wanted > cap:
                raise refuse_cap(card, usd, cap_usd, spent / NANO)
            number = insert_reservation(db, card, day, wanted, self.store.clock())
            if self._note is not None:
                self._note(db, number)
            return number

        return self.store.share(reserve)

    def settle(self, reservation: int, usd: float | None) -> None:
        """Replace a reservation by what was spent; None counts the whole reservation.

        Edge: what was spent counts for the day of the reservation, even above it; settled once,
        a second time changes nothing.
        Errors: NotFound for an unknown reservation.
        """
        spent = None if usd is None else count_nano(usd)

        def settle(db: sqlite3.Connection) -> None:
            key = (reservation,)
            sql = "SELECT 1 FROM reservation WHERE reservation_id = ?"
            if db.execute(sql, key).fetchone() is None:
                raise NotFound(f"There is no reservation number {reservation}.")
            db.execute(
                """UPDATE reservation SET spent_nano_usd = coalesce(?, reserved_nano_usd),
                    settled_at = ? WHERE reservation_id = ? AND settled_at IS NULL""",
                (spent, self.store.clock(), reservation),
            )

        self.store.share(settle)


def insert_reservation(
    db: sqlite3.Connection, card: str, day: str, nano_usd: int, now: float
) -> int:
    """Write that money is set aside; return the reservation's number."""
    cursor = db.execute(
        """INSERT INTO reservation(card, day, reserved_nano_usd, reserved_at)
        VALUES (?, ?, ?, ?)""",
        (card, day, nano_usd, now),
    )
    return int(cursor.lastrowid or 0)


def spent_today(store: Store, card: str) -> float:
    """Return the US dollars that are spent or set aside for a card on this UTC day."""
    return int(store.rows(SELECT_SPENT, (find_day(store), card))[0][0]) / NANO


def find_day(store: Store) -> str:
    """Return the UTC day that it is on the store's clock."""
    return datetime.fromtimestamp(store.clock(), UTC).date().isoformat()


def count_nano(usd: float) -> int:
    """Return US dollars as whole billionths.

    Errors: InputError for what is no amount of money.
    """
    if not (math.isfinite(usd) and 0 <= usd < 1e9):
        raise InputError(f"{usd} is no amount of money in US dollars; it has to be 0 or more.")
    return round(usd * NANO)
