"""Copies of the ledger that are known to be whole, and which of them to keep.

A backup is one SQLite file with its sha256 beside it, in the format of `sha256sum`. It is made
through SQLite's own backup interface, which copies one moment, votes still in the write-ahead log
among them; a plain copy of the file would miss those. The key that signs cookies is never in it.
"""

import hashlib
import os
import re
import sqlite3
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from annotations.schema import APPLICATION_ID, find_unknown
from backend.errors import InputError, LedgerError

if TYPE_CHECKING:
    from annotations.store import Store

FILE_NAME = "camelid.db"
FOLDER_NAME = "backups"
STAMP = "%Y%m%dT%H%M%S.%fZ"
NAME = re.compile(r"camelid-(\d{8}T\d{6}\.\d{6}Z)(?:-([\w.-]+))?\.db")
N_HOURLY, N_DAILY = 24, 14
LEFT_BEHIND_S = 3600  # nobody is still writing a backup that was begun so long ago


@dataclass(frozen=True, slots=True)
class Backup:
    """A backup of a data folder: when it was made, and why if not because time had passed."""

    path: Path
    made_at: datetime
    reason: str

    @property
    def n_bytes(self) -> int:
        """Return the size of the file."""
        return self.path.stat().st_size


def make_backup(store: "Store", out: Path | None = None, *, reason: str = "") -> Path:
    """Write a checked copy of the ledger as it is now, and return where it is.

    It goes among the folder's backups, of which old ones are deleted then, or to `out`. A `reason`
    becomes part of its name, and a backup with a reason is never deleted.
    Errors: LedgerError when the disk is nearly full or can't be written, or the ledger is damaged;
    InputError when `out` is there already. Nothing that was there is changed then.
    """
    store.check_space("a backup")
    if out is not None:
        copy_checked(store.path, out)
        return out
    target = name_backup(store.folder, store.clock(), reason)
    copy_checked(store.path, target)
    drop_old(store.folder)
    return target


def name_backup(folder: Path, now: float, reason: str = "") -> Path:
    """Return where a backup of this moment goes; its folder is made if need be."""
    stamp = datetime.fromtimestamp(now, UTC).strftime(STAMP)
    name = "-".join(part for part in ("camelid", stamp, reason) if part)
    home = folder / FOLDER_NAME
    with catch_trouble(home):
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
    return home / f"{name}.db"


def copy_checked(source: Path, target: Path) -> None:
    """Copy a ledger to a file that is there whole, checked and flushed to disk, or not at all."""
    partial = target.with_name(f".{target.name}.{os.getpid()}.part")
    if target.exists():
        raise InputError(f"{target} is there already; choose another name.")
    with catch_trouble(target), cleaned_up(partial):
        os.close(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        copy_ledger(source, partial)
        check_whole(partial)
        write_digest(target, hash_file(partial))
        flush(partial)
        partial.replace(target)
        flush(target.parent)


@contextmanager
def catch_trouble(path: Path) -> Iterator[None]:
    """Say in words why a backup could not be written."""
    try:
        yield
    except (OSError, sqlite3.Error) as error:
        why = getattr(error, "strerror", None) or error
        raise LedgerError(f"The backup {path} can't be written: {why}.") from error


@contextmanager
def cleaned_up(partial: Path) -> Iterator[Path]:
    """Leave nothing half written behind, of this attempt or an earlier one."""
    partial.unlink(missing_ok=True)
    try:
        yield partial
    finally:
        for path in (partial, Path(f"{partial}-journal")):
            with suppress(OSError):
                path.unlink(missing_ok=True)


def copy_ledger(source: Path, target: Path) -> None:
    """Copy one moment of a ledger through a connection that can only read."""
    with closing(connect_reader(source)) as reader, closing(sqlite3.connect(target)) as writer:
        writer.execute("PRAGMA synchronous=OFF")  # it is flushed once, when it is complete
        reader.backup(writer)
        writer.execute("PRAGMA journal_mode=DELETE")  # one file, with no log beside it


def connect_reader(path: Path, extra: str = "") -> sqlite3.Connection:
    """Return a connection that can only read."""
    uri = f"{path.resolve().as_uri()}?mode=ro{extra}"
    return sqlite3.connect(uri, uri=True, isolation_level=None, timeout=10)


def check_whole(path: Path) -> None:
    """See that every page of a file that nobody writes is sound, and that it is a ledger.

    Errors: LedgerError that says what is wrong.
    """
    try:
        with closing(connect_reader(path, "&immutable=1")) as conn:
            found = conn.execute("PRAGMA application_id").fetchone()[0]
            problems = [str(row[0]) for row in conn.execute("PRAGMA integrity_check(3)")]
            unknown = find_unknown(conn) if problems == ["ok"] else set()
    except (sqlite3.DatabaseError, UnicodeDecodeError) as error:
        raise LedgerError(f"{path} is damaged: {error}.") from error
    if found != APPLICATION_ID:
        raise LedgerError(f"{path} was not made by Camelid (application id {found}).")
    if problems != ["ok"]:
        raise LedgerError(f"{path} is damaged: {'; '.join(problems)}.")
    if unknown:
        names = ", ".join(sorted(unknown))
        raise LedgerError(f"{path} is from a newer Camelid (it has {names}). Update the program.")


def check_backup(path: Path) -> None:
    """See that a backup is the one that was made, bit for bit, and sound.

    Errors: InputError when it, or the sha256 beside it, is not there; LedgerError when it was
    changed or is damaged.
    """
    if not path.is_file():
        raise InputError(f"There is no backup {path}. `backup --list` lists those of this folder.")
    beside = find_digest(path)
    if not beside.is_file():
        raise InputError(
            f"There is no {beside.name} beside {path}, so nobody can tell whether it is whole. "
            f"If you trust it, make one: sha256sum {path} > {beside}"
        )
    if hash_file(path) != beside.read_text("ascii", "replace").partition(" ")[0].strip():
        raise LedgerError(f"{path} is damaged: its sha256 is not the one in {beside.name}.")
    check_whole(path)


def find_digest(path: Path) -> Path:
    """Return where the sha256 of a backup is kept."""
    return path.with_name(f"{path.name}.sha256")


def hash_file(path: Path) -> str:
    """Return the sha256 of a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def write_digest(path: Path, digest: str) -> None:
    """Write a backup's sha256 beside it, flushed before the backup itself takes its name."""
    beside = find_digest(path)
    beside.write_text(f"{digest}  {path.name}\n", encoding="ascii")
    beside.chmod(0o600)
    flush(beside)


def flush(path: Path) -> None:
    """Flush a file, or the names in a folder, to disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def list_backups(folder: Path) -> list[Backup]:
    """Return the backups of a data folder, newest first."""
    found = []
    for path in (folder / FOLDER_NAME).glob("camelid-*.db"):
        match = NAME.fullmatch(path.name)
        if match:
            made_at = datetime.strptime(match[1], STAMP).replace(tzinfo=UTC)
            found.append(Backup(path, made_at, match[2] or ""))
    return sorted(found, key=lambda backup: backup.made_at, reverse=True)


def find_newest_good(folder: Path) -> Backup | None:
    """Return the newest backup that passes its check, or None."""
    for backup in list_backups(folder):
        with suppress(LedgerError, InputError, OSError):
            check_backup(backup.path)
            return backup
    return None


def advise_restore(folder: Path) -> str:
    """Return what to do about a damaged ledger, with the newest good backup by name."""
    backup = find_newest_good(folder)
    if backup is None:
        where = folder / FOLDER_NAME
        return f"There is no good backup of it in {where}."
    made_at = backup.made_at.strftime("%Y-%m-%d %H:%M UTC")
    return f"The newest good backup is of {made_at}; take it with: restore {backup.path}"


def choose_expired(
    times: Sequence[datetime], n_hourly: int = N_HOURLY, n_daily: int = N_DAILY
) -> set[datetime]:
    """Return which of these backups can go.

    Kept are the newest of each hour and of each day, for the last `n_hourly` hours and `n_daily`
    days that have any: a study that rests loses none.
    """
    hourly, daily = "%Y%m%d%H", "%Y%m%d"
    kept = keep_newest(times, hourly, n_hourly) | keep_newest(times, daily, n_daily)
    return set(times) - kept


def keep_newest(times: Sequence[datetime], span: str, n_spans: int) -> set[datetime]:
    """Return the newest time of each of the last spans; `span` formats a time as its span."""
    newest: dict[str, datetime] = {}
    for made_at in sorted(times, reverse=True):
        newest.setdefault(made_at.strftime(span), made_at)
    return set(list(newest.values())[:n_spans])


def drop_old(folder: Path) -> None:
    """Delete what was left half written, and the backups that have expired and have no reason."""
    regular = [backup for backup in list_backups(folder) if not backup.reason]
    expired = choose_expired([backup.made_at for backup in regular])
    for backup in regular:
        if backup.made_at in expired:
            delete_backup(backup)
    for path in (folder / FOLDER_NAME).glob(".*.part*"):
        with suppress(OSError):
            if path.stat().st_mtime < time.time() - LEFT_BEHIND_S:
                path.unlink()


def delete_backup(backup: Backup) -> None:
    """Delete a backup with its sha256."""
    with catch_trouble(backup.path):
        backup.path.unlink(missing_ok=True)
        find_digest(backup.path).unlink(missing_ok=True)


def renew_backups(store: "Store") -> Path:
    """Make one new backup and delete all others: what was purged is in none of them then."""
    made = make_backup(store)
    for backup in list_backups(store.folder):
        if backup.path != made:
            delete_backup(backup)
    return made
