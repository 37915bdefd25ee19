-- A small ledger as the second schema left it: never changed, so that it can be opened for good.
PRAGMA application_id=1128353093;
BEGIN TRANSACTION;
CREATE TABLE "_sqlite_migrations" (
   "id" INTEGER PRIMARY KEY,
   "migration_set" TEXT,
   "name" TEXT,
   "applied_at" TEXT
);
INSERT INTO "_sqlite_migrations" VALUES(1,'camelid','0001_the_house','2026-11-22 08:24:18.646974+00:00');
INSERT INTO "_sqlite_migrations" VALUES(2,'camelid','0002_the_talk','2027-01-10 09:00:00.000000+00:00');
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
INSERT INTO "answer" VALUES(7,1,3,0,'An answer.','a9fa9a95280707dc2c1a66f718354ff65c18989a9ffaaf08eafd0687e2766324',2);
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
CREATE TABLE battle(
        conversation_id INTEGER PRIMARY KEY REFERENCES conversation, model_a TEXT NOT NULL,
        model_b TEXT NOT NULL, left_is TEXT NOT NULL CHECK(left_is IN ('a','b')),
        candidates TEXT NOT NULL, n_before INTEGER NOT NULL CHECK(n_before >= 0),
        CHECK(model_a < model_b)) STRICT;
INSERT INTO "battle" VALUES(1,'alpaca-7b','llama-7b','a','["alpaca-7b", "llama-7b", "vicuna-7b"]',0);
CREATE TABLE benchmark(
        benchmark_id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE,
        source_id INTEGER NOT NULL REFERENCES source_file) STRICT;
INSERT INTO "benchmark" VALUES(1,'tiny',1);
CREATE TABLE chat_ballot(
        chat_ballot_id INTEGER PRIMARY KEY, turn_id INTEGER NOT NULL REFERENCES turn,
        revision INTEGER NOT NULL CHECK(revision >= 0), comment TEXT NOT NULL,
        created_at REAL NOT NULL, UNIQUE(turn_id, revision)) STRICT;
INSERT INTO "chat_ballot" VALUES(1,1,0,'shorter is better',1795000008.0);
INSERT INTO "chat_ballot" VALUES(2,1,1,'',1795000009.0);
CREATE TABLE chat_ballot_reply(
        chat_ballot_id INTEGER NOT NULL REFERENCES chat_ballot, position INTEGER NOT NULL,
        reply_id INTEGER NOT NULL REFERENCES reply,
        PRIMARY KEY(chat_ballot_id, position)) STRICT, WITHOUT ROWID;
INSERT INTO "chat_ballot_reply" VALUES(1,0,1);
INSERT INTO "chat_ballot_reply" VALUES(1,1,2);
INSERT INTO "chat_ballot_reply" VALUES(2,0,1);
INSERT INTO "chat_ballot_reply" VALUES(2,1,2);
CREATE TABLE chat_vote(
        chat_ballot_id INTEGER NOT NULL REFERENCES chat_ballot,
        criterion TEXT NOT NULL CHECK(criterion IN ('helpful','honest','harmless')),
        choice TEXT NOT NULL CHECK(choice IN ('0','1','2','3','tie','bad')),
        PRIMARY KEY(chat_ballot_id, criterion)) STRICT, WITHOUT ROWID;
INSERT INTO "chat_vote" VALUES(1,'harmless','bad');
INSERT INTO "chat_vote" VALUES(1,'helpful','0');
INSERT INTO "chat_vote" VALUES(1,'honest','tie');
INSERT INTO "chat_vote" VALUES(2,'harmless','tie');
INSERT INTO "chat_vote" VALUES(2,'helpful','0');
INSERT INTO "chat_vote" VALUES(2,'honest','0');
CREATE TABLE comparison(
        comparison_id INTEGER PRIMARY KEY, study_id INTEGER NOT NULL REFERENCES study,
        ord INTEGER NOT NULL, system_a INTEGER NOT NULL REFERENCES system,
        system_b INTEGER NOT NULL REFERENCES system,
        UNIQUE(study_id, ord), UNIQUE(study_id, system_a, system_b),
        CHECK(system_a <> system_b)) STRICT;
INSERT INTO "comparison" VALUES(1,1,0,1,2);
CREATE TABLE conversation(
        conversation_id INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE CHECK(length(key) >= 20),
        actor TEXT NOT NULL, mode TEXT NOT NULL CHECK(mode IN ('named','blind')),
        created_at REAL NOT NULL) STRICT;
INSERT INTO "conversation" VALUES(1,'3QFET8aoB9MXACtf4fB0u7Up','kim','blind',1795000002.0);
INSERT INTO "conversation" VALUES(2,'_bHYdGbrEyT61EmBGcoQV6hI','lee','named',1795000011.0);
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
INSERT INTO "event" VALUES(5,'2026-11-18T11:07:11.000+00:00',NULL,'kim','run_started','{"run": 1, "benchmark": "tiny", "system": "tiny-llama", "card": "tiny-llama", "samples": 2, "n_wanted": 6}');
INSERT INTO "event" VALUES(6,'2026-11-18T11:07:15.000+00:00',NULL,'kim','run_cancelled','{"run": 1, "message": "by kim"}');
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
CREATE TABLE reply(
        reply_id INTEGER PRIMARY KEY, turn_id INTEGER NOT NULL REFERENCES turn,
        position INTEGER NOT NULL CHECK(position BETWEEN 0 AND 3),
        attempt INTEGER NOT NULL CHECK(attempt >= 0), seat_id INTEGER NOT NULL REFERENCES seat,
        text TEXT NOT NULL, outcome TEXT NOT NULL CHECK(outcome IN ('ok','truncated','stopped','empty','refused','filtered','too_long','no_quota','bad_key',
    'unknown_model','rate_limited','timeout','unreachable','cut_off','malformed','server_error')),
        detail TEXT NOT NULL, model TEXT NOT NULL, n_prompt_tokens INTEGER, n_tokens INTEGER,
        first_token_s REAL, duration_s REAL NOT NULL, cost_usd REAL, started_at REAL NOT NULL,
        created_at REAL NOT NULL, UNIQUE(turn_id, position, attempt),
        CHECK(outcome NOT IN ('ok','truncated') OR length(text) > 0)) STRICT;
INSERT INTO "reply" VALUES(1,1,0,0,1,'Light scatters.','ok','','',NULL,NULL,NULL,0.0,0.0,1795000004.0,1795000005.0);
INSERT INTO "reply" VALUES(2,1,1,0,2,'Because it is.','ok','','',NULL,NULL,NULL,0.0,0.0,1795000006.0,1795000007.0);
INSERT INTO "reply" VALUES(3,2,0,0,3,'one','ok','','',NULL,NULL,NULL,0.0,0.0,1795000013.0,1795000014.0);
INSERT INTO "reply" VALUES(4,2,1,0,4,'two','ok','','',NULL,NULL,NULL,0.0,0.0,1795000015.0,1795000016.0);
INSERT INTO "reply" VALUES(5,2,2,0,5,'three','ok','','',NULL,NULL,NULL,0.0,0.0,1795000017.0,1795000018.0);
INSERT INTO "reply" VALUES(6,2,1,1,4,'two again','ok','','',NULL,NULL,NULL,0.0,0.0,1795000019.0,1795000020.0);
INSERT INTO "reply" VALUES(7,3,0,0,3,'half','stopped','','',NULL,NULL,NULL,0.0,0.0,1795000022.0,1795000023.0);
CREATE TABLE reservation(
        reservation_id INTEGER PRIMARY KEY, card TEXT NOT NULL, day TEXT NOT NULL,
        reserved_nano_usd INTEGER NOT NULL CHECK(reserved_nano_usd >= 0),
        spent_nano_usd INTEGER CHECK(spent_nano_usd >= 0), reserved_at REAL NOT NULL,
        settled_at REAL, CHECK((spent_nano_usd IS NULL) = (settled_at IS NULL))) STRICT;
INSERT INTO "reservation" VALUES(1,'gpt-4','2026-11-18',500000000,250000000,1795000025.0,1795000026.0);
INSERT INTO "reservation" VALUES(2,'gpt-4','2026-11-18',500000000,NULL,1795000028.0,NULL);
CREATE TABLE reveal(
        conversation_id INTEGER PRIMARY KEY REFERENCES conversation, created_at REAL NOT NULL)
        STRICT;
INSERT INTO "reveal" VALUES(1,1795000010.0);
CREATE TABLE run(
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
        CHECK((state = 'running') = (finished_at IS NULL))) STRICT;
INSERT INTO "run" VALUES(1,2,1,3,'kim','tiny-llama','of it','','','','{"max_tokens": 1024, "seed": null, "stop": [], "temperature": 0.7, "top_k": 0, "top_p": 1.0}',2,0,6,'cancelled','by kim',1795000030.0,1795000034.0);
CREATE TABLE run_outcome(
        run_id INTEGER NOT NULL REFERENCES run, item_id INTEGER NOT NULL REFERENCES item,
        sample INTEGER NOT NULL CHECK(sample >= 0),
        outcome TEXT NOT NULL CHECK(outcome IN ('ok','truncated','stopped','empty','refused','filtered','too_long','no_quota','bad_key',
    'unknown_model','rate_limited','timeout','unreachable','cut_off','malformed','server_error')), detail TEXT NOT NULL,
        model TEXT NOT NULL, n_prompt_tokens INTEGER, n_tokens INTEGER, first_token_s REAL,
        duration_s REAL NOT NULL, cost_usd REAL, created_at REAL NOT NULL,
        answer_id INTEGER UNIQUE REFERENCES answer, PRIMARY KEY(run_id, item_id, sample),
        CHECK((outcome IN ('ok','truncated')) = (answer_id IS NOT NULL))) STRICT, WITHOUT ROWID;
INSERT INTO "run_outcome" VALUES(1,1,0,'ok','','',NULL,3,NULL,0.0,0.0,1795000032.0,7);
INSERT INTO "run_outcome" VALUES(1,2,0,'timeout','It took too long.','',NULL,NULL,NULL,0.0,0.0,1795000033.0,NULL);
CREATE TABLE seat(
        seat_id INTEGER PRIMARY KEY, conversation_id INTEGER NOT NULL REFERENCES conversation,
        position INTEGER NOT NULL CHECK(position BETWEEN 0 AND 3),
        version INTEGER NOT NULL CHECK(version >= 0), model TEXT NOT NULL, label TEXT NOT NULL,
        card_sha256 TEXT NOT NULL, template TEXT NOT NULL, template_sha256 TEXT NOT NULL,
        system TEXT NOT NULL, sampling TEXT NOT NULL, created_at REAL NOT NULL,
        UNIQUE(conversation_id, position, version)) STRICT;
INSERT INTO "seat" VALUES(1,1,0,0,'alpaca-7b','Alpaca-7B','sha of alpaca-7b','','','','{"max_tokens": 1024, "seed": null, "stop": [], "temperature": 0.7, "top_k": 0, "top_p": 1.0}',1795000002.0);
INSERT INTO "seat" VALUES(2,1,1,0,'llama-7b','Llama-7B','sha of llama-7b','','','','{"max_tokens": 1024, "seed": null, "stop": [], "temperature": 0.7, "top_k": 0, "top_p": 1.0}',1795000002.0);
INSERT INTO "seat" VALUES(3,2,0,0,'a','A','sha of a','','','Be brief.','{"max_tokens": 1024, "seed": null, "stop": ["###"], "temperature": 0, "top_k": 0, "top_p": 1.0}',1795000011.0);
INSERT INTO "seat" VALUES(4,2,1,0,'b','B','sha of b','','','','{"max_tokens": 1024, "seed": null, "stop": [], "temperature": 0.7, "top_k": 0, "top_p": 1.0}',1795000011.0);
INSERT INTO "seat" VALUES(5,2,2,0,'c','C','sha of c','','','','{"max_tokens": 1024, "seed": null, "stop": [], "temperature": 0.7, "top_k": 0, "top_p": 1.0}',1795000011.0);
CREATE TABLE session(
        token_sha256 TEXT PRIMARY KEY, name TEXT NOT NULL,
        role TEXT NOT NULL CHECK(role IN ('researcher','admin')), expires_at REAL NOT NULL)
        STRICT, WITHOUT ROWID;
INSERT INTO "session" VALUES('ee42398e3b60abfe84f5313899b69b914083314ca11b78b1fa2e2fe0becb8879','kim','admin',1700003608.0);
CREATE TABLE source_file(
        source_id INTEGER PRIMARY KEY, name TEXT NOT NULL, sha256 TEXT NOT NULL, kind TEXT NOT NULL,
        n_rows INTEGER NOT NULL, imported_at TEXT NOT NULL, imported_by TEXT NOT NULL) STRICT;
INSERT INTO "source_file" VALUES(1,'test','no','votes',0,'now','test');
INSERT INTO "source_file" VALUES(2,'generated by tiny-llama','2c8c51b683e735c2cf7f8987e5c2fdfde42064b0d322c9f72b63051e16f2c4de','generated',6,'2026-11-18T11:07:09.000+00:00','kim');
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
INSERT INTO "system" VALUES(3,'tiny-llama');
CREATE TABLE turn(
        turn_id INTEGER PRIMARY KEY, conversation_id INTEGER NOT NULL REFERENCES conversation,
        number INTEGER NOT NULL CHECK(number >= 1), edition INTEGER NOT NULL CHECK(edition >= 0),
        prompt TEXT NOT NULL, input TEXT NOT NULL, created_at REAL NOT NULL,
        UNIQUE(conversation_id, number, edition)) STRICT;
INSERT INTO "turn" VALUES(1,1,1,0,'Why is the sky blue?','',1795000003.0);
INSERT INTO "turn" VALUES(2,2,1,0,'Helo','',1795000012.0);
INSERT INTO "turn" VALUES(3,2,1,1,'Hello','an input',1795000021.0);
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
CREATE INDEX conversation_by_actor ON conversation(actor, conversation_id);
CREATE INDEX battle_by_pair ON battle(model_a, model_b);
CREATE TRIGGER battle_is_blind BEFORE INSERT ON battle
        WHEN (SELECT mode FROM conversation WHERE conversation_id = NEW.conversation_id) <> 'blind'
        BEGIN SELECT RAISE(ABORT, 'only a blind conversation is drawn'); END;
CREATE TRIGGER seat_keeps_its_model BEFORE INSERT ON seat
        WHEN NEW.model <> (SELECT model FROM seat WHERE conversation_id = NEW.conversation_id
            AND position = NEW.position AND version = 0)
        BEGIN SELECT RAISE(ABORT, 'a seat keeps its model'); END;
CREATE TRIGGER turn_comes_last BEFORE INSERT ON turn
        WHEN NOT EXISTS (
            SELECT 1 FROM (SELECT coalesce(max(number), 0) AS last FROM turn
                WHERE conversation_id = NEW.conversation_id)
            WHERE (NEW.number = last + 1 AND NEW.edition = 0) OR (NEW.number = last
                AND NEW.edition = (SELECT max(edition) + 1 FROM turn
                    WHERE conversation_id = NEW.conversation_id AND number = NEW.number)))
        BEGIN SELECT RAISE(ABORT, 'only the last turn can be edited or followed'); END;
CREATE TRIGGER reply_has_its_seat BEFORE INSERT ON reply
        WHEN NOT EXISTS (SELECT 1 FROM turn t JOIN seat s USING(conversation_id)
            WHERE t.turn_id = NEW.turn_id AND s.seat_id = NEW.seat_id AND s.position = NEW.position)
        BEGIN SELECT RAISE(ABORT, 'this seat is not in this conversation'); END;
CREATE TRIGGER chat_ballot_reply_is_an_answer BEFORE INSERT ON chat_ballot_reply
        WHEN NOT EXISTS (SELECT 1 FROM reply r JOIN chat_ballot b USING(turn_id)
            WHERE r.reply_id = NEW.reply_id AND b.chat_ballot_id = NEW.chat_ballot_id
            AND r.position = NEW.position AND r.outcome IN ('ok','truncated'))
        BEGIN SELECT RAISE(ABORT, 'a vote is about an answer of its turn'); END;
CREATE TRIGGER chat_vote_is_for_a_seat BEFORE INSERT ON chat_vote
        WHEN NEW.choice IN ('0','1','2','3') AND NOT EXISTS (
            SELECT 1 FROM chat_ballot_reply WHERE chat_ballot_id = NEW.chat_ballot_id
            AND position = CAST(NEW.choice AS INTEGER))
        BEGIN SELECT RAISE(ABORT, 'a vote is for a side that was shown'); END;
CREATE TRIGGER chat_ballot_before_the_names BEFORE INSERT ON chat_ballot
            WHEN EXISTS (SELECT 1 FROM turn JOIN reveal USING(conversation_id)
                WHERE turn_id = NEW.turn_id)
            BEGIN SELECT RAISE(ABORT, 'no vote after the names were shown'); END;
CREATE TRIGGER chat_ballot_before_the_next_turn BEFORE INSERT ON chat_ballot
            WHEN EXISTS (SELECT 1 FROM turn t JOIN turn n USING(conversation_id)
                WHERE t.turn_id = NEW.turn_id AND (n.number, n.edition) > (t.number, t.edition))
            BEGIN SELECT RAISE(ABORT, 'no vote after the next turn'); END;
CREATE TRIGGER chat_vote_before_the_names BEFORE INSERT ON chat_vote
            WHEN EXISTS (SELECT 1 FROM turn JOIN reveal USING(conversation_id)
                WHERE turn_id = (SELECT turn_id FROM chat_ballot WHERE chat_ballot_id = NEW.chat_ballot_id))
            BEGIN SELECT RAISE(ABORT, 'no vote after the names were shown'); END;
CREATE TRIGGER chat_vote_before_the_next_turn BEFORE INSERT ON chat_vote
            WHEN EXISTS (SELECT 1 FROM turn t JOIN turn n USING(conversation_id)
                WHERE t.turn_id = (SELECT turn_id FROM chat_ballot WHERE chat_ballot_id = NEW.chat_ballot_id) AND (n.number, n.edition) > (t.number, t.edition))
            BEGIN SELECT RAISE(ABORT, 'no vote after the next turn'); END;
CREATE TRIGGER reveal_after_a_vote BEFORE INSERT ON reveal
        WHEN NOT EXISTS (SELECT 1 FROM conversation c JOIN turn USING(conversation_id)
            JOIN chat_ballot USING(turn_id)
            WHERE c.conversation_id = NEW.conversation_id AND c.mode = 'blind')
        BEGIN SELECT RAISE(ABORT, 'names are shown after a vote, in a blind conversation'); END;
CREATE INDEX reservation_by_day ON reservation(day, card);
CREATE TRIGGER reservation_settled_once BEFORE UPDATE ON reservation
        WHEN OLD.settled_at IS NOT NULL OR NEW.card <> OLD.card OR NEW.day <> OLD.day
            OR NEW.reserved_nano_usd <> OLD.reserved_nano_usd OR NEW.reserved_at <> OLD.reserved_at
        BEGIN SELECT RAISE(ABORT, 'a reservation is settled once'); END;
CREATE TRIGGER reservation_no_delete BEFORE DELETE ON reservation
        BEGIN SELECT RAISE(ABORT, 'reservation rows are never deleted'); END;
CREATE UNIQUE INDEX run_one_at_a_time ON run(benchmark_id, system_id)
        WHERE state = 'running';
CREATE TRIGGER conversation_no_update BEFORE UPDATE ON conversation
            BEGIN SELECT RAISE(ABORT, 'conversation rows are never changed'); END;
CREATE TRIGGER conversation_no_delete BEFORE DELETE ON conversation
            BEGIN SELECT RAISE(ABORT, 'conversation rows are never deleted'); END;
CREATE TRIGGER battle_no_update BEFORE UPDATE ON battle
            BEGIN SELECT RAISE(ABORT, 'battle rows are never changed'); END;
CREATE TRIGGER battle_no_delete BEFORE DELETE ON battle
            BEGIN SELECT RAISE(ABORT, 'battle rows are never deleted'); END;
CREATE TRIGGER seat_no_update BEFORE UPDATE ON seat
            BEGIN SELECT RAISE(ABORT, 'seat rows are never changed'); END;
CREATE TRIGGER seat_no_delete BEFORE DELETE ON seat
            BEGIN SELECT RAISE(ABORT, 'seat rows are never deleted'); END;
CREATE TRIGGER turn_no_update BEFORE UPDATE ON turn
            BEGIN SELECT RAISE(ABORT, 'turn rows are never changed'); END;
CREATE TRIGGER turn_no_delete BEFORE DELETE ON turn
            BEGIN SELECT RAISE(ABORT, 'turn rows are never deleted'); END;
CREATE TRIGGER reply_no_update BEFORE UPDATE ON reply
            BEGIN SELECT RAISE(ABORT, 'reply rows are never changed'); END;
CREATE TRIGGER reply_no_delete BEFORE DELETE ON reply
            BEGIN SELECT RAISE(ABORT, 'reply rows are never deleted'); END;
CREATE TRIGGER reveal_no_update BEFORE UPDATE ON reveal
            BEGIN SELECT RAISE(ABORT, 'reveal rows are never changed'); END;
CREATE TRIGGER reveal_no_delete BEFORE DELETE ON reveal
            BEGIN SELECT RAISE(ABORT, 'reveal rows are never deleted'); END;
CREATE TRIGGER chat_ballot_no_update BEFORE UPDATE ON chat_ballot
            BEGIN SELECT RAISE(ABORT, 'chat_ballot rows are never changed'); END;
CREATE TRIGGER chat_ballot_no_delete BEFORE DELETE ON chat_ballot
            BEGIN SELECT RAISE(ABORT, 'chat_ballot rows are never deleted'); END;
CREATE TRIGGER chat_ballot_reply_no_update BEFORE UPDATE ON chat_ballot_reply
            BEGIN SELECT RAISE(ABORT, 'chat_ballot_reply rows are never changed'); END;
CREATE TRIGGER chat_ballot_reply_no_delete BEFORE DELETE ON chat_ballot_reply
            BEGIN SELECT RAISE(ABORT, 'chat_ballot_reply rows are never deleted'); END;
CREATE TRIGGER chat_vote_no_update BEFORE UPDATE ON chat_vote
            BEGIN SELECT RAISE(ABORT, 'chat_vote rows are never changed'); END;
CREATE TRIGGER chat_vote_no_delete BEFORE DELETE ON chat_vote
            BEGIN SELECT RAISE(ABORT, 'chat_vote rows are never deleted'); END;
CREATE TRIGGER run_outcome_no_update BEFORE UPDATE ON run_outcome
            BEGIN SELECT RAISE(ABORT, 'run_outcome rows are never changed'); END;
CREATE TRIGGER run_outcome_no_delete BEFORE DELETE ON run_outcome
            BEGIN SELECT RAISE(ABORT, 'run_outcome rows are never deleted'); END;
COMMIT;
