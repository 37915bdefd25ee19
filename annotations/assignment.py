"""Who sees which pair next, on which side, and what happens to the ballot that comes back.

k votes a pair is kept by constraints in the database; the side is a function of (seed, pair, slot),
so a slot that is given up is filled again on the same side.
"""

import secrets
import sqlite3
from dataclasses import dataclass
from typing import Literal

from annotations.store import Row, Store
from backend.errors import Conflict, InputError, Refused
from backend.records import CHOICES, CRITERIA, Annotator, Ballot, Item, Receipt, Study, Task

MAX_COMMENT = 2000
SKIP_REASONS = ("expertise", "broken", "language", "upsetting", "other")

Phase = Literal["task", "finished", "no_more", "draft", "paused", "closed", "full"]

# One row: one assignment of this person, with the study's state.
SELECT_ASSIGNMENT = """
    SELECT g.*, p.target_k, p.study_id, s.status, s.lease_s,
        (SELECT max(revision) FROM ballot WHERE assignment_id = g.assignment_id) AS revision
    FROM assignment g JOIN pair p USING(pair_id) JOIN study s USING(study_id)"""

# Among more pairs than these that are asked equally little about, those who are pressed are weighed
# for so many only, from a random one on. A study of the 252 instructions is always weighed whole.
N_WEIGHED = 256
TAKEN = "state IN ('leased', 'submitted', 'skipped')"

# One row: the pair that this person should see next. Breadth first, so that a study that stops
# early has asked about every item. Among equals, the pair that has been seen by those who are
# pressed most: `pressure` is the share of the pairs still open to somebody that they have yet to
# take. So the last votes find somebody who has not seen the pair.
SELECT_NEXT_PAIR = f"""
    WITH open_pair AS NOT MATERIALIZED (
        SELECT * FROM demand WHERE study_id = :study AND n_held < target_k),
    for_me AS NOT MATERIALIZED (
        SELECT * FROM open_pair o WHERE NOT EXISTS (SELECT 1 FROM assignment g
            WHERE g.pair_id = o.pair_id AND g.annotator_id = :annotator AND g.{TAKEN})),
    least AS MATERIALIZED (
        SELECT n_held, (SELECT min(pair_id) FROM pair WHERE study_id = :study) AS first_id,
            (SELECT max(pair_id) FROM pair WHERE study_id = :study) AS last_id
        FROM for_me ORDER BY n_held LIMIT 1),
    start AS MATERIALIZED (
        SELECT n_held, first_id + abs(random()) % (last_id - first_id + 1) AS pair_id FROM least),
    weighed AS MATERIALIZED (
        SELECT pair_id FROM (
            SELECT pair_id FROM for_me WHERE n_held = (SELECT n_held FROM start)
            AND pair_id >= (SELECT pair_id FROM start) ORDER BY pair_id LIMIT {N_WEIGHED})
        UNION ALL SELECT pair_id FROM (
            SELECT pair_id FROM for_me WHERE n_held = (SELECT n_held FROM start)
            AND pair_id < (SELECT pair_id FROM start) ORDER BY pair_id LIMIT {N_WEIGHED})
        LIMIT {N_WEIGHED}),
    seen AS MATERIALIZED (
        SELECT pair_id, g.annotator_id FROM weighed CROSS JOIN assignment g USING(pair_id)
        WHERE g.{TAKEN}),
    pressed AS MATERIALIZED (
        SELECT annotator_id, 1.0 * (w.quota - count(*)) / max(1,
            (SELECT count(*) FROM open_pair) - sum(d.n_held < d.target_k)) AS pressure
        FROM (SELECT DISTINCT annotator_id FROM seen) CROSS JOIN annotator w USING(annotator_id)
        CROSS JOIN assignment g USING(annotator_id) CROSS JOIN demand d USING(pair_id)
        WHERE w.finished_at IS NULL AND g.{TAKEN} GROUP BY annotator_id)
    SELECT p.pair_id, p.side_hash, p.target_k FROM weighed CROSS JOIN pair p USING(pair_id)
    LEFT JOIN seen USING(pair_id) LEFT JOIN pressed USING(annotator_id)
    GROUP BY pair_id ORDER BY coalesce(sum(pressure), 0) DESC, random() LIMIT 1"""

SELECT_TASK = """
    SELECT i.*, a.text AS text_a, b.text AS text_b FROM pair p JOIN item i USING(item_id)
    JOIN answer a ON a.answer_id = p.answer_a JOIN answer b ON b.answer_id = p.answer_b
    WHERE p.pair_id = ?"""


@dataclass(frozen=True, slots=True)
class Standing:
    """Where an annotator stands: what to show, and how much is saved. `task` only in that phase."""

    phase: Phase
    n_saved: int
    quota: int
    task: Task | None = None


def count_saved(db: sqlite3.Connection, annotator_id: int) -> int:
    """Return how many pairs this person has finished, late ones among them."""
    sql = "SELECT count(*) FROM assignment WHERE annotator_id = ? AND state = 'submitted'"
    return int(db.execute(sql, (annotator_id,)).fetchone()[0])


def take_next(store: Store, study: Study, annotator: Annotator) -> Standing:
    """Give an annotator the pair that is open for them, else the next one.

    Edge: the same pair again for a second tab or after a reload, its lease renewed.
    """
    who = annotator.annotator_id
    with store.write() as db:
        expire_leases(db, store.clock())
        n_saved = count_saved(db, who)
        status = db.execute(
            "SELECT status FROM study WHERE study_id = ?", (study.study_id,)
        ).fetchone()[0]
        if status != "closed" and n_saved >= annotator.quota:
            return Standing("finished", n_saved, annotator.quota)
        if status != "open":
            return Standing(status, n_saved, annotator.quota)
        assignment = renew_lease(db, store, study, who) or lease_pair(db, store, study, who)
        if assignment is None:
            return Standing("no_more", n_saved, annotator.quota)
        return make_standing(db, annotator, assignment)


def stand_still(store: Store, annotator: Annotator) -> Standing:
    """Return where an annotator stands while nothing more can be saved; nothing is written."""
    with store.snapshot() as db:
        return Standing("full", count_saved(db, annotator.annotator_id), annotator.quota)


def expire_leases(db: sqlite3.Connection, now: float) -> None:
    """Free the slots of pairs that nobody came back to."""
    db.execute(
        "UPDATE assignment SET state = 'expired' WHERE state = 'leased' AND expires_at <= ?", (now,)
    )


def renew_lease(db: sqlite3.Connection, store: Store, study: Study, who: int) -> Row | None:
    """Return the assignment that this person has open, kept for another while."""
    db.execute(
        "UPDATE assignment SET expires_at = ? WHERE annotator_id = ? AND state = 'leased'",
        (store.clock() + study.lease_s, who),
    )
    sql = f"{SELECT_ASSIGNMENT} WHERE g.annotator_id = ? AND g.state = 'leased'"
    found: Row | None = db.execute(sql, (who,)).fetchone()
    return found


def lease_pair(db: sqlite3.Connection, store: Store, study: Study, who: int) -> Row | None:
    """Choose a pair and a side for this person, or None when there is nothing left for them."""
    pair = db.execute(SELECT_NEXT_PAIR, {"study": study.study_id, "annotator": who}).fetchone()
    if pair is None:
        return None
    slot = find_free_slot(db, pair)
    now = store.clock()
    seq = db.execute(
        "SELECT coalesce(max(seq), 0) + 1 FROM assignment WHERE annotator_id = ?", (who,)
    ).fetchone()[0]
    cursor = db.execute(
        """INSERT INTO assignment(pair_id, annotator_id, slot, seq, left_is, state, lease_token,
            leased_at, expires_at) VALUES (?, ?, ?, ?, ?, 'leased', ?, ?, ?)""",
        (
            pair["pair_id"], who, slot, seq, choose_side(pair["side_hash"], slot),
            secrets.token_urlsafe(16), now, now + study.lease_s,
        ),
    )  # fmt: skip
    sql = f"{SELECT_ASSIGNMENT} WHERE g.assignment_id = ?"
    found: Row = db.execute(sql, (cursor.lastrowid,)).fetchone()
    return found


def find_free_slot(db: sqlite3.Connection, pair: Row) -> int:
    """Return the smallest slot of a pair that nobody holds."""
    sql = """SELECT slot FROM assignment
        WHERE pair_id = ? AND surplus = 0 AND state IN ('leased', 'submitted')"""
    held = {row["slot"] for row in db.execute(sql, (pair["pair_id"],))}
    return min(set(range(1, pair["target_k"] + 1)) - held)


def choose_side(side_hash: int, slot: int) -> Literal["a", "b"]:
    """Return which system stands on the left: sides alternate from slot to slot of a pair."""
    return "b" if (side_hash + slot) & 1 else "a"


def read_task(db: sqlite3.Connection, assignment: Row) -> Task:
    """Return what is shown for an assignment: no system's name is in it."""
    row = db.execute(SELECT_TASK, (assignment["pair_id"],)).fetchone()
    flipped = assignment["left_is"] == "b"
    revision = -1 if assignment["revision"] is None else assignment["revision"]
    item = Item(row["ext_id"], row["instruction"], row["input"], "", row["app"], row["lang"])
    return Task(
        ticket=f"{assignment['lease_token']}.{revision}",
        position=count_position(db, assignment),
        item=item,
        left=row["text_b"] if flipped else row["text_a"],
        right=row["text_a"] if flipped else row["text_b"],
        revision=revision,
        ballot=read_ballot(db, assignment["assignment_id"], revision),
    )


def count_position(db: sqlite3.Connection, assignment: Row) -> int:
    """Return which of their pairs this is to the annotator, from 1."""
    sql = """SELECT 1 + count(*) FROM assignment
        WHERE annotator_id = ? AND seq < ? AND state = 'submitted'"""
    return int(db.execute(sql, (assignment["annotator_id"], assignment["seq"])).fetchone()[0])


def read_ballot(db: sqlite3.Connection, assignment_id: int, revision: int) -> Ballot | None:
    """Return one revision of a ballot, or None when there is no such revision."""
    sql = """SELECT v.criterion, v.choice, b.comment FROM ballot b JOIN vote v USING(ballot_id)
        WHERE b.assignment_id = ? AND b.revision = ?"""
    rows = db.execute(sql, (assignment_id, revision)).fetchall()
    if not rows:
        return None
    return Ballot({row["criterion"]: row["choice"] for row in rows}, rows[0]["comment"])


def find_assignment(db: sqlite3.Connection, annotator: Annotator, ticket: str) -> tuple[Row, int]:
    """Return the assignment behind a ticket, and the revision that was on the screen.

    Errors: Refused when the ticket isn't one that this person was given.
    """
    token, _, shown = ticket.rpartition(".")
    sql = f"{SELECT_ASSIGNMENT} WHERE g.lease_token = ? AND g.annotator_id = ?"
    row = db.execute(sql, (token, annotator.annotator_id)).fetchone()
    if row is None or not shown.lstrip("-").isdecimal():
        raise Refused("This page belongs to somebody else, or is not one of ours. Reload it.")
    return row, int(shown)


def save_ballot(store: Store, annotator: Annotator, ticket: str, ballot: Ballot) -> Receipt:
    """Store a ballot, or a new revision of it; committed when this returns.

    Edge: the same ballot again gives the same receipt; work that comes late is never thrown away:
    it is kept as surplus when its slot has gone to somebody else or the study has closed.
    Errors: InputError for a ballot that isn't complete; Conflict when a newer revision is stored,
    or a stored one can't change because the study has closed; Refused for somebody else's ticket.
    """
    check_ballot(ballot)
    with store.write() as db:
        assignment, shown = find_assignment(db, annotator, ticket)
        latest = -1 if assignment["revision"] is None else assignment["revision"]
        if is_repeated(db, assignment, shown, latest, ballot):
            surplus = bool(assignment["surplus"])
            return Receipt(
                latest, count_saved(db, annotator.annotator_id), annotator.quota, True, surplus
            )
        if latest >= 0 and assignment["status"] == "closed":
            raise Conflict("The study is closed; an answer can't be changed any more.")
        surplus = accept(db, store, assignment)
        insert_ballot(db, store, assignment["assignment_id"], latest + 1, ballot)
        n_saved = count_saved(db, annotator.annotator_id)
        if n_saved >= annotator.quota:
            mark_finished(db, store, annotator)
    return Receipt(latest + 1, n_saved, annotator.quota, False, surplus)


def check_ballot(ballot: Ballot) -> None:
    """Refuse a ballot that leaves a question open or answers one that wasn't asked."""
    missing = [name for name in CRITERIA if ballot.choices.get(name) not in CHOICES]
    if missing or set(ballot.choices) != set(CRITERIA):
        raise InputError(f"Answer every question first: {', '.join(missing) or 'unknown'}.")
    if len(ballot.comment) > MAX_COMMENT:
        raise InputError(
            f"The comment has {len(ballot.comment)} characters; {MAX_COMMENT} are kept at most."
        )


def is_repeated(
    db: sqlite3.Connection, assignment: Row, shown: int, latest: int, ballot: Ballot
) -> bool:
    """Say whether just this ballot is what is stored already.

    Errors: Conflict when something else has been stored since the page was shown.
    """
    stored = read_ballot(db, assignment["assignment_id"], latest)
    if stored == ballot:
        return True
    if shown != latest:
        raise Conflict(
            "This pair was answered elsewhere since this page was shown, in another tab perhaps. "
            "That answer is kept; reload the page to see or change it."
        )
    return False


def accept(db: sqlite3.Connection, store: Store, assignment: Row) -> bool:
    """Bring an assignment to `submitted`, and say whether its votes are surplus."""
    if assignment["state"] == "skipped":
        raise Conflict("You had set this pair aside; reload the page for the next one.")
    if assignment["state"] == "submitted":
        return bool(assignment["surplus"])
    drop_second_lease(db, assignment)
    surplus = assignment["status"] == "closed" or is_slot_taken(db, assignment)
    db.execute(
        """UPDATE assignment SET state = 'submitted', surplus = ?, finished_at = ?
        WHERE assignment_id = ?""",
        (int(surplus), store.clock(), assignment["assignment_id"]),
    )
    return surplus


def drop_second_lease(db: sqlite3.Connection, assignment: Row) -> None:
    """Let go of a newer lease of the same pair, taken after the first one had run out."""
    key = (assignment["pair_id"], assignment["annotator_id"], assignment["assignment_id"])
    where = "pair_id = ? AND annotator_id = ? AND assignment_id <> ?"
    db.execute(f"UPDATE assignment SET state = 'expired' WHERE {where} AND state = 'leased'", key)
    sql = f"SELECT 1 FROM assignment WHERE {where} AND state IN ('submitted', 'skipped')"
    if db.execute(sql, key).fetchone():
        raise Conflict("You have answered this pair since; that answer is kept. Reload the page.")


def is_slot_taken(db: sqlite3.Connection, assignment: Row) -> bool:
    """Say whether somebody else was given this slot after its lease ran out."""
    sql = """SELECT 1 FROM assignment WHERE pair_id = ? AND slot = ? AND surplus = 0
        AND state IN ('leased', 'submitted') AND assignment_id <> ?"""
    key = (assignment["pair_id"], assignment["slot"], assignment["assignment_id"])
    return db.execute(sql, key).fetchone() is not None


def insert_ballot(
    db: sqlite3.Connection, store: Store, assignment_id: int, revision: int, ballot: Ballot
) -> None:
    """Append one revision of a ballot with its votes."""
    cursor = db.execute(
        "INSERT INTO ballot(assignment_id, revision, comment, created_at) VALUES (?, ?, ?, ?)",
        (assignment_id, revision, ballot.comment, store.clock()),
    )
    db.executemany(
        "INSERT INTO vote(ballot_id, criterion, choice) VALUES (?, ?, ?)",
        [(cursor.lastrowid, name, ballot.choices[name]) for name in CRITERIA],
    )


def mark_finished(db: sqlite3.Connection, store: Store, annotator: Annotator) -> None:
    """Note when an annotator reached the quota."""
    db.execute(
        "UPDATE annotator SET finished_at = coalesce(finished_at, ?) WHERE annotator_id = ?",
        (store.timestamp(), annotator.annotator_id),
    )


def skip_pair(store: Store, annotator: Annotator, ticket: str, reason: str) -> None:
    """Set a pair aside for good: its slot is free for somebody else.

    Errors: InputError for an unknown reason; Conflict when the pair was answered already.
    """
    if reason not in SKIP_REASONS:
        raise InputError(f"Choose why: {', '.join(SKIP_REASONS)}.")
    with store.write() as db:
        assignment, _ = find_assignment(db, annotator, ticket)
        if assignment["state"] == "submitted":
            raise Conflict("This pair has an answer already; change it instead.")
        if assignment["state"] == "skipped":
            return
        drop_second_lease(db, assignment)
        db.execute(
            """UPDATE assignment SET state = 'skipped', skip_reason = ?, finished_at = ?
            WHERE assignment_id = ?""",
            (reason, store.clock(), assignment["assignment_id"]),
        )


def has_started(store: Store, annotator: Annotator) -> bool:
    """Say whether this person was ever shown a pair."""
    sql = "SELECT 1 FROM assignment WHERE annotator_id = ? LIMIT 1"
    return store.row(sql, (annotator.annotator_id,)) is not None


def find_earlier(store: Store, annotator: Annotator, ticket: str) -> Standing | None:
    """Return the pair that this person answered before the one on the screen, or None.

    Edge: no ticket at all means the one that was answered last.
    """
    with store.snapshot() as db:
        seq = find_assignment(db, annotator, ticket)[0]["seq"] if ticket else 1 << 60
        sql = f"""{SELECT_ASSIGNMENT} WHERE g.annotator_id = ? AND g.state = 'submitted'
            AND g.seq < ? ORDER BY g.seq DESC LIMIT 1"""
        row = db.execute(sql, (annotator.annotator_id, seq)).fetchone()
        return None if row is None else make_standing(db, annotator, row)


def find_shown(store: Store, annotator: Annotator, ticket: str) -> Standing:
    """Return the pair behind a ticket once more, as it stands now.

    Errors: Refused when the ticket isn't one that this person was given.
    """
    with store.snapshot() as db:
        return make_standing(db, annotator, find_assignment(db, annotator, ticket)[0])


def make_standing(db: sqlite3.Connection, annotator: Annotator, assignment: Row) -> Standing:
    """Return where an annotator stands who looks at one of their pairs."""
    n_saved = count_saved(db, annotator.annotator_id)
    return Standing("task", n_saved, annotator.quota, read_task(db, assignment))
