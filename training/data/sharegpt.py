"""The ShareGPT shape: chats as `conversations` (from, value) or `messages` (role, content).

Source: FastChat's train.py, which drops a first turn that is no human's and asks that the two
sides take turns.
"""

from collections.abc import Mapping
from types import MappingProxyType

from backend.dialogue import Message, Speaker
from training.data.rows import Row, describe
from training.rows import Example

KEYS = ("conversations", "messages")
ROLES: dict[str, Speaker] = {
    "human": "user",
    "user": "user",
    "gpt": "assistant",
    "assistant": "assistant",
    "chatgpt": "assistant",
    "system": "system",
}
SPEAKERS: Mapping[str, Speaker] = MappingProxyType(ROLES)


def read_example(row: Row) -> Example | None:
    """Return a chat up to its last answer, or None where nothing is answered in it.

    Errors: InputError when the two sides don't take turns.
    """
    turns = read_turns(row)
    while turns and turns[-1].role != "assistant":
        turns.pop()
    return Example(tuple(turns), row.line, row.name("id")) if turns else None


def read_turns(row: Row) -> list[Message]:
    """Return the turns of a chat, from the first of a human on.

    Edge: some files have the system message in a field of its own.
    Errors: InputError when the two sides don't take turns.
    """
    key = next((key for key in KEYS if key in row.fields), KEYS[0])
    turns = [read_turn(row.inner(part, key)) for part in row.parts(key)]
    system = [turn for turn in turns[:1] if turn.role == "system"]
    rest = turns[len(system) :]
    rest = rest[1:] if rest and rest[0].role == "assistant" else rest
    dropped = len(turns) - len(system) - len(rest)
    for place, turn in enumerate(rest):
        wanted = "assistant" if place % 2 else "user"
        if turn.role != wanted:
            row.refuse(
                f"turn {place + len(system) + dropped + 1} is the {turn.role}'s where the "
                f"{wanted} should speak: the two sides have to take turns."
            )
    told = row.text("system", "")
    apart = [Message("system", told)] if told and not system else []
    return [*apart, *system, *rest] if rest else []


def read_turn(turn: Row) -> Message:
    """Return one turn, in either way of writing it."""
    who, what = ("from", "value") if "from" in turn.fields else ("role", "content")
    speaker = SPEAKERS.get(turn.text(who).strip().lower())
    if speaker is None:
        known = ", ".join(SPEAKERS)
        turn.refuse(f"{who!r} is {describe(turn.fields[who])}; it can be {known}.")
    return Message(speaker, turn.text(what), turn.text("input", ""))
