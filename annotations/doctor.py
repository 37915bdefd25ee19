"""The doctor: looks whether a data folder and the machine around it are well. It changes nothing.

Works while the app runs: it reads the ledger as any reader does, and takes no lock.
"""

import json
import os
import shutil
import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime
from ipaddress import ip_address
from pathlib import Path

from annotations.accounts import list_accounts
from annotations.backups import FILE_NAME, Backup, check_backup, list_backups
from annotations.lock import LOCK_NAME
from annotations.opening import explain_version
from annotations.store import Store
from backend.errors import CamelidError
from backend.machine import Check, Which, check_machine
from backend.settings import Settings

KEY_NAME = "secret.key"
OLD_BACKUP_S = 24 * 3600
FRESH = "there is none yet; it is made at the first start"


def examine(settings: Settings, now: float, which: Which = shutil.which) -> list[Check]:
    """Return every check, in the order in which a person would fix things."""
    return [
        *check_machine(settings, which),
        check_sqlite(),
        check_folder(settings.data),
        check_key(settings.data),
        check_holder(settings.data),
        *check_ledger(settings, now),
    ]


def check_sqlite(version: tuple[int, int, int] = sqlite3.sqlite_version_info[:3]) -> Check:
    """Look whether SQLite has the defect that one writer makes harmless."""
    found = ".".join(map(str, version))
    if not explain_version(version):
        return Check("SQLite", "ok", found)
    harmless = (
        "it can lose commits when two connections write at the same moment; here only one ever "
        "writes, so votes are safe"
    )
    remedy = "Never open the ledger to write with another program."
    return Check("SQLite", "ok", f"{found}; {harmless}", remedy)


def check_folder(folder: Path) -> Check:
    """Look whether the data folder can be written, by its owner alone."""
    if not folder.exists():
        return Check("Data folder", "ok", f"{folder.resolve()}: {FRESH}")
    found = str(folder.resolve())
    if not folder.is_dir() or not os.access(folder, os.W_OK | os.X_OK):
        remedy = "Give this user the right to write there, or choose another with --data."
        return Check("Data folder", "problem", f"{found} can't be written", remedy)
    if folder.stat().st_mode & 0o002:
        return Check(
            "Data folder", "problem", f"everybody on this machine can write in {found}",
            f"Take that right away: chmod o-w {found}",
        )  # fmt: skip
    return Check("Data folder", "ok", found)


def check_key(folder: Path) -> Check:
    """Look whether the key that signs links and cookies is for its owner alone."""
    path = folder / KEY_NAME
    if not path.exists():
        return Check("Key", "ok", FRESH)
    if path.stat().st_mode & 0o077:
        remedy = f"Take that right away: chmod 600 {path.resolve()}"
        return Check("Key", "problem", f"others on this machine can read {path.name}", remedy)
    return Check("Key", "ok", f"{path.name}, for its owner alone")


def check_holder(folder: Path) -> Check:
    """Look who writes in the folder now; the lock itself is left alone."""
    try:
        told = json.loads((folder / LOCK_NAME).read_text("utf-8"))
        holder = f"process {told['pid']} ({told['purpose']}, since {told['since']})"
        os.kill(int(told["pid"]), 0)
    except (OSError, ValueError, KeyError, TypeError) as error:
        if not isinstance(error, PermissionError):  # it runs, as somebody else
            return Check("Writer", "ok", "nobody")
    return Check("Writer", "ok", holder)


def check_ledger(settings: Settings, now: float) -> Iterator[Check]:
    """Yield the checks that have to open the ledger."""
    if not (settings.data / FILE_NAME).exists():
        yield Check("Ledger", "ok", FRESH)
        return
    try:
        with Store(settings.data) as store:
            yield check_pages(store)
            yield check_accounts(store, settings)
            yield check_backups(store, now)
    except CamelidError as error:
        remedy = "If it is damaged: stop the app and `restore` the newest backup."
        yield Check("Ledger", "problem", str(error), remedy)


def check_pages(store: Store) -> Check:
    """Look at every page of the ledger, as SQLite's quick_check does."""
    try:
        found = [str(row[0]) for row in store.rows("PRAGMA quick_check(3)")]
    except (sqlite3.DatabaseError, UnicodeDecodeError) as error:
        found = [str(error)]
    if found != ["ok"]:
        remedy = "Stop the app and go back to the newest backup: `restore FILE`."
        return Check("Ledger", "problem", f"damaged: {'; '.join(found)}", remedy)
    megabytes = store.path.stat().st_size / 1e6
    return Check("Ledger", "ok", f"sound, {megabytes:,.1f} MB")


def check_accounts(store: Store, settings: Settings) -> Check:
    """Look whether people can log in, and whether the app knows its own address."""
    admins = sum(account.role == "admin" for account in list_accounts(store))
    if is_local(settings.host) and not settings.public_url:
        found = f"{admins} admins" if admins != 1 else "1 admin"
        if not admins:
            found = "no admin yet; the app prints a link that logs one in, once"
        return Check("Access", "ok", f"this machine only; {found}")
    if not admins:
        remedy = "Make an account: `account add NAME --role admin`."
        return Check("Access", "problem", "others can reach the app, and there is no admin", remedy)
    if not settings.public_url:
        return Check(
            "Access", "warning", f"others can reach {settings.host} without TLS",
            "Put a web server with TLS in front and set CAMELID_PUBLIC_URL.",
        )  # fmt: skip
    if not settings.public_url.startswith("https:"):
        remedy = "Use https, or passwords and cookies can be read on their way."
        return Check("Access", "warning", f"{settings.public_url} is not encrypted", remedy)
    return Check("Access", "ok", settings.public_url)


def is_local(host: str) -> bool:
    """Say whether an address is reached from this machine alone."""
    try:
        return ip_address(host.partition("%")[0]).is_loopback
    except ValueError:
        return host == "localhost"


def check_backups(store: Store, now: float) -> Check:
    """Look whether the newest backup is whole, and newer than a day of votes."""
    backups = list_backups(store.folder)
    last = store.row(
        """SELECT max(at) AS at FROM (SELECT max(created_at) AS at FROM ballot
            UNION ALL SELECT max(created_at) FROM chat_ballot)"""
    )
    voted_at = last["at"] if last else None
    remedy = "Make one: `backup`, or Back up now on the admins' page."
    if not backups:
        if voted_at is None:
            return Check("Backup", "ok", "there is none yet, and there are no votes")
        return Check("Backup", "warning", "there is none yet", remedy)
    newest = backups[0]
    try:
        check_backup(newest.path)
    except CamelidError as error:
        return Check("Backup", "problem", str(error), remedy)
    found = f"{newest.path.name}, whole, {say_age(newest, now)} old; {len(backups)} in all"
    unsaved_s = (voted_at or 0) - newest.made_at.timestamp()
    if unsaved_s > 0 and now - newest.made_at.timestamp() > OLD_BACKUP_S:
        return Check("Backup", "warning", f"{found}; votes came in since", remedy)
    return Check("Backup", "ok", found)


def say_age(backup: Backup, now: float) -> str:
    """Return how old a backup is, in words."""
    seconds = max(0, (datetime.fromtimestamp(now, UTC) - backup.made_at).total_seconds())
    for unit, length in (("day", 86400), ("hour", 3600), ("minute", 60)):
        n = int(seconds // length)
        if n:
            return f"{n} {unit}{'' if n == 1 else 's'}"
    return "less than a minute"
