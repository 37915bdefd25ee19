"""JSON to rows, a window of the file at a time: what a row is, and what none may hold.

A file of any size is read in the memory of one row and one window.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import isfinite
from pathlib import Path
from typing import NoReturn, TextIO

from backend.errors import InputError

MOST_BYTES = 8_000_000_000
ROW_LENGTH = 4_000_000  # characters of one row: the longest chats that people shared are shorter
MOST_DEPTH = 20
SPACE = re.compile(r"[ \t\r\n]*")


@dataclass(frozen=True, slots=True)
class Row:
    """The fields of one object. Units: `line` is its place in the file, counted from 1."""

    line: int
    fields: Mapping[str, object]

    def refuse(self, message: str) -> NoReturn:
        """Say what is wrong in this row."""
        raise InputError(message, self.line)

    def text(self, key: str, default: str | None = None) -> str:
        """Return a text as it stands in the file; null is as good as not there."""
        value = self.fields.get(key)
        if value is None:
            return self.refuse(f"{key!r} is missing.") if default is None else default
        return self.check_text(value, key)

    def check_text(self, value: object, key: str) -> str:
        """Return the value if it is text."""
        if not isinstance(value, str):
            self.refuse(f"{key!r} should be text, it is {describe(value)}.")
        return value

    def parts(self, key: str) -> list[object]:
        """Return a list."""
        value = self.fields.get(key)
        if not isinstance(value, list):
            self.refuse(f"{key!r} should be a list, it is {describe(value)}.")
        return value

    def inner(self, value: object, key: str) -> "Row":
        """Return an object in this row as a row of the same line."""
        if not isinstance(value, dict):
            self.refuse(f"{key!r} should hold objects, it holds {describe(value)}.")
        return Row(self.line, value)

    def number(self, key: str) -> float:
        """Return a number."""
        value = self.fields.get(key)
        if isinstance(value, bool) or not isinstance(value, int | float):
            self.refuse(f"{key!r} should be a number, it is {describe(value)}.")
        if abs(value) > 2**53 or not isfinite(value):
            self.refuse(f"{key!r} is {describe(value)}, which is out of all bounds.")
        return float(value)

    def name(self, key: str) -> str:
        """Return a name, which may be a whole number; nothing where it is not there."""
        value = self.fields.get(key)
        if isinstance(value, int) and not isinstance(value, bool):
            return str(value)
        return self.text(key, "")


def read_rows(path: Path) -> Iterator[Row]:
    """Yield the rows of a JSON array, or of JSON lines.

    Errors: InputError with the row, counted from 1; also for a file that is none or too large.
    """
    try:
        if not path.is_file():
            raise InputError(f"{path} is no file.")
        if path.stat().st_size > MOST_BYTES:
            raise InputError(f"{path.name} has {path.stat().st_size:,} bytes, which are too many.")
        with path.open(encoding="utf-8-sig", newline="") as file:
            yield from Scanner(file).scan()
    except UnicodeDecodeError as error:
        raise InputError(f"{path.name} is not UTF-8 text ({error.reason}).") from error
    except OSError as error:
        raise InputError(f"{path} can't be read ({error.strerror}).") from error


class Scanner:
    """Reads one value after the other out of a text that is never in memory as a whole."""

    def __init__(self, file: TextIO, most: int = ROW_LENGTH) -> None:
        """Take an open file. Units: `most` in characters of a row."""
        self._file, self._most = file, most
        self._text = ""
        self._place = 0
        self._line = 0
        self._decoder = json.JSONDecoder(
            object_pairs_hook=refuse_twins, parse_constant=refuse_constant
        )

    def scan(self) -> Iterator[Row]:
        """Yield the rows. Errors: InputError with the row."""
        in_array = self._skip("[")
        if not self._peek():
            raise InputError("The file is empty.")
        while self._peek() not in ("]", ""):
            yield self._read_row()
            if in_array and not self._skip(",") and self._peek() != "]":
                raise InputError("After this row, a comma or the end should come.", self._line)
        if in_array and not self._skip("]"):
            raise InputError("The file ends in the middle of the list: it was cut off.", self._line)
        if self._peek():
            raise InputError("After the end of the list, there is more.", self._line)

    def _read_row(self) -> Row:
        """Return the next row."""
        self._line += 1
        try:
            value, end = self._decoder.raw_decode(self._text, self._place)
        except RecursionError as error:
            raise InputError("The row is nested too deeply.", self._line) from error
        except ValueError as error:  # bad JSON, and whole numbers of thousands of digits
            raise InputError(self._explain(error), self._line) from error
        if end - self._place > self._most:
            raise InputError(f"More than {self._most:,} characters are too many.", self._line)
        self._place = end
        if not isinstance(value, dict):
            raise InputError(f"A row should be an object, it is {describe(value)}.", self._line)
        check_values(value, self._line)
        return Row(self._line, value)

    def _explain(self, error: ValueError) -> str:
        """Return why a row is no JSON."""
        if len(self._text) - self._place > self._most:
            return f"It is no JSON, or has more than {self._most:,} characters."
        return f"It is no JSON that can be taken: {getattr(error, 'msg', error)}."

    def _peek(self) -> str:
        """Return the next character that is no white space; nothing at the end of the file."""
        while True:
            found = SPACE.match(self._text, self._place)
            self._place = found.end() if found else self._place
            if len(self._text) - self._place > self._most or not self._fill():
                return self._text[self._place : self._place + 1]

    def _skip(self, sign: str) -> bool:
        """Go past a character if it comes next, and say whether it did."""
        there = self._peek() == sign
        self._place += there
        return there

    def _fill(self) -> bool:
        """Read another window behind what is left, and say whether there was one."""
        more = self._file.read(2 * self._most)
        if more:
            self._text = self._text[self._place :] + more
            self._place = 0
        return bool(more)


def refuse_twins(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """Return an object's fields. Errors: ValueError when a name comes twice."""
    fields: dict[str, object] = {}
    for name, value in pairs:
        if name in fields:
            raise ValueError(f"{name[:60]!r} comes twice in one object")
        fields[name] = value
    return fields


def refuse_constant(word: str) -> float:
    """Refuse what JSON has no word for. Errors: ValueError."""
    raise ValueError(f"{word} is no number")


def check_values(value: object, line: int) -> None:
    """Refuse half characters and deep nesting in a row. Errors: InputError."""
    level: list[object] = [value]
    for _ in range(MOST_DEPTH):
        for text in level:
            if isinstance(text, str) and not text.isascii():
                check_characters(text, line)
        level = [part for whole in level for part in list_parts(whole)]
        if not level:
            return
    raise InputError(f"The row is nested deeper than {MOST_DEPTH} levels.", line)


def check_characters(text: str, line: int) -> None:
    """Refuse half of a character, which no text holds. Errors: InputError."""
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise InputError("It holds half of a surrogate pair, which is no character.", line) from (
            error
        )


def list_parts(value: object) -> list[object]:
    """Return what is in an object, names too, or in a list."""
    if isinstance(value, dict):
        return [*value.keys(), *value.values()]
    return value if isinstance(value, list) else []


def describe(value: object) -> str:
    """Return a value with what it is, in a few words."""
    kinds = {bool: "true or false", dict: "an object", list: "a list", type(None): "not there"}
    kind = kinds.get(type(value))
    text = ascii(value)[:61]
    return kind or (text if len(text) <= 60 else f"{text[:60]}…")
