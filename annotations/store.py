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
from typing import Any

from sqlite_utils import Database

from annotations.lock import FolderLock
from annotations.schema import APPLICATION_ID, migrations
from backend.errors import LedgerError, NotFound

FILE_NAME = "camelid.db"

# FULL: a power cut loses no committed vote. A write-ahead log lets readers read while we write.
WRITER_PRAGMAS = {
    "journal_mode": "wal",
    "synchronous": 2,
    "foreign_keys": 1,
    "busy_timeout": 10000,
    "trusted_schema": 0,
    "cell_size_check": 1,
    "secure_delete": 1,
    "journal_size_limit": 67108864,
}

Row = sqlite3.Row
Values = Sequence[Any] | Mapping[str, Any]


class Store:
    """The ledger of one data folder. `write` is there for the one writer only."""

    def __init__(
        self,
        folder: Path,
        *,
        purpose: str | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """Open the ledger, to write when a `purpose` is given, else to read only.

        Errors: LockedError when another process writes; NotFound when there is nothing to read;
        LedgerError when the file is not ours or its schema is not the one we know.
        """
        self.folder = folder
        self.path = folder / FILE_NAME
        self.clock = clock
        self._mutex = threading.Lock()
        self._local = threading.local()
        self._readers: list[sqlite3.Connection] = []
        self._lock: FolderLock | None = None
        self._writer: sqlite3.Connection | None = None
        if purpose is None:
            self._check_readable()
        else:
            self._open_writer(purpose)

    def _open_writer(self, purpose: str) -> None:
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._lock = FolderLock(self.folder, purpose)
        except OSError as error:
            raise LedgerError(
                f"The data folder {self.folder} can't be written ({error.strerror}). "
                "Choose another with --data, or give this user the right to write there."
            ) from error
        try:
            self._writer = connect_writer(self.path)
        except BaseException:
            self._lock.release()
            raise

    def _check_readable(self) -> None:
        if not self.path.is_file():
            raise NotFound(
                f"There is no ledger in {self.folder} yet. "
                "Start the app there once, or import a benchmark."
            )
        with self._catch_damage():
            check_schema(self._reader())

    @contextmanager
    def _catch_damage(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.DatabaseError as error:
            raise LedgerError(f"{self.path} can't be read as a ledger: {error}.") from error

    @contextmanager
    def write(self) -> Iterator[sqlite3.Connection]:
        """Run one transaction: committed and flushed to disk when this returns, else undone.

        Errors: LedgerError when the disk is full or can't be written; nothing is half done.
        """
        if self._writer is None:
            raise LedgerError("This ledger was opened to read only.")
        with self._mutex:
            try:
                self._writer.execute("BEGIN IMMEDIATE")
                yield self._writer
                self._writer.execute("COMMIT")
            except BaseException as error:
                if self._writer.in_transaction:
                    self._writer.execute("ROLLBACK")
                if isinstance(error, sqlite3.OperationalError):
                    raise LedgerError(f"The ledger can't be written now: {error}.") from error
                raise

    def _reader(self) -> sqlite3.Connection:
        conn: sqlite3.Connection | None = getattr(self._local, "conn", None)
        if conn is None:
            uri = f"{self.path.resolve().as_uri()}?mode=ro"
            conn = sqlite3.connect(
                uri, uri=True, isolation_level=None, timeout=10, check_same_thread=False
            )
            conn.row_factory = sqlite3.Row
            conn.execute("PRAGMA query_only=ON")
            self._local.conn = conn
            with self._mutex:
                self._readers.append(conn)
        return conn

    @contextmanager
    def snapshot(self) -> Iterator[sqlite3.Connection]:
        """Read the ledger as it stands at this moment, however long that takes."""
        conn = self._reader()
        if conn.in_transaction:
            yield conn
            return
        conn.execute("BEGIN")
        try:
            yield conn
        finally:
            conn.execute("ROLLBACK")

    def rows(self, sql: str, values: Values = ()) -> list[Row]:
        """Return all rows of one SELECT."""
        return self._reader().execute(sql, values).fetchall()

    def row(self, sql: str, values: Values = ()) -> Row | None:
        """Return the first row of one SELECT, or None."""
        found: Row | None = self._reader().execute(sql, values).fetchone()
        return found

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
            for conn in self._readers:
                conn.close()
            self._readers.clear()
            self._local = threading.local()
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


def connect_writer(path: Path) -> sqlite3.Connection:
    """Return the writing connection: ours for certain, with its pragmas read back, migrated."""
    fresh = not path.exists() or path.stat().st_size == 0
    try:
        conn = sqlite3.connect(path, isolation_level=None, timeout=10, check_same_thread=False)
        try:
            if fresh:
                conn.execute(f"PRAGMA application_id={APPLICATION_ID}")
            check_ours(conn, path)
            prepare(conn)
        except BaseException:
            conn.close()
            raise
    except sqlite3.Error as error:
        raise LedgerError(f"{path} can't be opened as a ledger: {error}.") from error
    path.chmod(0o600)
    return conn


def prepare(conn: sqlite3.Connection) -> None:
    """Set the pragmas, see that they hold, and bring the schema up to date."""
    conn.row_factory = sqlite3.Row
    for name, value in WRITER_PRAGMAS.items():
        conn.execute(f"PRAGMA {name}={value}")
    for name in ("journal_mode", "synchronous", "foreign_keys"):
        held = conn.execute(f"PRAGMA {name}").fetchone()[0]
        if held != WRITER_PRAGMAS[name]:
            raise LedgerError(f"SQLite refused {name}={WRITER_PRAGMAS[name]} (it is {held}).")
    check_known(conn)
    migrations.apply(Database(conn, execute_plugins=False))


def check_ours(conn: sqlite3.Connection, path: Path) -> None:
    """Refuse a database that another program made."""
    found = conn.execute("PRAGMA application_id").fetchone()[0]
    if found != APPLICATION_ID:
        raise LedgerError(
            f"{path} was not made by Camelid (application id {found}). "
            "Choose another data folder with --data; the file was left as it is."
        )


def check_known(conn: sqlite3.Connection) -> None:
    """Refuse a ledger that a newer version has already migrated."""
    names = {migration.name for migration in migrations.applied(Database(conn))}
    unknown = names - {migration.name for migration in migrations._migrations}
    if unknown:
        raise LedgerError(
            f"This ledger was written by a newer Camelid (it has {', '.join(sorted(unknown))}). "
            "Update the program; the ledger was left as it is."
        )


def check_schema(conn: sqlite3.Connection) -> None:
    """Refuse to read a ledger whose schema is not the one that we know."""
    if conn.execute("PRAGMA application_id").fetchone()[0] != APPLICATION_ID:
        raise LedgerError("This database was not made by Camelid.")
    check_known(conn)
    if migrations.pending(Database(conn)):
        raise LedgerError("This ledger is from an older Camelid. Start the app once to update it.")
