"""Pairs as a file that trainers read: JSON, a row a pair."""

import json
from collections.abc import Iterable
from typing import IO, Any

from annotations.pairing.pairs import PreferredPair
from backend.dialogue import Message

Line = dict[str, Any]


def tell_pair(pair: PreferredPair) -> Line:
    """Return the row of a pair; without a margin it has none."""
    row: Line = {
        "item": pair.item,
        "prompt": [tell_message(one) for one in pair.prompt],
        "chosen": pair.chosen,
        "rejected": pair.rejected,
    }
    return row if pair.margin is None else row | {"margin": pair.margin}


def tell_message(message: Message) -> Line:
    """Return one turn; one without a further input has none."""
    row = {"role": message.role, "content": message.content}
    return row | {"input": message.input} if message.input else row


def write_rows(pairs: Iterable[PreferredPair], file: IO[str]) -> None:
    """Write pairs as JSON lines."""
    for pair in pairs:
        file.write(json.dumps(tell_pair(pair), ensure_ascii=False) + "\n")
