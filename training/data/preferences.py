"""Preference data: a prompt and two answers, of which one was preferred.

Ours is `{item, prompt: [{role, content, input?}], chosen, rejected, margin?}`; the ShareGPT way has
`conversations` in place of the prompt, and turns in place of the answers.
"""

from training.data.comparisons import Outcome, Same
from training.data.rows import Row
from training.data.sharegpt import read_turn, read_turns
from training.rows import Pair

KEYS = frozenset({"chosen", "rejected"})


def read_preference(row: Row) -> Outcome:
    """Return a row as a pair. Errors: InputError when the prompt doesn't end with a question."""
    ours = "prompt" in row.fields
    told = Row(row.line, {"messages": row.fields["prompt"]}) if ours else row
    prompt = tuple(read_turns(told))
    if not prompt or prompt[-1].role != "user":
        row.refuse("the prompt should end with the user's turn.")
    chosen, rejected = read_answer(row, "chosen"), read_answer(row, "rejected")
    if chosen == rejected:
        return Same()
    margin = None if row.fields.get("margin") is None else row.number("margin")
    item = row.name("item") or row.name("id")
    return Pair(prompt, chosen, rejected, row.line, item, margin)


def read_answer(row: Row, key: str) -> str:
    """Return an answer, which is a text or a turn of the assistant."""
    value = row.fields.get(key)
    if not isinstance(value, dict):
        return row.text(key)
    turn = read_turn(row.inner(value, key))
    if turn.role != "assistant":
        row.refuse(f"{key!r} is a turn of the {turn.role}; it should be the assistant's.")
    return turn.content
