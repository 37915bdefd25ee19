"""What may be asked: the bodies of requests, read strictly.

A field that we don't have is refused by name, unless its value asks for nothing: an answer that
silently ignored a setting would be worth nothing to a researcher. `seed` alone is taken without a
promise, as OpenAI does: answers that share a batch share its chance.
"""

from typing import Annotated, Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator
from pydantic_core import from_json

from backend.dialogue import Message, Sampling
from backend.worker.faults import Fault, explain_invalid
from backend.worker.fields import (
    ABSENT,
    ABSENT_IN_MESSAGE,
    IGNORED,
    Content,
    Prompts,
    Stops,
    Texts,
    drop_neutral,
)

Asked = TypeVar("Asked", bound="Body")

MAX_CHOICES = 16
MAX_TOTAL = 64  # choices of one request, over all its prompts
DEFAULT_TOKENS = 1024
LEAST_TOKENS = 16  # with room for fewer, a chat no longer fits


class Strict(BaseModel):
    """No field that isn't known, no text for a number, no NaN."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, allow_inf_nan=False)


class Turn(Strict):
    """One message. `input` is ours: Alpaca's further context."""

    role: Literal["system", "developer", "user", "assistant"]
    content: Content
    input: str = ""
    name: str | None = None  # nobody but OpenAI's own models reads it

    @model_validator(mode="before")
    @classmethod
    def drop_absent(cls, asked: object) -> object:
        """Take the message of another server's answer as it is."""
        return drop_neutral(asked, ABSENT_IN_MESSAGE) if isinstance(asked, dict) else asked

    @model_validator(mode="after")
    def check_input(self) -> "Turn":
        """Only a person gives further context."""
        if self.input and self.role != "user":
            raise ValueError(f"only a user's message can have an input, not one of {self.role}")
        return self

    @property
    def message(self) -> Message:
        """Return the house's noun."""
        role = "system" if self.role == "developer" else self.role
        return Message(role, self.content, self.input)


Turns = Annotated[list[Turn], Field(min_length=1)]


class Body(Strict):
    """What every request may say."""

    model: str | None = None
    template: str | None = None  # ours: a built-in template for this request


class StreamOptions(Strict):
    """How a stream ends."""

    include_usage: bool = False
    include_obfuscation: bool | None = None


class Generation(Body):
    """What every request for a text may say; 1 is OpenAI's own default temperature."""

    temperature: float | None = Field(None, ge=0, le=2)
    top_p: float | None = Field(None, gt=0, le=1)
    top_k: int | None = Field(None, ge=-1, le=2**31)
    max_tokens: int | None = Field(None, ge=1, le=2**31)
    fit: bool | None = None  # ours: max_tokens is the most, and less will do in a small context
    n: int | None = Field(None, ge=1, le=MAX_CHOICES)
    stop: Stops = []
    seed: int | None = Field(None, ge=-(2**63), lt=2**63)
    stream: bool | None = None
    stream_options: StreamOptions | None = None

    @property
    def max_new(self) -> int | None:
        """Return how many new tokens were asked for."""
        return self.max_tokens

    @property
    def n_choices(self) -> int:
        """Return how many answers each prompt gets."""
        return self.n or 1

    @property
    def wants_usage(self) -> bool:
        """Say whether a stream ends with the counts."""
        return self.stream_options is not None and self.stream_options.include_usage

    def choose_sampling(self, room: int, stop: tuple[str, ...], place: int) -> Sampling:
        """Return the parameters of the choice at `place`; each has a seed of its own.

        Units: `room` in tokens, what is left of the context.
        """
        return Sampling(
            temperature=1.0 if self.temperature is None else self.temperature,
            top_p=1.0 if self.top_p is None else self.top_p,
            top_k=max(self.top_k or 0, 0),
            max_tokens=self.choose_length(room),
            stop=(*self.stop, *stop),
            seed=None if self.seed is None else wrap_seed(self.seed + place),
        )

    def choose_length(self, room: int) -> int:
        """Return how many new tokens there may be; an answer of a few words is none."""
        wanted = self.max_new
        if wanted is None:
            return max(min(room, DEFAULT_TOKENS), 1)
        return max(min(wanted, room), min(wanted, LEAST_TOKENS)) if self.fit else wanted


def wrap_seed(seed: int) -> int:
    """Return a seed that any generator takes: not negative, and of 63 bits."""
    return seed % 2**63


class ChatBody(Generation):
    """The body of /v1/chat/completions."""

    messages: Turns
    max_completion_tokens: int | None = Field(None, ge=1, le=2**31)

    @property
    def max_new(self) -> int | None:
        """Return how many new tokens were asked for, by the newer name or the older."""
        return self.max_completion_tokens or self.max_tokens


class TextBody(Generation):
    """The body of /v1/completions."""

    prompt: Prompts
    template: None = None


class TokenBody(Body):
    """The body of /tokenize, as vLLM has it."""

    messages: Turns | None = None
    prompt: str | None = None
    add_generation_prompt: bool = True
    add_special_tokens: bool | None = None

    @model_validator(mode="after")
    def check_one(self) -> "TokenBody":
        """Ask about a chat or about a text."""
        if (self.messages is None) == (self.prompt is None):
            raise ValueError("give either messages or prompt")
        return self


class ScoreBody(Body):
    """The body of /score: one chat, one prompt with answers, or vLLM's pairs of texts."""

    messages: Turns | None = None
    prompt: str | None = None
    input: str = ""
    answers: Texts | None = None
    text_1: Texts | None = None
    text_2: Texts | None = None

    @model_validator(mode="after")
    def check_one(self) -> "ScoreBody":
        """Ask in one of the three ways."""
        ways = (
            (self.messages,),
            (self.prompt, self.answers),
            (self.text_1, self.text_2),
        )
        given = [way for way in ways if any(part is not None for part in way)]
        if len(given) != 1 or any(part is None for part in given[0]):
            raise ValueError("give messages, or prompt and answers, or text_1 and text_2")
        if self.text_1 and self.text_2 and len(self.text_1) not in (1, len(self.text_2)):
            raise ValueError("text_1 must be one text, or as many as text_2")
        return self

    def list_chats(self) -> list[list[Message]]:
        """Return the chats to be scored, each ending with the answer."""
        if self.messages is not None:
            return [[turn.message for turn in self.messages]]
        answers = self.answers or self.text_2 or []
        asked = [self.prompt or ""] if self.prompt is not None else self.text_1 or []
        asked = asked * len(answers) if len(asked) == 1 else asked
        return [
            [Message("user", question, self.input), Message("assistant", answer)]
            for question, answer in zip(asked, answers, strict=True)
        ]


def read_body(data: bytes, shape: type[Asked]) -> Asked:
    """Return a request's body.

    Errors: Fault naming the first field that is wrong, and all of them in words.
    """
    try:
        asked = from_json(data, allow_inf_nan=False)
    except ValueError as error:
        raise Fault(f"The body is not JSON: {error}.", code="invalid_json") from None
    if not isinstance(asked, dict):
        raise Fault("The body must be a JSON object.", code="invalid_json")
    try:
        return shape.model_validate(drop_unused(asked))
    except ValidationError as error:
        raise explain_invalid(error) from None


def drop_unused(asked: dict[str, Any]) -> dict[str, Any]:
    """Return the fields that can change an answer.

    Errors: Fault naming a field that asks for what this worker hasn't got.
    """
    kept = {name: value for name, value in asked.items() if name not in IGNORED}
    try:
        return drop_neutral(kept, ABSENT)
    except ValueError as error:
        name = str(error).partition(":")[0]
        raise Fault(f"{error}.", param=name, code="unsupported_parameter") from None
