"""Ledgers with judgments for tests, put in by hand."""

from collections.abc import Sequence

from annotations.store import Store
from tests.ledgers import SOURCE

Scores = tuple[float, float] | None


def make_questions(
    store: Store,
    systems: Sequence[str] = ("alpaca", "bard", "vicuna"),
    n_items: int = 3,
    benchmark: str = "vicuna_80",
    lang: str = "en",
) -> None:
    """Questions "1", "2", … of two categories, and an answer of every system to each."""
    with store.write() as db:
        db.execute(SOURCE, (1,))
        db.execute("INSERT INTO benchmark VALUES (1, ?, 1)", (benchmark,))
        db.executemany(
            "INSERT INTO item VALUES (?, 1, ?, ?, ?, '', '', ?, ?, 'no')",
            [
                (k, str(k), k, f"What is {k}?", "math" if k % 2 else "generic", lang)
                for k in range(1, n_items + 1)
            ],
        )
        for number, name in enumerate(systems, 1):
            db.execute("INSERT INTO system VALUES (?, ?)", (number, name))
            db.executemany(
                """INSERT INTO answer(item_id, system_id, sample, text, sha256, source_id)
                VALUES (?, ?, 0, ?, 'no', 1)""",
                [(k, number, f"{name} says {k}.") for k in range(1, n_items + 1)],
            )


def add_judgment(
    store: Store,
    item: int,
    sides: tuple[str, str],
    read: Scores,
    *,
    reference_slot: int = 2,
    stored: Scores = None,
    outcome: str = "ok",
    judge: str = "gpt-4",
    repeat: int = 0,
    text: str = "8 9\nBoth are fine.",
    first_text: str = "",
    detail: str = "",
    has_answers: bool = True,
) -> int:
    """One judgment of two systems' answers to an item, as if it came from a file."""
    with store.write() as db:
        ids = [
            db.execute("SELECT system_id FROM system WHERE name = ?", (name,)).fetchone()[0]
            for name in sides
        ]
        answers = [
            db.execute(
                "SELECT answer_id FROM answer WHERE item_id = ? AND system_id = ?", (item, number)
            ).fetchone()[0]
            if has_answers
            else None
            for number in ids
        ]
        row = {
            "key": f"{judge} {item} {sides} {reference_slot} {repeat}", "attempt": 0,
            "source_id": 1, "ext_id": "", "kind": "pair", "item_id": item, "system_1": ids[0],
            "system_2": ids[1], "answer_1": answers[0], "answer_2": answers[1],
            "reference_slot": reference_slot, "repeat": repeat, "judge": judge, "judge_assumed": 1,
            "protocol": "original", "prompt_sha256": "", "boundary": "", "outcome": outcome,
            "fault": "", "detail": detail, "model": "", "text": text, "first_text": first_text,
            "how": "first line" if read else "", "flags": "[]",
            "read_1": read and read[0], "read_2": read and read[1],
            "stored_1": stored and stored[0], "stored_2": stored and stored[1],
            "duration_s": 0.0, "created_at": 1000.0, "content": "",
        }  # fmt: skip
        columns, marks = ", ".join(row), ", ".join("?" * len(row))
        sql = f"INSERT INTO judgment({columns}) VALUES ({marks})"
        return int(db.execute(sql, tuple(row.values())).lastrowid or 0)
