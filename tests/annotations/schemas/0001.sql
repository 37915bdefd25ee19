-- A small ledger as the first schema left it: never changed, so that it can be opened for good.
PRAGMA application_id=1128353093;
BEGIN TRANSACTION;
CREATE TABLE "_sqlite_migrations" (
   "id" INTEGER PRIMARY KEY,
   "migration_set" TEXT,
   "name" TEXT,
   "applied_at" TEXT
);
INSERT INTO "_sqlite_migrations" VALUES(1,'camelid','0001_the_house','2026-11-22 08:24:18.646974+00:00');
CREATE TABLE account(
        name TEXT PRIMARY KEY, role TEXT NOT NULL CHECK(role IN ('researcher','admin')),
        salt BLOB NOT NULL, password_scrypt BLOB NOT NULL, created_at TEXT NOT NULL) STRICT;
INSERT INTO "account" VALUES('kim','admin',X'D2933472B78F08FB098159E26B23567D',X'87F2FAE6EB555916814C5E95294E2BE65F8B382BE9ADFD544E45B6C7CFD0C8B79B338B4A61BCAC1FC80510780EFD191DA9BAD72CEC319BDE47019D81DA4AC543','2023-11-14T22:13:25.000+00:00');
CREATE TABLE annotator(
        annotator_id INTEGER PRIMARY KEY, study_id INTEGER NOT NULL REFERENCES study,
        code TEXT NOT NULL, locale TEXT NOT NULL, quota INTEGER NOT NULL CHECK(quota > 0),
        created_at TEXT NOT NULL, finished_at TEXT, UNIQUE(study_id, code)) STRICT;
INSERT INTO "annotator" VALUES(1,1,'AAA','en',99,'now',NULL);
INSERT INTO "annotator" VALUES(2,1,'BBB','en',99,'now',NULL);
INSERT INTO "annotator" VALUES(3,1,'X8JXYW14XX','zh',21,'2023-11-14T22:13:27.000+00:00',NULL);
CREATE TABLE annotator_identity(
        annotator_id INTEGER PRIMARY KEY REFERENCES annotator ON DELETE CASCADE,
        study_id INTEGER NOT NULL REFERENCES study, name TEXT NOT NULL,
        UNIQUE(study_id, name)) STRICT;
INSERT INTO "annotator_identity" VALUES(3,1,'lee');
CREATE TABLE answer(
        answer_id INTEGER PRIMARY KEY, item_id INTEGER NOT NULL REFERENCES item,
        system_id INTEGER NOT NULL REFERENCES system, sample INTEGER NOT NULL CHECK(sample >= 0),
        text TEXT NOT NULL, sha256 TEXT NOT NULL, source_id INTEGER NOT NULL REFERENCES source_file,
        UNIQUE(item_id, system_id, sample)) STRICT;
INSERT INTO "answer" VALUES(1,1,1,0,'Done.','no',1);
INSERT INTO "answer" VALUES(2,2,1,0,'Done.','no',1);
INSERT INTO "answer" VALUES(3,3,1,0,'Done.','no',1);
INSERT INTO "answer" VALUES(4,1,2,0,'Done.','no',1);
INSERT INTO "answer" VALUES(5,2,2,0,'Done.','no',1);
INSERT INTO "answer" VALUES(6,3,2,0,'Done.','no',1);
CREATE TABLE assignment(
        assignment_id INTEGER PRIMARY KEY, pair_id INTEGER NOT NULL REFERENCES pair,
        annotator_id INTEGER NOT NULL REFERENCES annotator, slot INTEGER NOT NULL CHECK(slot >= 1),
        seq INTEGER NOT NULL, left_is TEXT NOT NULL CHECK(left_is IN ('a','b')),
        state TEXT NOT NULL CHECK(state IN ('leased','submitted','skipped','expired')),
        surplus INTEGER NOT NULL DEFAULT 0 CHECK(surplus IN (0, 1)),
        lease_token TEXT NOT NULL UNIQUE, leased_at REAL NOT NULL, expires_at REAL NOT NULL,
        finished_at REAL, skip_reason TEXT, UNIQUE(annotator_id, seq),
        CHECK((state = 'skipped') = (skip_reason IS NOT NULL))) STRICT;
INSERT INTO "assignment" VALUES(1,1,1,1,1,'a','submitted',0,'1 1',1000.0,2800.0,1060.5,NULL);
INSERT INTO "assignment" VALUES(2,1,2,2,1,'b','submitted',0,'1 2',1000.0,2800.0,1060.5,NULL);
CREATE TABLE ballot(
        ballot_id INTEGER PRIMARY KEY, assignment_id INTEGER NOT NULL REFERENCES assignment,
        revision INTEGER NOT NULL CHECK(revision >= 0), comment TEXT NOT NULL,
        created_at REAL NOT NULL, UNIQUE(assignment_id, revision)) STRICT;
INSERT INTO "ballot" VALUES(1,1,0,'a comment, with 中文',1060.5);
INSERT INTO "ballot" VALUES(2,1,1,'',4660.5);
INSERT INTO "ballot" VALUES(3,2,0,'',1060.5);
CREATE TABLE benchmark(
        benchmark_id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE,
        source_id INTEGER NOT NULL REFERENCES source_file) STRICT;
INSERT INTO "benchmark" VALUES(1,'tiny',1);
CREATE TABLE comparison(
        comparison_id INTEGER PRIMARY KEY, study_id INTEGER NOT NULL REFERENCES study,
        ord INTEGER NOT NULL, system_a INTEGER NOT NULL REFERENCES system,
        system_b INTEGER NOT NULL REFERENCES system,
        UNIQUE(study_id, ord), UNIQUE(study_id, system_a, system_b),
        CHECK(system_a <> system_b)) STRICT;
INSERT INTO "comparison" VALUES(1,1,0,1,2);
CREATE TABLE demand(
        pair_id INTEGER PRIMARY KEY REFERENCES pair, study_id INTEGER NOT NULL REFERENCES study,
        target_k INTEGER NOT NULL, n_held INTEGER NOT NULL DEFAULT 0) STRICT;
INSERT INTO "demand" VALUES(1,1,3,2);
INSERT INTO "demand" VALUES(2,1,3,0);
INSERT INTO "demand" VALUES(3,1,3,0);
CREATE TABLE event(
        event_id INTEGER PRIMARY KEY, at TEXT NOT NULL, study_id INTEGER REFERENCES study,
        actor TEXT NOT NULL, kind TEXT NOT NULL,
        detail TEXT NOT NULL) STRICT;
INSERT INTO "event" VALUES(1,'2023-11-14T22:13:23.000+00:00',1,'test','study_created','{"name": "study"}');
INSERT INTO "event" VALUES(2,'2023-11-14T22:13:24.000+00:00',1,'test','study_open','{"previous": "draft"}');
INSERT INTO "event" VALUES(3,'2023-11-14T22:13:26.000+00:00',NULL,'test','account_set','{"name": "kim", "role": "admin"}');
INSERT INTO "event" VALUES(4,'2023-11-14T22:13:29.000+00:00',NULL,'kim','login','{}');
CREATE TABLE item(
        item_id INTEGER PRIMARY KEY, benchmark_id INTEGER NOT NULL REFERENCES benchmark,
        ext_id TEXT NOT NULL, ord INTEGER NOT NULL, instruction TEXT NOT NULL, input TEXT NOT NULL,
        reference TEXT NOT NULL, app TEXT NOT NULL, lang TEXT NOT NULL, sha256 TEXT NOT NULL,
        UNIQUE(benchmark_id, ext_id), UNIQUE(benchmark_id, ord)) STRICT;
INSERT INTO "item" VALUES(1,1,'i1',1,'Do it.','','','','en','no');
INSERT INTO "item" VALUES(2,1,'i2',2,'Do it.','','','','en','no');
INSERT INTO "item" VALUES(3,1,'i3',3,'Do it.','','','','en','no');
CREATE TABLE outside_vote(
        comparison_id INTEGER NOT NULL REFERENCES comparison,
        item_id INTEGER NOT NULL REFERENCES item, annotator TEXT NOT NULL, criterion TEXT NOT NULL,
        winner TEXT NOT NULL CHECK(winner IN ('a','tie','b')),
        source_id INTEGER NOT NULL REFERENCES source_file,
        PRIMARY KEY(comparison_id, item_id, annotator, criterion)) STRICT, WITHOUT ROWID;
INSERT INTO "outside_vote" VALUES(1,1,'rater 1','helpful','a',1);
INSERT INTO "outside_vote" VALUES(1,2,'rater 1','helpful','b',1);
INSERT INTO "outside_vote" VALUES(1,3,'rater 1','helpful','tie',1);
CREATE TABLE pair(
        pair_id INTEGER PRIMARY KEY, study_id INTEGER NOT NULL REFERENCES study,
        comparison_id INTEGER NOT NULL REFERENCES comparison,
        item_id INTEGER NOT NULL REFERENCES item,
        answer_a INTEGER NOT NULL REFERENCES answer, answer_b INTEGER NOT NULL REFERENCES answer,
        sha256_a TEXT NOT NULL, sha256_b TEXT NOT NULL, item_sha256 TEXT NOT NULL,
        side_hash INTEGER NOT NULL CHECK(side_hash BETWEEN 0 AND 255),
        target_k INTEGER NOT NULL CHECK(target_k >= 1),
        UNIQUE(comparison_id, item_id), CHECK(answer_a <> answer_b)) STRICT;
INSERT INTO "pair" VALUES(1,1,1,1,1,4,'no','no','no',196,3);
INSERT INTO "pair" VALUES(2,1,1,2,2,5,'no','no','no',151,3);
INSERT INTO "pair" VALUES(3,1,1,3,3,6,'no','no','no',76,3);
CREATE TABLE session(
        token_sha256 TEXT PRIMARY KEY, name TEXT NOT NULL,
        role TEXT NOT NULL CHECK(role IN ('researcher','admin')), expires_at REAL NOT NULL)
        STRICT, WITHOUT ROWID;
INSERT INTO "session" VALUES('ee42398e3b60abfe84f5313899b69b914083314ca11b78b1fa2e2fe0becb8879','kim','admin',1700003608.0);
CREATE TABLE source_file(
        source_id INTEGER PRIMARY KEY, name TEXT NOT NULL, sha256 TEXT NOT NULL, kind TEXT NOT NULL,
        n_rows INTEGER NOT NULL, imported_at TEXT NOT NULL, imported_by TEXT NOT NULL) STRICT;
INSERT INTO "source_file" VALUES(1,'test','no','votes',0,'now','test');
CREATE TABLE study(
        study_id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, slug TEXT NOT NULL UNIQUE,
        title TEXT NOT NULL, benchmark_id INTEGER NOT NULL REFERENCES benchmark,
        status TEXT NOT NULL DEFAULT 'draft' CHECK(status IN ('draft','open','paused','closed')),
        enrolment TEXT NOT NULL CHECK(enrolment IN ('name','invitation')),
        votes_per_pair INTEGER NOT NULL CHECK(votes_per_pair BETWEEN 1 AND 99),
        quota INTEGER NOT NULL CHECK(quota > 0), seed TEXT NOT NULL,
        lease_s INTEGER NOT NULL CHECK(lease_s >= 1), wording_sha256 TEXT NOT NULL,
        created_at TEXT NOT NULL) STRICT;
INSERT INTO "study" VALUES(1,'study','IEhPAs0Bkafs','Comparing two responses',1,'open','name',3,21,'7',1800,'no','2023-11-14T22:13:22.000+00:00');
CREATE TABLE system(
        system_id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE CHECK(length(name) > 0)) STRICT;
INSERT INTO "system" VALUES(1,'LLaMA-GPT4');
INSERT INTO "system" VALUES(2,'Alpaca');
CREATE TABLE vote(
        ballot_id INTEGER NOT NULL REFERENCES ballot, criterion TEXT NOT NULL,
        choice TEXT NOT NULL CHECK(choice IN ('left','tie','right')),
        PRIMARY KEY(ballot_id, criterion)) STRICT, WITHOUT ROWID;
INSERT INTO "vote" VALUES(1,'harmless','right');
INSERT INTO "vote" VALUES(1,'helpful','left');
INSERT INTO "vote" VALUES(1,'honest','tie');
INSERT INTO "vote" VALUES(2,'harmless','right');
INSERT INTO "vote" VALUES(2,'helpful','left');
INSERT INTO "vote" VALUES(2,'honest','left');
INSERT INTO "vote" VALUES(3,'harmless','tie');
INSERT INTO "vote" VALUES(3,'helpful','tie');
INSERT INTO "vote" VALUES(3,'honest','tie');
CREATE UNIQUE INDEX "idx__sqlite_migrations_migration_set_name"
    ON "_sqlite_migrations" ("migration_set", "name");
CREATE INDEX pair_by_study ON pair(study_id);
CREATE UNIQUE INDEX assignment_slot ON assignment(pair_id, slot)
        WHERE state IN ('leased','submitted') AND surplus = 0;
CREATE UNIQUE INDEX assignment_once ON assignment(pair_id, annotator_id)
        WHERE state IN ('leased','submitted','skipped');
CREATE UNIQUE INDEX assignment_one_lease ON assignment(annotator_id)
        WHERE state = 'leased';
CREATE INDEX assignment_expiry ON assignment(expires_at) WHERE state = 'leased';
CREATE INDEX assignment_skipped ON assignment(pair_id) WHERE state = 'skipped';
CREATE INDEX assignment_surplus ON assignment(pair_id) WHERE surplus = 1;
CREATE INDEX assignment_taken ON assignment(annotator_id, pair_id)
        WHERE state IN ('leased','submitted','skipped');
CREATE TRIGGER assignment_within_k BEFORE INSERT ON assignment
        WHEN NEW.slot > (SELECT target_k FROM pair WHERE pair_id = NEW.pair_id)
        BEGIN SELECT RAISE(ABORT, 'slot above the votes wanted for this pair'); END;
CREATE INDEX demand_open ON demand(study_id, n_held, pair_id, target_k)
        WHERE n_held < target_k;
CREATE TRIGGER demand_begins AFTER INSERT ON pair BEGIN
        INSERT INTO demand(pair_id, study_id, target_k)
        VALUES (NEW.pair_id, NEW.study_id, NEW.target_k); END;
CREATE TRIGGER demand_falls AFTER INSERT ON assignment BEGIN
        UPDATE demand SET n_held = (SELECT count(*) FROM assignment WHERE pair_id = NEW.pair_id
            AND state IN ('leased','submitted') AND surplus = 0)
        WHERE pair_id = NEW.pair_id; END;
CREATE TRIGGER demand_moves AFTER UPDATE OF state, surplus ON assignment BEGIN
        UPDATE demand SET n_held = (SELECT count(*) FROM assignment WHERE pair_id = NEW.pair_id
            AND state IN ('leased','submitted') AND surplus = 0)
        WHERE pair_id = NEW.pair_id; END;
CREATE VIEW vote_current AS
        SELECT g.assignment_id, g.pair_id, g.annotator_id, g.left_is, g.slot, g.seq, g.surplus,
            g.leased_at, b.revision, b.comment, b.created_at, v.criterion, v.choice,
            CASE WHEN v.choice = 'tie' THEN 'tie'
                 WHEN (v.choice = 'left') = (g.left_is = 'a') THEN 'a' ELSE 'b' END AS winner
        FROM assignment g JOIN ballot b USING(assignment_id) JOIN vote v USING(ballot_id)
        WHERE b.revision = (SELECT max(revision) FROM ballot
                            WHERE assignment_id = g.assignment_id);
CREATE TRIGGER item_no_update BEFORE UPDATE ON item
            BEGIN SELECT RAISE(ABORT, 'item rows are never changed'); END;
CREATE TRIGGER item_no_delete BEFORE DELETE ON item
            BEGIN SELECT RAISE(ABORT, 'item rows are never deleted'); END;
CREATE TRIGGER answer_no_update BEFORE UPDATE ON answer
            BEGIN SELECT RAISE(ABORT, 'answer rows are never changed'); END;
CREATE TRIGGER answer_no_delete BEFORE DELETE ON answer
            BEGIN SELECT RAISE(ABORT, 'answer rows are never deleted'); END;
CREATE TRIGGER comparison_no_update BEFORE UPDATE ON comparison
            BEGIN SELECT RAISE(ABORT, 'comparison rows are never changed'); END;
CREATE TRIGGER comparison_no_delete BEFORE DELETE ON comparison
            BEGIN SELECT RAISE(ABORT, 'comparison rows are never deleted'); END;
CREATE TRIGGER pair_no_update BEFORE UPDATE ON pair
            BEGIN SELECT RAISE(ABORT, 'pair rows are never changed'); END;
CREATE TRIGGER pair_no_delete BEFORE DELETE ON pair
            BEGIN SELECT RAISE(ABORT, 'pair rows are never deleted'); END;
CREATE TRIGGER ballot_no_update BEFORE UPDATE ON ballot
            BEGIN SELECT RAISE(ABORT, 'ballot rows are never changed'); END;
CREATE TRIGGER ballot_no_delete BEFORE DELETE ON ballot
            BEGIN SELECT RAISE(ABORT, 'ballot rows are never deleted'); END;
CREATE TRIGGER vote_no_update BEFORE UPDATE ON vote
            BEGIN SELECT RAISE(ABORT, 'vote rows are never changed'); END;
CREATE TRIGGER vote_no_delete BEFORE DELETE ON vote
            BEGIN SELECT RAISE(ABORT, 'vote rows are never deleted'); END;
CREATE TRIGGER outside_vote_no_update BEFORE UPDATE ON outside_vote
            BEGIN SELECT RAISE(ABORT, 'outside_vote rows are never changed'); END;
CREATE TRIGGER outside_vote_no_delete BEFORE DELETE ON outside_vote
            BEGIN SELECT RAISE(ABORT, 'outside_vote rows are never deleted'); END;
CREATE TRIGGER event_no_update BEFORE UPDATE ON event
            BEGIN SELECT RAISE(ABORT, 'event rows are never changed'); END;
CREATE TRIGGER event_no_delete BEFORE DELETE ON event
            BEGIN SELECT RAISE(ABORT, 'event rows are never deleted'); END;
COMMIT;
