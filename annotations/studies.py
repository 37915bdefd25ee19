"""Studies: which systems are compared on which benchmark, by how many people, and how far."""

import hashlib
import json
import secrets
import sqlite3
from dataclasses import dataclass
from itertools import combinations
from typing import Literal

from annotations.store import Row, Store
from backend.errors import InputError, NotFound
from backend.records import Comparison, Status, Study

# One row: one study, with its benchmark's name and its systems, first named first.
SELECT_STUDY = """
    SELECT s.*, b.name AS benchmark,
        (SELECT json_group_array(json_array(x.name, y.name)) FROM
            (SELECT * FROM comparison WHERE study_id = s.study_id ORDER BY ord) c
            JOIN system x ON x.system_id = c.system_a JOIN system y ON y.system_id = c.system_b
        ) AS comparisons
    FROM study s JOIN benchmark b USING(benchmark_id)"""

# One row: one item with the answers of two systems.
SELECT_PAIRS = """
    SELECT i.item_id, i.ext_id, i.sha256 AS item_sha256, a.answer_id AS answer_a,
        b.answer_id AS answer_b, a.sha256 AS sha256_a, b.sha256 AS sha256_b
    FROM item i
    LEFT JOIN answer a ON a.item_id = i.item_id AND a.sample = 0 AND a.system_id = ?
    LEFT JOIN answer b ON b.item_id = i.item_id AND b.sample = 0 AND b.system_id = ?
    WHERE i.benchmark_id = ? ORDER BY i.ord"""

# A slot that is held is saved or leased; late work is saved without one.
SELECT_PROGRESS = """
    WITH place AS NOT MATERIALIZED (
        SELECT g.* FROM assignment g JOIN demand USING(pair_id) WHERE study_id = :id)
    SELECT count(*) AS n_pairs, coalesce(sum(target_k), 0) AS n_wanted,
        coalesce(sum(n_held), 0) - (SELECT count(*) FROM place WHERE state = 'leased') AS n_saved,
        (SELECT count(*) FROM place WHERE state = 'submitted' AND surplus = 1) AS n_surplus,
        (SELECT count(*) FROM place WHERE state = 'leased' AND expires_at > :now) AS n_leased,
        (SELECT count(*) FROM place WHERE state = 'skipped') AS n_skipped,
        (SELECT count(*) FROM annotator WHERE study_id = :id) AS n_annotators,
        (SELECT count(*) FROM annotator
            WHERE study_id = :id AND finished_at IS NOT NULL) AS n_finished,
        (SELECT count(*) FROM outside_vote JOIN comparison USING(comparison_id)
            WHERE study_id = :id) AS n_outside
    FROM demand WHERE study_id = :id"""

SLUG_BYTES = 9
Enrolment = Literal["name", "invitation"]


@dataclass(frozen=True, slots=True)
class Plan:
    """What an admin asks for; `against` compares every system with that one only."""

    name: str
    benchmark: str
    systems: tuple[str, ...]
    against: str | None = None
    votes_per_pair: int = 3
    quota: int = 21
    seed: str = "0"
    title: str = ""
    enrolment: Enrolment = "name"
    lease_s: int = 1800


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a study is. Units: pairs, people, and ballots (one ballot answers all criteria)."""

    n_pairs: int
    n_wanted: int
    n_saved: int
    n_surplus: int
    n_leased: int
    n_skipped: int
    n_annotators: int
    n_finished: int
    n_outside: int


def find_study(store: Store, name: str) -> Study:
    """Return the study of that name.

    Errors: NotFound that lists the studies there are.
    """
    row = store.row(f"{SELECT_STUDY} WHERE s.name = ?", (name,))
    if row is None:
        names = ", ".join(study.name for study in list_studies(store))
        raise NotFound(
            f"There is no study {name!r}. "
            + (f"There are: {names}." if names else "Create one with `study create`.")
        )
    return make_study(row)


def find_study_by_slug(store: Store, slug: str) -> Study | None:
    """Return the study behind an opaque link, or None."""
    row = store.row(f"{SELECT_STUDY} WHERE s.slug = ?", (slug,))
    return None if row is None else make_study(row)


def find_study_by_id(store: Store, study_id: int) -> Study:
    """Return the study of that number."""
    row = store.row(f"{SELECT_STUDY} WHERE s.study_id = ?", (study_id,))
    if row is None:
        raise NotFound(f"There is no study number {study_id}.")
    return make_study(row)


def list_studies(store: Store) -> list[Study]:
    """Return all studies, the newest last."""
    return [make_study(row) for row in store.rows(f"{SELECT_STUDY} ORDER BY s.study_id")]


def make_study(row: Row) -> Study:
    """Turn one row of SELECT_STUDY into a record."""
    systems: dict[str, None] = {}
    for a, b in json.loads(row["comparisons"]):
        systems[a] = systems[b] = None
    fields = {name: row[name] for name in Study.__dataclass_fields__ if name != "systems"}
    return Study(systems=tuple(systems), **fields)


def list_comparisons(store: Store, study_id: int) -> list[Comparison]:
    """Return the pairs of systems that a study compares, in their order."""
    rows = store.rows(
        """SELECT x.name AS a, y.name AS b FROM comparison c
        JOIN system x ON x.system_id = c.system_a JOIN system y ON y.system_id = c.system_b
        WHERE c.study_id = ? ORDER BY c.ord""",
        (study_id,),
    )
    return [Comparison(row["a"], row["b"]) for row in rows]


def count_progress(store: Store, study_id: int) -> Progress:
    """Return how far a study is at this moment."""
    rows = store.rows(SELECT_PROGRESS, {"id": study_id, "now": store.clock()})
    return Progress(**dict(rows[0]))


def create_study(store: Store, plan: Plan, wording_sha256: str, actor: str) -> Study:
    """Freeze a study: every comparison on every item of the benchmark, by answer id and hash.

    Errors: InputError for a bad plan; NotFound for a benchmark, system or answer that isn't there.
    """
    check_plan(plan)
    with store.write() as db:
        benchmark_id = find_id(db, "benchmark", plan.benchmark)
        study_id = insert_study(db, store, plan, benchmark_id, wording_sha256)
        for ord_, (a, b) in enumerate(pair_systems(plan)):
            insert_comparison(db, plan, study_id, ord_, (a, b))
        store.record_event(db, actor, "study_created", study_id, name=plan.name)
    return find_study(store, plan.name)


def check_plan(plan: Plan) -> None:
    """Refuse a plan that can't be carried out, naming every fault at once."""
    is_name = plan.name.strip() and len(plan.name) <= 80 and plan.name.isprintable()
    checks = {
        f"the name {plan.name!r} needs 1 to 80 printable characters": is_name,
        "a system is named twice": len(set(plan.systems)) == len(plan.systems),
        "name at least two systems": len({*plan.systems, plan.against} - {None}) >= 2,
        f"votes per pair is {plan.votes_per_pair}; it can be 1 to 99": (
            1 <= plan.votes_per_pair <= 99
        ),
        f"a pair is kept for {plan.lease_s} seconds; it must be at least 1": plan.lease_s >= 1,
        f"the quota is {plan.quota}; it must be at least 1": plan.quota >= 1,
        f"enrolment is {plan.enrolment!r}; it can be 'name' or 'invitation'": (
            plan.enrolment in ("name", "invitation")
        ),
    }
    faults = [fault for fault, holds in checks.items() if not holds]
    if faults:
        raise InputError(f"The study can't be created: {'; '.join(faults)}.")


def pair_systems(plan: Plan) -> list[tuple[str, str]]:
    """Return the comparisons of a plan: all pairs, or every system against one."""
    if plan.against is None:
        return list(combinations(plan.systems, 2))
    return [(system, plan.against) for system in plan.systems if system != plan.against]


def insert_study(
    db: sqlite3.Connection, store: Store, plan: Plan, benchmark_id: int, wording_sha256: str
) -> int:
    """Write the study's own row and return its number."""
    slug = secrets.token_urlsafe(SLUG_BYTES)
    values = (
        plan.name, slug, plan.title.strip() or "Comparing two responses", benchmark_id,
        plan.enrolment, plan.votes_per_pair, plan.quota, plan.seed, plan.lease_s,
        wording_sha256, store.timestamp(),
    )  # fmt: skip
    try:
        cursor = db.execute(
            """INSERT INTO study(name, slug, title, benchmark_id, enrolment, votes_per_pair, quota,
                seed, lease_s, wording_sha256, created_at)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)""",
            values,
        )
    except sqlite3.IntegrityError as error:
        raise InputError(f"There is a study {plan.name!r} already; choose another name.") from error
    return int(cursor.lastrowid or 0)


def insert_comparison(
    db: sqlite3.Connection, plan: Plan, study_id: int, ord_: int, systems: tuple[str, str]
) -> None:
    """Write one comparison and its pairs; every item needs an answer of both systems."""
    a, b = (find_id(db, "system", name) for name in systems)
    benchmark_id = find_id(db, "benchmark", plan.benchmark)
    rows = db.execute(SELECT_PAIRS, (a, b, benchmark_id)).fetchall()
    for name, column in zip(systems, ("answer_a", "answer_b"), strict=True):
        missing = [row["ext_id"] for row in rows if row[column] is None]
        if missing:
            raise NotFound(
                f"{name} has no answer to {len(missing)} of {len(rows)} items of {plan.benchmark} "
                f"({', '.join(missing[:3])}{', …' if len(missing) > 3 else ''}). "
                "Import its answers first."
            )
    comparison_id = db.execute(
        "INSERT INTO comparison(study_id, ord, system_a, system_b) VALUES (?, ?, ?, ?)",
        (study_id, ord_, a, b),
    ).lastrowid
    db.executemany(
        """INSERT INTO pair(study_id, comparison_id, item_id, answer_a, answer_b, sha256_a,
            sha256_b, item_sha256, side_hash, target_k) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)""",
        [
            (
                study_id, comparison_id, row["item_id"], row["answer_a"], row["answer_b"],
                row["sha256_a"], row["sha256_b"], row["item_sha256"],
                hash_side(plan.seed, row["ext_id"], systems), plan.votes_per_pair,
            )
            for row in rows
        ],
    )  # fmt: skip


def hash_side(seed: str, item_id: str, systems: tuple[str, str]) -> int:
    """Return the byte that decides which side comes first for a pair: a function of the seed."""
    return hashlib.sha256("\0".join((seed, item_id, *systems)).encode()).digest()[0]


def find_id(db: sqlite3.Connection, table: Literal["benchmark", "system"], name: str) -> int:
    """Return the number of a benchmark or system by name.

    Errors: NotFound that lists the names there are.
    """
    row = db.execute(f"SELECT {table}_id FROM {table} WHERE name = ?", (name,)).fetchone()
    if row is None:
        names = [found[0] for found in db.execute(f"SELECT name FROM {table} ORDER BY name")]
        known = f"There are: {', '.join(names)}." if names else "Import one first."
        raise NotFound(f"There is no {table} {name!r}. {known}")
    return int(row[0])


def set_status(store: Store, name: str, status: Status, actor: str) -> Study:
    """Open, pause or close a study; who did it is written down.

    Edge: a closed study can be opened again; setting the status it has changes nothing.
    """
    study = find_study(store, name)
    if study.status != status:
        with store.write() as db:
            db.execute("UPDATE study SET status = ? WHERE study_id = ?", (status, study.study_id))
            store.record_event(db, actor, f"study_{status}", study.study_id, previous=study.status)
    return find_study(store, name)
