"""The tables of best-of-n: what a reward model gave, and the systems that its ranks make."""

from annotations.tables.endings import guard_run

# How asking for scores can end, as the ledger has known it since 0003; "ok" has a score.
OUTCOMES = """'ok','truncated','stopped','empty','refused','filtered','too_long','no_quota',
    'bad_key','unknown_model','rate_limited','timeout','unreachable','cut_off','malformed',
    'server_error'"""

RANKING: tuple[str, ...] = (
    # One row: one time that a reward model was sent over a system's samples. `base` has the
    # samples, `baseline` its plain decoding; `name` is what the ranks are called after.
    """CREATE TABLE ranking_run(
        ranking_run_id INTEGER PRIMARY KEY, source_id INTEGER NOT NULL REFERENCES source_file,
        benchmark_id INTEGER NOT NULL REFERENCES benchmark, name TEXT NOT NULL,
        base INTEGER NOT NULL REFERENCES system, baseline INTEGER NOT NULL REFERENCES system,
        samples INTEGER NOT NULL CHECK(samples >= 2), actor TEXT NOT NULL, card TEXT NOT NULL,
        reward_sha256 TEXT NOT NULL, n_wanted INTEGER NOT NULL CHECK(n_wanted >= 0),
        state TEXT NOT NULL CHECK(state IN ('running','done','cancelled','interrupted','failed')),
        message TEXT NOT NULL, started_at REAL NOT NULL, finished_at REAL,
        CHECK((state = 'running') = (finished_at IS NULL))) STRICT""",
    """CREATE UNIQUE INDEX ranking_run_one_at_a_time ON ranking_run(benchmark_id, name)
        WHERE state = 'running'""",
    *guard_run("ranking_run"),
    # One row: what a reward model gave one answer, or why it gave none. `reward_sha256` is of the
    # model and its chat template.
    f"""CREATE TABLE reward(
        ranking_run_id INTEGER NOT NULL REFERENCES ranking_run,
        answer_id INTEGER NOT NULL REFERENCES answer, reward_sha256 TEXT NOT NULL,
        outcome TEXT NOT NULL CHECK(outcome IN ({OUTCOMES})), score REAL, detail TEXT NOT NULL,
        created_at REAL NOT NULL, PRIMARY KEY(ranking_run_id, answer_id),
        CHECK((outcome = 'ok') = (score IS NOT NULL))) STRICT, WITHOUT ROWID""",
    # an answer is scored once
    """CREATE UNIQUE INDEX reward_once ON reward(answer_id, reward_sha256)
        WHERE outcome = 'ok'""",
    # One row: a system that is one rank of another's samples on a benchmark: 1 is the best of
    # them, 0 its plain decoding.
    """CREATE TABLE ranked_system(
        benchmark_id INTEGER NOT NULL REFERENCES benchmark, name TEXT NOT NULL,
        rank INTEGER NOT NULL CHECK(rank >= 0), system_id INTEGER NOT NULL REFERENCES system,
        ranking_run_id INTEGER NOT NULL REFERENCES ranking_run,
        PRIMARY KEY(benchmark_id, name, rank)) STRICT, WITHOUT ROWID""",
    # Which sample an answer of such a system is.
    """CREATE TABLE ranked_answer(
        answer_id INTEGER PRIMARY KEY REFERENCES answer,
        of_answer INTEGER NOT NULL REFERENCES answer,
        ranking_run_id INTEGER NOT NULL REFERENCES ranking_run,
        CHECK(answer_id <> of_answer)) STRICT""",
    "CREATE INDEX ranked_answer_by_origin ON ranked_answer(of_answer)",
)
RANKED_ONCE: tuple[str, ...] = ("reward", "ranked_system", "ranked_answer")
