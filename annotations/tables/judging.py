"""The tables of the judge: prompts, runs, what is to be judged, judgments, readings by people."""

from annotations.tables.endings import guard_run

VERDICTS = "'ok','unreadable','refused','filtered','truncated','empty','api_error'"

JUDGING = (
    # What released files call an answer, FastChat's answer_id: reviews name answers by it.
    """CREATE TABLE answer_name(
        name TEXT PRIMARY KEY, answer_id INTEGER NOT NULL REFERENCES answer)
        STRICT, WITHOUT ROWID""",
    "CREATE INDEX answer_name_by_answer ON answer_name(answer_id)",
    # The published prompts and who uses which, as their files say (prompt.jsonl, reviewer.jsonl).
    """CREATE TABLE judge_prompt(
        name TEXT PRIMARY KEY, system TEXT NOT NULL, template TEXT NOT NULL, rubric TEXT NOT NULL,
        sha256 TEXT NOT NULL, source_id INTEGER NOT NULL REFERENCES source_file)
        STRICT, WITHOUT ROWID""",
    """CREATE TABLE judge_reviewer(
        name TEXT PRIMARY KEY, prompt TEXT NOT NULL, category TEXT NOT NULL UNIQUE,
        temperature REAL NOT NULL, max_tokens INTEGER NOT NULL CHECK(max_tokens > 0),
        source_id INTEGER NOT NULL REFERENCES source_file) STRICT, WITHOUT ROWID""",
    # One row: one time that a judge was sent over a benchmark.
    """CREATE TABLE judge_run(
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
        CHECK((state = 'running') = (finished_at IS NULL))) STRICT""",
    *guard_run("judge_run"),
    # One row: two answers in one order, to be judged. `key` says what a judgment of it hangs on;
    # tasks of several runs with the same key share one judgment.
    """CREATE TABLE judge_task(
        judge_run_id INTEGER NOT NULL REFERENCES judge_run, ord INTEGER NOT NULL,
        item_id INTEGER NOT NULL REFERENCES item,
        answer_1 INTEGER NOT NULL REFERENCES answer, answer_2 INTEGER NOT NULL REFERENCES answer,
        reference_slot INTEGER NOT NULL CHECK(reference_slot IN (1, 2)),
        repeat INTEGER NOT NULL CHECK(repeat >= 0), key TEXT NOT NULL,
        PRIMARY KEY(judge_run_id, ord), UNIQUE(judge_run_id, key)) STRICT, WITHOUT ROWID""",
    "CREATE INDEX judge_task_by_key ON judge_task(key)",
    # Which money was set aside for which run, so that a cap holds over kills and restarts.
    """CREATE TABLE judge_payment(
        reservation_id INTEGER PRIMARY KEY REFERENCES reservation,
        judge_run_id INTEGER NOT NULL REFERENCES judge_run) STRICT""",
    "CREATE INDEX judge_payment_by_run ON judge_payment(judge_run_id)",
    # One row: one reply of a judge, ours or from a file, well or not. Never changed. The system is
    # known even where the answer's text is not (a review file without its answer file). Scores read
    # from the text lie in 0 to 10; those that a file brings along are kept as they stand there.
    # `content` is the hash of all that was put to our judge: equal content is not paid for twice.
    f"""CREATE TABLE judgment(
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
        outcome TEXT NOT NULL CHECK(outcome IN ({VERDICTS})), fault TEXT NOT NULL,
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
        CHECK(kind = 'pair' OR (answer_2 IS NULL AND read_2 IS NULL AND winner IS NULL))) STRICT""",
    """CREATE TRIGGER judgment_is_of_its_answers BEFORE INSERT ON judgment
        WHEN EXISTS (SELECT 1 FROM answer a
            WHERE (a.answer_id = NEW.answer_1
                    AND (a.item_id, a.system_id) <> (NEW.item_id, NEW.system_1))
                OR (a.answer_id = NEW.answer_2
                    AND (a.item_id, a.system_id) <> (NEW.item_id, NEW.system_2)))
        BEGIN SELECT RAISE(ABORT, 'a judgment is of its systems'' answers to its item'); END""",
    # A verdict is given once. One from a file can be filed again, when more is known of it: whose
    # answers they are, who judged, or how to read the reply; the latest attempt stands.
    """CREATE UNIQUE INDEX judgment_once ON judgment(key)
        WHERE outcome = 'ok' AND judge_run_id IS NOT NULL""",
    """CREATE INDEX judgment_by_content ON judgment(content)
        WHERE outcome = 'ok' AND content <> ''""",
    "CREATE INDEX judgment_by_item ON judgment(item_id)",
    # how the tasks of a run ended is counted often, and the rows themselves are long
    "CREATE INDEX judgment_by_run ON judgment(judge_run_id, outcome)",
    "CREATE INDEX judgment_unreadable ON judgment(judgment_id) WHERE outcome = 'unreadable'",
    "CREATE INDEX judgment_by_source ON judgment(source_id)",
    # What a person made of a reply that could not be read; without scores: they neither.
    """CREATE TABLE judgment_reading(
        judgment_reading_id INTEGER PRIMARY KEY,
        judgment_id INTEGER NOT NULL REFERENCES judgment, actor TEXT NOT NULL,
        score_1 REAL CHECK(score_1 BETWEEN 0 AND 10), score_2 REAL CHECK(score_2 BETWEEN 0 AND 10),
        note TEXT NOT NULL, created_at REAL NOT NULL) STRICT""",
    """CREATE TRIGGER judgment_reading_is_whole BEFORE INSERT ON judgment_reading
        WHEN (NEW.score_2 IS NOT NULL) <> (NEW.score_1 IS NOT NULL AND 'pair' =
            (SELECT kind FROM judgment WHERE judgment_id = NEW.judgment_id))
        BEGIN SELECT RAISE(ABORT, 'a reading has a score for each answer, or none'); END""",
    "CREATE INDEX judgment_reading_by_judgment ON judgment_reading(judgment_id)",
    # Whether scores that were read again count, or those that files brought; the last row says.
    """CREATE TABLE score_choice(
        score_choice_id INTEGER PRIMARY KEY,
        choice TEXT NOT NULL CHECK(choice IN ('read','stored')),
        actor TEXT NOT NULL, created_at REAL NOT NULL) STRICT""",
)

JUDGED_ONCE = (
    "answer_name", "judge_prompt", "judge_reviewer", "judge_task", "judge_payment", "judgment",
    "judgment_reading", "score_choice",
)  # fmt: skip
