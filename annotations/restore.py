"""Going back to a backup: checked first, and what is replaced is kept."""

import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from annotations.backups import FILE_NAME, STAMP, check_backup, cleaned_up, flush, hash_file
from annotations.lock import FolderLock
from annotations.opening import check_folder
from annotations.store import Store
from backend.errors import LedgerError


def restore_backup(
    folder: Path, backup: Path, actor: str, clock: Callable[[], float] = time.time
) -> Path | None:
    """Put a backup in the ledger's place, and return where the replaced ledger is now.

    The replaced ledger keeps its write-ahead log and opens as it is; None when there was none.
    Errors: LockedError while another process writes in the folder; InputError or LedgerError when
    the backup is not whole; then nothing was changed.
    """
    with held_folder(folder), cleaned_up(folder / f".{FILE_NAME}.restoring") as incoming:
        check_backup(backup)
        shutil.copyfile(backup, incoming)
        incoming.chmod(0o600)
        flush(incoming)
        if hash_file(incoming) != hash_file(backup):
            raise LedgerError(f"The copy of {backup} is not like it; check the disk of {folder}.")
        replaced = set_aside(folder / FILE_NAME, clock())
        incoming.replace(folder / FILE_NAME)
        flush(folder)
    record_restore(folder, backup, actor, clock)
    return replaced


@contextmanager
def held_folder(folder: Path) -> Iterator[None]:
    """Keep every other writer out of a folder, and say in words what the disk refuses."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        check_folder(folder)
        lock = FolderLock(folder, "restoring a backup")
        try:
            yield
        finally:
            lock.release()
    except OSError as error:
        raise LedgerError(f"The data folder {folder} can't be written: {error}.") from error


def set_aside(path: Path, now: float) -> Path | None:
    """Give a ledger another name, its log with it, so that the log never meets another ledger.

    Edge: a crash after this leaves no ledger but its log or backups, and the app refuses to begin
    a new one then; restoring again goes on.
    """
    stamp = datetime.fromtimestamp(now, UTC).strftime(STAMP)
    kept = path.with_name(f"replaced-{stamp}.db")
    found = False
    for suffix in ("", "-wal", "-journal"):
        part = path.with_name(f"{path.name}{suffix}")
        if part.exists():
            part.replace(f"{kept}{suffix}")
            found = True
    path.with_name(f"{path.name}-shm").unlink(missing_ok=True)  # an index, made anew from the log
    flush(path.parent)
    return kept if found else None


def record_restore(folder: Path, backup: Path, actor: str, clock: Callable[[], float]) -> None:
    """Write down in the restored ledger who went back to what."""
    with Store(folder, purpose="restoring a backup", clock=clock) as store, store.write() as db:
        store.record_event(db, actor, "restore", backup=backup.name, sha256=hash_file(backup))
