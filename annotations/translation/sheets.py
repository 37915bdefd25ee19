"""Sheets: one item and the answers to it, with the texts that have to be translated."""

import json
import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from annotations.library import make_item
from backend.records import Item, hash_text
from backend.translating import has_prose

SELECT_ITEMS = "SELECT * FROM item WHERE benchmark_id = ? ORDER BY ord LIMIT ?"

# One row: a system's first answer to one item.
SELECT_ANSWERS = """
    SELECT a.item_id, a.answer_id, s.name, a.text
    FROM answer a JOIN item i USING(item_id) JOIN system s USING(system_id)
    WHERE i.benchmark_id = ? AND a.sample = 0 AND s.name IN (SELECT value FROM json_each(?))
    ORDER BY s.name"""

SELECT_KNOWN = """SELECT key, text FROM translation
    WHERE outcome = 'ok' AND key IN (SELECT value FROM json_each(?))"""


@dataclass(frozen=True, slots=True)
class Voice:
    """Who translates, and how: all that can change a translation but the text."""

    card_sha256: str
    prompt_sha256: str
    temperature: float

    def make_key(self, text: str) -> str:
        """Return what the translation of a text is known by."""
        return hash_text(self.card_sha256, self.prompt_sha256, repr(self.temperature), text)


@dataclass(frozen=True, slots=True)
class Told:
    """One system's answer to an item."""

    answer_id: int
    system: str
    text: str


@dataclass(frozen=True, slots=True)
class Sheet:
    """One item with the answers to it that are to be translated.

    `item_row` is the item's row number, `place` its place in the benchmark.
    """

    item_row: int
    place: int
    item: Item
    answers: tuple[Told, ...]

    @property
    def item_texts(self) -> list[str]:
        """Return the texts of the item that have to be asked for."""
        return [text for text in (self.item.instruction, self.item.input) if has_prose(text)]

    @property
    def answer_texts(self) -> list[str]:
        """Return the texts of the answers that have to be asked for."""
        return [told.text for told in self.answers if has_prose(told.text)]


@dataclass(slots=True)
class Entry:
    """One text, and the sheets that it stands in, by the row numbers of their items."""

    text: str
    sheets: dict[int, Sheet] = field(default_factory=dict)


def read_sheets(
    db: sqlite3.Connection, benchmark_id: int, systems: Sequence[str], n_items: int
) -> list[Sheet]:
    """Return a benchmark's items, in their order, with what these systems said to each."""
    answers: dict[int, list[Told]] = {}
    for row in db.execute(SELECT_ANSWERS, (benchmark_id, json.dumps(list(systems)))):
        told = Told(row["answer_id"], row["name"], row["text"])
        answers.setdefault(row["item_id"], []).append(told)
    rows = db.execute(SELECT_ITEMS, (benchmark_id, n_items or -1))
    return [
        Sheet(row["item_id"], row["ord"], make_item(row), tuple(answers.get(row["item_id"], ())))
        for row in rows
    ]


def index_texts(sheets: Sequence[Sheet], voice: Voice) -> dict[str, Entry]:
    """Return key -> text of all that has to be known; the items' come before all answers'.

    A benchmark is of use before its answers are.
    """
    found: dict[str, Entry] = {}
    of_items = ((text, sheet) for sheet in sheets for text in sheet.item_texts)
    of_answers = ((text, sheet) for sheet in sheets for text in sheet.answer_texts)
    for text, sheet in (*of_items, *of_answers):
        entry = found.setdefault(voice.make_key(text), Entry(text))
        entry.sheets[sheet.item_row] = sheet
    return found


def find_known(db: sqlite3.Connection, keys: Iterable[str]) -> dict[str, str]:
    """Return key -> text of the translations there are."""
    rows = db.execute(SELECT_KNOWN, (json.dumps(list(keys)),))
    return {row["key"]: row["text"] for row in rows}
