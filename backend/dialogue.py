"""What is said to a model and what comes back: messages, sampling parameters, replies."""

from dataclasses import dataclass
from typing import Literal

Speaker = Literal["system", "user", "assistant"]

# How an answer ended. Only "ok" and "truncated" have an answer's text; every other word is the
# name of a failure, and never a text.
Outcome = Literal[
    "ok",
    "truncated",  # stopped at max_tokens: a text, cut where it was asked to be
    "stopped",  # a person stopped it, or left
    "empty",
    "refused",
    "filtered",
    "too_long",  # prompt and max_tokens don't fit the context
    "no_quota",  # money or quota is used up, ours or theirs
    "bad_key",
    "unknown_model",
    "rate_limited",
    "timeout",
    "unreachable",
    "cut_off",  # the connection ended before the answer did
    "malformed",  # an answer that isn't one: HTML, broken JSON, no choices
    "server_error",
]
ANSWERED: frozenset[Outcome] = frozenset({"ok", "truncated"})


@dataclass(frozen=True, slots=True)
class Message:
    """One turn; `input` is Alpaca's further context, which other formats put under the text."""

    role: Speaker
    content: str
    input: str = ""

    @property
    def text(self) -> str:
        """Return the message as a format without an input field has it."""
        return f"{self.content}\n\n{self.input}" if self.input else self.content


@dataclass(frozen=True, slots=True)
class Sampling:
    """How the next token is chosen, and when to stop.

    Units: `max_tokens` in new tokens. `temperature` 0 is greedy; `top_k` 0 is off.
    """

    temperature: float = 0.7
    top_p: float = 1.0
    top_k: int = 0
    max_tokens: int = 1024
    stop: tuple[str, ...] = ()
    seed: int | None = None


@dataclass(frozen=True, slots=True)
class Reply:
    """How one answer ended, and what it took.

    Units: seconds; `cost_usd` in US dollars, None where the price is unknown. Retries are in it.
    Edge: `text` of a failure is what had come until then; it is never an answer.
    `retry_after_s` is how long the server asked to wait before anything is asked of it again.
    """

    text: str
    outcome: Outcome
    detail: str = ""  # a sentence to a person, for every outcome but ok; there, what was changed
    model: str = ""  # the snapshot that the server says has answered
    n_prompt_tokens: int | None = None
    n_tokens: int | None = None
    first_token_s: float | None = None
    duration_s: float = 0.0
    cost_usd: float | None = 0.0
    retry_after_s: float | None = None

    @property
    def answered(self) -> bool:
        """Say whether `text` is an answer."""
        return self.outcome in ANSWERED

    @property
    def tokens_per_s(self) -> float | None:
        """Return the speed after the first token, or None where it can't be known."""
        if not self.n_tokens or self.first_token_s is None or self.n_tokens < 2:
            return None
        took = self.duration_s - self.first_token_s
        return (self.n_tokens - 1) / took if took > 0 else None
