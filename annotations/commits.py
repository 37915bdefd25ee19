"""Writes of several threads in one commit: a flush to disk takes longer than what is written."""

import sqlite3
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any, Generic, TypeVar

from backend.errors import CamelidError

T = TypeVar("T")


class Entry(Generic[T]):
    """What one thread wants written, and what came of it."""

    def __init__(self, work: Callable[[sqlite3.Connection], T]) -> None:
        self._work = work
        self._result: list[T] = []
        self.error: BaseException | None = None
        self.is_done = False

    def run(self, db: sqlite3.Connection) -> None:
        """Write it; what fails by itself undoes nothing of the others."""
        db.execute("SAVEPOINT entry")
        try:
            self._result.append(self._work(db))
        except (CamelidError, sqlite3.IntegrityError) as error:
            self.error = error
            db.execute("ROLLBACK TO entry")
        db.execute("RELEASE entry")

    def tell(self) -> T:
        """Return what the work returned, or raise what it raised."""
        if self.error is not None:
            raise self.error
        return self._result[0]


class Commits:
    """Takes work from any thread; whoever finds nobody writing writes for all who wait."""

    def __init__(self, write: Callable[[], AbstractContextManager[sqlite3.Connection]]) -> None:
        """Write through `write`, which opens one transaction."""
        self._write = write
        self._waiting: list[Entry[Any]] = []
        self._mutex, self._turn = threading.Lock(), threading.Lock()

    def carry_out(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Run `work` in a transaction, alone or with others; it is on disk when this returns.

        Errors: those of `work`, which then has written nothing; those of the transaction, for all.
        """
        entry: Entry[T] = Entry(work)
        with self._mutex:
            self._waiting.append(entry)
        with self._turn:
            if not entry.is_done:
                self._write_all()
        return entry.tell()

    def _write_all(self) -> None:
        with self._mutex:
            entries, self._waiting = self._waiting, []
        try:
            with self._write() as db:
                for entry in entries:
                    entry.run(db)
        except BaseException as error:  # whoever waits must hear of it, whatever it is
            for entry in entries:
                entry.error = error
        finally:
            for entry in entries:
                entry.is_done = True
