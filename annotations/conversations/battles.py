"""Blind battles: which two models meet next, and who of them stands on the left."""

import json
import random
import sqlite3
from collections.abc import Mapping, Sequence
from itertools import combinations

from annotations.conversations.records import Conversation, Seat
from annotations.conversations.talks import insert_talk, read_talk
from annotations.store import Store
from backend.errors import InputError

Pair = tuple[str, str]

CHANCE = random.SystemRandom()

# One row: two models, and how often they were drawn against each other.
SELECT_MEETINGS = "SELECT model_a, model_b, count(*) AS n FROM battle GROUP BY model_a, model_b"


def start_battle(
    store: Store, actor: str, candidates: Sequence[Seat], chance: random.Random = CHANCE
) -> Conversation:
    """Draw two of the candidates and begin a blind conversation with them.

    The pair that has met least is drawn, among equals by chance; a coin says who stands left. Both
    are written down, with all candidates. Drawing and writing are one transaction, so that two
    people at once don't get the same draw.
    Edge: candidates that have never met count from 0, so that a new model is seen soon.
    Errors: InputError for fewer than two different models.
    """
    seats = {seat.model: seat for seat in candidates}
    if len(seats) < 2 or len(seats) < len(candidates):
        names = ", ".join(seat.model for seat in candidates) or "none"
        raise InputError(f"A blind battle draws from two or more different models, not {names}.")
    with store.write() as db:
        (left, right), n_before = draw_pair(db, sorted(seats), chance)
        talk = insert_talk(db, store.clock(), actor, "blind", (seats[left], seats[right]))
        insert_battle(db, talk, (left, right), sorted(seats), n_before)
    return read_talk(store, talk)


def draw_battle(store: Store, names: Sequence[str], chance: random.Random = CHANCE) -> Pair:
    """Return who would stand left and right in the next battle; nothing is written down.

    Edge: two people can be told the same pair; `start_battle` draws and begins at once.
    """
    with store.snapshot() as db:
        return draw_pair(db, sorted(set(names)), chance)[0]


def draw_pair(
    db: sqlite3.Connection, names: Sequence[str], chance: random.Random
) -> tuple[Pair, int]:
    """Return (left, right) and how often these two have met; `names` are sorted, at least two."""
    met: Mapping[Pair, int] = {
        (row["model_a"], row["model_b"]): row["n"] for row in db.execute(SELECT_MEETINGS)
    }
    pairs = list(combinations(names, 2))
    least = min(met.get(pair, 0) for pair in pairs)
    a, b = chance.choice([pair for pair in pairs if met.get(pair, 0) == least])
    return ((b, a) if chance.random() < 0.5 else (a, b)), least


def insert_battle(
    db: sqlite3.Connection, conversation_id: int, sides: Pair, names: Sequence[str], n_before: int
) -> None:
    """Write down what was drawn."""
    a, b = sorted(sides)
    db.execute(
        "INSERT INTO battle VALUES (?, ?, ?, ?, ?, ?)",
        (
            conversation_id, a, b, "a" if sides[0] == a else "b",
            json.dumps(names, ensure_ascii=False), n_before,
        ),
    )  # fmt: skip
