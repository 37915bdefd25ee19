"""What is sent back: OpenAI's answers, whole or in events.

An event is made for every token of every stream, so all of it that doesn't change is made once.
"""

import json
import secrets
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

DONE = b"data: [DONE]\n\n"


def pack_event(payload: Mapping[str, Any]) -> bytes:
    """Return a server-sent event."""
    return b"data: " + json.dumps(payload, separators=(",", ":")).encode() + b"\n\n"


@dataclass(slots=True)
class Choice:
    """One answer as far as it has come."""

    text: str = ""
    finish: str = ""
    n_tokens: int = 0


def count_usage(n_prompt: int, choices: Sequence[Choice]) -> dict[str, int]:
    """Return what was read and written, in tokens."""
    n_new = sum(choice.n_tokens for choice in choices)
    return {
        "prompt_tokens": n_prompt,
        "completion_tokens": n_new,
        "total_tokens": n_prompt + n_new,
    }


class Shape:
    """The parts that chat and completion share; one for each request."""

    prefix = ""
    whole = ""
    part = ""

    def __init__(self, model: str, n_choices: int, *, usage: bool = False) -> None:
        """Make all that doesn't change; with `usage` every event has that field."""
        self.model = model
        self.n_choices = n_choices
        self.usage = usage
        self.answer_id = self.prefix + secrets.token_hex(12)
        self.created = int(time.time())
        self.heads = [self.make_head(index) for index in range(n_choices)]
        self.tail = self.make_tail()

    def describe(self, kind: str) -> dict[str, Any]:
        """Return the fields that every answer and every event begins with."""
        return {
            "id": self.answer_id,
            "object": kind,
            "created": self.created,
            "model": self.model,
        }

    def make_head(self, index: int) -> bytes:
        """Return all of a text's event that comes before the text."""
        head = json.dumps(self.describe(self.part), separators=(",", ":"))[:-1]
        return f'data: {head},"choices":[{{"index":{index},{self.before_text}'.encode()

    before_text = ""
    after_text = ""

    def make_tail(self) -> bytes:
        """Return all of a text's event that comes after the text."""
        usage = ',"usage":null' if self.usage else ""
        return f'{self.after_text},"logprobs":null,"finish_reason":null}}]{usage}}}\n\n'.encode()

    def open_events(self) -> bytes:
        """Return what a stream begins with."""
        return b""

    def text_event(self, index: int, text: str) -> bytes:
        """Return the event that brings more text of one choice."""
        return self.heads[index] + json.dumps(text).encode() + self.tail

    def end_event(self, index: int, finish: str) -> bytes:
        """Return the event that ends one choice."""
        raise NotImplementedError

    def choice_event(self, choice: Mapping[str, Any]) -> bytes:
        """Return an event about one choice."""
        usage = {"usage": None} if self.usage else {}
        return pack_event({**self.describe(self.part), "choices": [choice], **usage})

    def close_events(self, n_prompt: int, choices: Sequence[Choice]) -> bytes:
        """Return what a stream ends with when every choice has ended."""
        if not self.usage:
            return DONE
        usage = count_usage(n_prompt, choices)
        return pack_event({**self.describe(self.part), "choices": [], "usage": usage}) + DONE

    def answer(self, n_prompt: int, choices: Sequence[Choice]) -> dict[str, Any]:
        """Return the whole answer of a request that didn't ask for a stream."""
        listed = [self.whole_choice(index, choice) for index, choice in enumerate(choices)]
        usage = count_usage(n_prompt, choices)
        return {**self.describe(self.whole), "choices": listed, "usage": usage}

    def whole_choice(self, index: int, choice: Choice) -> dict[str, Any]:
        """Return one choice of a whole answer."""
        raise NotImplementedError


class ChatShape(Shape):
    """Answers of /v1/chat/completions."""

    prefix = "chatcmpl-"
    whole = "chat.completion"
    part = "chat.completion.chunk"
    before_text = '"delta":{"content":'
    after_text = "}"

    def open_events(self) -> bytes:
        """Return the events that say who speaks."""
        opening = {"role": "assistant", "content": ""}
        return b"".join(
            self.choice_event(
                {"index": index, "delta": opening, "logprobs": None, "finish_reason": None}
            )
            for index in range(self.n_choices)
        )

    def end_event(self, index: int, finish: str) -> bytes:
        """Return the event that ends one choice."""
        return self.choice_event(
            {"index": index, "delta": {}, "logprobs": None, "finish_reason": finish}
        )

    def whole_choice(self, index: int, choice: Choice) -> dict[str, Any]:
        """Return one choice of a whole answer."""
        message = {"role": "assistant", "content": choice.text, "refusal": None}
        return {
            "index": index,
            "message": message,
            "logprobs": None,
            "finish_reason": choice.finish,
        }


class TextShape(Shape):
    """Answers of /v1/completions."""

    prefix = "cmpl-"
    whole = "text_completion"
    part = "text_completion"
    before_text = '"text":'

    def end_event(self, index: int, finish: str) -> bytes:
        """Return the event that ends one choice."""
        return self.choice_event(self.whole_choice(index, Choice(finish=finish)))

    def whole_choice(self, index: int, choice: Choice) -> dict[str, Any]:
        """Return one choice of a whole answer."""
        return {
            "index": index,
            "text": choice.text,
            "logprobs": None,
            "finish_reason": choice.finish,
        }
