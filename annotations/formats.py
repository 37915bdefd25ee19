"""File formats: one table, written as CSV for spreadsheets, or as JSON lines or Parquet, raw.

CSV passes the guard against spreadsheet formulas, and its fractions are rounded as people read
them. JSON lines and Parquet hold every value as it is, with its type.
"""

import csv
import json
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from functools import lru_cache
from itertools import islice
from typing import IO, Any, Literal, NamedTuple

from annotations.cells import guard_cell
from backend.errors import MissingTool
from backend.records import CRITERIA

Format = Literal["csv", "jsonl", "parquet"]
Cell = str | int | float | None
Record = Mapping[str, Any]

MEDIA_TYPES: dict[Format, str] = {
    "csv": "text/csv; charset=utf-8",
    "jsonl": "application/x-ndjson; charset=utf-8",
    "parquet": "application/vnd.apache.parquet",
}
BATCH = 20_000  # rows of a Parquet file that are in memory at a time

# Columns that hold a name somebody chose; all others hold ids, enums and numbers of ours.
NAME_COLUMNS = frozenset([
    "study", "benchmark", "item_id", "system_a", "system_b", "left_system", "winner_system",
    "annotator", "outcome_system", "category", "system", "reference", "system_1", "system_2",
    "judge", "other_judge", "model", "source", "ext_id", "detail", "lang",
])  # fmt: skip
TIME_COLUMNS = frozenset(["shown_at", "saved_at"])
WHOLE_COLUMNS = frozenset([
    "n", "n_votes", "n_items", "n_annotators", "n_outside", "n_surplus", "n_missing", "items_a",
    "items_b", "items_tie", "slot", "seq", "revision", "surplus",
])  # fmt: skip
# How a fraction is rounded in CSV: a share to six decimals, a p value to four digits that count.
FRACTIONS = {
    **dict.fromkeys(
        [
            "share",
            "value",
            "low",
            "high",
            "wilson_low",
            "wilson_high",
            "net",
            "net_low",
            "net_high",
        ],
        ".6f",
    ),
    "percent": ".2f",
    "sign_p": ".4g",
    "sign_p_holm": ".4g",
    "seconds": ".3f",
}


class Table(NamedTuple):
    """Columns in their order, and rows that have them by name; a value may be None."""

    columns: list[str]
    rows: Iterable[Record]


def write_table(table: Table, file: IO[Any], format: Format) -> None:
    """Write a table to an open file: to a text file as CSV or JSON lines, a binary one as Parquet.

    Errors: MissingTool when Parquet is asked for and pyarrow is not installed.
    """
    writers: dict[Format, Callable[[Table, IO[Any]], None]] = {
        "csv": write_csv,
        "jsonl": write_lines,
        "parquet": write_parquet,
    }
    writers[format](table, file)


def write_csv(table: Table, file: IO[str]) -> None:
    """Write a header and rows, names guarded, fractions rounded; None is an empty cell."""
    guard = lru_cache(maxsize=4096)(guard_cell)
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(table.columns)
    for row in table.rows:
        cells: list[Cell] = []
        for name in table.columns:
            value = row[name]
            if isinstance(value, str) and name in NAME_COLUMNS:
                value = guard(value)
            elif isinstance(value, float) and name in FRACTIONS:
                value = round_fraction(name, value)
            cells.append(value)
        writer.writerow(cells)


def round_fraction(name: str, value: float) -> str:
    """Return a fraction as CSV has it."""
    text = format(value, FRACTIONS[name])
    return text.rstrip("0").rstrip(".") if name == "seconds" else text


def write_lines(table: Table, file: IO[str]) -> None:
    """Write one JSON object a line, in the characters it was written in."""
    for row in table.rows:
        file.write(json.dumps(dict(row), ensure_ascii=False) + "\n")


def write_parquet(table: Table, file: IO[bytes]) -> None:
    """Write a Parquet file; times are moments in UTC, to the millisecond."""
    try:
        import pyarrow as pa  # noqa: PLC0415 - 150 MB that only this format needs
        from pyarrow import parquet  # noqa: PLC0415
    except ImportError as error:
        raise MissingTool(
            "Parquet needs pyarrow, which is not installed (pip install pyarrow). "
            "The formats csv and jsonl work without."
        ) from error
    schema = pa.schema([(name, find_type(pa, name)) for name in table.columns])
    rows = iter(table.rows)
    with parquet.ParquetWriter(file, schema) as writer:
        while batch := [read_times(row) for row in islice(rows, BATCH)]:
            writer.write_table(pa.Table.from_pylist(batch, schema=schema))


def find_type(pa: Any, name: str) -> Any:  # noqa: ANN401 - pyarrow has no types of its own
    """Return the Parquet type of a column."""
    if name in TIME_COLUMNS:
        return pa.timestamp("ms", tz="UTC")
    if name == "choices":
        return pa.struct([(criterion, pa.string()) for criterion in CRITERIA])
    if name in WHOLE_COLUMNS:
        return pa.int64()
    return pa.float64() if name in FRACTIONS else pa.string()


def read_times(row: Record) -> dict[str, Any]:
    """Return a row whose times are moments instead of text."""
    fields = dict(row)
    for name in TIME_COLUMNS & fields.keys():
        fields[name] = None if fields[name] is None else datetime.fromisoformat(fields[name])
    return fields
