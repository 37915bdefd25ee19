"""Files of answers become the answers of one system or several."""

import json

from annotations import library
from annotations.imports.intake import Intake, Report
from annotations.imports.lint import Said, describe_lengths, inspect_system
from annotations.imports.places import Placed, place_answers
from annotations.library import Benchmark
from annotations.readers.fields import check_name
from backend.errors import InputError

SELECT_NAMES = """
    SELECT name, answer_id FROM answer_name WHERE name IN (SELECT value FROM json_each(?))"""

Known = dict[tuple[str, int, int], str]  # (system, item's row number, sample) -> text


def import_answers(intake: Intake) -> Report:
    """Write the answers that are not there yet, each under its own system.

    Errors: InputError when the system gave another answer before, or no model is named.
    """
    benchmark, placed = place_answers(intake)
    groups = group_by_system(intake, placed)
    known: Known = {
        (row["system"], row["item_id"], row["sample"]): row["text"]
        for row in library.select_answers(intake.db, benchmark.benchmark_id)
    }
    new = {
        system: [one for one in group if is_new(one, system, known)]
        for system, group in groups.items()
    }
    n_new = write_answers(intake, new, benchmark)
    strays = name_answers(intake, groups, benchmark)
    notes, warnings = inspect_answers(intake, benchmark, tuple(groups))
    return Report(
        file=intake.source.name,
        kind=intake.document.format.kind,
        recognised=f"{intake.document.format.name} of {', '.join(groups)} to {benchmark.name}",
        rows=len(placed),
        new=n_new,
        duplicates=len(placed) - n_new,
        benchmark=benchmark.name,
        systems=tuple(groups),
        notes=(*intake.remark(), *notes),
        warnings=(*strays, *warnings),
    )


def group_by_system(intake: Intake, placed: list[Placed]) -> dict[str, list[Placed]]:
    """Return the answers by the name of who gave them; a name that was asked for goes first."""
    groups: dict[str, list[Placed]] = {}
    for one in placed:
        groups.setdefault(one.model or "", []).append(one)
    asked = intake.wishes.model
    if asked is not None:
        if len(groups) > 1:
            names = ", ".join(name or "(no name)" for name in groups)
            raise InputError(f"--model {asked} would mix the answers of several models: {names}.")
        return {check_name(asked, "model"): placed}
    if "" in groups:
        line = groups[""][0].line
        raise InputError("the file doesn't say which model answered; add --model NAME.", line)
    return groups


def is_new(one: Placed, system: str, known: Known) -> bool:
    """Tell whether an answer is not in the ledger yet.

    Errors: InputError when the system has another one there.
    """
    before = known.get((system, one.item_row, one.answer.sample))
    if before is None or before == one.answer.text:
        return before is None
    raise InputError(
        f"{system} has another answer to item {one.answer.item_id} in the ledger. "
        "Answers are never changed; import these under another name with --model NAME.",
        one.line,
    )


def write_answers(intake: Intake, new: dict[str, list[Placed]], benchmark: Benchmark) -> int:
    """Write new answers with the file that they come from; return how many."""
    n_new = sum(map(len, new.values()))
    if n_new:
        source_id = intake.add_source(n_new, benchmark=benchmark.name, systems=", ".join(new))
        for system, group in new.items():
            system_id = library.add_system(intake.db, system)
            rows = [(one.item_row, one.answer) for one in group]
            library.add_answers(intake.db, system_id, source_id, rows)
    return n_new


def name_answers(
    intake: Intake, groups: dict[str, list[Placed]], benchmark: Benchmark
) -> list[str]:
    """Write down what the file calls its answers, also where they were there before.

    A name that stands for another answer already goes on doing so; a line says how many do.
    """
    numbers = {
        (row["system"], row["item_id"], row["sample"]): row["answer_id"]
        for row in library.select_answers(intake.db, benchmark.benchmark_id)
    }
    named = {
        one.name: numbers[system, one.item_row, one.answer.sample]
        for system, group in groups.items()
        for one in group
        if one.name
    }
    intake.db.executemany("INSERT OR IGNORE INTO answer_name VALUES (?, ?)", named.items())
    known = dict(intake.db.execute(SELECT_NAMES, (json.dumps(list(named)),)).fetchall())
    n_strays = sum(known[name] != number for name, number in named.items())
    if not n_strays:
        return []
    return [
        f"{n_strays:,} of these answers go by the name of others that came earlier; reviews that "
        "speak of them are taken to be about those."
    ]


def inspect_answers(
    intake: Intake, benchmark: Benchmark, systems: tuple[str, ...]
) -> tuple[list[str], list[str]]:
    """Return (notes, warnings) about these systems' answers, as they are in the ledger now."""
    items = [item for _, item in library.select_items(intake.db, benchmark.benchmark_id).values()]
    said = [
        Said(row["system"], row["ext_id"], row["text"])
        for row in library.select_answers(intake.db, benchmark.benchmark_id)
    ]
    warnings = [line for system in systems for line in inspect_system(system, items, said)]
    return describe_lengths(said), warnings
