"""The fields of requests that come in several ways, and those that this worker hasn't got."""

from typing import Annotated, Any

from pydantic import BeforeValidator, Field

# Fields of the protocol that this worker hasn't got, with the values that ask for nothing.
ABSENT: dict[str, tuple[object, ...]] = {
    "logprobs": (False,),
    "top_logprobs": (0,),
    "tools": ([],),
    "tool_choice": ("none", "auto"),
    "parallel_tool_calls": (True, False),
    "functions": ([],),
    "function_call": ("none", "auto"),
    "response_format": ({"type": "text"},),
    "modalities": (["text"],),
    "audio": (),
    "prediction": (),
    "reasoning_effort": ("none",),
    "verbosity": (),
    "web_search_options": (),
    "presence_penalty": (0,),
    "frequency_penalty": (0,),
    "repetition_penalty": (1,),
    "logit_bias": ({},),
    "min_p": (0,),
    "best_of": (1,),
    "echo": (False,),
    "suffix": ("",),
    "store": (False,),
    "service_tier": ("auto", "default"),
}
# A message that came from a server goes back with these.
ABSENT_IN_MESSAGE: dict[str, tuple[object, ...]] = {
    "tool_calls": ([],),
    "function_call": (),
    "refusal": (),
    "audio": (),
    "annotations": ([],),
}
# Who asks and why is none of our business, and changes no answer.
IGNORED = frozenset({"user", "metadata", "safety_identifier", "prompt_cache_key"})


def drop_neutral(asked: dict[str, Any], absent: dict[str, tuple[object, ...]]) -> dict[str, Any]:
    """Return the fields that mean something.

    Errors: ValueError naming a field that asks for what we don't have.
    """
    for name in absent.keys() & asked.keys():
        value = asked[name]
        if value is not None and not any(is_same(value, neutral) for neutral in absent[name]):
            raise ValueError(f"{name}: this worker has no such function; leave it out")
    return {name: value for name, value in asked.items() if name not in absent}


def is_same(value: object, neutral: object) -> bool:
    """Say whether a value is the neutral one; `false` isn't 0, and 0.0 is."""
    return value == neutral and isinstance(value, bool) == isinstance(neutral, bool)


def join_parts(content: object) -> object:
    """Return a message's text where it comes in parts; anything else as it is.

    Errors: ValueError for a part that isn't text.
    """
    if not isinstance(content, list):
        return content
    return "\n".join(read_part(part) for part in content)


def read_part(part: object) -> str:
    """Return the text of one part."""
    kind = part.get("type") if isinstance(part, dict) else None
    text = part.get("text") if isinstance(part, dict) else None
    if kind != "text" or not isinstance(text, str):
        named = kind[:40] if isinstance(kind, str) else "unknown"
        raise ValueError(f"this model reads text only; a part of type {named!r} can't be taken")
    return text


def read_stop(stop: object) -> object:
    """Return the stop strings as a list, however they come."""
    if stop is None:
        return []
    return [stop] if isinstance(stop, str) else stop


def read_prompt(prompt: object) -> object:
    """Return a list of prompts, each a text or token ids, however they come."""
    if isinstance(prompt, str) or is_ids(prompt):
        return [prompt]
    return prompt


def is_ids(value: object) -> bool:
    """Say whether a value is meant as token ids."""
    return isinstance(value, list) and bool(value) and isinstance(value[0], int)


TokenId = Annotated[int, Field(ge=0, lt=2**31)]
Ids = Annotated[list[TokenId], Field(min_length=1)]
Stop = Annotated[str, Field(min_length=1, max_length=256)]
Stops = Annotated[list[Stop], BeforeValidator(read_stop), Field(max_length=4)]
Prompts = Annotated[
    list[str | Ids], BeforeValidator(read_prompt), Field(min_length=1, max_length=16)
]
Content = Annotated[str, BeforeValidator(join_parts)]


def read_texts(texts: object) -> object:
    """Return a list of texts, however they come."""
    return [texts] if isinstance(texts, str) else texts


Texts = Annotated[list[str], BeforeValidator(read_texts), Field(min_length=1, max_length=256)]
