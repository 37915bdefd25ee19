"""The library's SQL: benchmarks with their items, systems with their answers, and source files.

Functions that take `store` read what is committed; those that take `db` work inside the caller's
transaction.
"""

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass

from annotations.store import Row, Store
from backend.errors import NotFound
from backend.records import Answer, Item

# One row: one benchmark with the number of its items.
SELECT_BENCHMARKS = """
    SELECT benchmark_id, name,
        (SELECT count(*) FROM item i WHERE i.benchmark_id = b.benchmark_id) AS n_items
    FROM benchmark b ORDER BY name"""

# One row: one system that answered something of one benchmark.
SELECT_SYSTEMS = """
    SELECT s.name, count(DISTINCT a.item_id) AS n_items, count(*) AS n_answers
    FROM answer a JOIN item i USING(item_id) JOIN system s USING(system_id)
    WHERE i.benchmark_id = ? GROUP BY s.system_id ORDER BY s.name"""

# One row: one answer to an item of one benchmark.
SELECT_ANSWERS = """
    SELECT s.name AS system, i.ext_id, a.item_id, a.sample, a.text, a.answer_id
    FROM answer a JOIN item i USING(item_id) JOIN system s USING(system_id)
    WHERE i.benchmark_id = ? ORDER BY s.name, i.ord, a.sample"""


@dataclass(frozen=True, slots=True)
class Benchmark:
    """A named list of items."""

    benchmark_id: int
    name: str
    n_items: int


@dataclass(frozen=True, slots=True)
class System:
    """Something that answered items of one benchmark; several samples of one item are possible."""

    name: str
    n_items: int
    n_answers: int


@dataclass(frozen=True, slots=True)
class Source:
    """The file that rows came from; `name` is its base name only."""

    name: str
    sha256: str
    kind: str
    n_rows: int


def list_benchmarks(store: Store) -> list[Benchmark]:
    """Return all benchmarks by name."""
    with store.snapshot() as db:
        return select_benchmarks(db)


def find_benchmark(store: Store, name: str) -> Benchmark:
    """Return the benchmark of that name.

    Errors: NotFound that lists the benchmarks there are.
    """
    benchmarks = list_benchmarks(store)
    for benchmark in benchmarks:
        if benchmark.name == name:
            return benchmark
    raise NotFound(f"There is no benchmark {name!r}. {list_names(benchmarks)}")


def list_names(named: Iterable[Benchmark | System]) -> str:
    """Return a sentence with the names that there are."""
    names = ", ".join(one.name for one in named)
    return f"There are: {names}." if names else "There is none yet; import one first."


def list_items(store: Store, benchmark: str) -> list[Item]:
    """Return a benchmark's items in their order."""
    with store.snapshot() as db:
        found = find_benchmark(store, benchmark)
        return [item for _, item in select_items(db, found.benchmark_id).values()]


def list_systems(store: Store, benchmark: str) -> list[System]:
    """Return the systems that answered items of a benchmark, by name."""
    found = find_benchmark(store, benchmark)
    rows = store.rows(SELECT_SYSTEMS, (found.benchmark_id,))
    return [System(**dict(row)) for row in rows]


def find_answers(store: Store, benchmark: str, system: str, sample: int = 0) -> dict[str, Answer]:
    """Return one system's answers to a benchmark by item id, in the benchmark's order.

    Edge: items that have no such sample are not in it.
    Errors: NotFound when the benchmark is not there or the system answered nothing of it.
    """
    systems = list_systems(store, benchmark)
    if system not in {one.name for one in systems}:
        known = list_names(systems)
        raise NotFound(f"There are no answers of {system!r} to {benchmark}. {known}")
    rows = store.rows(
        """SELECT i.ext_id, a.text, a.sample
        FROM answer a JOIN item i USING(item_id) JOIN system s USING(system_id)
            JOIN benchmark b USING(benchmark_id)
        WHERE b.name = ? AND s.name = ? AND a.sample = ? ORDER BY i.ord""",
        (benchmark, system, sample),
    )
    return {row["ext_id"]: Answer(row["ext_id"], row["text"], row["sample"]) for row in rows}


def select_benchmarks(db: sqlite3.Connection) -> list[Benchmark]:
    """Return all benchmarks by name."""
    return [Benchmark(**dict(row)) for row in db.execute(SELECT_BENCHMARKS)]


def select_items(db: sqlite3.Connection, benchmark_id: int) -> dict[str, tuple[int, Item]]:
    """Return a benchmark's items in their order: item id -> (row number, item)."""
    rows = db.execute("SELECT * FROM item WHERE benchmark_id = ? ORDER BY ord", (benchmark_id,))
    return {row["ext_id"]: (row["item_id"], make_item(row)) for row in rows}


def make_item(row: Row) -> Item:
    """Turn one row of the item table into a record."""
    return Item(
        row["ext_id"], row["instruction"], row["input"], row["reference"], row["app"], row["lang"]
    )


def select_answers(db: sqlite3.Connection, benchmark_id: int) -> list[Row]:
    """Return all answers to a benchmark: system, ext_id, item_id, sample, text, answer_id."""
    return db.execute(SELECT_ANSWERS, (benchmark_id,)).fetchall()


def add_source(db: sqlite3.Connection, source: Source, at: str, actor: str) -> int:
    """Write down the file that the next rows come from, and return its number."""
    cursor = db.execute(
        """INSERT INTO source_file(name, sha256, kind, n_rows, imported_at, imported_by)
        VALUES (?, ?, ?, ?, ?, ?)""",
        (source.name, source.sha256, source.kind, source.n_rows, at, actor),
    )
    return int(cursor.lastrowid or 0)


def add_benchmark(db: sqlite3.Connection, name: str, source_id: int) -> int:
    """Create a benchmark without items, or find the one of that name; return its number."""
    values = (name, source_id)
    db.execute("INSERT OR IGNORE INTO benchmark(name, source_id) VALUES (?, ?)", values)
    row = db.execute("SELECT benchmark_id FROM benchmark WHERE name = ?", (name,)).fetchone()
    return int(row[0])


def add_items(db: sqlite3.Connection, benchmark_id: int, items: Iterable[Item]) -> None:
    """Append items to a benchmark, in the order given."""
    select_next = "SELECT coalesce(max(ord) + 1, 0) FROM item WHERE benchmark_id = ?"
    start = db.execute(select_next, (benchmark_id,)).fetchone()[0]
    for place, item in enumerate(items, start):
        add_item(db, benchmark_id, place, item)


def add_item(db: sqlite3.Connection, benchmark_id: int, place: int, item: Item) -> int:
    """Write one item at its place in a benchmark, counted from 0; return its row number."""
    cursor = db.execute(
        """INSERT INTO item(benchmark_id, ext_id, ord, instruction, input, reference, app, lang,
            sha256) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)""",
        (
            benchmark_id, item.item_id, place, item.instruction, item.input, item.reference,
            item.app, item.lang, item.sha256,
        ),
    )  # fmt: skip
    return int(cursor.lastrowid or 0)


def add_system(db: sqlite3.Connection, name: str) -> int:
    """Create a system, or find the one of that name; return its number."""
    db.execute("INSERT OR IGNORE INTO system(name) VALUES (?)", (name,))
    row = db.execute("SELECT system_id FROM system WHERE name = ?", (name,)).fetchone()
    return int(row[0])


def add_answers(
    db: sqlite3.Connection, system_id: int, source_id: int, answers: Iterable[tuple[int, Answer]]
) -> None:
    """Write answers of one system, each with the row number of its item."""
    db.executemany(
        """INSERT INTO answer(item_id, system_id, sample, text, sha256, source_id)
        VALUES (?, ?, ?, ?, ?, ?)""",
        [
            (item_id, system_id, answer.sample, answer.text, answer.sha256, source_id)
            for item_id, answer in answers
        ],
    )
