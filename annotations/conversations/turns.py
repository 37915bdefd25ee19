"""Turns of a conversation: the prompt, its editions, and every attempt of every side."""

import sqlite3
from collections import defaultdict
from collections.abc import Iterable

from annotations.conversations.records import ChatBallot, StoredReply, Turn, clean_text
from annotations.store import Row, Store
from backend.dialogue import Reply
from backend.errors import Conflict, InputError, NotFound

MAX_PROMPT = 32_000

# One row: one turn in its latest edition; `until` is when the next one began.
SELECT_TURNS = """
    SELECT t.*, (SELECT n.created_at FROM turn n WHERE n.conversation_id = t.conversation_id
        AND n.number = t.number + 1 AND n.edition = 0) AS until
    FROM turn t WHERE conversation_id = ? AND edition = (SELECT max(edition) FROM turn
        WHERE conversation_id = t.conversation_id AND number = t.number)
    ORDER BY number"""

# One row: one attempt at a turn, those of a side in their order.
SELECT_REPLIES = """
    SELECT r.*, s.version AS seat_version FROM reply r JOIN seat s USING(seat_id)
    WHERE turn_id = ? ORDER BY r.position, attempt"""

# One row: one vote of a ballot on a turn, the ballots in their order.
SELECT_VOTES = """
    SELECT * FROM chat_ballot b JOIN chat_vote USING(chat_ballot_id)
    WHERE turn_id = ? ORDER BY revision"""

# The version of the seat that held when the model was asked, else the first.
SELECT_SEAT = """
    SELECT seat_id FROM turn t JOIN seat s USING(conversation_id)
    WHERE turn_id = ? AND position = ?
    ORDER BY s.created_at <= ? DESC, CASE WHEN s.created_at <= ? THEN -version ELSE version END
    LIMIT 1"""


def add_turn(store: Store, conversation_id: int, actor: str, prompt: str, input: str = "") -> Turn:
    """Write down what a person says next; the turn before can't be voted on any more.

    Errors: InputError for an empty or endless prompt; NotFound for somebody else's conversation.
    """
    check_prompt(prompt, input)
    with store.write() as db:
        check_owner(db, conversation_id, actor)
        row = db.execute(
            "SELECT coalesce(max(number), 0) + 1 FROM turn WHERE conversation_id = ?",
            (conversation_id,),
        ).fetchone()
        insert_turn(db, (conversation_id, row[0], 0, prompt, input, store.clock()))
        return read_turns(db, conversation_id, count_seats(db, conversation_id))[-1]


def edit_turn(store: Store, turn_id: int, actor: str, prompt: str, input: str = "") -> Turn:
    """Say the last turn in other words; the old edition stays in the record with its answers.

    Errors: Conflict when it is not the last turn; NotFound for somebody else's.
    """
    check_prompt(prompt, input)
    with store.write() as db:
        row = find_turn(db, turn_id)
        talk = row["conversation_id"]
        check_owner(db, talk, actor)
        check_last(db, row)
        insert_turn(db, (talk, row["number"], row["edition"] + 1, prompt, input, store.clock()))
        return read_turns(db, talk, count_seats(db, talk))[-1]


def check_prompt(prompt: str, input: str) -> None:
    """Refuse what can't be asked."""
    if not prompt.strip():
        raise InputError("There is nothing to send yet; write a message first.")
    n = len(prompt) + len(input)
    if n > MAX_PROMPT:
        raise InputError(f"The message has {n:,} characters; at most {MAX_PROMPT:,} can be sent.")
    if clean_text(prompt + input) != prompt + input:
        raise InputError("The message holds a NUL or half a character; take it out.")


def check_owner(db: sqlite3.Connection, conversation_id: int, actor: str) -> None:
    """Refuse a conversation that is not this person's.

    Errors: NotFound, the same for one that is not there at all.
    """
    sql = "SELECT 1 FROM conversation WHERE conversation_id = ? AND actor = ?"
    if db.execute(sql, (conversation_id, actor)).fetchone() is None:
        raise NotFound("There is no such conversation of yours. Start a new one.")


def check_last(db: sqlite3.Connection, turn: Row) -> None:
    """Refuse a turn that was followed or edited since.

    Errors: Conflict.
    """
    sql = """SELECT 1 FROM turn WHERE conversation_id = ? AND (number, edition) > (?, ?)"""
    key = (turn["conversation_id"], turn["number"], turn["edition"])
    if db.execute(sql, key).fetchone():
        raise Conflict(
            "The conversation has gone on since, in another tab perhaps. Reload the page."
        )


def find_turn(db: sqlite3.Connection, turn_id: int) -> Row:
    """Return the row of a turn."""
    row: Row | None = db.execute("SELECT * FROM turn WHERE turn_id = ?", (turn_id,)).fetchone()
    if row is None:
        raise NotFound(f"There is no turn number {turn_id}.")
    return row


def count_seats(db: sqlite3.Connection, conversation_id: int) -> int:
    """Return how many sides a conversation has."""
    sql = "SELECT count(*) FROM seat WHERE conversation_id = ? AND version = 0"
    return int(db.execute(sql, (conversation_id,)).fetchone()[0])


def insert_turn(db: sqlite3.Connection, values: tuple[object, ...]) -> None:
    """Write one edition of a turn."""
    db.execute(
        """INSERT INTO turn(conversation_id, number, edition, prompt, input, created_at)
        VALUES (?, ?, ?, ?, ?, ?)""",
        values,
    )


def save_reply(
    store: Store, turn_id: int, position: int, reply: Reply, started_at: float
) -> StoredReply:
    """Write down how a side answered; a further one for the same side is the next attempt.

    The settings are those that held at `started_at`, on the store's clock.
    Edge: a reply that comes after the conversation went on is kept; nobody is told of it.
    Errors: NotFound when there is no such turn or side.
    """
    with store.write() as db:
        seat = db.execute(SELECT_SEAT, (turn_id, position, started_at, started_at)).fetchone()
        if seat is None:
            raise NotFound(f"Turn number {turn_id} has no side {position}.")
        attempt = db.execute(
            "SELECT count(*) FROM reply WHERE turn_id = ? AND position = ?", (turn_id, position)
        ).fetchone()[0]
        key = (turn_id, position, attempt, seat["seat_id"])
        insert_reply(db, key, reply, (started_at, store.clock()))
        rows = db.execute(SELECT_REPLIES, (turn_id,)).fetchall()
    return make_reply([row for row in rows if row["position"] == position][-1])


def insert_reply(
    db: sqlite3.Connection,
    key: tuple[int, int, int, int],
    reply: Reply,
    times: tuple[float, float],
) -> None:
    """Write one attempt; `key` is (turn, position, attempt, seat), `times` its start and now."""
    outcome = "empty" if reply.answered and not reply.text else reply.outcome
    db.execute(
        """INSERT INTO reply(turn_id, position, attempt, seat_id, text, outcome, detail, model,
            n_prompt_tokens, n_tokens, first_token_s, duration_s, cost_usd, started_at, created_at)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)""",
        (
            *key, clean_text(reply.text), outcome, clean_text(reply.detail),
            clean_text(reply.model), reply.n_prompt_tokens, reply.n_tokens, reply.first_token_s,
            reply.duration_s, reply.cost_usd, *times,
        ),
    )  # fmt: skip


def read_turns(db: sqlite3.Connection, conversation_id: int, n_seats: int) -> tuple[Turn, ...]:
    """Return the turns of a conversation in their latest editions."""
    rows = db.execute(SELECT_TURNS, (conversation_id,)).fetchall()
    return tuple(make_turn(db, row, n_seats) for row in rows)


def make_turn(db: sqlite3.Connection, row: Row, n_seats: int) -> Turn:
    """Turn a row of SELECT_TURNS into a record."""
    attempts = read_replies(db, row["turn_id"])
    ballots = read_ballots(db, row["turn_id"])
    said = pick_said(attempts, row["until"], n_seats)
    replies = pick_latest(attempts, n_seats)
    return Turn(
        row["turn_id"], row["number"], row["edition"], row["prompt"], row["input"],
        row["created_at"], replies, said, pick_current(ballots, replies),
    )  # fmt: skip


def pick_latest(attempts: Iterable[StoredReply], n_seats: int) -> tuple[StoredReply | None, ...]:
    """Return the last of the attempts of each side."""
    latest = {one.position: one for one in attempts}
    return tuple(latest.get(position) for position in range(n_seats))


def pick_said(
    attempts: Iterable[StoredReply], until: float | None, n_seats: int
) -> tuple[StoredReply | None, ...]:
    """Return what each side had last said when the next turn began, `until` in epoch seconds."""
    said = [one for one in attempts if one.was_said and (until is None or one.created_at <= until)]
    return pick_latest(said, n_seats)


def pick_current(
    ballots: list[ChatBallot], replies: tuple[StoredReply | None, ...]
) -> ChatBallot | None:
    """Return the latest ballot if it is about these very replies."""
    shown = tuple(one.reply_id for one in replies if one is not None)
    return ballots[-1] if ballots and ballots[-1].reply_ids == shown else None


def read_replies(db: sqlite3.Connection, turn_id: int) -> list[StoredReply]:
    """Return all attempts at one edition of a turn, by side and in their order."""
    return [make_reply(row) for row in db.execute(SELECT_REPLIES, (turn_id,))]


def make_reply(row: Row) -> StoredReply:
    """Turn a row of SELECT_REPLIES into a record."""
    reply = Reply(
        row["text"], row["outcome"], row["detail"], row["model"], row["n_prompt_tokens"],
        row["n_tokens"], row["first_token_s"], row["duration_s"], row["cost_usd"],
    )  # fmt: skip
    return StoredReply(
        row["reply_id"], row["position"], row["attempt"], row["seat_version"], reply,
        row["started_at"], row["created_at"],
    )  # fmt: skip


def read_ballots(db: sqlite3.Connection, turn_id: int) -> list[ChatBallot]:
    """Return all revisions of the ballot on one edition of a turn, in their order."""
    choices: dict[int, dict[str, str]] = defaultdict(dict)
    heads: dict[int, Row] = {}
    for row in db.execute(SELECT_VOTES, (turn_id,)):
        heads[row["chat_ballot_id"]] = row
        choices[row["chat_ballot_id"]][row["criterion"]] = row["choice"]
    return [make_ballot(db, row, choices[ballot_id]) for ballot_id, row in heads.items()]


def make_ballot(db: sqlite3.Connection, row: Row, choices: dict[str, str]) -> ChatBallot:
    """Turn a row of SELECT_VOTES into a record, with the replies that it is about."""
    sql = "SELECT reply_id FROM chat_ballot_reply WHERE chat_ballot_id = ? ORDER BY position"
    about = tuple(one[0] for one in db.execute(sql, (row["chat_ballot_id"],)))
    return ChatBallot(
        row["chat_ballot_id"], row["turn_id"], row["revision"], choices, row["comment"], about,
        row["created_at"],
    )  # fmt: skip
