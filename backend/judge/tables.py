"""Turns the tables of a judge's reply into lines that say the same."""

import re
from collections.abc import Iterator, Sequence

from backend.judge.markup import FIRST, SECOND
from backend.judge.phrases import CRITERION, LAST_WORD, MARK, SPEAKS

Row = list[str]

RULED = re.compile(r"[-: |]*")
NUMBERED = re.compile(
    r"assistant|response|model|answer|助手|回答|模型|^#$|^no\.?$|^$", re.IGNORECASE
)
NOTHING = "…"  # stands for a table that says nothing
MAX_COLUMNS = 40


def read_tables(lines: Sequence[str]) -> list[str]:
    """Return the lines, and instead of each table a line for every pair of numbers in it.

    Edge: one line alone is no table; a table that can't be understood says nothing.
    """
    told: list[str] = []
    block: list[str] = []
    for line in [*lines, ""]:
        if "|" in line:
            block.append(line)
            continue
        told.extend(block if len(block) < 2 else [*read_table(block)] or [NOTHING])
        block = []
        told.append(line)
    return told[:-1]


def read_table(block: Sequence[str]) -> Iterator[str]:
    """Yield what a table says about both assistants."""
    rows = [split_row(line) for line in block if not RULED.fullmatch(line)]
    if rows and (places := find_columns(rows[0])):
        yield from read_columns(rows[1:], places)
    elif rows:
        yield from read_rows(rows)


def split_row(line: str) -> Row:
    """Return the cells of a row."""
    return [cell.strip() for cell in line.strip().strip("|").split("|")[:MAX_COLUMNS]]


def find_columns(header: Row) -> tuple[int, int] | None:
    """Return the columns of both assistants, if each has its own."""
    marks = [re.findall(MARK, cell) for cell in header]
    firsts = [place for place, found in enumerate(marks) if found == [FIRST]]
    seconds = [place for place, found in enumerate(marks) if found == [SECOND]]
    return (firsts[0], seconds[0]) if len(firsts) == len(seconds) == 1 else None


def read_columns(rows: Sequence[Row], places: tuple[int, int]) -> Iterator[str]:
    """Yield what every row says of both assistants, under the name of the row."""
    for row in rows:
        if len(row) > max(places):
            label = row[0] if 0 not in places else ""
            if not label or re.search(r"[^\W\d]", label):
                yield write_line(label, row[places[0]], row[places[1]])


def read_rows(rows: Sequence[Row]) -> Iterator[str]:
    """Yield what the rows of both assistants say in the column of scores."""
    named = [(name_row(row[0], rows[0][0]), row) for row in rows]
    firsts = [row for mark, row in named if mark == FIRST]
    seconds = [row for mark, row in named if mark == SECOND]
    if len(firsts) != 1 or len(seconds) != 1:
        return
    header = rows[0] if named[0][0] is None else ["", "Scores"]
    place = find_scores(header)
    if place is not None and place < min(len(firsts[0]), len(seconds[0])):
        yield write_line(header[place], firsts[0][place], seconds[0][place])


def name_row(cell: str, corner: str) -> str | None:
    """Return whose row begins with a cell; a bare number counts under a head that says so."""
    marks = re.findall(MARK, cell)
    if not marks and NUMBERED.search(corner) and cell in ("1", "2"):
        return FIRST if cell == "1" else SECOND
    return marks[0] if len(marks) == 1 else None


def find_scores(header: Row) -> int | None:
    """Return the column of the scores: the final one, else the only one that speaks of them."""
    places = range(1, len(header))
    final = [place for place in places if LAST_WORD.search(f"{header[place]}:")]
    spoken = [
        place for place in places
        if SPEAKS.search(header[place]) and not CRITERION.search(f"{header[place]}:")
    ]  # fmt: skip
    found = final or spoken
    return found[0] if len(found) == 1 else None


def write_line(label: str, first: str, second: str) -> str:
    """Return a line that says a row."""
    name = re.sub(rf"[0-9/]+|{MARK}", "", label).strip(" :()") or "Scores"
    return f"{name}: {FIRST}: {first}, {SECOND}: {second}"
