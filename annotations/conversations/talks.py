"""Conversations: begun, found again by their owner, and told to a model as far as they came."""

import secrets
import sqlite3
from collections.abc import Sequence

from annotations.conversations.records import (
    Conversation,
    Mode,
    Seat,
    Turn,
    read_sampling,
    write_sampling,
)
from annotations.conversations.turns import check_owner, read_turns
from annotations.store import Row, Store
from backend.dialogue import Message
from backend.errors import InputError, NotFound, Refused

KEY_BYTES = 18
MAX_SEATS = 4

# One row: one conversation.
SELECT_TALK = """
    SELECT c.*, r.created_at IS NOT NULL AS revealed
    FROM conversation c LEFT JOIN reveal r USING(conversation_id)"""

# One row: one seat of a conversation in its latest version.
SELECT_SEATS = """
    SELECT * FROM seat s WHERE conversation_id = ? AND version = (SELECT max(version) FROM seat
        WHERE conversation_id = s.conversation_id AND position = s.position)
    ORDER BY position"""


def start_talk(store: Store, actor: str, seats: Sequence[Seat]) -> Conversation:
    """Begin a conversation with 2 to 4 models by name, from left to right.

    Edge: a model may have several seats, with different settings; `position` is set here.
    Errors: InputError for fewer or more seats.
    """
    if not 2 <= len(seats) <= MAX_SEATS:
        raise InputError(f"Choose 2 to {MAX_SEATS} models; these are {len(seats)}.")
    with store.write() as db:
        conversation_id = insert_talk(db, store.clock(), actor, "named", seats)
    return read_talk(store, conversation_id)


def insert_talk(
    db: sqlite3.Connection, now: float, actor: str, mode: Mode, seats: Sequence[Seat]
) -> int:
    """Write a conversation with its seats, from left to right; return its number."""
    key = secrets.token_urlsafe(KEY_BYTES)
    cursor = db.execute(
        "INSERT INTO conversation(key, actor, mode, created_at) VALUES (?, ?, ?, ?)",
        (key, actor, mode, now),
    )
    conversation_id = int(cursor.lastrowid or 0)
    for position, seat in enumerate(seats):
        insert_seat(db, now, conversation_id, seat, (position, 0))
    return conversation_id


def insert_seat(
    db: sqlite3.Connection, now: float, conversation_id: int, seat: Seat, place: tuple[int, int]
) -> None:
    """Write one version of a seat; `place` is (position, version)."""
    db.execute(
        """INSERT INTO seat(conversation_id, position, version, model, label, card_sha256, template,
            template_sha256, system, sampling, created_at)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)""",
        (
            conversation_id, *place, seat.model, seat.label, seat.card_sha256, seat.template,
            seat.template_sha256, seat.system, write_sampling(seat.sampling), now,
        ),
    )  # fmt: skip


def change_seats(
    store: Store, conversation_id: int, actor: str, seats: Sequence[Seat]
) -> Conversation:
    """Ask with other settings from now on; seats that are as they were change nothing.

    Errors: InputError when another model, or another number of them, is among the seats; NotFound
    for somebody else's conversation.
    """
    with store.write() as db:
        check_owner(db, conversation_id, actor)
        before = select_seats(db, conversation_id)
        if [seat.model for seat in seats] != [seat.model for seat in before]:
            raise InputError(
                "A conversation keeps its models; start another one to talk with others."
            )
        for old, new in zip(before, seats, strict=True):
            if not new.has_same_settings(old):
                place = (old.position, old.version + 1)
                insert_seat(db, store.clock(), conversation_id, new, place)
    return read_talk(store, conversation_id)


def find_talk(store: Store, key: str, actor: str) -> Conversation:
    """Return a person's own conversation.

    Errors: NotFound for an unknown key and for somebody else's conversation alike.
    """
    with store.snapshot() as db:
        row = db.execute(f"{SELECT_TALK} WHERE key = ? AND actor = ?", (key, actor)).fetchone()
        if row is None:
            raise NotFound("There is no such conversation of yours. Start a new one.")
        return make_talk(db, row)


def read_talk(store: Store, conversation_id: int) -> Conversation:
    """Return a conversation by its number, whoever's it is; never for a page."""
    with store.snapshot() as db:
        row = db.execute(f"{SELECT_TALK} WHERE conversation_id = ?", (conversation_id,)).fetchone()
        if row is None:
            raise NotFound(f"There is no conversation number {conversation_id}.")
        return make_talk(db, row)


def list_talks(store: Store, actor: str, limit: int = 20) -> list[Conversation]:
    """Return a person's latest conversations that anything was said in, the newest first."""
    with store.snapshot() as db:
        rows = db.execute(
            f"""{SELECT_TALK} WHERE actor = ? AND EXISTS (
                SELECT 1 FROM turn t WHERE t.conversation_id = c.conversation_id)
            ORDER BY c.conversation_id DESC LIMIT ?""",
            (actor, limit),
        ).fetchall()
        return [make_talk(db, row) for row in rows]


def make_talk(db: sqlite3.Connection, row: Row) -> Conversation:
    """Turn a row of SELECT_TALK into a record, with its seats and turns."""
    seats = select_seats(db, row["conversation_id"])
    return Conversation(
        row["conversation_id"], row["key"], row["actor"], row["mode"], bool(row["revealed"]),
        tuple(seats), read_turns(db, row["conversation_id"], len(seats)), row["created_at"],
    )  # fmt: skip


def select_seats(db: sqlite3.Connection, conversation_id: int) -> list[Seat]:
    """Return the seats as they are now, from left to right."""
    return [make_seat(row) for row in db.execute(SELECT_SEATS, (conversation_id,))]


def make_seat(row: Row) -> Seat:
    """Turn a row of the seat table into a record."""
    return Seat(
        row["position"], row["model"], row["label"], row["card_sha256"], row["template"],
        row["template_sha256"], row["system"], read_sampling(row["sampling"]), row["version"],
    )  # fmt: skip


def history(conversation: Conversation, position: int) -> list[Message]:
    """Return what a side is told so that it answers the last turn: system text, turns, prompt.

    Edge: an earlier turn that this side said nothing to is left out with its prompt; an answer
    that the person stopped was said as far as it had come. Answers to the last turn are left out,
    so that asking again tells the model the same.
    Errors: Refused when nothing has been asked yet.
    """
    if not conversation.turns:
        raise Refused("Nothing has been asked yet.")
    *earlier, last = conversation.turns
    system = conversation.seats[position].system
    messages = [Message("system", system)] if system else []
    for turn in earlier:
        messages += tell_turn(turn, position)
    return [*messages, Message("user", last.prompt, last.input)]


def tell_turn(turn: Turn, position: int) -> list[Message]:
    """Return a turn as two messages, or none where this side said nothing."""
    said = turn.said[position]
    if said is None:
        return []
    return [Message("user", turn.prompt, turn.input), Message("assistant", said.reply.text)]
