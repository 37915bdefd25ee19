"""Exports: what a researcher takes away, written row by row from one snapshot of the ledger.

Tables of votes hold ids, enums and numbers; what people wrote is in the history only, which is
never CSV. People appear under their code, never under their name.
"""

import json
import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from io import TextIOWrapper
from itertools import chain
from typing import IO, Any, Literal

from annotations.formats import Cell, Format, Table, write_table
from annotations.judging.reports import read_agreement
from annotations.statistics import Interval
from annotations.store import Row, Store
from annotations.tallies import Outcome, Tally, tally_study
from backend.errors import InputError, NotFound
from backend.records import CRITERIA, Study

Shape = Literal["long", "wide"]

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

TALLY_COLUMNS = [
    "study", "system_a", "system_b", "criterion", "outcome", "outcome_system", "n", "share",
    "percent", "low", "high", "wilson_low", "wilson_high", "n_votes", "n_items", "n_annotators",
    "n_outside", "n_surplus", "n_missing", "net", "net_low", "net_high", "items_a", "items_b",
    "items_tie", "sign_p", "sign_p_holm",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Export:
    """One kind of file: how its rows are read, and the formats it comes in, the usual one first."""

    read: Callable[[Store, Study], Table]
    formats: tuple[Format, ...] = ("csv", "jsonl", "parquet")

    @property
    def suffix(self) -> str:
        """Return how the file's name ends when nothing else was asked for."""
        return f".{self.formats[0]}"

    def write(
        self, store: Store, study: Study, file: IO[Any], format: Format | None = None
    ) -> None:
        """Write one snapshot of the ledger to an open file; Parquet needs a binary one.

        Errors: InputError for a format that this kind doesn't come in.
        """
        with store.snapshot():
            write_table(self.read(store, study), file, self.choose(format))

    def write_bytes(
        self, store: Store, study: Study, file: IO[bytes], format: Format | None = None
    ) -> None:
        """Write to a binary file in any format; text is UTF-8."""
        chosen = self.choose(format)
        if chosen == "parquet":
            self.write(store, study, file, chosen)
            return
        text = TextIOWrapper(file, encoding="utf-8", newline="")
        try:
            self.write(store, study, text, chosen)
        finally:
            text.detach()  # writes out what it holds, and leaves the file open

    def choose(self, format: str | None) -> Format:
        """Return the format that was asked for, else the usual one.

        Errors: InputError that lists the formats.
        """
        for one in self.formats:
            if format in (None, "", one):
                return one
        raise InputError(
            f"This can't be written as {format!r}; choose from {', '.join(self.formats)}."
        )


def list_columns(cursor: sqlite3.Cursor) -> list[str]:
    """Return the names of a query's columns."""
    return [column[0] for column in cursor.description]


def read_tallies(store: Store, study: Study) -> Table:
    """Return one row for each comparison, criterion and outcome: first wins, second wins, tie.

    Units: shares and their ends in [0, 1], `percent` in [0, 100]. Edge: no votes, None.
    """
    rows = (
        dict(zip(TALLY_COLUMNS, list_cells(study, tally, outcome), strict=True))
        for tally in tally_study(store, study)
        for outcome in tally.outcomes
    )
    return Table(TALLY_COLUMNS, rows)


def list_cells(study: Study, tally: Tally, outcome: Outcome) -> list[Cell]:
    """Return one row of the tallies, in the order of TALLY_COLUMNS."""
    coverage = tally.coverage
    return [
        study.name, tally.comparison.a, tally.comparison.b, tally.criterion,
        outcome.winner, outcome.system, outcome.n, outcome.share,
        None if outcome.share is None else 100 * outcome.share,
        *list_ends(outcome.interval), *list_ends(outcome.wilson),
        tally.n, tally.n_items, coverage.n_annotators, coverage.n_outside, coverage.n_surplus,
        coverage.n_missing, tally.net, *list_ends(tally.net_interval),
        *tally.items, tally.sign_p, tally.sign_p_holm,
    ]  # fmt: skip


def list_ends(interval: Interval | None) -> tuple[float | None, float | None]:
    """Return both ends of an interval."""
    return (None, None) if interval is None else (interval.low, interval.high)


def read_votes(store: Store, study: Study, shape: Shape = "long") -> Table:
    """Return the latest revision of every vote, surplus ones marked.

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
        return Table(list_columns(votes), map(dict, rows))


def write_votes(store: Store, study: Study, file: IO[str], shape: Shape = "long") -> None:
    """Write the votes as CSV."""
    with store.snapshot():
        write_table(read_votes(store, study, shape), file, "csv")


def read_history(store: Store, study: Study) -> Table:
    """Return every revision of every ballot with its comment, then every vote from elsewhere.

    A ballot has `choices` and `left_system`; a vote collected elsewhere has a `criterion` and a
    `winner`, and no side.
    """
    with store.snapshot() as db:
        ballots = db.execute(SELECT_BALLOTS, (study.study_id,))
        outside = db.execute(SELECT_OUTSIDE, (study.study_id,))
        columns = [*list_columns(ballots), "criterion", "winner", "winner_system"]
        return Table(columns, chain(map(read_ballot, ballots), map(drop_empty, outside)))


def read_ballot(row: Row) -> dict[str, Any]:
    """Return a ballot with its choices in the order of the questions."""
    fields = dict(row)
    choices = json.loads(fields["choices"])
    return fields | {"choices": {name: choices[name] for name in CRITERIA if name in choices}}


def drop_empty(row: Row) -> dict[str, Any]:
    """Return a row without what it doesn't have."""
    return {name: value for name, value in dict(row).items() if value is not None}


EXPORTS: dict[str, Export] = {
    "tallies": Export(read_tallies),
    "votes": Export(read_votes),
    "votes-wide": Export(partial(read_votes, shape="wide")),
    "history": Export(read_history, ("jsonl", "parquet")),
    "agreement": Export(read_agreement),
}


def find_export(kind: str) -> Export:
    """Return the kind of export of that name.

    Errors: NotFound that lists the kinds.
    """
    if kind not in EXPORTS:
        raise NotFound(f"There is no export {kind!r}. There are: {', '.join(EXPORTS)}.")
    return EXPORTS[kind]
