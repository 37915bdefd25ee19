"""The tables, as numbered migrations that are only ever added to.

Rules live in constraints: never more than k votes a pair, never the same person twice on a pair,
one open pair a person, votes and answers that can't be changed once they are written.
"""

import sqlite3

from sqlite_utils import Database, Migrations

from annotations.tables.checks import CHECKED_ONCE, CHECKS
from annotations.tables.judging import JUDGED_ONCE, JUDGING
from annotations.tables.language import TRANSLATED_ONCE, TRANSLATION
from annotations.tables.ranks import RANKED_ONCE, RANKING

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

# How an answer can end, as the ledger has known it since 0002; the first two have a text.
ANSWERED = "'ok','truncated'"
OUTCOMES = f"""{ANSWERED},'stopped','empty','refused','filtered','too_long','no_quota','bad_key',
    'unknown_model','rate_limited','timeout','unreachable','cut_off','malformed','server_error'"""


# What people said to models, and what came back. Every row stays: a prompt that is edited is a new
# edition of its turn, an answer that is asked for again is a new attempt.
CONVERSATIONS = (
    """CREATE TABLE conversation(
        conversation_id INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE CHECK(length(key) >= 20),
        actor TEXT NOT NULL, mode TEXT NOT NULL CHECK(mode IN ('named','blind')),
        created_at REAL NOT NULL) STRICT""",
    "CREATE INDEX conversation_by_actor ON conversation(actor, conversation_id)",
    # Which two were drawn, who stands left, among whom, and how often these two had met before.
    """CREATE TABLE battle(
        conversation_id INTEGER PRIMARY KEY REFERENCES conversation, model_a TEXT NOT NULL,
        model_b TEXT NOT NULL, left_is TEXT NOT NULL CHECK(left_is IN ('a','b')),
        candidates TEXT NOT NULL, n_before INTEGER NOT NULL CHECK(n_before >= 0),
        CHECK(model_a < model_b)) STRICT""",
    "CREATE INDEX battle_by_pair ON battle(model_a, model_b)",
    """CREATE TRIGGER battle_is_blind BEFORE INSERT ON battle
        WHEN (SELECT mode FROM conversation WHERE conversation_id = NEW.conversation_id) <> 'blind'
        BEGIN SELECT RAISE(ABORT, 'only a blind conversation is drawn'); END""",
    # One row: one side with its settings; other settings are a new version.
    """CREATE TABLE seat(
        seat_id INTEGER PRIMARY KEY, conversation_id INTEGER NOT NULL REFERENCES conversation,
        position INTEGER NOT NULL CHECK(position BETWEEN 0 AND 3),
        version INTEGER NOT NULL CHECK(version >= 0), model TEXT NOT NULL, label TEXT NOT NULL,
        card_sha256 TEXT NOT NULL, template TEXT NOT NULL, template_sha256 TEXT NOT NULL,
        system TEXT NOT NULL, sampling TEXT NOT NULL, created_at REAL NOT NULL,
        UNIQUE(conversation_id, position, version)) STRICT""",
    """CREATE TRIGGER seat_keeps_its_model BEFORE INSERT ON seat
        WHEN NEW.model <> (SELECT model FROM seat WHERE conversation_id = NEW.conversation_id
            AND position = NEW.position AND version = 0)
        BEGIN SELECT RAISE(ABORT, 'a seat keeps its model'); END""",
    """CREATE TABLE turn(
        turn_id INTEGER PRIMARY KEY, conversation_id INTEGER NOT NULL REFERENCES conversation,
        number INTEGER NOT NULL CHECK(number >= 1), edition INTEGER NOT NULL CHECK(edition >= 0),
        prompt TEXT NOT NULL, input TEXT NOT NULL, created_at REAL NOT NULL,
        UNIQUE(conversation_id, number, edition)) STRICT""",
    # The next turn, or the last one in another edition; no other turn can be put in.
    """CREATE TRIGGER turn_comes_last BEFORE INSERT ON turn
        WHEN NOT EXISTS (
            SELECT 1 FROM (SELECT coalesce(max(number), 0) AS last FROM turn
                WHERE conversation_id = NEW.conversation_id)
            WHERE (NEW.number = last + 1 AND NEW.edition = 0) OR (NEW.number = last
                AND NEW.edition = (SELECT max(edition) + 1 FROM turn
                    WHERE conversation_id = NEW.conversation_id AND number = NEW.number)))
        BEGIN SELECT RAISE(ABORT, 'only the last turn can be edited or followed'); END""",
    f"""CREATE TABLE reply(
        reply_id INTEGER PRIMARY KEY, turn_id INTEGER NOT NULL REFERENCES turn,
        position INTEGER NOT NULL CHECK(position BETWEEN 0 AND 3),
        attempt INTEGER NOT NULL CHECK(attempt >= 0), seat_id INTEGER NOT NULL REFERENCES seat,
        text TEXT NOT NULL, outcome TEXT NOT NULL CHECK(outcome IN ({OUTCOMES})),
        detail TEXT NOT NULL, model TEXT NOT NULL, n_prompt_tokens INTEGER, n_tokens INTEGER,
        first_token_s REAL, duration_s REAL NOT NULL, cost_usd REAL, started_at REAL NOT NULL,
        created_at REAL NOT NULL, UNIQUE(turn_id, position, attempt),
        CHECK(outcome NOT IN ({ANSWERED}) OR length(text) > 0)) STRICT""",
    """CREATE TRIGGER reply_has_its_seat BEFORE INSERT ON reply
        WHEN NOT EXISTS (SELECT 1 FROM turn t JOIN seat s USING(conversation_id)
            WHERE t.turn_id = NEW.turn_id AND s.seat_id = NEW.seat_id AND s.position = NEW.position)
        BEGIN SELECT RAISE(ABORT, 'this seat is not in this conversation'); END""",
    """CREATE TABLE reveal(
        conversation_id INTEGER PRIMARY KEY REFERENCES conversation, created_at REAL NOT NULL)
        STRICT""",
    """CREATE TABLE chat_ballot(
        chat_ballot_id INTEGER PRIMARY KEY, turn_id INTEGER NOT NULL REFERENCES turn,
        revision INTEGER NOT NULL CHECK(revision >= 0), comment TEXT NOT NULL,
        created_at REAL NOT NULL, UNIQUE(turn_id, revision)) STRICT""",
    # One row: one answer that a ballot is about; one that was asked for later is another answer.
    """CREATE TABLE chat_ballot_reply(
        chat_ballot_id INTEGER NOT NULL REFERENCES chat_ballot, position INTEGER NOT NULL,
        reply_id INTEGER NOT NULL REFERENCES reply,
        PRIMARY KEY(chat_ballot_id, position)) STRICT, WITHOUT ROWID""",
    f"""CREATE TRIGGER chat_ballot_reply_is_an_answer BEFORE INSERT ON chat_ballot_reply
        WHEN NOT EXISTS (SELECT 1 FROM reply r JOIN chat_ballot b USING(turn_id)
            WHERE r.reply_id = NEW.reply_id AND b.chat_ballot_id = NEW.chat_ballot_id
            AND r.position = NEW.position AND r.outcome IN ({ANSWERED}))
        BEGIN SELECT RAISE(ABORT, 'a vote is about an answer of its turn'); END""",
    # A choice is the position of the better side, or says that none is better, or none is good.
    """CREATE TABLE chat_vote(
        chat_ballot_id INTEGER NOT NULL REFERENCES chat_ballot,
        criterion TEXT NOT NULL CHECK(criterion IN ('helpful','honest','harmless')),
        choice TEXT NOT NULL CHECK(choice IN ('0','1','2','3','tie','bad')),
        PRIMARY KEY(chat_ballot_id, criterion)) STRICT, WITHOUT ROWID""",
    """CREATE TRIGGER chat_vote_is_for_a_seat BEFORE INSERT ON chat_vote
        WHEN NEW.choice IN ('0','1','2','3') AND NOT EXISTS (
            SELECT 1 FROM chat_ballot_reply WHERE chat_ballot_id = NEW.chat_ballot_id
            AND position = CAST(NEW.choice AS INTEGER))
        BEGIN SELECT RAISE(ABORT, 'a vote is for a side that was shown'); END""",
    *(
        statement
        for table, turn in (
            ("chat_ballot", "NEW.turn_id"),
            (
                "chat_vote",
                "(SELECT turn_id FROM chat_ballot WHERE chat_ballot_id = NEW.chat_ballot_id)",
            ),
        )
        for statement in (
            f"""CREATE TRIGGER {table}_before_the_names BEFORE INSERT ON {table}
            WHEN EXISTS (SELECT 1 FROM turn JOIN reveal USING(conversation_id)
                WHERE turn_id = {turn})
            BEGIN SELECT RAISE(ABORT, 'no vote after the names were shown'); END""",
            f"""CREATE TRIGGER {table}_before_the_next_turn BEFORE INSERT ON {table}
            WHEN EXISTS (SELECT 1 FROM turn t JOIN turn n USING(conversation_id)
                WHERE t.turn_id = {turn} AND (n.number, n.edition) > (t.number, t.edition))
            BEGIN SELECT RAISE(ABORT, 'no vote after the next turn'); END""",
        )
    ),
    """CREATE TRIGGER reveal_after_a_vote BEFORE INSERT ON reveal
        WHEN NOT EXISTS (SELECT 1 FROM conversation c JOIN turn USING(conversation_id)
            JOIN chat_ballot USING(turn_id)
            WHERE c.conversation_id = NEW.conversation_id AND c.mode = 'blind')
        BEGIN SELECT RAISE(ABORT, 'names are shown after a vote, in a blind conversation'); END""",
)

# Money is set aside before a call and settled after it. What was never settled counts as spent.
SPENDING = (
    """CREATE TABLE reservation(
        reservation_id INTEGER PRIMARY KEY, card TEXT NOT NULL, day TEXT NOT NULL,
        reserved_nano_usd INTEGER NOT NULL CHECK(reserved_nano_usd >= 0),
        spent_nano_usd INTEGER CHECK(spent_nano_usd >= 0), reserved_at REAL NOT NULL,
        settled_at REAL, CHECK((spent_nano_usd IS NULL) = (settled_at IS NULL))) STRICT""",
    "CREATE INDEX reservation_by_day ON reservation(day, card)",
    """CREATE TRIGGER reservation_settled_once BEFORE UPDATE ON reservation
        WHEN OLD.settled_at IS NOT NULL OR NEW.card <> OLD.card OR NEW.day <> OLD.day
            OR NEW.reserved_nano_usd <> OLD.reserved_nano_usd OR NEW.reserved_at <> OLD.reserved_at
        BEGIN SELECT RAISE(ABORT, 'a reservation is settled once'); END""",
    """CREATE TRIGGER reservation_no_delete BEFORE DELETE ON reservation
        BEGIN SELECT RAISE(ABORT, 'reservation rows are never deleted'); END""",
)

GENERATION = (
    # One row: one time that a model was asked for a benchmark's missing answers.
    """CREATE TABLE run(
        run_id INTEGER PRIMARY KEY, source_id INTEGER NOT NULL REFERENCES source_file,
        benchmark_id INTEGER NOT NULL REFERENCES benchmark,
        system_id INTEGER NOT NULL REFERENCES system, actor TEXT NOT NULL, card TEXT NOT NULL,
        card_sha256 TEXT NOT NULL, template TEXT NOT NULL, template_sha256 TEXT NOT NULL,
        system_text TEXT NOT NULL, sampling TEXT NOT NULL,
        samples INTEGER NOT NULL CHECK(samples >= 1),
        n_items INTEGER NOT NULL CHECK(n_items >= 0), n_wanted INTEGER NOT NULL,
        state TEXT NOT NULL
            CHECK(state IN ('running','done','cancelled','interrupted','failed')),
        message TEXT NOT NULL, started_at REAL NOT NULL, finished_at REAL,
        CHECK((state = 'running') = (finished_at IS NULL))) STRICT""",
    """CREATE UNIQUE INDEX run_one_at_a_time ON run(benchmark_id, system_id)
        WHERE state = 'running'""",
    # One row: how the asking of one sample ended. A failure has no text, only its name.
    f"""CREATE TABLE run_outcome(
        run_id INTEGER NOT NULL REFERENCES run, item_id INTEGER NOT NULL REFERENCES item,
        sample INTEGER NOT NULL CHECK(sample >= 0),
        outcome TEXT NOT NULL CHECK(outcome IN ({OUTCOMES})), detail TEXT NOT NULL,
        model TEXT NOT NULL, n_prompt_tokens INTEGER, n_tokens INTEGER, first_token_s REAL,
        duration_s REAL NOT NULL, cost_usd REAL, created_at REAL NOT NULL,
        answer_id INTEGER UNIQUE REFERENCES answer, PRIMARY KEY(run_id, item_id, sample),
        CHECK((outcome IN ({ANSWERED})) = (answer_id IS NOT NULL))) STRICT, WITHOUT ROWID""",
)

SAID_ONCE = (
    "conversation", "battle", "seat", "turn", "reply", "reveal", "chat_ballot",
    "chat_ballot_reply", "chat_vote", "run_outcome",
)  # fmt: skip


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


@migrations(name="0002_the_talk")
def make_talk(db: Database) -> None:
    """Create conversations with models, votes on them, money, and runs that ask for answers."""
    for statement in (*CONVERSATIONS, *SPENDING, *GENERATION):
        db.conn.execute(statement)
    for table in SAID_ONCE:
        for statement in guard_rows(table):
            db.conn.execute(statement)


@migrations(name="0003_the_judge")
def make_judge(db: Database) -> None:
    """Create what a judge is asked and says, translations, and ranks of several answers."""
    for statement in (*JUDGING, *TRANSLATION, *RANKING):
        db.conn.execute(statement)
    for table in (*JUDGED_ONCE, *TRANSLATED_ONCE, *RANKED_ONCE):
        for statement in guard_rows(table):
            db.conn.execute(statement)


@migrations(name="0004_the_check")
def make_check(db: Database) -> None:
    """Create what reward models give the answers that people or judges voted on."""
    for statement in CHECKS:
        db.conn.execute(statement)
    for table in CHECKED_ONCE:
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
