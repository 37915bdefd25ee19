"""Researchers and admins: accounts with names and roles, and their sessions."""

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from typing import Literal

from annotations.store import Store
from backend.errors import InputError, NotFound, Refused

Role = Literal["researcher", "admin"]
ROLES: tuple[Role, ...] = ("researcher", "admin")

MIN_PASSWORD = 12
SCRYPT = {"n": 2**14, "r": 8, "p": 1, "maxmem": 64 * 2**20}


@dataclass(frozen=True, slots=True)
class Account:
    """Somebody who may see results; an admin may also change things."""

    name: str
    role: Role

    def may(self, role: Role) -> bool:
        """Say whether this account may do what that role may do."""
        return self.role in ("admin", role)


def hash_password(password: str, salt: bytes) -> bytes:
    """Return the scrypt hash of a password.

    Source: Percival and Josefsson (2016), RFC 7914; n = 2**14 takes some 50 ms.
    """
    return hashlib.scrypt(password.encode(), salt=salt, **SCRYPT)


def add_account(store: Store, account: Account, password: str, actor: str) -> None:
    """Create an account, or give it a new password and role; its sessions end.

    Edge: with an admin's account the sessions end that were opened by the one-time link.
    Errors: InputError for an empty name, an unknown role, or a password that is too short.
    """
    if not account.name.strip() or not account.name.isprintable() or len(account.name) > 60:
        raise InputError(f"The name {account.name!r} needs 1 to 60 printable characters.")
    if account.role not in ROLES:
        raise InputError(f"The role {account.role!r} is unknown; it can be {' or '.join(ROLES)}.")
    if len(password) < MIN_PASSWORD:
        raise InputError(f"A password needs at least {MIN_PASSWORD} characters.")
    salt = secrets.token_bytes(16)
    row = (account.name, account.role, salt, hash_password(password, salt), store.timestamp())
    with store.write() as db:
        db.execute("DELETE FROM session WHERE name = ?", (account.name,))
        db.execute("DELETE FROM account WHERE name = ?", (account.name,))
        db.execute("INSERT INTO account VALUES (?, ?, ?, ?, ?)", row)
        if account.role == "admin":
            db.execute("DELETE FROM session WHERE name NOT IN (SELECT name FROM account)")
        store.record_event(db, actor, "account_set", name=account.name, role=account.role)


def remove_account(store: Store, name: str, actor: str) -> None:
    """Delete an account and end its sessions.

    Errors: NotFound when there is none of that name.
    """
    with store.write() as db:
        if not db.execute("DELETE FROM account WHERE name = ?", (name,)).rowcount:
            raise NotFound(f"There is no account {name!r}.")
        db.execute("DELETE FROM session WHERE name = ?", (name,))
        store.record_event(db, actor, "account_removed", name=name)


def list_accounts(store: Store) -> list[Account]:
    """Return all accounts by name."""
    rows = store.rows("SELECT name, role FROM account ORDER BY name")
    return [Account(row["name"], row["role"]) for row in rows]


def check_password(store: Store, name: str, password: str) -> Account:
    """Return the account that this name and password open.

    Edge: an unknown name takes as long as a wrong password, and gets the same words.
    Errors: Refused.
    """
    row = store.row("SELECT * FROM account WHERE name = ?", (name,))
    salt = row["salt"] if row else b"\0" * 16
    right = row["password_scrypt"] if row else b"\0" * 64
    if not hmac.compare_digest(hash_password(password, salt), right) or row is None:
        raise Refused("Name or password is wrong.")
    return Account(row["name"], row["role"])


def hash_token(token: str) -> str:
    """Return what is stored of a session's token."""
    return hashlib.sha256(token.encode()).hexdigest()


def open_session(store: Store, account: Account, hours: float) -> str:
    """Start a session and return its token: 256 random bits, of which only a hash is stored."""
    token = secrets.token_urlsafe(32)
    now = store.clock()
    with store.write() as db:
        db.execute("DELETE FROM session WHERE expires_at <= ?", (now,))
        db.execute(
            "INSERT INTO session(token_sha256, name, role, expires_at) VALUES (?, ?, ?, ?)",
            (hash_token(token), account.name, account.role, now + hours * 3600),
        )
        store.record_event(db, account.name, "login")
    return token


def find_session(store: Store, token: str) -> Account | None:
    """Return who a session's token stands for, or None when it has ended."""
    row = store.row(
        "SELECT name, role FROM session WHERE token_sha256 = ? AND expires_at > ?",
        (hash_token(token), store.clock()),
    )
    return None if row is None else Account(row["name"], row["role"])


def end_session(store: Store, token: str) -> None:
    """End a session at once."""
    with store.write() as db:
        db.execute("DELETE FROM session WHERE token_sha256 = ?", (hash_token(token),))
