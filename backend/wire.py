"""OpenAI's chat protocol as plain data: what is sent, and how what comes back is read."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from backend.dialogue import Message, Outcome, Sampling
from backend.faults import Fault, Peer, quote, read_error

Body = dict[str, Any]

FINISHED = frozenset({"stop", "eos", "eos_token", "end_turn", "stop_sequence"})
# What may be left out when a server does not take it; each time the reply says so.
OPTIONAL = frozenset({"temperature", "top_p", "stop", "seed"})
MAX_COUNT = 1_000_000_000  # tokens; more is a server's mistake, and nobody's bill


def build_body(
    model: str, messages: Sequence[Message], sampling: Sampling, *, stream: bool
) -> Body:
    """Return a request that every server takes."""
    body: Body = {
        "model": model,
        "messages": [{"role": m.role, "content": clean(m.text)} for m in messages],
        "temperature": sampling.temperature,
        "top_p": sampling.top_p,
        "max_tokens": sampling.max_tokens,
    }
    if sampling.stop:
        body["stop"] = list(sampling.stop)
    if sampling.seed is not None:
        body["seed"] = sampling.seed
    if stream:
        body |= {"stream": True, "stream_options": {"include_usage": True}}
    return body


def add_local(body: Body, messages: Sequence[Message], sampling: Sampling, template: str) -> Body:
    """Return a request with what only our own workers understand: top_k, template, input, fit.

    With `fit` a small context shortens the answer, where another server would refuse.
    """
    told = [
        {"role": m.role, "content": clean(m.content)}
        | ({"input": clean(m.input)} if m.input else {})
        for m in messages
    ]
    extra: Body = {"messages": told, "top_k": sampling.top_k, "fit": True}
    if template:
        extra["template"] = template
    return body | extra


def build_format(schema: Mapping[str, object]) -> Body:
    """Return what asks for an answer in JSON that keeps to a schema."""
    told = {"name": "answer", "strict": True, "schema": dict(schema)}
    return {"response_format": {"type": "json_schema", "json_schema": told}}


def drop_parameter(body: Body, param: str) -> tuple[Body, str] | None:
    """Return a request without a parameter that the server does not take, and a note about it.

    Edge: max_tokens becomes max_completion_tokens, or the other way round, without a note: it
    asks for the same. None where nothing can be changed.
    """
    names = {"max_tokens": "max_completion_tokens", "max_completion_tokens": "max_tokens"}
    if param not in body:
        return None
    rest = {name: value for name, value in body.items() if name != param}
    if param in names:
        return rest | {names[param]: body[param]}, ""
    if param == "stream_options":
        return rest, ""
    if param == "response_format":
        return rest, "The server takes no JSON schema; it answered without."
    if param in OPTIONAL:
        return rest, f"The server does not take {param}={body[param]!r}; it answered without."
    return None


@dataclass
class Draft:
    """An answer while it comes in."""

    peer: Peer
    parts: list[str] = field(default_factory=list)
    refusal: str = ""
    finish: str = ""
    n_events: int = 0
    n_choices: int = 0
    model: str = ""
    n_prompt_tokens: int | None = None
    n_tokens: int | None = None

    @property
    def text(self) -> str:
        """Return all that has come."""
        return "".join(self.parts)

    def add_chunk(self, chunk: object) -> str:
        """Take one event of a stream; return the text that it added."""
        return self._add(chunk, "delta")

    def add_whole(self, completion: object) -> str:
        """Take an answer that came in one piece; return its text."""
        return self._add(completion, "message")

    def _add(self, told: object, part: str) -> str:
        self.n_events += 1
        if isinstance(told, str):
            raise self._malformed(f"is no JSON, but {quote(told[:80], self.peer.key)!r}")
        if not isinstance(told, Mapping):
            raise self._malformed("is no object")
        if told.get("error"):
            raise read_error(told["error"], self.peer)
        self._count(told)
        choices = told.get("choices")
        if choices is None or choices == []:
            return ""
        if not isinstance(choices, list) or not isinstance(choices[0], Mapping):
            raise self._malformed("has choices that are no list of objects")
        return self._add_choice(choices[0], part)

    def _count(self, told: Mapping[str, object]) -> None:
        model, usage = told.get("model"), told.get("usage")
        if isinstance(model, str) and model:
            self.model = clean(model)
        if isinstance(usage, Mapping):
            n_prompt, n_tokens = usage.get("prompt_tokens"), usage.get("completion_tokens")
            if is_count(n_prompt) and is_count(n_tokens):
                self.n_prompt_tokens, self.n_tokens = n_prompt, n_tokens

    def _add_choice(self, choice: Mapping[str, object], part: str) -> str:
        said = choice.get(part) or {}
        if not isinstance(said, Mapping):
            raise self._malformed(f"has a {part} that is no object")
        content, refusal = said.get("content"), said.get("refusal")
        if not isinstance(content, str | None) or not isinstance(refusal, str | None):
            raise self._malformed("has a content that is no text")
        self.n_choices += 1
        self.finish = str(choice.get("finish_reason") or "") or self.finish
        self.refusal += clean(refusal or "")
        added = clean(content or "")
        if added:
            self.parts.append(added)
        return added

    def _malformed(self, what: str) -> Fault:
        return Fault("malformed", f"{self.peer.name}: what {self.peer.host} sent {what}.")

    def check(self) -> tuple[Outcome, str]:
        """Return how a whole answer ended, and the sentence about it; nothing for ok."""
        name = self.peer.name
        if not self.n_choices:
            return "malformed", f"{name}: what {self.peer.host} sent holds no choices."
        if self.finish == "content_filter":
            return "filtered", f"{name}: the server's content filter stopped the answer."
        if self.refusal:
            return "refused", f"{name} refused: {quote(self.refusal, self.peer.key)}"
        if not self.finish:
            return "cut_off", f"{name}: the answer ended without a word that it was complete."
        if self.finish not in FINISHED and self.finish != "length":
            reason = quote(self.finish, self.peer.key)
            return "cut_off", f"{name}: the answer ended with {reason!r}, which is no full answer."
        return self._check_text()

    def _check_text(self) -> tuple[Outcome, str]:
        name, cut = self.peer.name, self.finish == "length"
        if not self.text.strip():
            all_used = " All of max_tokens went by without a text; allow more." if cut else ""
            return "empty", f"{name} answered with an empty text.{all_used}"
        return ("truncated", f"{name}: cut at max_tokens.") if cut else ("ok", "")


def is_count(value: object) -> bool:
    """Say whether a value can be a number of tokens; no answer has as many as MAX_COUNT."""
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < MAX_COUNT


def clean(text: str) -> str:
    """Return a text with what no UTF-8 can hold, half a surrogate pair, replaced."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
