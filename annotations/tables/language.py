"""The tables of translation."""

from annotations.tables.endings import guard_run

# How asking for a translation can end, as the ledger has known it since 0003; "ok" has a text.
OUTCOMES = """'ok','truncated','stopped','empty','refused','filtered','too_long','no_quota',
    'bad_key','unknown_model','rate_limited','timeout','unreachable','cut_off','malformed',
    'server_error'"""

TRANSLATION: tuple[str, ...] = (
    # One row: one time that a model was sent to translate; `target` is the new benchmark's name.
    """CREATE TABLE translation_run(
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
        CHECK((state = 'running') = (finished_at IS NULL))) STRICT""",
    """CREATE UNIQUE INDEX translation_run_one_at_a_time ON translation_run(target)
        WHERE state = 'running'""",
    *guard_run("translation_run"),
    # One row: a benchmark that is another one in another language. It has one translator: one
    # model with one prompt, which the run that began it names.
    """CREATE TABLE translated_benchmark(
        benchmark_id INTEGER PRIMARY KEY REFERENCES benchmark,
        of_benchmark INTEGER NOT NULL REFERENCES benchmark,
        translation_run_id INTEGER NOT NULL REFERENCES translation_run,
        CHECK(benchmark_id <> of_benchmark)) STRICT""",
    # One row: how asking for one text ended. `key` is of the text, who is asked, and how; a text
    # that stands in many answers is asked for once.
    f"""CREATE TABLE translation(
        translation_id INTEGER PRIMARY KEY, key TEXT NOT NULL,
        attempt INTEGER NOT NULL CHECK(attempt >= 0),
        translation_run_id INTEGER NOT NULL REFERENCES translation_run,
        outcome TEXT NOT NULL CHECK(outcome IN ({OUTCOMES})), text TEXT NOT NULL,
        detail TEXT NOT NULL, model TEXT NOT NULL, n_prompt_tokens INTEGER, n_tokens INTEGER,
        duration_s REAL NOT NULL CHECK(duration_s >= 0), cost_usd REAL CHECK(cost_usd >= 0),
        created_at REAL NOT NULL, UNIQUE(key, attempt),
        CHECK((outcome = 'ok') = (length(text) > 0))) STRICT""",
    # a text is translated once
    "CREATE UNIQUE INDEX translation_once ON translation(key) WHERE outcome = 'ok'",
    # how the texts of a run ended is counted without reading them
    "CREATE INDEX translation_by_run ON translation(translation_run_id, outcome, cost_usd)",
    # What became of what.
    """CREATE TABLE translated_item(
        item_id INTEGER PRIMARY KEY REFERENCES item, of_item INTEGER NOT NULL REFERENCES item,
        translation_run_id INTEGER NOT NULL REFERENCES translation_run,
        CHECK(item_id <> of_item)) STRICT""",
    "CREATE INDEX translated_item_by_origin ON translated_item(of_item)",
    """CREATE TABLE translated_answer(
        answer_id INTEGER PRIMARY KEY REFERENCES answer,
        of_answer INTEGER NOT NULL REFERENCES answer,
        translation_run_id INTEGER NOT NULL REFERENCES translation_run,
        CHECK(answer_id <> of_answer)) STRICT""",
    "CREATE INDEX translated_answer_by_origin ON translated_answer(of_answer)",
)
TRANSLATED_ONCE: tuple[str, ...] = (
    "translated_benchmark", "translation", "translated_item", "translated_answer",
)  # fmt: skip
