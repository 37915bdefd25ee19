-- A small ledger as the fourth schema left it: never changed, so that it can be opened for good.
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
INSERT INTO "_sqlite_migrations" VALUES(3,'camelid','0003_the_judge','2026-11-22 14:57:21.376263+00:00');
INSERT INTO "_sqlite_migrations" VALUES(4,'camelid','0004_the_check','2026-11-22 16:55:04.954527+00:00');
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
INSERT INTO "answer" VALUES(8,4,4,0,'It is an animal.','2bb3cbf7e6f37e7292eea25ef8a78beaf74df981334cafa31b4a74ab614d9894',3);
INSERT INTO "answer" VALUES(9,4,4,1,'An animal.','4b2142a9e571d811701f088a29f7bc8aa27fa2266af9c8dea683779c09bf8983',3);
INSERT INTO "answer" VALUES(10,5,5,0,'丂 丂 丂 丆.','4148df7d50c0297fc2161e37f27cf10b3053bbd8fa02a0447601333bc73e471a',4);
INSERT INTO "answer" VALUES(11,4,6,0,'It is an animal.','2bb3cbf7e6f37e7292eea25ef8a78beaf74df981334cafa31b4a74ab614d9894',5);
INSERT INTO "answer" VALUES(12,4,7,0,'An animal.','4b2142a9e571d811701f088a29f7bc8aa27fa2266af9c8dea683779c09bf8983',5);
CREATE TABLE answer_name(
        name TEXT PRIMARY KEY, answer_id INTEGER NOT NULL REFERENCES answer)
        STRICT, WITHOUT ROWID;
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
INSERT INTO "benchmark" VALUES(2,'quiz',3);
INSERT INTO "benchmark" VALUES(3,'quiz_zh',4);
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
CREATE TABLE checked_answer(
        checked_answer_id INTEGER PRIMARY KEY, answer_id INTEGER NOT NULL REFERENCES answer,
        card TEXT NOT NULL, reward_sha256 TEXT NOT NULL,
        outcome TEXT NOT NULL CHECK(outcome IN ('ok','truncated','stopped','empty','refused','filtered','too_long','no_quota',
    'bad_key','unknown_model','rate_limited','timeout','unreachable','cut_off','malformed',
    'server_error')), score REAL, detail TEXT NOT NULL,
        actor TEXT NOT NULL, created_at REAL NOT NULL,
        CHECK((outcome = 'ok') = (score IS NOT NULL))) STRICT;
INSERT INTO "checked_answer" VALUES(1,1,'judge-dredd','df80a2849d1a748d1865268f630129755e237f58a23cec42c052f80b017b05c5','too_long',NULL,'It was too_long.','kim',1.79536650496628212925e+09);
INSERT INTO "checked_answer" VALUES(2,4,'judge-dredd','df80a2849d1a748d1865268f630129755e237f58a23cec42c052f80b017b05c5','too_long',NULL,'It was too_long.','kim',1.79536650496628427502e+09);
INSERT INTO "checked_answer" VALUES(3,2,'judge-dredd','df80a2849d1a748d1865268f630129755e237f58a23cec42c052f80b017b05c5','ok',5.0,'It was ok.','kim',1.79536650496658134459e+09);
INSERT INTO "checked_answer" VALUES(4,5,'judge-dredd','df80a2849d1a748d1865268f630129755e237f58a23cec42c052f80b017b05c5','ok',5.0,'It was ok.','kim',1.79536650496658253665e+09);
INSERT INTO "checked_answer" VALUES(5,3,'judge-dredd','df80a2849d1a748d1865268f630129755e237f58a23cec42c052f80b017b05c5','ok',5.0,'It was ok.','kim',1.79536650497134542465e+09);
INSERT INTO "checked_answer" VALUES(6,6,'judge-dredd','df80a2849d1a748d1865268f630129755e237f58a23cec42c052f80b017b05c5','ok',5.0,'It was ok.','kim',1.79536650497134804725e+09);
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
INSERT INTO "event" VALUES(7,'2026-11-22T14:57:21.460+00:00',NULL,'kim','judge_run_started','{"run": 1, "benchmark": "tiny", "judge": "free", "n_tasks": 6, "n_asked": 1, "cap_usd": null}');
INSERT INTO "event" VALUES(8,'2026-11-22T14:57:21.550+00:00',NULL,'kim','judge_run_done','{"run": 1, "message": ""}');
INSERT INTO "event" VALUES(9,'2026-11-22T14:57:21.554+00:00',NULL,'kim','judgment_read','{"judgment": 1, "score_1": 7, "score_2": 8}');
INSERT INTO "event" VALUES(10,'2026-11-22T14:57:21.568+00:00',NULL,'kim','score_choice','{"choice": "stored"}');
INSERT INTO "event" VALUES(11,'2026-11-22T14:57:21.579+00:00',NULL,'kim','translation_started','{"run": 1, "benchmark": "quiz", "target": "quiz_zh", "systems": ["alpaca"], "card": "free", "n_wanted": 2}');
INSERT INTO "event" VALUES(12,'2026-11-22T14:57:21.604+00:00',NULL,'kim','translation_done','{"run": 1, "message": ""}');
INSERT INTO "event" VALUES(13,'2026-11-22T14:57:21.662+00:00',NULL,'kim','ranking_started','{"benchmark": "quiz", "name": "alpaca", "base": "alpaca", "baseline": "alpaca", "samples": 2, "card": "judge-dredd", "reward_sha256": "df80a2849d1a748d1865268f630129755e237f58a23cec42c052f80b017b05c5", "run": 1, "n_wanted": 2}');
INSERT INTO "event" VALUES(14,'2026-11-22T14:57:21.706+00:00',NULL,'kim','ranking_done','{"run": 1, "message": ""}');
CREATE TABLE item(
        item_id INTEGER PRIMARY KEY, benchmark_id INTEGER NOT NULL REFERENCES benchmark,
        ext_id TEXT NOT NULL, ord INTEGER NOT NULL, instruction TEXT NOT NULL, input TEXT NOT NULL,
        reference TEXT NOT NULL, app TEXT NOT NULL, lang TEXT NOT NULL, sha256 TEXT NOT NULL,
        UNIQUE(benchmark_id, ext_id), UNIQUE(benchmark_id, ord)) STRICT;
INSERT INTO "item" VALUES(1,1,'i1',1,'Do it.','','','','en','no');
INSERT INTO "item" VALUES(2,1,'i2',2,'Do it.','','','','en','no');
INSERT INTO "item" VALUES(3,1,'i3',3,'Do it.','','','','en','no');
INSERT INTO "item" VALUES(4,2,'q1',0,'What is a camel?','','An animal.','animals','en','0ddd51ebe6923e358efb9ce5366b0148533cb40e6bbb8672fe79fe232baf3050');
INSERT INTO "item" VALUES(5,3,'q1',0,'丄 丂 丁 丅?','','','animals','zh','3872ddee5fae9db0623db17c06263002f5eb91157fad7b1ccd22b3af4ce23852');
CREATE TABLE judge_payment(
        reservation_id INTEGER PRIMARY KEY REFERENCES reservation,
        judge_run_id INTEGER NOT NULL REFERENCES judge_run) STRICT;
CREATE TABLE judge_prompt(
        name TEXT PRIMARY KEY, system TEXT NOT NULL, template TEXT NOT NULL, rubric TEXT NOT NULL,
        sha256 TEXT NOT NULL, source_id INTEGER NOT NULL REFERENCES source_file)
        STRICT, WITHOUT ROWID;
CREATE TABLE judge_reviewer(
        name TEXT PRIMARY KEY, prompt TEXT NOT NULL, category TEXT NOT NULL UNIQUE,
        temperature REAL NOT NULL, max_tokens INTEGER NOT NULL CHECK(max_tokens > 0),
        source_id INTEGER NOT NULL REFERENCES source_file) STRICT, WITHOUT ROWID;
CREATE TABLE judge_run(
        judge_run_id INTEGER PRIMARY KEY, benchmark_id INTEGER NOT NULL REFERENCES benchmark,
        actor TEXT NOT NULL, judge TEXT NOT NULL, card_sha256 TEXT NOT NULL,
        snapshot TEXT NOT NULL, protocol TEXT NOT NULL, prompt_sha256 TEXT NOT NULL,
        orders TEXT NOT NULL CHECK(orders IN ('both','published')),
        repeats INTEGER NOT NULL CHECK(repeats >= 1),
        wants TEXT NOT NULL CHECK(wants IN ('scores','wins')),
        form TEXT NOT NULL CHECK(form IN ('text','schema')), sampling TEXT NOT NULL,
        wish TEXT NOT NULL, cap_usd REAL CHECK(cap_usd >= 0),
        n_tasks INTEGER NOT NULL CHECK(n_tasks >= 0),
        n_cached INTEGER NOT NULL DEFAULT 0 CHECK(n_cached BETWEEN 0 AND n_tasks),
        state TEXT NOT NULL
            CHECK(state IN ('running','done','paused','cancelled','interrupted','failed')),
        message TEXT NOT NULL, started_at REAL NOT NULL, finished_at REAL,
        CHECK((state = 'running') = (finished_at IS NULL))) STRICT;
INSERT INTO "judge_run" VALUES(1,1,'kim','free','3aff3047d4e4a881df6e0e7944484c9b28265e0bfd4f9c6ebb7163c0d8dfbab0','judge-0613','camelid','a36627f1a3410f9794a8c7e1ddddec9a6cf57eec2d841769e21939262ef9d15d','both',1,'scores','text','{"temperature": null, "max_tokens": null, "seed": null}','{"judge": "free", "benchmark": "tiny", "systems": ["LLaMA-GPT4"], "against": ["Alpaca"], "protocol": "camelid", "orders": "both", "repeats": 1, "wants": "scores", "form": "auto", "temperature": null, "max_tokens": null, "seed": null, "cap_usd": null, "n_items": 0, "n_parallel": 1, "canaries": false, "retry": false, "sample": 0}',NULL,6,0,'done','',1.79535944146005702016e+09,1.79535944155037927626e+09);
CREATE TABLE judge_task(
        judge_run_id INTEGER NOT NULL REFERENCES judge_run, ord INTEGER NOT NULL,
        item_id INTEGER NOT NULL REFERENCES item,
        answer_1 INTEGER NOT NULL REFERENCES answer, answer_2 INTEGER NOT NULL REFERENCES answer,
        reference_slot INTEGER NOT NULL CHECK(reference_slot IN (1, 2)),
        repeat INTEGER NOT NULL CHECK(repeat >= 0), key TEXT NOT NULL,
        PRIMARY KEY(judge_run_id, ord), UNIQUE(judge_run_id, key)) STRICT, WITHOUT ROWID;
INSERT INTO "judge_task" VALUES(1,0,1,1,4,2,0,'1b1ef015e0c3c7d47a66e1798ae000ade98e7e9ac4b9349e39f671dd9729187d');
INSERT INTO "judge_task" VALUES(1,1,1,4,1,1,0,'4dc8d3a7115e4f796e65aeb2181e9c2f5e77ed6c3885293d9420d0c02eee474a');
INSERT INTO "judge_task" VALUES(1,2,2,2,5,2,0,'a86dc21b7cdcb8d7e4b93f88e6c2e7c24fe2e88d36df77f5ab56431475f6e67f');
INSERT INTO "judge_task" VALUES(1,3,2,5,2,1,0,'05914412bca5e84095e30fa91a9e30fea8b958c7b3dfda58a0e4a97c04904b93');
INSERT INTO "judge_task" VALUES(1,4,3,3,6,2,0,'8edc304e10684eee3ee0e6f8dddf573eb4269038b8fd486bcab1c18633e07076');
INSERT INTO "judge_task" VALUES(1,5,3,6,3,1,0,'3dee9e719f8a2f5ef787ceca473a1f9a393f4ca7c3c3f20b2d2617a6d862ba55');
CREATE TABLE judgment(
        judgment_id INTEGER PRIMARY KEY, key TEXT NOT NULL,
        attempt INTEGER NOT NULL CHECK(attempt >= 0),
        judge_run_id INTEGER REFERENCES judge_run, source_id INTEGER REFERENCES source_file,
        ext_id TEXT NOT NULL, kind TEXT NOT NULL CHECK(kind IN ('pair','single')),
        item_id INTEGER NOT NULL REFERENCES item,
        system_1 INTEGER NOT NULL REFERENCES system, system_2 INTEGER REFERENCES system,
        answer_1 INTEGER REFERENCES answer, answer_2 INTEGER REFERENCES answer,
        reference_slot INTEGER CHECK(reference_slot IN (1, 2)),
        repeat INTEGER NOT NULL CHECK(repeat >= 0),
        judge TEXT NOT NULL, judge_assumed INTEGER NOT NULL CHECK(judge_assumed IN (0, 1)),
        protocol TEXT NOT NULL, prompt_sha256 TEXT NOT NULL, boundary TEXT NOT NULL,
        outcome TEXT NOT NULL CHECK(outcome IN ('ok','unreadable','refused','filtered','truncated','empty','api_error')), fault TEXT NOT NULL,
        detail TEXT NOT NULL, model TEXT NOT NULL, text TEXT NOT NULL, first_text TEXT NOT NULL,
        how TEXT NOT NULL, flags TEXT NOT NULL,
        read_1 REAL CHECK(read_1 BETWEEN 0 AND 10), read_2 REAL CHECK(read_2 BETWEEN 0 AND 10),
        winner TEXT CHECK(winner IN ('1','tie','2')), stored_1 REAL, stored_2 REAL,
        n_prompt_tokens INTEGER, n_tokens INTEGER, cost_usd REAL CHECK(cost_usd >= 0),
        duration_s REAL NOT NULL CHECK(duration_s >= 0), created_at REAL NOT NULL,
        content TEXT NOT NULL DEFAULT '', UNIQUE(key, attempt),
        FOREIGN KEY(judge_run_id, key) REFERENCES judge_task(judge_run_id, key),
        CHECK((judge_run_id IS NULL) <> (source_id IS NULL)),
        CHECK((judge_run_id IS NULL) = (content = '')),
        CHECK((kind = 'pair') = (system_2 IS NOT NULL)),
        CHECK((kind = 'pair') = (reference_slot IS NOT NULL)),
        CHECK((outcome = 'ok') = (read_1 IS NOT NULL OR winner IS NOT NULL)),
        CHECK(kind = 'single' OR (read_1 IS NULL) = (read_2 IS NULL)),
        CHECK(kind = 'pair' OR (answer_2 IS NULL AND read_2 IS NULL AND winner IS NULL))) STRICT;
INSERT INTO "judgment" VALUES(1,'1b1ef015e0c3c7d47a66e1798ae000ade98e7e9ac4b9349e39f671dd9729187d',0,1,NULL,'','pair',1,1,2,1,4,2,0,'free',0,'camelid','a36627f1a3410f9794a8c7e1ddddec9a6cf57eec2d841769e21939262ef9d15d','bedc1c52c1a23f3d','unreadable','','No two scores can be read from the reply.','','Still none.','No idea.','','[]',NULL,NULL,NULL,NULL,NULL,NULL,NULL,0.0,0.0,1.79535944149754977221e+09,'ae30c6435e28a6de5688116f994d9782dffb120eb8bbde7cbe420dd16dc84644');
INSERT INTO "judgment" VALUES(2,'4dc8d3a7115e4f796e65aeb2181e9c2f5e77ed6c3885293d9420d0c02eee474a',0,1,NULL,'','pair',1,2,1,4,1,1,0,'free',0,'camelid','a36627f1a3410f9794a8c7e1ddddec9a6cf57eec2d841769e21939262ef9d15d','bedc1c52c1a23f3d','unreadable','','As judgment 1, which is of the same texts. No two scores can be read from the reply.','','Still none.','No idea.','','[]',NULL,NULL,NULL,NULL,NULL,NULL,NULL,0.0,0.0,1.79535944149945902821e+09,'ae30c6435e28a6de5688116f994d9782dffb120eb8bbde7cbe420dd16dc84644');
INSERT INTO "judgment" VALUES(3,'a86dc21b7cdcb8d7e4b93f88e6c2e7c24fe2e88d36df77f5ab56431475f6e67f',0,1,NULL,'','pair',2,1,2,2,5,2,0,'free',0,'camelid','a36627f1a3410f9794a8c7e1ddddec9a6cf57eec2d841769e21939262ef9d15d','bedc1c52c1a23f3d','unreadable','','As judgment 1, which is of the same texts. No two scores can be read from the reply.','','Still none.','No idea.','','[]',NULL,NULL,NULL,NULL,NULL,NULL,NULL,0.0,0.0,1.79535944150152254107e+09,'ae30c6435e28a6de5688116f994d9782dffb120eb8bbde7cbe420dd16dc84644');
INSERT INTO "judgment" VALUES(4,'05914412bca5e84095e30fa91a9e30fea8b958c7b3dfda58a0e4a97c04904b93',0,1,NULL,'','pair',2,2,1,5,2,1,0,'free',0,'camelid','a36627f1a3410f9794a8c7e1ddddec9a6cf57eec2d841769e21939262ef9d15d','bedc1c52c1a23f3d','unreadable','','As judgment 1, which is of the same texts. No two scores can be read from the reply.','','Still none.','No idea.','','[]',NULL,NULL,NULL,NULL,NULL,NULL,NULL,0.0,0.0,1.79535944150164294245e+09,'ae30c6435e28a6de5688116f994d9782dffb120eb8bbde7cbe420dd16dc84644');
INSERT INTO "judgment" VALUES(5,'8edc304e10684eee3ee0e6f8dddf573eb4269038b8fd486bcab1c18633e07076',0,1,NULL,'','pair',3,1,2,3,6,2,0,'free',0,'camelid','a36627f1a3410f9794a8c7e1ddddec9a6cf57eec2d841769e21939262ef9d15d','bedc1c52c1a23f3d','unreadable','','As judgment 1, which is of the same texts. No two scores can be read from the reply.','','Still none.','No idea.','','[]',NULL,NULL,NULL,NULL,NULL,NULL,NULL,0.0,0.0,1.7953594415017328262e+09,'ae30c6435e28a6de5688116f994d9782dffb120eb8bbde7cbe420dd16dc84644');
INSERT INTO "judgment" VALUES(6,'3dee9e719f8a2f5ef787ceca473a1f9a393f4ca7c3c3f20b2d2617a6d862ba55',0,1,NULL,'','pair',3,2,1,6,3,1,0,'free',0,'camelid','a36627f1a3410f9794a8c7e1ddddec9a6cf57eec2d841769e21939262ef9d15d','bedc1c52c1a23f3d','unreadable','','As judgment 1, which is of the same texts. No two scores can be read from the reply.','','Still none.','No idea.','','[]',NULL,NULL,NULL,NULL,NULL,NULL,NULL,0.0,0.0,1.7953594415018193722e+09,'ae30c6435e28a6de5688116f994d9782dffb120eb8bbde7cbe420dd16dc84644');
CREATE TABLE judgment_reading(
        judgment_reading_id INTEGER PRIMARY KEY,
        judgment_id INTEGER NOT NULL REFERENCES judgment, actor TEXT NOT NULL,
        score_1 REAL CHECK(score_1 BETWEEN 0 AND 10), score_2 REAL CHECK(score_2 BETWEEN 0 AND 10),
        note TEXT NOT NULL, created_at REAL NOT NULL) STRICT;
INSERT INTO "judgment_reading" VALUES(1,1,'kim',7.0,8.0,'It says so.',1.79535944155480933184e+09);
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
CREATE TABLE ranked_answer(
        answer_id INTEGER PRIMARY KEY REFERENCES answer,
        of_answer INTEGER NOT NULL REFERENCES answer,
        ranking_run_id INTEGER NOT NULL REFERENCES ranking_run,
        CHECK(answer_id <> of_answer)) STRICT;
INSERT INTO "ranked_answer" VALUES(11,8,1);
INSERT INTO "ranked_answer" VALUES(12,9,1);
CREATE TABLE ranked_system(
        benchmark_id INTEGER NOT NULL REFERENCES benchmark, name TEXT NOT NULL,
        rank INTEGER NOT NULL CHECK(rank >= 0), system_id INTEGER NOT NULL REFERENCES system,
        ranking_run_id INTEGER NOT NULL REFERENCES ranking_run,
        PRIMARY KEY(benchmark_id, name, rank)) STRICT, WITHOUT ROWID;
INSERT INTO "ranked_system" VALUES(2,'alpaca',0,4,1);
INSERT INTO "ranked_system" VALUES(2,'alpaca',1,6,1);
INSERT INTO "ranked_system" VALUES(2,'alpaca',2,7,1);
CREATE TABLE ranking_run(
        ranking_run_id INTEGER PRIMARY KEY, source_id INTEGER NOT NULL REFERENCES source_file,
        benchmark_id INTEGER NOT NULL REFERENCES benchmark, name TEXT NOT NULL,
        base INTEGER NOT NULL REFERENCES system, baseline INTEGER NOT NULL REFERENCES system,
        samples INTEGER NOT NULL CHECK(samples >= 2), actor TEXT NOT NULL, card TEXT NOT NULL,
        reward_sha256 TEXT NOT NULL, n_wanted INTEGER NOT NULL CHECK(n_wanted >= 0),
        state TEXT NOT NULL CHECK(state IN ('running','done','cancelled','interrupted','failed')),
        message TEXT NOT NULL, started_at REAL NOT NULL, finished_at REAL,
        CHECK((state = 'running') = (finished_at IS NULL))) STRICT;
INSERT INTO "ranking_run" VALUES(1,5,2,'alpaca',4,4,2,'kim','judge-dredd','df80a2849d1a748d1865268f630129755e237f58a23cec42c052f80b017b05c5',2,'done','',1.79535944166253495215e+09,1.79535944170602226261e+09);
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
CREATE TABLE reward(
        ranking_run_id INTEGER NOT NULL REFERENCES ranking_run,
        answer_id INTEGER NOT NULL REFERENCES answer, reward_sha256 TEXT NOT NULL,
        outcome TEXT NOT NULL CHECK(outcome IN ('ok','truncated','stopped','empty','refused','filtered','too_long','no_quota',
    'bad_key','unknown_model','rate_limited','timeout','unreachable','cut_off','malformed',
    'server_error')), score REAL, detail TEXT NOT NULL,
        created_at REAL NOT NULL, PRIMARY KEY(ranking_run_id, answer_id),
        CHECK((outcome = 'ok') = (score IS NOT NULL))) STRICT, WITHOUT ROWID;
INSERT INTO "reward" VALUES(1,8,'df80a2849d1a748d1865268f630129755e237f58a23cec42c052f80b017b05c5','ok',16.0,'It was ok.',1.79535944169823074344e+09);
INSERT INTO "reward" VALUES(1,9,'df80a2849d1a748d1865268f630129755e237f58a23cec42c052f80b017b05c5','ok',10.0,'It was ok.',1.79535944169823265077e+09);
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
CREATE TABLE score_choice(
        score_choice_id INTEGER PRIMARY KEY,
        choice TEXT NOT NULL CHECK(choice IN ('read','stored')),
        actor TEXT NOT NULL, created_at REAL NOT NULL) STRICT;
INSERT INTO "score_choice" VALUES(1,'stored','kim',1.79535944156791830062e+09);
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
INSERT INTO "source_file" VALUES(3,'quiz.jsonl','no','items',0,'now','test');
INSERT INTO "source_file" VALUES(4,'translated by free','be1cfe70938b60a55ef458b9bfbfa847da00d6b90387a9da8363bb12219e6fcc','translated',2,'2026-11-22T14:57:21.579+00:00','kim');
INSERT INTO "source_file" VALUES(5,'ranked by judge-dredd','37d261f975510854a184dfdbb8f9f71bb85fdd8d62b3833b7ab60a7189a843ed','ranked',2,'2026-11-22T14:57:21.662+00:00','kim');
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
INSERT INTO "system" VALUES(4,'alpaca');
INSERT INTO "system" VALUES(5,'alpaca (translated)');
INSERT INTO "system" VALUES(6,'alpaca R1');
INSERT INTO "system" VALUES(7,'alpaca R2');
CREATE TABLE translated_answer(
        answer_id INTEGER PRIMARY KEY REFERENCES answer,
        of_answer INTEGER NOT NULL REFERENCES answer,
        translation_run_id INTEGER NOT NULL REFERENCES translation_run,
        CHECK(answer_id <> of_answer)) STRICT;
INSERT INTO "translated_answer" VALUES(10,8,1);
CREATE TABLE translated_benchmark(
        benchmark_id INTEGER PRIMARY KEY REFERENCES benchmark,
        of_benchmark INTEGER NOT NULL REFERENCES benchmark,
        translation_run_id INTEGER NOT NULL REFERENCES translation_run,
        CHECK(benchmark_id <> of_benchmark)) STRICT;
INSERT INTO "translated_benchmark" VALUES(3,2,1);
CREATE TABLE translated_item(
        item_id INTEGER PRIMARY KEY REFERENCES item, of_item INTEGER NOT NULL REFERENCES item,
        translation_run_id INTEGER NOT NULL REFERENCES translation_run,
        CHECK(item_id <> of_item)) STRICT;
INSERT INTO "translated_item" VALUES(5,4,1);
CREATE TABLE translation(
        translation_id INTEGER PRIMARY KEY, key TEXT NOT NULL,
        attempt INTEGER NOT NULL CHECK(attempt >= 0),
        translation_run_id INTEGER NOT NULL REFERENCES translation_run,
        outcome TEXT NOT NULL CHECK(outcome IN ('ok','truncated','stopped','empty','refused','filtered','too_long','no_quota',
    'bad_key','unknown_model','rate_limited','timeout','unreachable','cut_off','malformed',
    'server_error')), text TEXT NOT NULL,
        detail TEXT NOT NULL, model TEXT NOT NULL, n_prompt_tokens INTEGER, n_tokens INTEGER,
        duration_s REAL NOT NULL CHECK(duration_s >= 0), cost_usd REAL CHECK(cost_usd >= 0),
        created_at REAL NOT NULL, UNIQUE(key, attempt),
        CHECK((outcome = 'ok') = (length(text) > 0))) STRICT;
INSERT INTO "translation" VALUES(1,'f3891c0486d8f3db5135105cae45a89accc0c97d949f381679d55ecb06770fe2',0,1,'ok','丄 丂 丁 丅?','It was ok.','',NULL,NULL,0.0,0.5,1.79535944159155654909e+09);
INSERT INTO "translation" VALUES(2,'1b45500a5e36c2fea32972862ab0401da57837a0d963c96e0d439407eed29813',0,1,'ok','丂 丂 丂 丆.','It was ok.','',NULL,NULL,0.0,0.5,1.79535944160124516489e+09);
CREATE TABLE translation_run(
        translation_run_id INTEGER PRIMARY KEY, source_id INTEGER NOT NULL REFERENCES source_file,
        benchmark_id INTEGER NOT NULL REFERENCES benchmark, target TEXT NOT NULL,
        lang TEXT NOT NULL, systems TEXT NOT NULL, actor TEXT NOT NULL, card TEXT NOT NULL,
        card_sha256 TEXT NOT NULL, prompt_sha256 TEXT NOT NULL,
        temperature REAL NOT NULL CHECK(temperature >= 0),
        max_tokens INTEGER NOT NULL CHECK(max_tokens > 0), cap_usd REAL CHECK(cap_usd >= 0),
        n_items INTEGER NOT NULL CHECK(n_items >= 0),
        n_wanted INTEGER NOT NULL CHECK(n_wanted >= 0),
        state TEXT NOT NULL CHECK(state IN ('running','done','cancelled','interrupted','failed')),
        message TEXT NOT NULL, started_at REAL NOT NULL, finished_at REAL,
        CHECK((state = 'running') = (finished_at IS NULL))) STRICT;
INSERT INTO "translation_run" VALUES(1,4,2,'quiz_zh','zh','["alpaca"]','kim','free','2b9babe36ea028465d1f580c1354a1051af5aaec0d93110d3cd254eca1e1ead2','057fe7a0948ffe3fa4867e46b58825f94dcbeaf5f8b79a20d33dc90c38dbb828',0.0,4096,NULL,0,2,'done','',1.79535944157942175865e+09,1.79535944160385942461e+09);
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
CREATE INDEX answer_name_by_answer ON answer_name(answer_id);
CREATE TRIGGER judge_run_ends_once BEFORE UPDATE ON judge_run
            WHEN OLD.state <> 'running' OR NEW.judge_run_id <> OLD.judge_run_id
                OR NEW.started_at <> OLD.started_at
            BEGIN SELECT RAISE(ABORT, 'a judge_run ends once'); END;
CREATE TRIGGER judge_run_no_delete BEFORE DELETE ON judge_run
            BEGIN SELECT RAISE(ABORT, 'judge_run rows are never deleted'); END;
CREATE INDEX judge_task_by_key ON judge_task(key);
CREATE INDEX judge_payment_by_run ON judge_payment(judge_run_id);
CREATE TRIGGER judgment_is_of_its_answers BEFORE INSERT ON judgment
        WHEN EXISTS (SELECT 1 FROM answer a
            WHERE (a.answer_id = NEW.answer_1
                    AND (a.item_id, a.system_id) <> (NEW.item_id, NEW.system_1))
                OR (a.answer_id = NEW.answer_2
                    AND (a.item_id, a.system_id) <> (NEW.item_id, NEW.system_2)))
        BEGIN SELECT RAISE(ABORT, 'a judgment is of its systems'' answers to its item'); END;
CREATE UNIQUE INDEX judgment_once ON judgment(key)
        WHERE outcome = 'ok' AND judge_run_id IS NOT NULL;
CREATE INDEX judgment_by_content ON judgment(content)
        WHERE outcome = 'ok' AND content <> '';
CREATE INDEX judgment_by_item ON judgment(item_id);
CREATE INDEX judgment_by_run ON judgment(judge_run_id, outcome);
CREATE INDEX judgment_unreadable ON judgment(judgment_id) WHERE outcome = 'unreadable';
CREATE INDEX judgment_by_source ON judgment(source_id);
CREATE TRIGGER judgment_reading_is_whole BEFORE INSERT ON judgment_reading
        WHEN (NEW.score_2 IS NOT NULL) <> (NEW.score_1 IS NOT NULL AND 'pair' =
            (SELECT kind FROM judgment WHERE judgment_id = NEW.judgment_id))
        BEGIN SELECT RAISE(ABORT, 'a reading has a score for each answer, or none'); END;
CREATE INDEX judgment_reading_by_judgment ON judgment_reading(judgment_id);
CREATE UNIQUE INDEX translation_run_one_at_a_time ON translation_run(target)
        WHERE state = 'running';
CREATE TRIGGER translation_run_ends_once BEFORE UPDATE ON translation_run
            WHEN OLD.state <> 'running' OR NEW.translation_run_id <> OLD.translation_run_id
                OR NEW.started_at <> OLD.started_at
            BEGIN SELECT RAISE(ABORT, 'a translation_run ends once'); END;
CREATE TRIGGER translation_run_no_delete BEFORE DELETE ON translation_run
            BEGIN SELECT RAISE(ABORT, 'translation_run rows are never deleted'); END;
CREATE UNIQUE INDEX translation_once ON translation(key) WHERE outcome = 'ok';
CREATE INDEX translation_by_run ON translation(translation_run_id, outcome, cost_usd);
CREATE INDEX translated_item_by_origin ON translated_item(of_item);
CREATE INDEX translated_answer_by_origin ON translated_answer(of_answer);
CREATE UNIQUE INDEX ranking_run_one_at_a_time ON ranking_run(benchmark_id, name)
        WHERE state = 'running';
CREATE TRIGGER ranking_run_ends_once BEFORE UPDATE ON ranking_run
            WHEN OLD.state <> 'running' OR NEW.ranking_run_id <> OLD.ranking_run_id
                OR NEW.started_at <> OLD.started_at
            BEGIN SELECT RAISE(ABORT, 'a ranking_run ends once'); END;
CREATE TRIGGER ranking_run_no_delete BEFORE DELETE ON ranking_run
            BEGIN SELECT RAISE(ABORT, 'ranking_run rows are never deleted'); END;
CREATE UNIQUE INDEX reward_once ON reward(answer_id, reward_sha256)
        WHERE outcome = 'ok';
CREATE INDEX ranked_answer_by_origin ON ranked_answer(of_answer);
CREATE TRIGGER answer_name_no_update BEFORE UPDATE ON answer_name
            BEGIN SELECT RAISE(ABORT, 'answer_name rows are never changed'); END;
CREATE TRIGGER answer_name_no_delete BEFORE DELETE ON answer_name
            BEGIN SELECT RAISE(ABORT, 'answer_name rows are never deleted'); END;
CREATE TRIGGER judge_prompt_no_update BEFORE UPDATE ON judge_prompt
            BEGIN SELECT RAISE(ABORT, 'judge_prompt rows are never changed'); END;
CREATE TRIGGER judge_prompt_no_delete BEFORE DELETE ON judge_prompt
            BEGIN SELECT RAISE(ABORT, 'judge_prompt rows are never deleted'); END;
CREATE TRIGGER judge_reviewer_no_update BEFORE UPDATE ON judge_reviewer
            BEGIN SELECT RAISE(ABORT, 'judge_reviewer rows are never changed'); END;
CREATE TRIGGER judge_reviewer_no_delete BEFORE DELETE ON judge_reviewer
            BEGIN SELECT RAISE(ABORT, 'judge_reviewer rows are never deleted'); END;
CREATE TRIGGER judge_task_no_update BEFORE UPDATE ON judge_task
            BEGIN SELECT RAISE(ABORT, 'judge_task rows are never changed'); END;
CREATE TRIGGER judge_task_no_delete BEFORE DELETE ON judge_task
            BEGIN SELECT RAISE(ABORT, 'judge_task rows are never deleted'); END;
CREATE TRIGGER judge_payment_no_update BEFORE UPDATE ON judge_payment
            BEGIN SELECT RAISE(ABORT, 'judge_payment rows are never changed'); END;
CREATE TRIGGER judge_payment_no_delete BEFORE DELETE ON judge_payment
            BEGIN SELECT RAISE(ABORT, 'judge_payment rows are never deleted'); END;
CREATE TRIGGER judgment_no_update BEFORE UPDATE ON judgment
            BEGIN SELECT RAISE(ABORT, 'judgment rows are never changed'); END;
CREATE TRIGGER judgment_no_delete BEFORE DELETE ON judgment
            BEGIN SELECT RAISE(ABORT, 'judgment rows are never deleted'); END;
CREATE TRIGGER judgment_reading_no_update BEFORE UPDATE ON judgment_reading
            BEGIN SELECT RAISE(ABORT, 'judgment_reading rows are never changed'); END;
CREATE TRIGGER judgment_reading_no_delete BEFORE DELETE ON judgment_reading
            BEGIN SELECT RAISE(ABORT, 'judgment_reading rows are never deleted'); END;
CREATE TRIGGER score_choice_no_update BEFORE UPDATE ON score_choice
            BEGIN SELECT RAISE(ABORT, 'score_choice rows are never changed'); END;
CREATE TRIGGER score_choice_no_delete BEFORE DELETE ON score_choice
            BEGIN SELECT RAISE(ABORT, 'score_choice rows are never deleted'); END;
CREATE TRIGGER translated_benchmark_no_update BEFORE UPDATE ON translated_benchmark
            BEGIN SELECT RAISE(ABORT, 'translated_benchmark rows are never changed'); END;
CREATE TRIGGER translated_benchmark_no_delete BEFORE DELETE ON translated_benchmark
            BEGIN SELECT RAISE(ABORT, 'translated_benchmark rows are never deleted'); END;
CREATE TRIGGER translation_no_update BEFORE UPDATE ON translation
            BEGIN SELECT RAISE(ABORT, 'translation rows are never changed'); END;
CREATE TRIGGER translation_no_delete BEFORE DELETE ON translation
            BEGIN SELECT RAISE(ABORT, 'translation rows are never deleted'); END;
CREATE TRIGGER translated_item_no_update BEFORE UPDATE ON translated_item
            BEGIN SELECT RAISE(ABORT, 'translated_item rows are never changed'); END;
CREATE TRIGGER translated_item_no_delete BEFORE DELETE ON translated_item
            BEGIN SELECT RAISE(ABORT, 'translated_item rows are never deleted'); END;
CREATE TRIGGER translated_answer_no_update BEFORE UPDATE ON translated_answer
            BEGIN SELECT RAISE(ABORT, 'translated_answer rows are never changed'); END;
CREATE TRIGGER translated_answer_no_delete BEFORE DELETE ON translated_answer
            BEGIN SELECT RAISE(ABORT, 'translated_answer rows are never deleted'); END;
CREATE TRIGGER reward_no_update BEFORE UPDATE ON reward
            BEGIN SELECT RAISE(ABORT, 'reward rows are never changed'); END;
CREATE TRIGGER reward_no_delete BEFORE DELETE ON reward
            BEGIN SELECT RAISE(ABORT, 'reward rows are never deleted'); END;
CREATE TRIGGER ranked_system_no_update BEFORE UPDATE ON ranked_system
            BEGIN SELECT RAISE(ABORT, 'ranked_system rows are never changed'); END;
CREATE TRIGGER ranked_system_no_delete BEFORE DELETE ON ranked_system
            BEGIN SELECT RAISE(ABORT, 'ranked_system rows are never deleted'); END;
CREATE TRIGGER ranked_answer_no_update BEFORE UPDATE ON ranked_answer
            BEGIN SELECT RAISE(ABORT, 'ranked_answer rows are never changed'); END;
CREATE TRIGGER ranked_answer_no_delete BEFORE DELETE ON ranked_answer
            BEGIN SELECT RAISE(ABORT, 'ranked_answer rows are never deleted'); END;
CREATE UNIQUE INDEX checked_once ON checked_answer(answer_id, reward_sha256)
        WHERE outcome = 'ok';
CREATE TRIGGER checked_answer_no_update BEFORE UPDATE ON checked_answer
            BEGIN SELECT RAISE(ABORT, 'checked_answer rows are never changed'); END;
CREATE TRIGGER checked_answer_no_delete BEFORE DELETE ON checked_answer
            BEGIN SELECT RAISE(ABORT, 'checked_answer rows are never deleted'); END;
COMMIT;
