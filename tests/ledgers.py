"""Ledgers for tests: a small study made through the real code, and votes put in by hand."""

import tempfile
from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path

from annotations.backups import FILE_NAME
from annotations.published import Panel, read_panel
from annotations.store import Store
from annotations.studies import Plan, create_study
from backend.records import CRITERIA, WINNERS, Study

SYSTEMS = ("LLaMA-GPT4", "Alpaca")
SOURCE = "INSERT INTO source_file VALUES (?, 'test', 'no', 'votes', 0, 'now', 'test')"


@cache
def read_empty() -> bytes:
    """The file of an empty ledger that the real migrations made, once for all tests."""
    with tempfile.TemporaryDirectory() as folder:
        Store(Path(folder), purpose="test").close()
        return (Path(folder) / FILE_NAME).read_bytes()


def open_store(folder: Path, **options) -> Store:
    """A ledger to write in; a new one is a copy, for migrating takes longer than most tests do."""
    path = folder / FILE_NAME
    if not path.exists():
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.write_bytes(read_empty())
    return Store(folder, purpose="test", **options)


def make_study(
    store: Store,
    systems: Sequence[str] = SYSTEMS,
    n_items: int = 6,
    apps: Sequence[str] = ("",),
    benchmark: str = "tiny",
    **plan,
) -> Study:
    """A study of every pair of systems on items "i1", "i2", … with three votes a pair."""
    with store.write() as db:
        db.execute(SOURCE, (1,))
        db.execute("INSERT INTO benchmark VALUES (1, ?, 1)", (benchmark,))
        db.executemany(
            "INSERT INTO item VALUES (?, 1, ?, ?, 'Do it.', '', '', ?, 'en', 'no')",
            [(k, f"i{k}", k, apps[(k - 1) % len(apps)]) for k in range(1, n_items + 1)],
        )
        for number, name in enumerate(systems, 1):
            db.execute("INSERT INTO system VALUES (?, ?)", (number, name))
            db.executemany(
                """INSERT INTO answer(item_id, system_id, sample, text, sha256, source_id)
                VALUES (?, ?, 0, 'Done.', 'no', 1)""",
                [(k, number) for k in range(1, n_items + 1)],
            )
    return create_study(store, Plan("study", benchmark, tuple(systems), **plan), "no", "test")


def add_ballot(
    store: Store,
    choices: Sequence[str],
    *,
    pair: int = 1,
    who: str = "AAA",
    left_is: str = "a",
    slot: int = 1,
    surplus: int = 0,
    comment: str = "",
) -> None:
    """One person's answers, helpful first; a second call for the same pair is a revision."""
    with store.write() as db:
        db.execute(
            """INSERT OR IGNORE INTO annotator(study_id, code, locale, quota, created_at)
            VALUES (1, ?, 'en', 99, 'now')""",
            (who,),
        )
        (person,) = db.execute(
            "SELECT annotator_id FROM annotator WHERE code = ?", (who,)
        ).fetchone()
        db.execute(
            """INSERT OR IGNORE INTO assignment(pair_id, annotator_id, slot, seq, left_is, state,
                surplus, lease_token, leased_at, expires_at, finished_at)
            VALUES (?1, ?2, ?3, ?1, ?4, 'submitted', ?5, ?1 || ' ' || ?2, 1000.0, 2800.0,
                1060.5)""",
            (pair, person, slot, left_is, surplus),
        )
        assignment, revision = db.execute(
            """SELECT assignment_id, (SELECT count(*) FROM ballot b
                WHERE b.assignment_id = g.assignment_id)
            FROM assignment g WHERE pair_id = ? AND annotator_id = ?""",
            (pair, person),
        ).fetchone()
        ballot = db.execute(
            "INSERT INTO ballot(assignment_id, revision, comment, created_at) VALUES (?, ?, ?, ?)",
            (assignment, revision, comment, 1060.5 + 3600 * revision),
        ).lastrowid
        db.executemany(
            "INSERT INTO vote VALUES (?, ?, ?)",
            [(ballot, *vote) for vote in zip(CRITERIA, choices, strict=True)],
        )


def add_outside(
    store: Store, criterion: str, winners: Iterable[str], *, comparison: int = 1, n_items: int = 6
) -> None:
    """Votes collected elsewhere: each rater goes through all items before the next one starts."""
    rows = [
        (comparison, place % n_items + 1, f"rater {place // n_items + 1}", criterion, winner)
        for place, winner in enumerate(winners)
    ]
    with store.write() as db:
        db.executemany("INSERT INTO outside_vote VALUES (?, ?, ?, ?, ?, 1)", rows)


def add_published(store: Store, panel: Panel, *, comparison: int = 1, n_items: int = 252) -> None:
    """The paper's own votes, spread over the items in one fixed way."""
    numbers = read_panel(panel)
    for criterion in CRITERIA:
        pools = zip(WINNERS, numbers[criterion], strict=True)
        winners = [winner for winner, n in pools for _ in range(n)]
        step = 211  # prime to 704 and 755: deals the outcomes out instead of one after another
        dealt = [winners[place * step % len(winners)] for place in range(len(winners))]
        add_outside(store, criterion, dealt, comparison=comparison, n_items=n_items)
