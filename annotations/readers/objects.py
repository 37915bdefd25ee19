"""JSON Lines, or one JSON array, to rows: strict where the standard is, and bounded."""

import json
import re
from collections.abc import Iterator
from math import isfinite
from typing import Any, NoReturn

from annotations.readers.fields import Row, describe, shorten
from annotations.readers.lines import (
    BOM,
    CHUNK_BYTES,
    MAX_ROWS,
    ROW_BYTES,
    Lines,
    count_row,
    cut_chunk,
)
from backend.errors import InputError

SPACE = re.compile(r"[ \t\r\n]*")


def parse_lines(data: bytes) -> Iterator[Row]:
    """Yield the objects of JSON Lines; blank lines are passed over."""
    count_row(data.count(b"\n", 0, len(data) - 1), MAX_ROWS + 1)  # before any is read
    number = 0
    lines = Lines(data)
    try:
        for line in lines:
            number, lines.taken = number + 1, 0
            if line.strip():
                value, end = decode_value(line, skip_space(line, 0), number)
                if line[end:].strip():
                    raise InputError(
                        f"there is more after the object, at column {end + 1}.", number
                    )
                yield make_row(value, number)
    except InputError as error:
        raise error if error.line else InputError(str(error), number + 1) from None


class Window:
    """A view on the text of a file that moves on: what is behind it is let go.

    `text[at:]` is what comes next, at least a whole row of it, or all that is left.
    """

    def __init__(self, data: bytes) -> None:
        """Stand at the beginning."""
        self._data = data
        self._next = len(BOM) if data.startswith(BOM) else 0
        self._counted = 0
        self._line = 1
        self.text = ""
        self.at = 0
        self.fill()

    def fill(self) -> None:
        """Take in more where less than a row is left."""
        if len(self.text) - self.at < ROW_BYTES and self._next < len(self._data):
            self.find_line()
            end = cut_chunk(self._data, self._next + ROW_BYTES + CHUNK_BYTES)
            self.text = self.text[self.at :] + self._data[self._next : end].decode()
            self.at = self._counted = 0
            self._next = end

    def find_line(self) -> int:
        """Return the physical line of the place, from 1."""
        self._line += self.text.count("\n", self._counted, self.at)
        self._counted = self.at
        return self._line

    def skip_space(self) -> str:
        """Pass over white space; return the next character, or nothing at the end."""
        while True:
            self.at = skip_space(self.text, self.at)
            if self.at < len(self.text) or self._next >= len(self._data):
                self.fill()
                return self.text[self.at : self.at + 1]
            self.fill()

    def take(self, wanted: str) -> bool:
        """Pass over one character if it comes next, with the white space around it."""
        if self.skip_space() != wanted:
            return False
        self.at += 1
        self.skip_space()
        return True


def parse_array(data: bytes) -> Iterator[Row]:
    """Yield the objects of a JSON array."""
    window, n_rows = Window(data), 0
    window.take("[")
    more = window.skip_space() != "]"
    while more:
        line = window.find_line()
        n_rows = count_row(n_rows, line)
        value, end = decode_value(window.text, window.at, line)
        if end - window.at > ROW_BYTES:
            raise InputError(f"one row is longer than {ROW_BYTES:,} bytes.", line)
        window.at = end
        yield make_row(value, line)
        more = window.take(",")
    if not window.take("]") or window.skip_space():
        raise InputError(
            "the JSON array should go on with ',' or end with ']' here.", window.find_line()
        )


def skip_space(text: str, at: int) -> int:
    """Return the place of the next character that is not JSON's white space."""
    found = SPACE.match(text, at)
    return found.end() if found else at


def decode_value(text: str, at: int, line: int) -> tuple[object, int]:
    """Return the JSON value at a place in the text and the place behind it.

    Units: `line` is the number of the line in the file that the place is on.
    """
    try:
        return DECODER.raw_decode(text, at)
    except json.JSONDecodeError as error:
        if len(text) - at >= ROW_BYTES and is_cut(error, at):
            raise InputError(f"one row is longer than {ROW_BYTES:,} bytes.", line) from error
        message = f"not one whole JSON object: {error.msg} at column {error.colno}."
        raise InputError(message, line + text.count("\n", at, error.pos)) from error
    except InputError as error:
        message = str(error)
    except RecursionError:
        message = "objects are nested too deeply."
    except ValueError:
        message = "a number has too many digits."
    raise InputError(message, line)


def is_cut(error: json.JSONDecodeError, at: int) -> bool:
    """Say whether a value was not read whole because the text in view ends within it."""
    return error.pos - at > ROW_BYTES or error.msg.startswith("Unterminated string")


def refuse_constant(name: str) -> NoReturn:
    """Refuse NaN and Infinity, which JSON does not have."""
    raise InputError(f"{name} is no number in JSON.")


def read_float(text: str) -> float:
    """Return a number; one that is too large to be held is refused."""
    number = float(text)
    if not isfinite(number):
        raise InputError(f"the number {shorten(text, 20)} is too large.")
    return number


def refuse_twins(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return an object's fields; the same key twice is refused."""
    fields = dict(pairs)
    if len(fields) < len(pairs):
        seen: set[str] = set()
        twin = next(key for key, _ in pairs if key in seen or seen.add(key))  # type: ignore[func-returns-value]
        raise InputError(f"the key {shorten(twin)} occurs twice in one object.")
    return fields


DECODER = json.JSONDecoder(
    object_pairs_hook=refuse_twins, parse_constant=refuse_constant, parse_float=read_float
)


def make_row(value: object, line: int) -> Row:
    """Return a JSON value as a row, if it is an object."""
    if not isinstance(value, dict):
        raise InputError(f"each row should be a JSON object, this is {describe(value)}.", line)
    return Row(line, value)
