"""A restore that an admin asks for in the browser: carried out at the app's next start.

The ledger can't be exchanged while people write in it, so the wish waits in a file of its own.
"""

import json
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from annotations.backups import check_backup, flush, list_backups
from annotations.restore import restore_backup
from backend.errors import CamelidError, LockedError, NotFound

PLAN_NAME = "restore-at-start.json"


@dataclass(frozen=True, slots=True)
class Plan:
    """Which of the folder's backups to go back to, and who asked for it."""

    backup: str
    actor: str


def plan_restore(folder: Path, name: str, actor: str) -> Plan:
    """Note that the next start goes back to a backup, which is whole at this moment.

    Errors: NotFound when the folder has no backup of that name; InputError or LedgerError when it
    is damaged.
    """
    check_backup(find_path(folder, name))
    plan = Plan(name, actor)
    draft = folder / f".{PLAN_NAME}"
    draft.write_text(json.dumps(asdict(plan)), encoding="utf-8")
    flush(draft)
    draft.replace(folder / PLAN_NAME)
    flush(folder)
    return plan


def find_path(folder: Path, name: str) -> Path:
    """Return the path of one of the folder's own backups; no other file can be named."""
    for backup in list_backups(folder):
        if backup.path.name == name:
            return backup.path
    raise NotFound(f"There is no backup {name!r} in {folder}.")


def find_plan(folder: Path) -> Plan | None:
    """Return what the next start is to go back to, or None."""
    try:
        return Plan(**json.loads((folder / PLAN_NAME).read_text(encoding="utf-8")))
    except FileNotFoundError:
        return None


def drop_plan(folder: Path) -> None:
    """Forget the wish."""
    (folder / PLAN_NAME).unlink(missing_ok=True)


def carry_out_plan(folder: Path, clock: Callable[[], float] = time.time) -> Plan | None:
    """Go back to the backup that was asked for, if one was; to be called before the ledger opens.

    Edge: a wish that can't be fulfilled is forgotten, so that the start after this one works.
    Errors: those of `restore_backup`; the ledger is as it was then.
    """
    plan = find_plan(folder)
    if plan is None:
        return None
    try:
        restore_backup(folder, find_path(folder, plan.backup), plan.actor, clock)
    except LockedError:  # another app runs here: the wish waits for its next start
        raise
    except CamelidError:
        drop_plan(folder)
        raise
    drop_plan(folder)
    return plan
