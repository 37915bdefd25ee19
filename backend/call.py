"""One question on its way to a model: to whom, with how much patience, and what came of it.

Nothing here asks anybody: the client does, and keeps its books here.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

from pydantic import SecretStr

from backend.dialogue import Message, Reply
from backend.faults import Fault, Peer, hide_key
from backend.money import cost, count_tokens
from backend.wire import Body, Draft, build_format, drop_parameter


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A model as the client sees it.

    Units: US dollars a million tokens, None where unknown; the cap is for a UTC day.
    """

    name: str
    base_url: str
    model: str
    key: SecretStr | None = None
    key_env: str = ""
    price_input_usd: float | None = None
    price_output_usd: float | None = None
    daily_cap_usd: float = 0.0
    is_local: bool = False

    @property
    def peer(self) -> Peer:
        """Return who is asked, as sentences name it."""
        return Peer(self.name, self.base_url, self.model, self.key_env, self.key, self.is_local)


@dataclass(frozen=True, slots=True)
class Patience:
    """How long an answer is waited for, and how often it is tried.

    Units: seconds. `deadline_s` is for all attempts together; `silence_s` is the longest pause
    between two pieces of text, and `tail_s` how long a finished answer is waited on for its usage.
    Edge: who spaces calls out without help, as a judge's run does, gives `waits_for_turn` False: a
    server that takes no more requests now is not asked again then.
    """

    deadline_s: float = 600.0
    first_token_s: float = 180.0
    silence_s: float = 90.0
    connect_s: float = 10.0
    tail_s: float = 5.0
    n_attempts: int = 3
    backoff_s: float = 1.0
    longest_wait_s: float = 30.0
    waits_for_turn: bool = True


def tell_schema(schema: Mapping[str, object]) -> Message:
    """Return what a schema adds to a prompt, to be counted with it."""
    return Message("system", json.dumps(build_format(schema), ensure_ascii=False))


@dataclass
class Call:
    """One question on its way: what is sent, what has come, and what it took until now."""

    endpoint: Endpoint
    body: Body
    ceiling_usd: float | None
    started: float
    draft: Draft
    patience: Patience = field(default_factory=Patience)
    attempted: float = 0.0
    n_attempts: int = 0
    dropped: set[str] = field(default_factory=set)
    spent_usd: float = 0.0
    first_token_s: float | None = None
    notes: list[str] = field(default_factory=list)

    def ask_for(self, schema: Mapping[str, object]) -> None:
        """Have the answer keep to a JSON schema; servers count it as part of the prompt."""
        self.body |= build_format(schema)
        n_tokens = count_tokens([tell_schema(schema)])
        if self.ceiling_usd is not None:
            self.ceiling_usd += cost(self.endpoint, n_tokens, 0) or 0.0

    def drop(self, param: str) -> bool:
        """Leave out a parameter that the server does not take; False where that can't be done."""
        changed = drop_parameter(self.body, param) if param not in self.dropped else None
        if changed is None:
            return False
        self.dropped.add(param)
        self.body, note = changed
        self.notes += [note] if note else []
        return True

    def may_again(self, fault: Fault) -> bool:
        """Say whether a fault can be tried again, and there is patience for it."""
        if fault.outcome == "rate_limited" and not self.patience.waits_for_turn:
            return False
        return fault.again and self.n_attempts < self.patience.n_attempts

    def count_cost(self, billed: bool) -> float | None:
        """Return what an attempt has cost, or None where it can't be known."""
        if not billed:
            return 0.0
        if self.draft.n_prompt_tokens is None or self.draft.n_tokens is None:
            return None
        return cost(self.endpoint, self.draft.n_prompt_tokens, self.draft.n_tokens)

    def make_reply(self, fault: Fault | None, now: float) -> Reply:
        """Return how it ended; where nothing went wrong, the draft says how."""
        draft = self.draft
        outcome, detail = (fault.outcome, fault.detail) if fault else draft.check()
        asked = f"Asked {self.n_attempts} times." if fault and self.n_attempts > 1 else ""
        return Reply(
            hide_key(draft.text, self.endpoint.key),
            outcome,
            " ".join(filter(None, [detail, asked, *self.notes])),
            model=hide_key(draft.model, self.endpoint.key),
            n_prompt_tokens=draft.n_prompt_tokens,
            n_tokens=draft.n_tokens,
            first_token_s=self.first_token_s,
            duration_s=now - self.started,
            cost_usd=self.spent_usd,
            retry_after_s=fault.retry_after_s if fault else None,
        )
