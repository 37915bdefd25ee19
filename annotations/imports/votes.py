"""Votes collected elsewhere become the outside votes of one study."""

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass

from annotations import library
from annotations.imports.intake import Intake, Report
from annotations.readers import VoteRow
from annotations.readers.fields import shorten
from backend.errors import InputError
from backend.records import Winner

# The comparison's own a and b, where the file names the systems the other way round.
TURNED: dict[Winner, Winner] = {"a": "b", "b": "a", "tie": "tie"}

# One row: one comparison of a study with the names of its systems.
SELECT_COMPARISONS = """
    SELECT c.comparison_id, x.name AS a, y.name AS b FROM comparison c
    JOIN system x ON x.system_id = c.system_a JOIN system y ON y.system_id = c.system_b
    WHERE c.study_id = ? ORDER BY c.ord"""

SELECT_VOTES = """
    SELECT comparison_id, item_id, annotator, criterion, winner
    FROM outside_vote JOIN comparison USING(comparison_id) WHERE study_id = ?"""

Key = tuple[int, int, str, str]  # comparison, item's row number, annotator, criterion


@dataclass(frozen=True, slots=True)
class Ground:
    """What a vote of one study can refer to. `sides` has both orientations, True where turned."""

    study: str
    study_id: int
    benchmark: str
    items: dict[str, int]
    sides: dict[tuple[str, str], tuple[int, bool]]


def import_votes(intake: Intake) -> Report:
    """Write the votes that are not there yet.

    Errors: InputError for a vote that does not belong to the study, or contradicts another.
    """
    rows = intake.document.rows_of(VoteRow)
    ground = find_ground(intake.db, intake.wishes.study)
    before = {
        tuple(row)[:4]: row["winner"] for row in intake.db.execute(SELECT_VOTES, (ground.study_id,))
    }
    new = collect_votes(rows, ground, before)
    if new:
        source_id = intake.add_source(len(new), ground.study_id, study=ground.study)
        intake.db.executemany(
            "INSERT INTO outside_vote VALUES (?, ?, ?, ?, ?, ?)",
            [(*key, winner, source_id) for key, winner in new.items()],
        )
    return Report(
        file=intake.source.name,
        kind=intake.document.format.kind,
        recognised=f"{intake.document.format.name} for the study {ground.study}",
        rows=len(rows),
        new=len(new),
        duplicates=len(rows) - len(new),
        benchmark=ground.benchmark,
        systems=tuple(dict.fromkeys(name for sides in ground.sides for name in sides)),
        notes=intake.remark(),
    )


def find_ground(db: sqlite3.Connection, name: str | None) -> Ground:
    """Return what votes of the study can refer to.

    Errors: InputError that lists the studies when there is none of that name.
    """
    if name is None:
        raise InputError(f"These are votes; say of which study: --study NAME. {list_studies(db)}")
    study = db.execute(
        """SELECT study_id, benchmark_id, b.name AS benchmark
        FROM study s JOIN benchmark b USING(benchmark_id) WHERE s.name = ?""",
        (name,),
    ).fetchone()
    if study is None:
        raise InputError(f"There is no study {shorten(name)}. {list_studies(db)}")
    compared = db.execute(SELECT_COMPARISONS, (study["study_id"],)).fetchall()
    sides = {(row["b"], row["a"]): (row["comparison_id"], True) for row in compared}
    sides |= {(row["a"], row["b"]): (row["comparison_id"], False) for row in compared}
    items = library.select_items(db, study["benchmark_id"])
    numbers = {item_id: number for item_id, (number, _) in items.items()}
    return Ground(name, study["study_id"], study["benchmark"], numbers, sides)


def list_studies(db: sqlite3.Connection) -> str:
    """Return a sentence with the studies that there are."""
    names = [row["name"] for row in db.execute("SELECT name FROM study ORDER BY study_id")]
    known = f"There are: {', '.join(names)}." if names else "There is none yet."
    return f"{known} A new one is made with `study create`."


def collect_votes(
    rows: Iterable[VoteRow], ground: Ground, before: dict[Key, Winner]
) -> dict[Key, Winner]:
    """Return the votes that are neither in the ledger nor earlier in the file.

    Errors: InputError for a vote that says otherwise than one that is.
    """
    new: dict[Key, Winner] = {}
    lines: dict[Key, int] = {}
    for row in rows:
        key, winner = place_vote(row, ground)
        known = new.get(key) or before.get(key)
        if known is None:
            new[key], lines[key] = winner, row.line
        elif known != winner:
            where = f"line {lines[key]} of this file" if key in new else "the ledger"
            raise InputError(
                f"{row.annotator} voted otherwise on item {row.item_id} ({row.criterion}) "
                f"in {where}. One person has one vote on a pair and criterion; keep one of them.",
                row.line,
            )
    return new


def place_vote(row: VoteRow, ground: Ground) -> tuple[Key, Winner]:
    """Return a vote under the study's numbers, with the winner in the comparison's own order."""
    if row.item_id not in ground.items:
        message = f"there is no item {shorten(row.item_id)} in {ground.benchmark}."
        raise InputError(message, row.line)
    if (row.system_a, row.system_b) not in ground.sides:
        pairs = "; ".join(
            f"{a} and {b}" for (a, b), (_, turned) in ground.sides.items() if not turned
        )
        raise InputError(
            f"{ground.study} does not compare {shorten(row.system_a)} with "
            f"{shorten(row.system_b)}. It compares: {pairs}.",
            row.line,
        )
    comparison_id, turned = ground.sides[row.system_a, row.system_b]
    key = (comparison_id, ground.items[row.item_id], row.annotator, row.criterion)
    return key, TURNED[row.winner] if turned else row.winner
