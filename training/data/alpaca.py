"""The Alpaca shape: instruction, input, output; and the prompt that it becomes, taken apart again.

Source: `PROMPT_DICT` in stanford_alpaca's train.py; the bytes of backend/templates/alpaca.jinja.
"""

from backend.dialogue import Message
from training.data.rows import Row
from training.rows import Example

KEYS = frozenset({"instruction", "output"})

REQUEST = "Write a response that appropriately completes the request."
PLAIN = f"Below is an instruction that describes a task. {REQUEST}"
PAIRED = (
    "Below is an instruction that describes a task, paired with an input that provides further "
    f"context. {REQUEST}"
)
ASK, GIVE, ANSWER = "### Instruction:\n", "\n\n### Input:\n", "### Response:"


def read_example(row: Row) -> Example:
    """Return a row as a conversation; `system` and `history`, where there are any, come first."""
    turns = [Message("system", row.text("system"))] if row.text("system", "") else []
    for past in row.parts("history") if row.fields.get("history") else []:
        if not isinstance(past, list) or len(past) != 2:
            row.refuse("'history' should hold pairs of a question and its answer.")
        turns.append(Message("user", row.check_text(past[0], "history")))
        turns.append(Message("assistant", row.check_text(past[1], "history")))
    turns.append(Message("user", row.text("instruction"), row.text("input", "")))
    turns.append(Message("assistant", row.text("output")))
    return Example(tuple(turns), row.line)


def split_prompt(text: str) -> Message | None:
    """Return the instruction and input in a whole Alpaca prompt, or None for any other text.

    Edge: white space at the ends of instruction and input is the prompt's, not theirs.
    """
    told = text.strip().replace("\r\n", "\n")
    paired = told.startswith(PAIRED)
    if not (paired or told.startswith(PLAIN)) or not told.endswith(ANSWER):
        return None
    body = told.removeprefix(PAIRED if paired else PLAIN).removesuffix(ANSWER).strip()
    if not body.startswith(ASK.strip()):
        return None
    body = body.removeprefix(ASK.strip()).strip()
    if not paired:
        return Message("user", body)
    instruction, sign, given = f"{body}\n".partition(GIVE)  # the input may be empty
    return Message("user", instruction.strip(), given.strip()) if sign else None
