"""The judge's nouns: what is put to it, what it said, and how that was read."""

from dataclasses import dataclass, field
from typing import Literal

from backend.dialogue import Outcome
from backend.records import Item

# How asking a judge ended. Only "ok" has scores or a winner; the others are names of failures.
VerdictOutcome = Literal[
    "ok", "unreadable", "refused", "filtered", "truncated", "empty", "api_error"
]
VERDICT_OUTCOMES: tuple[VerdictOutcome, ...] = (
    "ok", "unreadable", "refused", "filtered", "truncated", "empty", "api_error",
)  # fmt: skip
Slot = Literal["1", "tie", "2"]
MAX_SCORE = 10.0  # of one answer to one question


@dataclass(frozen=True, slots=True)
class Case:
    """One question with two answers in one order; `key` tells it from all others."""

    key: str
    item: Item
    answer_1: str
    answer_2: str


@dataclass(frozen=True, slots=True)
class Reading:
    """What was read from a reply. Units: scores from 0 to 10; `score_2` None where one was asked.

    `how` names the rule that read it; `flags` what is odd about it, as "zero".
    """

    score_1: float
    score_2: float | None
    how: str
    flags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Verdict:
    """How one case ended. Units: US dollars, None where unknown; seconds.

    `fault` is the client's name for what went wrong, `detail` the sentence about it. `first_text`
    is a first reply that could not be read, where the judge was reminded. `boundary` is what stood
    around the answers in this one prompt. Costs are of all replies.
    """

    outcome: VerdictOutcome
    reading: Reading | None = None
    winner: Slot | None = None
    fault: Outcome | Literal[""] = ""
    detail: str = ""
    text: str = ""
    first_text: str = ""
    boundary: str = ""
    model: str = ""
    flags: tuple[str, ...] = field(default=())
    n_prompt_tokens: int | None = None
    n_tokens: int | None = None
    cost_usd: float | None = 0.0
    duration_s: float = 0.0
    retry_after_s: float | None = None
