"""Opening the ledger to write: what is refused before anything is touched, and in which order.

The folder, the file, its pages, a backup if the schema is old, the pragmas, the migrations.
"""

import logging
import sqlite3
from contextlib import closing
from pathlib import Path

from annotations.backups import (
    advise_restore,
    connect_reader,
    copy_checked,
    list_backups,
    name_backup,
)
from annotations.schema import (
    APPLICATION_ID,
    Changes,
    find_pending,
    find_unknown,
    migrate,
    migrations,
)
from backend.errors import LedgerError

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
OTHERS_MAY_WRITE = 0o002


def connect_writer(path: Path, now: float, plan: Changes = migrations) -> sqlite3.Connection:
    """Return the writing connection: sound, ours for certain, pragmas read back, migrated.

    Errors: LedgerError when any of that fails; the file was left as it was then.
    """
    fresh = is_fresh(path)
    if not fresh:
        examine(path, now, plan)
    try:
        conn = sqlite3.connect(path, isolation_level=None, timeout=10, check_same_thread=False)
        try:
            if fresh:
                conn.execute(f"PRAGMA application_id={APPLICATION_ID}")
            path.chmod(0o600)
            prepare(conn)
            migrate(conn, plan)
        except BaseException:
            conn.close()
            raise
    except (sqlite3.Error, OSError) as error:
        raise LedgerError(f"{path} can't be written as a ledger: {error}.") from error
    return conn


def check_folder(folder: Path) -> None:
    """Refuse a folder in which everybody on this machine could exchange the ledger."""
    mode = folder.stat().st_mode
    if mode & OTHERS_MAY_WRITE:
        raise LedgerError(
            f"Everybody on this machine can write in the data folder {folder} "
            f"(mode {mode & 0o777:o}). Run: chmod o-w {folder}"
        )


def is_fresh(path: Path) -> bool:
    """Say whether a ledger begins here.

    Errors: LedgerError when there was one, for its log or its backups are still here.
    """
    if path.exists() and path.stat().st_size > 0:
        return False
    log = path.with_name(f"{path.name}-wal")
    if (log.exists() and log.stat().st_size > 0) or list_backups(path.parent):
        problem = "is empty" if path.exists() else "is gone"
        raise LedgerError(
            f"The ledger {path} {problem}, but there was one here; nothing was changed. "
            f"{advise_restore(path.parent)}"
        )
    return True


def examine(path: Path, now: float, plan: Changes) -> None:
    """See that a ledger is sound and ours, and copy it if it is about to be migrated."""
    with closing(connect_examiner(path)) as conn:
        problem = find_damage(conn, path)
        if problem:
            raise LedgerError(f"{problem} It was left as it is. {advise_restore(path.parent)}")
        check_known(conn, plan)
        pending = find_pending(conn, plan)
        is_used = bool(conn.execute("SELECT 1 FROM sqlite_master LIMIT 1").fetchone())
    if pending and is_used:
        copy_checked(path, name_backup(path.parent, now, f"before-{pending[0]}"))


def connect_examiner(path: Path) -> sqlite3.Connection:
    """Return a connection that only reads, unless a transaction has to be taken back first."""
    journal = path.with_name(f"{path.name}-journal")
    if journal.exists():  # the very first start was cut off: SQLite undoes it
        return sqlite3.connect(path, isolation_level=None, timeout=10)
    return connect_reader(path)


def find_damage(conn: sqlite3.Connection, path: Path) -> str:
    """Return a sentence about what is wrong with a file, or nothing."""
    try:
        found = conn.execute("PRAGMA application_id").fetchone()[0]
        if found != APPLICATION_ID:
            return (
                f"{path} was not made by Camelid (application id {found}). "
                "Choose another data folder with --data."
            )
        problems = [str(row[0]) for row in conn.execute("PRAGMA quick_check(3)")]
    except (sqlite3.DatabaseError, UnicodeDecodeError) as error:
        return f"{path} can't be read as a ledger: {error}."
    return "" if problems == ["ok"] else f"{path} is damaged: {'; '.join(problems)}."


def prepare(conn: sqlite3.Connection) -> None:
    """Set the pragmas, see that they hold, and that this user can write at all."""
    conn.row_factory = sqlite3.Row
    for name, value in WRITER_PRAGMAS.items():
        conn.execute(f"PRAGMA {name}={value}")
    for name in ("journal_mode", "synchronous", "foreign_keys"):
        held = conn.execute(f"PRAGMA {name}").fetchone()[0]
        if held != WRITER_PRAGMAS[name]:
            raise LedgerError(f"SQLite refused {name}={WRITER_PRAGMAS[name]} (it is {held}).")
    conn.execute("BEGIN IMMEDIATE")
    conn.execute("ROLLBACK")


def check_known(conn: sqlite3.Connection, plan: Changes = migrations) -> None:
    """Refuse a ledger that a newer version has already migrated."""
    unknown = find_unknown(conn, plan)
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
    if find_pending(conn):
        raise LedgerError("This ledger is from an older Camelid. Start the app once to update it.")


def warn_of_defect(version: tuple[int, int, int] = sqlite3.sqlite_version_info[:3]) -> None:
    """Say once, in the log, what is known of this machine's SQLite."""
    text = explain_version(version)
    if text:
        logging.getLogger(__name__).warning(text)


def explain_version(version: tuple[int, int, int]) -> str:
    """Return a warning about an SQLite version that has the write-ahead log's reset defect, or "".

    Source: sqlite.org/wal.html, "The WAL-reset bug"; fixed in 3.51.3, 3.50.7 and 3.44.6.
    """
    repaired = {(3, 44): (3, 44, 6), (3, 50): (3, 50, 7)}.get(version[:2], (3, 51, 3))
    if version < (3, 7, 0) or version >= repaired:
        return ""
    return (
        f"SQLite {'.'.join(map(str, version))} has a known defect: it can lose what was saved when "
        "two connections write to one database at the same moment. Camelid writes through one "
        "connection only, so your votes are safe. Never open the ledger to write with another "
        "program. SQLite 3.51.3 and newer don't have the defect."
    )
