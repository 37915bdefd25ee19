"""Conversations to take away: one line each, with every edition, attempt and vote.

A conversation is known by a hash of its key and a person by a number, so that no line opens a page
or names somebody. Blind conversations whose names nobody has seen yet are left out unless they are
asked for: a browser may not get them before the vote, a researcher's own file may.
"""

import json
from collections.abc import Iterator
from dataclasses import asdict
from datetime import UTC, datetime
from typing import IO, Any

from annotations.conversations.fastchat import tell_fastchat
from annotations.conversations.records import ChatBallot, Conversation, Seat, StoredReply
from annotations.conversations.talks import make_seat, read_talk
from annotations.conversations.turns import (
    pick_current,
    pick_latest,
    pick_said,
    read_ballots,
    read_replies,
)
from annotations.store import Row, Store
from backend.errors import InputError, Refused
from backend.records import CRITERIA, hash_text

Line = dict[str, Any]
SHAPES = ("jsonl", "fastchat")

# One row: one conversation that anything was said in.
SELECT_TALKS = """
    SELECT conversation_id, key, r.created_at AS revealed_at, (SELECT count(DISTINCT actor)
        FROM conversation f WHERE f.conversation_id <= (SELECT min(conversation_id)
            FROM conversation WHERE actor = c.actor)) AS person
    FROM conversation c LEFT JOIN reveal r USING(conversation_id)
    WHERE EXISTS (SELECT 1 FROM turn t WHERE t.conversation_id = c.conversation_id)
    AND (:unrevealed OR mode = 'named' OR r.created_at IS NOT NULL)
    AND coalesce(:only, conversation_id) = conversation_id
    ORDER BY conversation_id"""

# One row: one edition of a turn; `until` is when the next turn began.
SELECT_EDITIONS = """
    SELECT t.*, edition = max(edition) OVER (PARTITION BY number) AS is_current,
        (SELECT n.created_at FROM turn n WHERE n.conversation_id = t.conversation_id
            AND n.number = t.number + 1 AND n.edition = 0) AS until
    FROM turn t WHERE conversation_id = ? ORDER BY number, edition"""


def export_chats(
    store: Store,
    shape: str = "jsonl",
    *,
    criterion: str = "helpful",
    with_unrevealed: bool = False,
) -> Iterator[Line]:
    """Yield one line a conversation, or, for "fastchat", the lines of FastChat's vote log.

    FastChat's lines know one vote a turn: the one on `criterion`.
    Errors: InputError for an unknown shape or criterion.
    """
    check_choice("format", shape, SHAPES)
    check_choice("criterion", criterion, CRITERIA)
    for row in store.rows(SELECT_TALKS, {"unrevealed": with_unrevealed, "only": None}):
        line = tell_talk(store, row)
        if shape == "jsonl":
            yield line
        else:
            yield from tell_fastchat(line, criterion)


def export_talk(store: Store, talk: Conversation) -> Line:
    """Return the line of one conversation, for the person whose it is.

    Errors: Refused while its names are hidden, or before anything was said.
    """
    wanted = {"unrevealed": False, "only": talk.conversation_id}
    row = store.row(SELECT_TALKS, wanted)
    if row is None:
        why = "is nothing in it yet" if talk.is_open else "are names in it that you can't know yet"
        raise Refused(f"This conversation can't be taken away: there {why}.")
    return tell_talk(store, row)


def check_choice(what: str, found: str, known: tuple[str, ...]) -> None:
    """Refuse a word that isn't one of those."""
    if found not in known:
        raise InputError(
            f"There is no {what} {found!r} of conversations. There are: {', '.join(known)}."
        )


def write_chats(
    store: Store,
    file: IO[str],
    shape: str = "jsonl",
    *,
    criterion: str = "helpful",
    with_unrevealed: bool = False,
) -> int:
    """Write all conversations as they stand at this moment; return how many lines."""
    n_lines = 0
    with store.snapshot():
        lines = export_chats(store, shape, criterion=criterion, with_unrevealed=with_unrevealed)
        for n_lines, line in enumerate(lines, 1):  # noqa: B007 - counted
            file.write(json.dumps(line, ensure_ascii=False) + "\n")
    return n_lines


def tell_talk(store: Store, row: Row) -> Line:
    """Return a conversation with everything that the ledger knows of it."""
    with store.snapshot():
        talk = read_talk(store, row["conversation_id"])
        return {
            "conversation": hash_text(row["key"])[:24],
            "person": f"P{row['person']}",
            "mode": talk.mode,
            "revealed": talk.revealed,
            "revealed_at": tell_time(row["revealed_at"]),
            "created_at": tell_time(talk.created_at),
            "drawn": tell_battle(store, talk),
            "seats": tell_seats(store, talk),
            "turns": tell_turns(store, talk),
        }


def tell_time(seconds: float | None) -> str | None:
    """Return a moment as ISO 8601 in UTC, with milliseconds."""
    if seconds is None:
        return None
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds")


def tell_battle(store: Store, talk: Conversation) -> Line | None:
    """Return what was drawn, or None where a person chose."""
    key = (talk.conversation_id,)
    row = store.row("SELECT * FROM battle WHERE conversation_id = ?", key)
    if row is None:
        return None
    sides = [row["model_a"], row["model_b"]]
    left, right = sides if row["left_is"] == "a" else sides[::-1]
    candidates = json.loads(row["candidates"])
    return {"left": left, "right": right, "candidates": candidates, "n_before": row["n_before"]}


def tell_seats(store: Store, talk: Conversation) -> list[list[Line]]:
    """Return the settings of each side, from left to right, in all their versions."""
    rows = store.rows(
        "SELECT * FROM seat WHERE conversation_id = ? ORDER BY position, version",
        (talk.conversation_id,),
    )
    versions = [(make_seat(row), row["created_at"]) for row in rows]
    return [
        [tell_seat(seat, since) for seat, since in versions if seat.position == one.position]
        for one in talk.seats
    ]


def tell_seat(seat: Seat, since: float) -> Line:
    """Return one version of a side's settings."""
    return {**asdict(seat), "since": tell_time(since)}


def tell_turns(store: Store, talk: Conversation) -> list[Line]:
    """Return every edition of every turn, with all attempts and all ballots."""
    names = [seat.model for seat in talk.seats]
    with store.snapshot() as db:
        return [
            tell_turn(
                row, read_replies(db, row["turn_id"]), read_ballots(db, row["turn_id"]), names
            )
            for row in db.execute(SELECT_EDITIONS, (talk.conversation_id,)).fetchall()
        ]


def tell_turn(
    row: Row, replies: list[StoredReply], ballots: list[ChatBallot], names: list[str]
) -> Line:
    """Return one edition of a turn.

    `current` is false once it was edited; `said` are the answers that the next turn went on from.
    """
    current = pick_current(ballots, pick_latest(replies, len(names)))
    said = pick_said(replies, row["until"], len(names))
    return {
        "number": row["number"],
        "edition": row["edition"],
        "current": bool(row["is_current"]),
        "prompt": row["prompt"],
        "input": row["input"],
        "asked_at": tell_time(row["created_at"]),
        "replies": [tell_reply(one) for one in replies],
        "said": [one and one.reply_id for one in said],
        "ballots": [tell_ballot(one, one == current, names) for one in ballots],
    }


def tell_reply(stored: StoredReply) -> Line:
    """Return one attempt. Only an answer, or one that a person cut, has a `text`."""
    fields = asdict(stored.reply)
    text = fields.pop("text")
    del fields["retry_after_s"]  # of that moment only
    return {
        "reply_id": stored.reply_id,
        "position": stored.position,
        "attempt": stored.attempt,
        "seat_version": stored.seat_version,
        "text" if stored.was_said else "partial_text": text,
        **fields,
        "started_at": tell_time(stored.started_at),
        "saved_at": tell_time(stored.created_at),
    }


def tell_ballot(ballot: ChatBallot, is_current: bool, names: list[str]) -> Line:
    """Return one revision of the votes. `winners` are models, or "tie", or "bad"."""
    choices = {name: ballot.choices[name] for name in CRITERIA if name in ballot.choices}
    return {
        "revision": ballot.revision,
        "current": is_current,
        "choices": choices,
        "winners": {
            name: names[int(choice)] if choice.isdecimal() else choice
            for name, choice in choices.items()
        },
        "comment": ballot.comment,
        "replies": list(ballot.reply_ids),
        "saved_at": tell_time(ballot.created_at),
    }
