"""Room on the disk: what stops while there is still enough left for votes."""

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from backend.errors import LedgerError

MEGABYTE = 1_000_000


def read_free(folder: Path) -> int:
    """Return the bytes that this user can still write to the disk of a folder."""
    return shutil.disk_usage(folder).free


@dataclass(frozen=True, slots=True)
class Space:
    """Below `low_megabytes` only votes are taken, below `stop_megabytes` no pair is shown."""

    low_megabytes: int = 0
    stop_megabytes: int = 0
    read_free: Callable[[Path], int] = read_free

    def check(self, folder: Path, wish: str) -> None:
        """Refuse what takes much room while there is little.

        Errors: LedgerError with what is free and what to do.
        """
        free = self.read_free(folder) / MEGABYTE
        if free < self.low_megabytes:
            raise LedgerError(
                f"Only {free:,.0f} MB are free on the disk of {folder}; {wish} needs "
                f"{self.low_megabytes:,} MB to be free (CAMELID_LOW_DISK_MEGABYTES). "
                "Make room first. Votes are still saved."
            )

    def is_full(self, folder: Path) -> bool:
        """Say whether so little is left that nobody should start on another pair."""
        return self.read_free(folder) < self.stop_megabytes * MEGABYTE


NO_LIMITS = Space()
