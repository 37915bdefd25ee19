"""The studies that benches run on: made-up texts as long as real ones, through the real import."""

import json
import random
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from annotations.imports import import_file
from annotations.store import Store
from annotations.studies import Plan, create_study, set_status
from backend.records import Study
from ui.wording import hash_wording

SYSTEMS = ("terse", "detailed")
WORDS = [
    "the",
    "of",
    "a",
    "rain",
    "letter",
    "answer",
    "number",
    "house",
    "question",
    "write",
    "list",
    "short",
    "reason",
    "table",
    "light",
]


def write_words(chance: random.Random, n_middle: int, n_long: int) -> str:
    """Return a text whose length has this median and this 90th percentile, in words."""
    stretch = (n_long / n_middle) ** (chance.gauss(0, 1) / 1.2816)
    n = min(2 * n_long, max(2, round(n_middle * stretch)))
    return " ".join(chance.choices(WORDS, k=n)).capitalize() + "."


def write_lines(path: Path, rows: Iterable[dict[str, Any]]) -> Path:
    """Write rows as JSON Lines."""
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    return path


def make_study(
    store: Store, folder: Path, n_items: int, *, quota: int = 21, votes_per_pair: int = 3
) -> Study:
    """Import items and two systems' answers, and open a study of them.

    Source: lengths are those of the 252 instructions (median 24 words, 90 % under 96) and of the
    reference answers (26 and 135).
    """
    chance = random.Random(1)
    names = [f"item-{number}" for number in range(n_items)]
    items = write_lines(
        folder / "items.jsonl",
        (
            {
                "id": name,
                "instruction": write_words(chance, 24, 96),
                "instances": [{"input": "", "output": "-"}],
            }
            for name in names
        ),
    )
    import_file(store, items, name="bench", actor="bench")
    for system in SYSTEMS:
        answers = write_lines(
            folder / f"{system}.jsonl",
            ({"item_id": name, "answer": write_words(chance, 26, 135)} for name in names),
        )
        import_file(store, answers, model=system, benchmark="bench", actor="bench")
    plan = Plan(
        "bench", "bench", SYSTEMS, votes_per_pair=votes_per_pair, quota=quota, seed="1",
        enrolment="invitation",
    )  # fmt: skip
    create_study(store, plan, hash_wording(), "bench")
    return set_status(store, "bench", "open", "bench")
