"""Where translations go: items into a benchmark of their own, answers to systems of their own.

An item is there in the other language when all its texts are; an answer when its item is there and
its own text. Texts without a word, as numbers or code alone, are taken over as they are.
"""

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass

from annotations import library
from annotations.translation.sheets import Sheet, Told, Voice, find_known
from backend.records import Answer, Item
from backend.translating import has_prose

SUFFIX = " (translated)"

SELECT_ITEM = """
    SELECT t.item_id FROM translated_item t JOIN item i USING(item_id)
        JOIN benchmark b USING(benchmark_id)
    WHERE t.of_item = ? AND b.name = ?"""
SELECT_ANSWER = """
    SELECT 1 FROM translated_answer t JOIN answer a USING(answer_id)
    WHERE t.of_answer = ? AND a.item_id = ?"""


@dataclass(frozen=True, slots=True)
class Press:
    """Puts translations where they belong; the ids are those of the run that brings them."""

    target: str
    lang: str
    voice: Voice
    origin_id: int
    run_id: int
    source_id: int

    def place(self, db: sqlite3.Connection, sheet: Sheet) -> None:
        """Write what of a sheet can be written by now, and is not there."""
        texts = (*sheet.item_texts, *sheet.answer_texts)
        known = find_known(db, {self.voice.make_key(text) for text in texts})
        item_id = self._find_item(db, sheet) or self._place_item(db, sheet, known)
        if item_id is None:
            return
        for told in sheet.answers:
            text = self._find_text(told.text, known)
            if text is not None:
                self._place_answer(db, item_id, told, Answer(sheet.item.item_id, text))

    def _find_text(self, text: str, known: Mapping[str, str]) -> str | None:
        return known.get(self.voice.make_key(text)) if has_prose(text) else text

    def _find_item(self, db: sqlite3.Connection, sheet: Sheet) -> int | None:
        row = db.execute(SELECT_ITEM, (sheet.item_row, self.target)).fetchone()
        return int(row["item_id"]) if row else None

    def _place_item(
        self, db: sqlite3.Connection, sheet: Sheet, known: Mapping[str, str]
    ) -> int | None:
        item = sheet.item
        instruction = self._find_text(item.instruction, known)
        context = self._find_text(item.input, known)
        if instruction is None or context is None:
            return None
        told = Item(item.item_id, instruction, context, "", item.app, self.lang)
        item_id = library.add_item(db, self._open_target(db), sheet.place, told)
        link = (item_id, sheet.item_row, self.run_id)
        db.execute("INSERT INTO translated_item VALUES (?, ?, ?)", link)
        return item_id

    def _open_target(self, db: sqlite3.Connection) -> int:
        benchmark_id = library.add_benchmark(db, self.target, self.source_id)
        link = (benchmark_id, self.origin_id, self.run_id)
        db.execute("INSERT OR IGNORE INTO translated_benchmark VALUES (?, ?, ?)", link)
        return benchmark_id

    def _place_answer(
        self, db: sqlite3.Connection, item_id: int, told: Told, answer: Answer
    ) -> None:
        if db.execute(SELECT_ANSWER, (told.answer_id, item_id)).fetchone():
            return
        system_id = library.add_system(db, told.system + SUFFIX)
        library.add_answers(db, system_id, self.source_id, [(item_id, answer)])
        answer_id = db.execute("SELECT last_insert_rowid()").fetchone()[0]
        link = (answer_id, told.answer_id, self.run_id)
        db.execute("INSERT INTO translated_answer VALUES (?, ?, ?)", link)
