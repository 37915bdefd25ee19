"""Bytes to rows: JSON Lines, a JSON array, or CSV, each row with the line that it starts on."""

import re
from collections.abc import Iterator

from annotations.readers.fields import Row
from annotations.readers.lines import BOM, check_text
from annotations.readers.objects import parse_array, parse_lines
from annotations.readers.tables import parse_csv
from backend.errors import InputError

SOMETHING = re.compile(rb"[^ \t\r\n\v\f]")


def read_rows(data: bytes) -> Iterator[Row]:
    """Return the rows of a file, read as they are asked for; its first character tells its form.

    Errors: InputError with the physical line, counted from 1.
    """
    check_text(data)
    found = SOMETHING.search(data, len(BOM) if data.startswith(BOM) else 0)
    if found is None:
        raise InputError("The file is empty.")
    if found.group() == b"[":
        return parse_array(data)
    return parse_lines(data) if found.group() == b"{" else parse_csv(data)
