"""Preference data: a prompt and two answers, of which one was preferred.

Ours is `{item, prompt: [{role, content, input?}], chosen, rejected, margin?}`; the ShareGPT way has
`conversations` in place of the prompt, and turns in place of the answers. Many files have a text as
the prompt, or a list of one turn as an answer: these are taken too.
"""

from backend.dialogue import Message
from training.data.comparisons import Outcome, Same, read_prompt
from training.data.rows import Row
from training.data.sharegpt import read_turn, read_turns
from training.rows import Pair

KEYS = frozenset({"chosen", "rejected"})


def read_preference(row: Row) -> Outcome:
    """Return a row as a pair. Errors: InputError when the prompt doesn't end with a question."""
    prompt = read_asked(row)
    if not prompt or prompt[-1].role != "user":
        row.refuse("the prompt should end with the user's turn.")
    chosen, rejected = read_answer(row, "chosen"), read_answer(row, "rejected")
    if chosen == rejected:
        return Same()
    margin = None if row.fields.get("margin") is None else row.number("margin")
    item = row.name("item") or row.name("id")
    return Pair(prompt, chosen, rejected, row.line, item, margin)


def read_asked(row: Row) -> tuple[Message, ...]:
    """Return what comes before the answers: turns, or a text that is one question."""
    if isinstance(row.fields.get("prompt"), str):
        return read_prompt(row, "prompt")
    ours = "prompt" in row.fields
    return tuple(read_turns(Row(row.line, {"messages": row.fields["prompt"]}) if ours else row))


def read_answer(row: Row, key: str) -> str:
    """Return an answer, which is a text or a turn of the assistant, alone in a list or not."""
    value = row.fields.get(key)
    if isinstance(value, list):
        if len(value) != 1:
            row.refuse(f"{key!r} holds {len(value)} turns; it should be the answer alone.")
        value = value[0]
    if not isinstance(value, dict):
        return row.text(key)
    turn = read_turn(row.inner(value, key))
    if turn.role != "assistant":
        row.refuse(f"{key!r} is a turn of the {turn.role}; it should be the assistant's.")
    return turn.content
