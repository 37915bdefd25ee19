"""Whose answers a file's reviews are about, and to which benchmark."""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from annotations import library
from annotations.imports.intake import Intake
from annotations.imports.places import Items, choose_candidates
from annotations.library import Benchmark
from annotations.readers import ReviewRow
from annotations.readers.fields import shorten
from annotations.store import Row
from backend.errors import InputError

# FastChat's own way to call a file: [JUDGE_]review_A_B.jsonl; a second download has a number.
FILE_NAME = re.compile(r"(?:(.+?)_)?reviews?_([^_]+)_([^_]+?)(?: ?\(\d+\))?\.\w+")

# One row: one answer that a file of answers had a name for.
SELECT_NAMED = """
    SELECT n.name, a.answer_id, s.name AS system, i.ext_id, i.benchmark_id
    FROM answer_name n JOIN answer a USING(answer_id) JOIN item i USING(item_id)
        JOIN system s USING(system_id)
    WHERE n.name IN (SELECT value FROM json_each(?))"""

# One row: the first answer of one system to one item.
SELECT_FIRST = """
    SELECT s.name AS system, a.item_id, a.answer_id
    FROM answer a JOIN item i USING(item_id) JOIN system s USING(system_id)
    WHERE i.benchmark_id = ? AND a.sample = 0"""


@dataclass(frozen=True, slots=True)
class Side:
    """One answer that was judged; `answer_id` is None where the ledger lacks its text."""

    system: str
    answer_id: int | None


@dataclass(frozen=True, slots=True)
class Ground:
    """What a file's reviews can be about.

    `named` are the answers that go by a name, `firsts` the first one of each system to each item.
    `slots` are the systems of the first and the second answer where the names are unknown.
    """

    benchmark: Benchmark
    items: Items
    named: Mapping[str, Row]
    firsts: Mapping[tuple[str, int], int]
    slots: tuple[str | None, str | None]


def name_judge(file: str) -> str | None:
    """Return the judge that a file's name begins with."""
    match = FILE_NAME.fullmatch(file)
    return match[1] if match else None


def find_ground(intake: Intake, rows: Sequence[ReviewRow]) -> Ground:
    """Return what the reviews of a file can be about.

    Errors: InputError when no benchmark has all of their items, or several have.
    """
    names = json.dumps([name for row in rows for name in row.answers])
    named = {row["name"]: row for row in intake.db.execute(SELECT_NAMED, (names,))}
    benchmark, items = choose_benchmark(intake, rows, named)
    firsts = {
        (row["system"], row["item_id"]): row["answer_id"]
        for row in intake.db.execute(SELECT_FIRST, (benchmark.benchmark_id,))
    }
    match = FILE_NAME.fullmatch(intake.source.name)
    told = (match[2], match[3]) if match else (None, None)
    slots = tuple(find_system(rows, slot, named) or told[slot] for slot in (0, 1))
    return Ground(benchmark, items, named, firsts, (slots[0], slots[1]))


def find_system(rows: Iterable[ReviewRow], slot: int, named: Mapping[str, Row]) -> str | None:
    """Return the one system whose answers stand in a slot, as far as they are known."""
    found = {
        named[row.answers[slot]]["system"]
        for row in rows
        if len(row.answers) > slot and row.answers[slot] in named
    }
    return found.pop() if len(found) == 1 else None


def choose_benchmark(
    intake: Intake, rows: Sequence[ReviewRow], named: Mapping[str, Row]
) -> tuple[Benchmark, Items]:
    """Return the benchmark whose items were answered: that of the answers that are known, if any.

    Errors: InputError naming the line that fits no item, or when several benchmarks fit.
    """
    candidates = choose_candidates(intake)
    homes = {row["benchmark_id"] for row in named.values()}
    if homes and intake.wishes.benchmark is None:
        candidates = [one for one in candidates if one.benchmark_id in homes]
    fitting, failures = [], []
    for one in candidates:
        items = library.select_items(intake.db, one.benchmark_id)
        strange = next((row for row in rows if row.item_id not in items), None)
        if strange is None:
            fitting.append((one, items))
        else:
            message = f"there is no item {shorten(strange.item_id)} in {one.name}."
            failures.append(InputError(message, strange.line))
    if not fitting:
        raise max(failures, key=lambda failure: failure.line or 0)
    if len(fitting) > 1:
        names = ", ".join(one.name for one, _ in fitting)
        raise InputError(f"These fit several benchmarks ({names}); say which: --benchmark.")
    return fitting[0]


def place_sides(row: ReviewRow, ground: Ground) -> tuple[Side, ...]:
    """Return the answers that one review is about, in the order that the judge saw."""
    if row.answers:
        return tuple(place_name(row, slot, ground) for slot in range(len(row.answers)))
    item_row = ground.items[row.item_id][0]
    return tuple(Side(system, ground.firsts.get((system, item_row))) for system in row.systems)


def place_name(row: ReviewRow, slot: int, ground: Ground) -> Side:
    """Return the answer of a name; of an unknown one, whose it is by the rest of the file.

    Errors: InputError when it answers another item, or nothing says whose it is.
    """
    name = row.answers[slot]
    known = ground.named.get(name)
    if known is None:
        system = ground.slots[slot]
        if system is None:
            raise InputError(
                f"the ledger has no answer {shorten(name)}, and the file's name doesn't say whose "
                "it is. Import the answers first, or call the file review_A_B.jsonl after the two "
                "systems.",
                row.line,
            )
        return Side(system, None)
    if known["benchmark_id"] != ground.benchmark.benchmark_id or known["ext_id"] != row.item_id:
        raise InputError(
            f"the review is about item {row.item_id} of {ground.benchmark.name}, but its answer "
            f"{shorten(name)} is one to item {known['ext_id']}.",
            row.line,
        )
    return Side(known["system"], known["answer_id"])
