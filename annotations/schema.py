"""The tables, as numbered migrations that are only ever added to.

Rules live in constraints: never more than k votes a pair, never the same person twice on a pair,
one open pair a person, votes and answers that can't be changed once they are written.
"""

import sqlite3

from sqlite_utils import Database, Migrations

APPLICATION_ID = 0x43414D45  # "CAME": tells our file from any other SQLite database

Changes = Migrations  # numbered, each made once
migrations = Changes("camelid")

LIBRARY = (
    """CREATE TABLE source_file(
        source_id INTEGER PRIMARY KEY, name TEXT NOT NULL, sha256 TEXT NOT NULL, kind TEXT NOT NULL,
        n_rows INTEGER NOT NULL, imported_at TEXT NOT NULL, imported_by TEXT NOT NULL) STRICT""",
    """CREATE TABLE benchmark(
        benchmark_id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE,
        source_id INTEGER NOT NULL REFERENCES source_file) STRICT""",
    """CREATE TABLE item(
        item_id INTEGER PRIMARY KEY, benchmark_id INTEGER NOT NULL REFERENCES benchmark,
        ext_id TEXT NOT NULL, ord INTEGER NOT NULL, instruction TEXT NOT NULL, input TEXT NOT NULL,
        reference TEXT NOT NULL, app TEXT NOT NULL, lang TEXT NOT NULL, sha256 TEXT NOT NULL,
        UNIQUE(benchmark_id, ext_id), UNIQUE(benchmark_id, ord)) STRICT""",
    """CREATE TABLE system(
        system_id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE CHECK(length(name) > 0)) STRICT""",
    """CREATE TABLE answer(
        answer_id INTEGER PRIMARY KEY, item_id INTEGER NOT NULL REFERENCES item,
        system_id INTEGER NOT NULL REFERENCES system, sample INTEGER NOT NULL CHECK(sample >= 0),
        text TEXT NOT NULL, sha256 TEXT NOT NULL, source_id INTEGER NOT NULL REFERENCES source_file,
        UNIQUE(item_id, system_id, sample)) STRICT""",
)

STUDIES = (
    """CREATE TABLE study(
        study_id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, slug TEXT NOT NULL UNIQUE,
        title TEXT NOT NULL, benchmark_id INTEGER NOT NULL REFERENCES benchmark,
        status TEXT NOT NULL DEFAULT 'draft' CHECK(status IN ('draft','open','paused','closed')),
        enrolment TEXT NOT NULL CHECK(enrolment IN ('name','invitation')),
        votes_per_pair INTEGER NOT NULL CHECK(votes_per_pair BETWEEN 1 AND 99),
        quota INTEGER NOT NULL CHECK(quota > 0), seed TEXT NOT NULL,
        lease_s INTEGER NOT NULL CHECK(lease_s >= 1), wording_sha256 TEXT NOT NULL,
        created_at TEXT NOT NULL) STRICT""",
    """CREATE TABLE comparison(
        comparison_id INTEGER PRIMARY KEY, study_id INTEGER NOT NULL REFERENCES study,
        ord INTEGER NOT NULL, system_a INTEGER NOT NULL REFERENCES system,
        system_b INTEGER NOT NULL REFERENCES system,
        UNIQUE(study_id, ord), UNIQUE(study_id, system_a, system_b),
        CHECK(system_a <> system_b)) STRICT""",
    # A study freezes what it shows: the answers by id and by hash.
    """CREATE TABLE pair(
        pair_id INTEGER PRIMARY KEY, study_id INTEGER NOT NULL REFERENCES study,
        comparison_id INTEGER NOT NULL REFERENCES comparison,
        item_id INTEGER NOT NULL REFERENCES item,
        answer_a INTEGER NOT NULL REFERENCES answer, answer_b INTEGER NOT NULL REFERENCES answer,
        sha256_a TEXT NOT NULL, sha256_b TEXT NOT NULL, item_sha256 TEXT NOT NULL,
        side_hash INTEGER NOT NULL CHECK(side_hash BETWEEN 0 AND 255),
        target_k INTEGER NOT NULL CHECK(target_k >= 1),
        UNIQUE(comparison_id, item_id), CHECK(answer_a <> answer_b)) STRICT""",
    "CREATE INDEX pair_by_study ON pair(study_id)",
)

VOTES = (
    """CREATE TABLE annotator(
        annotator_id INTEGER PRIMARY KEY, study_id INTEGER NOT NULL REFERENCES study,
        code TEXT NOT NULL, locale TEXT NOT NULL, quota INTEGER NOT NULL CHECK(quota > 0),
        created_at TEXT NOT NULL, finished_at TEXT, UNIQUE(study_id, code)) STRICT""",
    # The only table with personal data: it can be emptied without touching a vote.
    """CREATE TABLE annotator_identity(
        annotator_id INTEGER PRIMARY KEY REFERENCES annotator ON DELETE CASCADE,
        study_id INTEGER NOT NULL REFERENCES study, name TEXT NOT NULL,
        UNIQUE(study_id, name)) STRICT""",
    """CREATE TABLE assignment(
        assignment_id INTEGER PRIMARY KEY, pair_id INTEGER NOT NULL REFERENCES pair,
        annotator_id INTEGER NOT NULL REFERENCES annotator, slot INTEGER NOT NULL CHECK(slot >= 1),
        seq INTEGER NOT NULL, left_is TEXT NOT NULL CHECK(left_is IN ('a','b')),
        state TEXT NOT NULL CHECK(state IN ('leased','submitted','skipped','expired')),
        surplus INTEGER NOT NULL DEFAULT 0 CHECK(surplus IN (0, 1)),
        lease_token TEXT NOT NULL UNIQUE, leased_at REAL NOT NULL, expires_at REAL NOT NULL,
        finished_at REAL, skip_reason TEXT, UNIQUE(annotator_id, seq),
        CHECK((state = 'skipped') = (skip_reason IS NOT NULL))) STRICT""",
    # never more than k: a slot is given once
    """CREATE UNIQUE INDEX assignment_slot ON assignment(pair_id, slot)
        WHERE state IN ('leased','submitted') AND surplus = 0""",
    # never the same person twice on a pair
    """CREATE UNIQUE INDEX assignment_once ON assignment(pair_id, annotator_id)
        WHERE state IN ('leased','submitted','skipped')""",
    # two tabs of one person show the same pair
    """CREATE UNIQUE INDEX assignment_one_lease ON assignment(annotator_id)
        WHERE state = 'leased'""",
    "CREATE INDEX assignment_expiry ON assignment(expires_at) WHERE state = 'leased'",
    # few rows each, counted often
    "CREATE INDEX assignment_skipped ON assignment(pair_id) WHERE state = 'skipped'",
    "CREATE INDEX assignment_surplus ON assignment(pair_id) WHERE surplus = 1",
    # what a person has taken, without reading the rows themselves
    """CREATE INDEX assignment_taken ON assignment(annotator_id, pair_id)
        WHERE state IN ('leased','submitted','skipped')""",
    """CREATE TRIGGER assignment_within_k BEFORE INSERT ON assignment
        WHEN NEW.slot > (SELECT target_k FROM pair WHERE pair_id = NEW.pair_id)
        BEGIN SELECT RAISE(ABORT, 'slot above the votes wanted for this pair'); END""",
    # One row: how many slots of a pair are held. Triggers keep it, so that the next pair is found
    # without counting all assignments again.
    """CREATE TABLE demand(
        pair_id INTEGER PRIMARY KEY REFERENCES pair, study_id INTEGER NOT NULL REFERENCES study,
        target_k INTEGER NOT NULL, n_held INTEGER NOT NULL DEFAULT 0) STRICT""",
    """CREATE INDEX demand_open ON demand(study_id, n_held, pair_id, target_k)
        WHERE n_held < target_k""",
    """CREATE TRIGGER demand_begins AFTER INSERT ON pair BEGIN
        INSERT INTO demand(pair_id, study_id, target_k)
        VALUES (NEW.pair_id, NEW.study_id, NEW.target_k); END""",
    *(
        f"""CREATE TRIGGER demand_{when} AFTER {event} ON assignment BEGIN
        UPDATE demand SET n_held = (SELECT count(*) FROM assignment WHERE pair_id = NEW.pair_id
            AND state IN ('leased','submitted') AND surplus = 0)
        WHERE pair_id = NEW.pair_id; END"""
        for when, event in (("falls", "INSERT"), ("moves", "UPDATE OF state, surplus"))
    ),
    """CREATE TABLE ballot(
        ballot_id INTEGER PRIMARY KEY, assignment_id INTEGER NOT NULL REFERENCES assignment,
        revision INTEGER NOT NULL CHECK(revision >= 0), comment TEXT NOT NULL,
        created_at REAL NOT NULL, UNIQUE(assignment_id, revision)) STRICT""",
    """CREATE TABLE vote(
        ballot_id INTEGER NOT NULL REFERENCES ballot, criterion TEXT NOT NULL,
        choice TEXT NOT NULL CHECK(choice IN ('left','tie','right')),
        PRIMARY KEY(ballot_id, criterion)) STRICT, WITHOUT ROWID""",
    # Votes collected elsewhere know a winner but no side; they never count towards k.
    """CREATE TABLE outside_vote(
        comparison_id INTEGER NOT NULL REFERENCES comparison,
        item_id INTEGER NOT NULL REFERENCES item, annotator TEXT NOT NULL, criterion TEXT NOT NULL,
        winner TEXT NOT NULL CHECK(winner IN ('a','tie','b')),
        source_id INTEGER NOT NULL REFERENCES source_file,
        PRIMARY KEY(comparison_id, item_id, annotator, criterion)) STRICT, WITHOUT ROWID""",
    # One row: one person's vote on one pair and criterion, in its latest revision.
    # The winner is computed here and nowhere else.
    """CREATE VIEW vote_current AS
        SELECT g.assignment_id, g.pair_id, g.annotator_id, g.left_is, g.slot, g.seq, g.surplus,
            g.leased_at, b.revision, b.comment, b.created_at, v.criterion, v.choice,
            CASE WHEN v.choice = 'tie' THEN 'tie'
                 WHEN (v.choice = 'left') = (g.left_is = 'a') THEN 'a' ELSE 'b' END AS winner
        FROM assignment g JOIN ballot b USING(assignment_id) JOIN vote v USING(ballot_id)
        WHERE b.revision = (SELECT max(revision) FROM ballot
                            WHERE assignment_id = g.assignment_id)""",
)

PEOPLE = (
    """CREATE TABLE account(
        name TEXT PRIMARY KEY, role TEXT NOT NULL CHECK(role IN ('researcher','admin')),
        salt BLOB NOT NULL, password_scrypt BLOB NOT NULL, created_at TEXT NOT NULL) STRICT""",
    """CREATE TABLE session(
        token_sha256 TEXT PRIMARY KEY, name TEXT NOT NULL,
        role TEXT NOT NULL CHECK(role IN ('researcher','admin')), expires_at REAL NOT NULL)
        STRICT, WITHOUT ROWID""",
    """CREATE TABLE event(
        event_id INTEGER PRIMARY KEY, at TEXT NOT NULL, study_id INTEGER REFERENCES study,
        actor TEXT NOT NULL, kind TEXT NOT NULL,
        detail TEXT NOT NULL) STRICT""",
)

APPEND_ONLY = ("item", "answer", "comparison", "pair", "ballot", "vote", "outside_vote", "event")


def guard_rows(table: str) -> tuple[str, str]:
    """Return the two triggers that make a table append-only."""
    return (
        f"""CREATE TRIGGER {table}_no_update BEFORE UPDATE ON {table}
            BEGIN SELECT RAISE(ABORT, '{table} rows are never changed'); END""",
        f"""CREATE TRIGGER {table}_no_delete BEFORE DELETE ON {table}
            BEGIN SELECT RAISE(ABORT, '{table} rows are never deleted'); END""",
    )


@migrations(name="0001_the_house")
def make_house(db: Database) -> None:
    """Create benchmarks, answers, studies, votes and accounts."""
    for statement in (*LIBRARY, *STUDIES, *VOTES, *PEOPLE):
        db.conn.execute(statement)
    for table in APPEND_ONLY:
        for statement in guard_rows(table):
            db.conn.execute(statement)


def find_unknown(conn: sqlite3.Connection, plan: Changes = migrations) -> set[str]:
    """Return the migrations that a ledger has had and this program doesn't know."""
    applied = {migration.name for migration in plan.applied(Database(conn, execute_plugins=False))}
    return applied - {migration.name for migration in plan._migrations}


def find_pending(conn: sqlite3.Connection, plan: Changes = migrations) -> list[str]:
    """Return the migrations that a ledger still needs, in order."""
    return [migration.name for migration in plan.pending(Database(conn, execute_plugins=False))]


def migrate(conn: sqlite3.Connection, plan: Changes = migrations) -> None:
    """Bring a ledger up to date, each migration in a transaction with its record."""
    plan.apply(Database(conn, execute_plugins=False))
