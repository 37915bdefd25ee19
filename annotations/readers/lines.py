"""The bytes of a file as checked text, a line at a time: a large file is never in memory twice."""

from collections.abc import Iterator
from dataclasses import dataclass

from backend.errors import InputError

BOM = b"\xef\xbb\xbf"
ROW_BYTES = 1024 * 1024  # one row; what it may hold is far smaller
MAX_ROWS = 200_000  # blank ones are counted, too: a file of nothing has an end
CHUNK_BYTES = 1024 * 1024


@dataclass(slots=True)
class Lines:
    """The lines of a file, each with its end, decoded as they are asked for.

    Only a line feed ends a line, no U+2028 inside an answer. `taken` counts the bytes since it was
    last set to 0: whoever reads a row of several lines sets it before each row.
    """

    data: bytes
    taken: int = 0

    def __iter__(self) -> Iterator[str]:
        """Yield the lines.

        Errors: InputError without a line for a row that is too long.
        """
        at = len(BOM) if self.data.startswith(BOM) else 0
        while at < len(self.data):
            end = self.data.find(b"\n", at) + 1 or len(self.data)
            self.taken += end - at
            if self.taken > ROW_BYTES:
                raise InputError(f"one row is longer than {ROW_BYTES:,} bytes.")
            yield self.data[at:end].decode()
            at = end


def check_text(data: bytes) -> None:
    """Refuse what is not text from beginning to end, before any of it is read.

    Errors: InputError with the line of the first byte that is none.
    """
    at = 0
    while at < len(data):
        end = cut_chunk(data, at + CHUNK_BYTES)
        try:
            text = data[at:end].decode()
        except UnicodeDecodeError as error:
            wrong = at + error.start
            line = data.count(b"\n", 0, wrong) + 1
            raise InputError(
                f"byte 0x{data[wrong]:02x} is not UTF-8 text. Save the file as UTF-8.", line
            ) from error
        if "\0" in text:
            line = data.count(b"\n", 0, data.index(b"\0")) + 1
            raise InputError("there is a NUL byte, which no text file has.", line)
        at = end


def cut_chunk(data: bytes, end: int) -> int:
    """Return the place at or before `end` where a character starts."""
    for back in range(4):  # no character has more bytes
        if end - back >= len(data) or data[end - back] & 0xC0 != 0x80:
            return min(end - back, len(data))
    return end


def count_row(n_rows: int, line: int) -> int:
    """Return the number of rows with one more.

    Errors: InputError when it is one too many.
    """
    if n_rows >= MAX_ROWS:
        raise InputError(
            f"the file has more than {MAX_ROWS:,} rows, blank ones included. Split it.", line
        )
    return n_rows + 1
