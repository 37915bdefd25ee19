"""Bytes to rows: JSON Lines, a JSON array, or CSV, each row with the line that it starts on."""

import csv
import json
import re
from collections.abc import Iterator
from typing import Any, NoReturn

from annotations.cells import unguard_cell
from annotations.readers.fields import Row, describe, shorten
from backend.errors import InputError

BOM = b"\xef\xbb\xbf"
SPACE = re.compile(r"[ \t\r\n]*")
SEPARATORS = ",;\t"  # a spreadsheet writes the one of its country


def read_rows(data: bytes) -> Iterator[Row]:
    """Return the rows of a file, read as they are asked for; its first character tells its form.

    Errors: InputError with the physical line, counted from 1.
    """
    text = decode_text(data)
    first = text.lstrip()[:1]
    if first == "[":
        return parse_array(text)
    return parse_lines(text) if first == "{" else parse_csv(text)


def decode_text(data: bytes) -> str:
    """Return the file as text; a byte order mark is no part of it."""
    data = data.removeprefix(BOM)
    if not data.strip():
        raise InputError("The file is empty.")
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise InputError(
            f"byte 0x{data[error.start]:02x} is not UTF-8 text. Save the file as UTF-8.", line
        ) from error
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        raise InputError("there is a NUL byte, which no text file has.", line)
    return text


def split_lines(text: str) -> Iterator[str]:
    """Yield the lines with their ends; only a line feed ends one, no U+2028 inside an answer."""
    at = 0
    while at < len(text):
        end = text.find("\n", at) + 1 or len(text)
        yield text[at:end]
        at = end


def parse_lines(text: str) -> Iterator[Row]:
    """Yield the objects of JSON Lines; blank lines are passed over."""
    for number, line in enumerate(split_lines(text), start=1):
        if line.strip():
            value, end = decode_value(line, skip_space(line, 0), number)
            if line[end:].strip():
                raise InputError(f"there is more after the object, at column {end + 1}.", number)
            yield make_row(value, number)


def parse_array(text: str) -> Iterator[Row]:
    """Yield the objects of a JSON array."""
    line, counted = 1, 0
    at = skip_space(text, text.index("[") + 1)
    more = text[at : at + 1] != "]"
    while more:
        line, counted = line + text.count("\n", counted, at), at
        value, at = decode_value(text, at)
        yield make_row(value, line)
        at = skip_space(text, at)
        more = text[at : at + 1] == ","
        at = skip_space(text, at + 1) if more else at
    if text[at:].rstrip() != "]":
        line += text.count("\n", counted, at)
        raise InputError("the JSON array should go on with ',' or end with ']' here.", line)


def skip_space(text: str, at: int) -> int:
    """Return the place of the next character that is not JSON's white space."""
    found = SPACE.match(text, at)
    return found.end() if found else at


def decode_value(text: str, at: int, first: int = 1) -> tuple[object, int]:
    """Return the JSON value at a place in the text and the place behind it.

    Units: `first` is the number of the text's first line in the file.
    """
    try:
        return DECODER.raw_decode(text, at)
    except json.JSONDecodeError as error:
        message = f"not one whole JSON object: {error.msg} at column {error.colno}."
        raise InputError(message, first + error.lineno - 1) from error
    except InputError as error:
        message = str(error)
    except RecursionError:
        message = "objects are nested too deeply."
    except ValueError:
        message = "a number has too many digits."
    raise InputError(message, first + text.count("\n", 0, at))


def refuse_constant(name: str) -> NoReturn:
    """Refuse NaN and Infinity, which JSON does not have."""
    raise InputError(f"{name} is no number in JSON.")


def refuse_twins(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return an object's fields; the same key twice is refused."""
    fields = dict(pairs)
    if len(fields) < len(pairs):
        seen: set[str] = set()
        twin = next(key for key, _ in pairs if key in seen or seen.add(key))  # type: ignore[func-returns-value]
        raise InputError(f"the key {shorten(twin)} occurs twice in one object.")
    return fields


DECODER = json.JSONDecoder(object_pairs_hook=refuse_twins, parse_constant=refuse_constant)


def make_row(value: object, line: int) -> Row:
    """Return a JSON value as a row, if it is an object."""
    if not isinstance(value, dict):
        raise InputError(f"each row should be a JSON object, this is {describe(value)}.", line)
    return Row(line, value)


def parse_csv(text: str) -> Iterator[Row]:
    """Yield the rows of a CSV file under its header; formula guards are taken off."""
    header = text.lstrip().split("\n", 1)[0]
    separator = max(SEPARATORS, key=header.count)
    names: list[str] = []
    for line, cells in read_cells(text, separator):
        if not names:
            names = [cell.strip() for cell in cells]
            if len(set(names)) < len(names):
                raise InputError("two columns have the same name.", line)
        elif len(cells) != len(names):
            message = f"{len(cells)} cells, but the header names {len(names)} columns."
            raise InputError(message, line)
        else:
            yield Row(line, dict(zip(names, map(unguard_cell, cells), strict=True)))


def read_cells(text: str, separator: str) -> Iterator[tuple[int, list[str]]]:
    """Yield every CSV row that is not blank, with the line that it starts on."""
    reader = csv.reader(split_lines(text), delimiter=separator, strict=True)
    while True:
        line = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise InputError(f"not CSV: {error}.", line) from error
        if cells:
            yield line, cells
