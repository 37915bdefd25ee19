"""The ledger's file: one writing connection in the whole system, and readers that can only read.

The subjects (library, studies, assignment, …) hold the SQL; this file holds connections and
transactions. "Saved" is said only after `write` has returned, which is after COMMIT.
"""

import json
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

from annotations.backups import FILE_NAME, advise_restore
from annotations.commits import Commits
from annotations.lock import FolderLock
from annotations.opening import check_folder, check_schema, connect_writer
from annotations.space import NO_LIMITS, Space
from backend.errors import LedgerError, NotFound

Row = sqlite3.Row
Values = Sequence[Any] | Mapping[str, Any]
T = TypeVar("T")


class Store:
    """The ledger of one data folder. `write` is there for the one writer only."""

    def __init__(
        self,
        folder: Path,
        *,
        purpose: str | None = None,
        clock: Callable[[], float] = time.time,
        space: Space = NO_LIMITS,
    ) -> None:
        """Open the ledger, to write when a `purpose` is given, else to read only.

        Errors: LockedError when another process writes; NotFound when there is nothing to read;
        LedgerError when the file is damaged or not ours, or its schema is not the one we know.
        """
        self.folder = folder
        self.path = folder / FILE_NAME
        self.clock = clock
        self.space = space
        self._mutex = threading.Lock()
        self._local = threading.local()
        self._idle: list[sqlite3.Connection] = []  # readers; as many as read at the same time
        self._closed = False
        self._commits = Commits(self.write)
        self._lock: FolderLock | None = None
        self._writer: sqlite3.Connection | None = None
        if purpose is None:
            self._check_readable()
        else:
            self._open_writer(purpose)

    def _open_writer(self, purpose: str) -> None:
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            check_folder(self.folder)
            self._lock = FolderLock(self.folder, purpose)
        except OSError as error:
            raise LedgerError(
                f"The data folder {self.folder} can't be written ({error.strerror}). "
                "Choose another with --data, or give this user the right to write there."
            ) from error
        try:
            self._writer = connect_writer(self.path, self.clock())
        except BaseException:
            self._lock.release()
            raise

    def _check_readable(self) -> None:
        if not self.path.is_file():
            raise NotFound(
                f"There is no ledger in {self.folder} yet. "
                "Start the app there once, or import a benchmark."
            )
        with self._catch_damage(), self._borrow() as conn:
            check_schema(conn)

    @contextmanager
    def _catch_damage(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.DatabaseError, UnicodeDecodeError) as error:
            raise LedgerError(
                f"{self.path} can't be read as a ledger: {error}. {advise_restore(self.folder)}"
            ) from error

    @contextmanager
    def write(self) -> Iterator[sqlite3.Connection]:
        """Run one transaction: committed and flushed to disk when this returns, else undone.

        Errors: LedgerError when the disk is full or can't be written; nothing is half done.
        """
        with self._mutex:
            if self._writer is None:
                raise LedgerError("This ledger is not open to write.")
            try:
                self._writer.execute("BEGIN IMMEDIATE")
                yield self._writer
                self._writer.execute("COMMIT")
            except BaseException as error:
                if self._writer.in_transaction:
                    self._writer.execute("ROLLBACK")
                if isinstance(error, sqlite3.DatabaseError) and is_trouble(error):
                    raise LedgerError(f"The ledger can't be written now: {error}.") from error
                raise

    def share(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Run `work` in a transaction that other threads' work may share; else as `write`.

        For short writes from many threads at a time: one flush to disk serves all that wait.
        Errors: those of `work`, which then has written nothing; LedgerError for all who share.
        """
        return self._commits.carry_out(work)

    @contextmanager
    def _borrow(self) -> Iterator[sqlite3.Connection]:
        """Lend a reading connection: this thread's own inside a snapshot, else an idle one."""
        held: sqlite3.Connection | None = getattr(self._local, "conn", None)
        if held is not None:
            yield held
            return
        try:
            conn = self._idle.pop()
        except IndexError:
            conn = self._connect_reader()
        try:
            yield conn
        finally:
            if self._closed:
                conn.close()
            else:
                self._idle.append(conn)

    def _connect_reader(self) -> sqlite3.Connection:
        uri = f"{self.path.resolve().as_uri()}?mode=ro"
        conn = sqlite3.connect(
            uri, uri=True, isolation_level=None, timeout=10, check_same_thread=False
        )
        conn.row_factory = sqlite3.Row
        conn.execute("PRAGMA query_only=ON")
        return conn

    @contextmanager
    def snapshot(self) -> Iterator[sqlite3.Connection]:
        """Read the ledger as it stands at this moment, however long that takes."""
        with self._borrow() as conn:
            if conn.in_transaction:
                yield conn
                return
            conn.execute("BEGIN")
            self._local.conn = conn
            try:
                yield conn
            finally:
                self._local.conn = None
                conn.execute("ROLLBACK")

    def rows(self, sql: str, values: Values = ()) -> list[Row]:
        """Return all rows of one SELECT."""
        with self._borrow() as conn:
            return conn.execute(sql, values).fetchall()

    def row(self, sql: str, values: Values = ()) -> Row | None:
        """Return the first row of one SELECT, or None."""
        with self._borrow() as conn:
            found: Row | None = conn.execute(sql, values).fetchone()
        return found

    def check_space(self, wish: str) -> None:
        """Refuse what takes much room while the disk is nearly full; votes go on."""
        self.space.check(self.folder, wish)

    def is_full(self) -> bool:
        """Say whether the disk is so full that nobody should start on another pair."""
        return self.space.is_full(self.folder)

    def timestamp(self) -> str:
        """Return the store's clock as ISO 8601 in UTC, with milliseconds."""
        return datetime.fromtimestamp(self.clock(), UTC).isoformat(timespec="milliseconds")

    def record_event(
        self,
        db: sqlite3.Connection,
        actor: str,
        kind: str,
        study_id: int | None = None,
        **detail: object,
    ) -> None:
        """Write down, inside the caller's transaction, who did what."""
        db.execute(
            "INSERT INTO event(at, study_id, actor, kind, detail) VALUES (?, ?, ?, ?, ?)",
            (self.timestamp(), study_id, actor, kind, json.dumps(detail, ensure_ascii=False)),
        )

    def close(self) -> None:
        """Close every connection, then let go of the folder."""
        with self._mutex:
            self._closed = True
            while self._idle:
                self._idle.pop().close()
            if self._writer is not None:
                self._writer.close()
                self._writer = None
        if self._lock is not None:
            self._lock.release()
            self._lock = None

    def __enter__(self) -> "Store":
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()


def is_trouble(error: sqlite3.DatabaseError) -> bool:
    """Say whether the disk or the file is at fault (full, locked, damaged), and not a statement."""
    return isinstance(error, sqlite3.OperationalError) or type(error) is sqlite3.DatabaseError
