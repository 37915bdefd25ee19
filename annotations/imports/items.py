"""Instruction files become a benchmark's items."""

import re
from dataclasses import fields

from annotations import library
from annotations.imports.intake import Intake, Report
from annotations.readers import ItemRow
from annotations.readers.fields import check_name
from backend.benchmarks import SIZES
from backend.errors import InputError
from backend.records import Item

# The published files are known by their items' ids, whatever the file is called.
PUBLISHED = (
    ("user_oriented_252", re.compile(r"user_oriented_task_\d+")),
    ("vicuna_80", re.compile(r"[1-9]|[1-7]\d|80")),
    ("demo", re.compile(r"demo_task_\d+")),
)


def import_items(intake: Intake) -> Report:
    """Write the items that are not there yet.

    Errors: InputError when an item of that id is there with other content.
    """
    rows = intake.document.rows_of(ItemRow)
    name = name_benchmark(intake, rows)
    known = find_items(intake, name)
    new = [row.item for row in rows if is_new(row, known, name)]
    if new:
        source_id = intake.add_source(len(new), benchmark=name)
        benchmark_id = library.add_benchmark(intake.db, name, source_id)
        library.add_items(intake.db, benchmark_id, new)
    return Report(
        file=intake.source.name,
        kind=intake.document.format.kind,
        recognised=f"{intake.document.format.name}, the benchmark {name}",
        rows=len(rows),
        new=len(new),
        duplicates=len(rows) - len(new),
        benchmark=name,
        notes=intake.remark(),
        warnings=tuple(warn_of_size(name, len(known), len(new))),
    )


def name_benchmark(intake: Intake, rows: list[ItemRow]) -> str:
    """Return the name that was asked for, else the published file's, else the file's own."""
    wishes = intake.wishes
    asked = wishes.name or wishes.benchmark
    if asked is None:
        for name, pattern in PUBLISHED:
            if all(pattern.fullmatch(row.item.item_id) for row in rows):
                return name
    return check_name(asked or intake.source.name.rsplit(".", 1)[0], "name")


def find_items(intake: Intake, name: str) -> dict[str, Item]:
    """Return the items that the ledger has of a benchmark, by id."""
    for benchmark in library.select_benchmarks(intake.db):
        if benchmark.name == name:
            found = library.select_items(intake.db, benchmark.benchmark_id)
            return {item_id: item for item_id, (_, item) in found.items()}
    return {}


def is_new(row: ItemRow, known: dict[str, Item], benchmark: str) -> bool:
    """Tell whether an item is not in the benchmark yet.

    Errors: InputError when one of that id is, and says something else.
    """
    before = known.get(row.item.item_id)
    if before is None or before == row.item:
        return before is None
    changed = [
        field.name
        for field in fields(Item)
        if getattr(before, field.name) != getattr(row.item, field.name)
    ]
    raise InputError(
        f"item {row.item.item_id} is in {benchmark} already, with another {' and '.join(changed)}. "
        "Items are never changed; import the file as a benchmark of its own with --name NAME.",
        row.line,
    )


def warn_of_size(name: str, n_before: int, n_new: int) -> list[str]:
    """Say when a published benchmark is not whole, or when a benchmark grew."""
    warnings = []
    n_items = n_before + n_new
    if SIZES.get(name, n_items) != n_items:
        warnings.append(f"{name} is not whole: items {n_items}, published {SIZES[name]}.")
    if n_before and n_new:
        warnings.append(f"{name} was there before; it grew from {n_before} to {n_items} items.")
    return warnings
