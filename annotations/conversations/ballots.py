"""Votes on a turn, and the moment when the names of a blind conversation are shown."""

import sqlite3
from collections.abc import Mapping

from annotations.conversations.records import CHAT_CHOICES, ChatBallot, Conversation, StoredReply
from annotations.conversations.talks import read_talk
from annotations.conversations.turns import (
    check_last,
    check_owner,
    count_seats,
    find_turn,
    pick_current,
    pick_latest,
    read_ballots,
    read_replies,
)
from annotations.store import Row, Store
from backend.errors import Conflict, InputError, Refused
from backend.records import CRITERIA

MAX_COMMENT = 2000
SEALED = "The names were shown, so this conversation takes no more votes."


def cast_ballot(
    store: Store, turn_id: int, actor: str, choices: Mapping[str, str], comment: str = ""
) -> ChatBallot:
    """Store a person's votes on the last turn, or a new revision of them.

    A choice is the position of the better side as text, "tie", or "bad" where none is good. The
    votes are about the latest answer of each side; a side that is asked again later leaves them
    with the answers that they were about.
    Edge: the same votes on the same answers again store nothing new.
    Errors: InputError for votes that aren't complete; Conflict when the conversation went on;
    Refused after the names were shown, or while a side has no whole answer; NotFound for somebody
    else's.
    """
    with store.write() as db:
        turn = find_turn(db, turn_id)
        check_owner(db, turn["conversation_id"], actor)
        n_seats = count_seats(db, turn["conversation_id"])
        check_choices(choices, comment, n_seats)
        latest = pick_latest(read_replies(db, turn_id), n_seats)
        before = read_ballots(db, turn_id)
        stored = pick_current(before, latest)
        if stored and (stored.choices, stored.comment) == (dict(choices), comment):
            return stored
        if is_revealed(db, turn["conversation_id"]):
            raise Refused(SEALED)
        check_last(db, turn)
        replies = require_answers(latest)
        insert_ballot(db, (turn_id, len(before), comment, store.clock()), choices, replies)
        return read_ballots(db, turn_id)[-1]


def check_choices(choices: Mapping[str, str], comment: str, n_seats: int) -> None:
    """Refuse votes that leave a question open or answer one that wasn't asked."""
    allowed = (*CHAT_CHOICES[:n_seats], "tie", "bad")
    missing = [name for name in CRITERIA if choices.get(name) not in allowed]
    if missing or set(choices) != set(CRITERIA):
        raise InputError(f"Answer every question first: {', '.join(missing) or 'unknown'}.")
    if len(comment) > MAX_COMMENT:
        raise InputError(
            f"The comment has {len(comment)} characters; {MAX_COMMENT} are kept at most."
        )


def require_answers(latest: tuple[StoredReply | None, ...]) -> tuple[StoredReply, ...]:
    """Return the latest reply of each side, each a whole answer.

    Errors: Refused while one is missing, was stopped or failed.
    """
    answers = tuple(one for one in latest if one is not None and one.reply.answered)
    if len(answers) < len(latest):
        raise Refused(
            "Votes compare whole answers, and a side has none to this message. "
            "Wait for it, or ask it again."
        )
    return answers


def insert_ballot(
    db: sqlite3.Connection,
    values: tuple[int, int, str, float],
    choices: Mapping[str, str],
    replies: tuple[StoredReply, ...],
) -> None:
    """Append a ballot: (turn, revision, comment, now), what it is about, and its votes."""
    ballot_id = db.execute(
        "INSERT INTO chat_ballot(turn_id, revision, comment, created_at) VALUES (?, ?, ?, ?)",
        values,
    ).lastrowid
    db.executemany(
        "INSERT INTO chat_ballot_reply VALUES (?, ?, ?)",
        [(ballot_id, one.position, one.reply_id) for one in replies],
    )
    db.executemany(
        "INSERT INTO chat_vote VALUES (?, ?, ?)",
        [(ballot_id, name, choices[name]) for name in CRITERIA],
    )


def is_revealed(db: sqlite3.Connection, conversation_id: int) -> bool:
    """Say whether the names of a blind conversation were shown."""
    sql = "SELECT 1 FROM reveal WHERE conversation_id = ?"
    return db.execute(sql, (conversation_id,)).fetchone() is not None


def reveal(store: Store, conversation_id: int, actor: str) -> Conversation:
    """Show who is who in a blind conversation; from then on it takes no votes.

    Edge: a second time changes nothing.
    Errors: Refused before there is a vote; Conflict where the names were never hidden.
    """
    with store.write() as db:
        check_owner(db, conversation_id, actor)
        check_votes(db, conversation_id)
        db.execute("INSERT OR IGNORE INTO reveal VALUES (?, ?)", (conversation_id, store.clock()))
    return read_talk(store, conversation_id)


def check_votes(db: sqlite3.Connection, conversation_id: int) -> None:
    """Refuse to show names that aren't hidden, or that nobody voted on yet."""
    row: Row = db.execute(
        """SELECT mode, (SELECT count(*) FROM turn JOIN chat_ballot USING(turn_id)
            WHERE conversation_id = c.conversation_id) AS n_ballots
        FROM conversation c WHERE conversation_id = ?""",
        (conversation_id,),
    ).fetchone()
    if row["mode"] == "named":
        raise Conflict("The names of this conversation were never hidden.")
    if not row["n_ballots"]:
        raise Refused("The names are shown after the first vote. Vote on an answer first.")
