"""Plants canaries: answers that no judge should fall for, and that ride in a run as systems do."""

import sqlite3
from collections.abc import Mapping

from annotations import library
from annotations.library import Source, find_benchmark, select_items
from annotations.store import Store
from backend.judge.canaries import CANARIES, PREFIX, plant_text
from backend.records import Answer, Item, hash_text


def list_canaries(lang: str = "en") -> dict[str, str]:
    """Return the canaries in a language: their names as systems, and what each answers."""
    return {f"{PREFIX}{name}": plant_text(name, lang) for name in CANARIES}


def plant_canaries(store: Store, benchmark: str, actor: str) -> int:
    """Write the canaries' answers to a benchmark where they lack; return how many did.

    Errors: NotFound for an unknown benchmark.
    """
    with store.write() as db:
        found = find_benchmark(store, benchmark)
        missing = list_missing(db, dict(select_items(db, found.benchmark_id).values()))
        n_missing = sum(map(len, missing.values()))
        if not n_missing:
            return 0
        source = Source("canaries", hash_text(*CANARIES, benchmark), "canary", n_missing)
        source_id = library.add_source(db, source, store.timestamp(), actor)
        for name, answers in missing.items():
            library.add_answers(db, library.add_system(db, name), source_id, answers)
        store.record_event(db, actor, "canaries_planted", benchmark=benchmark, n_rows=n_missing)
    return n_missing


def list_missing(
    db: sqlite3.Connection, items: Mapping[int, Item]
) -> dict[str, list[tuple[int, Answer]]]:
    """Return the canaries' answers that are not there, by name."""
    rows = db.execute(
        """SELECT s.name, a.item_id FROM answer a JOIN system s USING(system_id)
        WHERE substr(s.name, 1, ?) = ? AND a.sample = 0""",
        (len(PREFIX), PREFIX),
    )
    there = {(row["name"], row["item_id"]) for row in rows}
    missing: dict[str, list[tuple[int, Answer]]] = {}
    for row, item in items.items():
        for name, text in list_canaries(item.lang).items():
            if (name, row) not in there:
                missing.setdefault(name, []).append((row, Answer(item.item_id, text)))
    return missing
