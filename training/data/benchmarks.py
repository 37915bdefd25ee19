"""Which training data is a benchmark: the 252 instructions and the 80 questions, by hash.

A model that was trained on what it is asked can't be measured. Only hashes are kept here; they are
of the letters and digits alone, so that neither case nor punctuation nor white space hides a text.
"""

import json
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from hashlib import sha256
from pathlib import Path
from types import MappingProxyType

from backend.dialogue import Message
from training.data.alpaca import split_prompt
from training.rows import Example, Pair

HASHES = Path(__file__).with_suffix(".json")
DIGITS = 16  # hex digits of a hash: 64 bits for 332 texts
LABELS = re.compile(r"^[^\w\n]*(instruction|input|output|response|question)\s*:", re.I | re.M)
REST = re.compile(r"[\W_]+")


def find_benchmark_rows(rows: Iterable[Example | Pair | str]) -> list[int]:
    """Return the lines of the rows that ask something of a benchmark, each once, in order.

    Edge: plain texts are counted from 1; in a chat each question counts, not only the first.
    """
    found = {line for line, text in list_questions(rows) if name_benchmark(text)}
    return sorted(found)


def name_benchmark(text: str) -> str:
    """Return the benchmark that a text is of, or nothing."""
    return read_hashes().get(hash_question(text), "")


def list_questions(rows: Iterable[Example | Pair | str]) -> Iterator[tuple[int, str]]:
    """Yield all that a user says, with its line; a whole Alpaca prompt is taken apart."""
    for place, row in enumerate(rows, 1):
        if isinstance(row, str):
            yield place, row
            continue
        turns = row.messages if isinstance(row, Example) else row.prompt
        yield from ((row.line, turn.text) for turn in turns if turn.role == "user")


def hash_question(text: str) -> str:
    """Return the hash of a question, the same however it is wrapped, cased and punctuated."""
    told = (split_prompt(text) or Message("user", text)).text
    return sha256(normalise(told).encode("utf-8", "surrogatepass")).hexdigest()[:DIGITS]


def normalise(text: str) -> str:
    """Return a text's letters and digits, without the labels that formats put into it."""
    plain = LABELS.sub("", unicodedata.normalize("NFKC", text))
    return REST.sub("", plain.casefold())


@cache
def read_hashes() -> Mapping[str, str]:
    """Return the benchmark of each hash."""
    told = json.loads(HASHES.read_text("utf-8"))
    return MappingProxyType({text: name for name, texts in told.items() for text in texts})
