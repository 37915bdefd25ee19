"""The table of what reward models gave the answers that people or judges voted on."""

from annotations.tables.ranks import OUTCOMES

CHECKS: tuple[str, ...] = (
    # One row: what a reward model gave one answer, or why it gave none, when it was compared with
    # those who vote. `reward_sha256` is of the model and its chat template.
    f"""CREATE TABLE checked_answer(
        checked_answer_id INTEGER PRIMARY KEY, answer_id INTEGER NOT NULL REFERENCES answer,
        card TEXT NOT NULL, reward_sha256 TEXT NOT NULL,
        outcome TEXT NOT NULL CHECK(outcome IN ({OUTCOMES})), score REAL, detail TEXT NOT NULL,
        actor TEXT NOT NULL, created_at REAL NOT NULL,
        CHECK((outcome = 'ok') = (score IS NOT NULL))) STRICT""",
    # an answer is scored once
    """CREATE UNIQUE INDEX checked_once ON checked_answer(answer_id, reward_sha256)
        WHERE outcome = 'ok'""",
)
CHECKED_ONCE: tuple[str, ...] = ("checked_answer",)
