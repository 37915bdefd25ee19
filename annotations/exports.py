"""Exports: what a researcher takes away, written row by row from one snapshot of the ledger.

CSV files hold ids, enums and numbers, and names pass the guard against spreadsheet formulas; what
people wrote goes to JSON lines. People appear under their code, never under their name.
"""

import csv
import json
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache, partial
from itertools import chain
from typing import Literal, NamedTuple, TextIO

from annotations.cells import guard_cell
from annotations.statistics import Interval
from annotations.store import Row, Store
from annotations.tallies import Outcome, Tally, tally_study
from backend.records import CRITERIA, Study

Shape = Literal["long", "wide"]
Cell = str | int | float | None

# CROSS JOIN: from votes to what they are about, each by its key. Left to itself, SQLite may take
# the ten tables the other way and read every vote for every pair.
NAMES = """s.name AS study, k.name AS benchmark, i.ext_id AS item_id,
    x.name AS system_a, y.name AS system_b"""
JOIN_NAMES = """JOIN comparison c USING(comparison_id) JOIN study s ON s.study_id = c.study_id
    JOIN benchmark k USING(benchmark_id) JOIN item i USING(item_id)
    JOIN system x ON x.system_id = c.system_a JOIN system y ON y.system_id = c.system_b"""
ISO = "strftime('%Y-%m-%dT%H:%M:%f+00:00', {}, 'unixepoch')"
LEFT_SYSTEM = "CASE v.left_is WHEN 'a' THEN x.name ELSE y.name END AS left_system"
WINNER_SYSTEM = """CASE winner WHEN 'a' THEN x.name WHEN 'b' THEN y.name ELSE 'tie' END
    AS winner_system"""
# Seconds are those to the first save: an answer that is changed a day later took no day.
TIMES = f"""{ISO.format("v.leased_at")} AS shown_at, {ISO.format("v.created_at")} AS saved_at,
    round((SELECT min(created_at) FROM ballot f WHERE f.assignment_id = v.assignment_id)
        - v.leased_at, 3) AS seconds"""
IN_ORDER = f"instr('{' '.join(CRITERIA)}', criterion)"

# One row: one person's vote on one pair and criterion, in its latest revision.
SELECT_LONG = f"""
    SELECT {NAMES}, v.criterion, v.choice, {LEFT_SYSTEM}, v.winner, {WINNER_SYSTEM},
        w.code AS annotator, v.slot, v.seq, v.revision, v.surplus, 'app' AS source, {TIMES}
    FROM vote_current v CROSS JOIN pair p USING(pair_id) JOIN annotator w USING(annotator_id)
    {JOIN_NAMES} WHERE p.study_id = ?
    ORDER BY c.ord, i.ord, v.slot, v.surplus, v.assignment_id, {IN_ORDER}"""

# One row: one vote collected elsewhere, in the columns of SELECT_LONG.
SELECT_OUTSIDE = f"""
    SELECT {NAMES}, o.criterion, NULL AS choice, NULL AS left_system, o.winner, {WINNER_SYSTEM},
        o.annotator, NULL AS slot, NULL AS seq, NULL AS revision, 0 AS surplus,
        'elsewhere' AS source, NULL AS shown_at, NULL AS saved_at, NULL AS seconds
    FROM outside_vote o {JOIN_NAMES} WHERE c.study_id = ?
    ORDER BY c.ord, i.ord, o.annotator, {IN_ORDER}"""

ONE_COLUMN = "max({column}) FILTER (WHERE criterion = '{name}') AS {name}{suffix}"
CRITERION_COLUMNS = ", ".join(
    ONE_COLUMN.format(column=column, name=name, suffix=suffix)
    for column, suffix in (("v.winner", ""), ("v.choice", "_choice"))
    for name in CRITERIA
)

# One row: one assignment that was answered here, with the latest answer to every question.
SELECT_WIDE = f"""
    SELECT {NAMES}, w.code AS annotator, v.slot, v.seq, v.revision, v.surplus, {LEFT_SYSTEM},
        {CRITERION_COLUMNS}, {TIMES}
    FROM vote_current v CROSS JOIN pair p USING(pair_id) JOIN annotator w USING(annotator_id)
    {JOIN_NAMES} WHERE p.study_id = ?
    GROUP BY v.assignment_id ORDER BY c.ord, i.ord, v.slot, v.surplus, v.assignment_id"""

# One row: one revision of one person's answers to one pair; the hashes prove what was judged.
SELECT_BALLOTS = f"""
    SELECT {NAMES}, w.code AS annotator, 'app' AS source, v.slot, v.seq, b.revision, v.surplus,
        {LEFT_SYSTEM}, {ISO.format("v.leased_at")} AS shown_at,
        {ISO.format("b.created_at")} AS saved_at,
        (SELECT json_group_object(criterion, choice) FROM vote n WHERE n.ballot_id = b.ballot_id)
            AS choices,
        b.comment, p.item_sha256, p.sha256_a, p.sha256_b
    FROM ballot b CROSS JOIN assignment v USING(assignment_id)
    CROSS JOIN pair p USING(pair_id) JOIN annotator w USING(annotator_id)
    {JOIN_NAMES} WHERE p.study_id = ?
    ORDER BY c.ord, i.ord, v.slot, v.surplus, v.assignment_id, b.revision"""

# Columns that hold a name somebody chose; all others hold ids, enums and numbers of ours.
NAME_COLUMNS = frozenset([
    "study", "benchmark", "item_id", "system_a", "system_b", "left_system", "winner_system",
    "annotator", "outcome_system",
])  # fmt: skip

TALLY_COLUMNS = [
    "study", "system_a", "system_b", "criterion", "outcome", "outcome_system", "n", "share",
    "percent", "low", "high", "wilson_low", "wilson_high", "n_votes", "n_items", "n_annotators",
    "n_outside", "n_surplus", "n_missing", "net", "net_low", "net_high", "items_a", "items_b",
    "items_tie", "sign_p", "sign_p_holm",
]  # fmt: skip


class Export(NamedTuple):
    """One kind of file: how it is written, its media type, and how its name ends."""

    write: Callable[[Store, Study, TextIO], None]
    media_type: str
    suffix: str


def write_csv(file: TextIO, columns: list[str], rows: Iterable[Iterable[Cell]]) -> None:
    """Write a header and rows, names guarded; None is an empty cell."""
    guard = lru_cache(maxsize=4096)(guard_cell)
    names = [place for place, column in enumerate(columns) if column in NAME_COLUMNS]
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(columns)
    for row in rows:
        cells = list(row)
        for place in names:
            cell = cells[place]
            if isinstance(cell, str):
                cells[place] = guard(cell)
        writer.writerow(cells)


def list_columns(cursor: sqlite3.Cursor) -> list[str]:
    """Return the names of a query's columns."""
    return [column[0] for column in cursor.description]


def write_tallies(store: Store, study: Study, file: TextIO) -> None:
    """Write one row for each comparison, criterion and outcome: first wins, second wins, tie.

    Units: shares and their ends in [0, 1], `percent` in [0, 100]. Edge: no votes, an empty cell.
    """
    rows = (
        list_cells(study, tally, outcome)
        for tally in tally_study(store, study)
        for outcome in tally.outcomes
    )
    write_csv(file, TALLY_COLUMNS, rows)


def list_cells(study: Study, tally: Tally, outcome: Outcome) -> list[Cell]:
    """Return one row of the tallies file, in the order of TALLY_COLUMNS."""
    coverage = tally.coverage
    return [
        study.name, tally.comparison.a, tally.comparison.b, tally.criterion,
        outcome.winner, outcome.system, outcome.n, round_share(outcome.share),
        None if outcome.share is None else f"{100 * outcome.share:.2f}",
        *round_interval(outcome.interval), *round_interval(outcome.wilson),
        tally.n, tally.n_items, coverage.n_annotators, coverage.n_outside, coverage.n_surplus,
        coverage.n_missing, round_share(tally.net), *round_interval(tally.net_interval),
        *tally.items, round_p(tally.sign_p), round_p(tally.sign_p_holm),
    ]  # fmt: skip


def round_share(share: float | None) -> str | None:
    """Return a share with six decimals."""
    return None if share is None else f"{share:.6f}"


def round_interval(interval: Interval | None) -> tuple[str | None, str | None]:
    """Return both ends with six decimals."""
    if interval is None:
        return None, None
    return round_share(interval.low), round_share(interval.high)


def round_p(p: float | None) -> str | None:
    """Return a p value with four digits that count, however small it is."""
    return None if p is None else f"{p:.4g}"


def write_votes(store: Store, study: Study, file: TextIO, shape: Shape = "long") -> None:
    """Write the latest revision of every vote, surplus ones marked.

    Long is one row a vote and criterion, votes collected elsewhere among them (without a side);
    wide is one row an assignment answered here, a column for each criterion.
    Units: `seconds` from when the pair was shown to its first save; times in UTC.
    """
    key = (study.study_id,)
    with store.snapshot() as db:
        votes = db.execute(SELECT_LONG if shape == "long" else SELECT_WIDE, key)
        rows: Iterator[Row] = votes
        if shape == "long":
            rows = chain(votes, db.execute(SELECT_OUTSIDE, key))
        write_csv(file, list_columns(votes), rows)


def write_history(store: Store, study: Study, file: TextIO) -> None:
    """Write every revision of every ballot with its comment, then every vote collected elsewhere.

    One JSON object a line. A ballot has `choices` and `left_system`; a vote from elsewhere has a
    `winner` and no side.
    """
    with store.snapshot() as db:
        for row in db.execute(SELECT_BALLOTS, (study.study_id,)):
            fields = dict(row)
            choices = json.loads(fields["choices"])
            fields["choices"] = {name: choices[name] for name in CRITERIA if name in choices}
            write_line(file, fields)
        for row in db.execute(SELECT_OUTSIDE, (study.study_id,)):
            fields = dict(row)
            write_line(file, {name: fields[name] for name in fields if fields[name] is not None})


def write_line(file: TextIO, fields: dict[str, object]) -> None:
    """Write one object as one line of JSON, in the characters it was written in."""
    file.write(json.dumps(fields, ensure_ascii=False) + "\n")


EXPORTS: dict[str, Export] = {
    "tallies": Export(write_tallies, "text/csv", ".csv"),
    "votes": Export(write_votes, "text/csv", ".csv"),
    "votes-wide": Export(partial(write_votes, shape="wide"), "text/csv", ".csv"),
    "history": Export(write_history, "application/x-ndjson", ".jsonl"),
}
