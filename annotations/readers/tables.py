"""CSV to rows: the separator is the one of the header, formula guards are taken off."""

import csv
from collections.abc import Iterator

from annotations.cells import unguard_cell
from annotations.readers.fields import Row
from annotations.readers.lines import Lines, count_row
from backend.errors import InputError

SEPARATORS = ",;\t"  # a spreadsheet writes the one of its country
MAX_COLUMNS = 1000


def parse_csv(data: bytes) -> Iterator[Row]:
    """Yield the rows of a CSV file under its header."""
    separator = find_separator(data)
    for _ in read_cells(data, separator):  # a file with too many rows is refused before it is read
        pass
    names: list[str] = []
    for line, cells in read_cells(data, separator):
        if not names:
            names = check_header(cells, line)
        elif len(cells) != len(names):
            message = f"{len(cells)} cells, but the header names {len(names)} columns."
            raise InputError(message, line)
        else:
            yield Row(line, dict(zip(names, map(unguard_cell, cells), strict=True)))


def find_separator(data: bytes) -> str:
    """Return what stands most often between the columns of the first line that is not blank."""
    lines = Lines(data)
    line = 1
    try:
        for header in lines:
            if header.strip():
                return max(SEPARATORS, key=header.count)
            line, lines.taken = line + 1, 0
    except InputError as error:
        raise InputError(str(error), line) from None
    return SEPARATORS[0]


def check_header(cells: list[str], line: int) -> list[str]:
    """Return the names of the columns."""
    names = [cell.strip() for cell in cells]
    if len(names) > MAX_COLUMNS:
        raise InputError(f"{len(names):,} columns; at most {MAX_COLUMNS:,} can be taken.", line)
    if len(set(names)) < len(names):
        raise InputError("two columns have the same name.", line)
    return names


def read_cells(data: bytes, separator: str) -> Iterator[tuple[int, list[str]]]:
    """Yield every CSV row that is not blank, with the line that it starts on."""
    lines = Lines(data)
    reader = csv.reader(lines, delimiter=separator, strict=True)
    n_rows = 0
    while True:
        line, lines.taken = reader.line_num + 1, 0
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise InputError(f"not CSV: {error}.", line) from error
        except InputError as error:
            raise InputError(str(error), line) from error
        n_rows = count_row(n_rows, line)
        if cells:
            yield line, cells
