"""One row of a file, and the checked reading of its fields."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NoReturn

from backend.errors import InputError

CELL_BYTES = 64 * 1024
NAME_LENGTH = 120


@dataclass(frozen=True, slots=True)
class Row:
    """The fields of one object or CSV row; `line` is the physical line where it starts, from 1."""

    line: int
    fields: Mapping[str, object]

    def refuse(self, message: str) -> NoReturn:
        """Say what is wrong in this row."""
        raise InputError(message, self.line)

    def take(self, key: str) -> object:
        """Return a field that has to be there."""
        if key not in self.fields:
            self.refuse(f"{key!r} is missing.")
        return self.fields[key]

    def has(self, key: str) -> bool:
        """Tell whether a field is there and says something."""
        return self.fields.get(key) not in (None, "")

    def text(self, key: str, default: str | None = None) -> str:
        """Return a text as it stands in the file, or the default where the field is not there."""
        if default is not None and not self.has(key):
            return default
        return self.check_text(self.take(key), key)

    def prose(self, key: str) -> str:
        """Return a text that has to say something."""
        text = self.text(key)
        if not text.strip():
            self.refuse(f"{key!r} is empty.")
        return text

    def check_text(self, value: object, key: str) -> str:
        """Return the value if it is text that the ledger can hold."""
        if not isinstance(value, str):
            self.refuse(f"{key!r} should be text, it is {describe(value)}.")
        if "\0" in value:
            self.refuse(f"{key!r} holds a NUL character; take it out.")
        try:
            size = len(value.encode())
        except UnicodeEncodeError:
            self.refuse(f"{key!r} holds half of a surrogate pair, which is no character.")
        if size > CELL_BYTES:
            self.refuse(f"{key!r} is {size:,} bytes long; at most {CELL_BYTES:,} can be taken.")
        return value

    def name(self, key: str) -> str:
        """Return a short name or number, as text without white space at its ends."""
        value = self.take(key)
        if isinstance(value, int) and not isinstance(value, bool):
            value = str(value)
        if not isinstance(value, str):
            self.refuse(f"{key!r} should be text or a whole number, it is {describe(value)}.")
        return check_name(value, key, self.line)

    def whole(self, key: str, default: int) -> int:
        """Return a whole number from 0 on, or the default where the field is not there."""
        if not self.has(key):
            return default
        value = self.fields[key]
        if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 10:
            return int(value)
        if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < 10**9:
            self.refuse(f"{key!r} should be a whole number from 0 on, it is {describe(value)}.")
        return value

    def number(self, key: str) -> float:
        """Return a number."""
        return self.check_number(self.take(key), key)

    def check_number(self, value: object, key: str) -> float:
        """Return the value if it is a number."""
        if not isinstance(value, int | float) or isinstance(value, bool):
            self.refuse(f"{key!r} should be a number, it is {describe(value)}.")
        return float(value)

    def rows(self, key: str) -> list["Row"]:
        """Return a list of objects as rows of the same line."""
        return [Row(self.line, self.check_object(part, key)) for part in self.parts(key)]

    def parts(self, key: str) -> list[object]:
        """Return a list."""
        value = self.take(key)
        if not isinstance(value, list):
            self.refuse(f"{key!r} should be a list, it is {describe(value)}.")
        return value

    def check_object(self, value: object, key: str) -> dict[str, object]:
        """Return the value if it is an object."""
        if not isinstance(value, dict):
            self.refuse(f"{key!r} should hold objects, it holds {describe(value)}.")
        return value

    def turn(self) -> str:
        """Return the only text in `turns`.

        Errors: InputError when there are more; a pair of answers is judged on one turn here.
        """
        turns = self.parts("turns")
        if len(turns) != 1:
            self.refuse(f"'turns' has {len(turns)} turns; files with exactly one can be taken.")
        return self.check_text(turns[0], "turns")


def check_name(text: str, what: str, line: int | None = None) -> str:
    """Return a name without white space at its ends.

    Errors: InputError when it is empty, longer than 120 characters or not printable.
    """
    name = text.strip()
    if not name:
        raise InputError(f"{what!r} is empty.", line)
    if len(name) > NAME_LENGTH or not name.isprintable():
        raise InputError(
            f"{what!r} is {shorten(name)}; it can have up to {NAME_LENGTH} printable characters.",
            line,
        )
    return name


def describe(value: object) -> str:
    """Return a value with what it is, in a few words."""
    kinds = {bool: "true or false", dict: "an object", list: "a list", type(None): "null"}
    kind = kinds.get(type(value))
    return kind if kind else shorten(value)


def shorten(value: object, length: int = 60) -> str:
    """Return a value as one line of text, cut where it is long."""
    text = ascii(value) if not str(value).isprintable() else repr(value)
    return text if len(text) <= length else f"{text[:length]}…"
