"""What a tokenizer of transformers says of itself: its JSON, its tokens, its own chat template."""

import json
import re
from collections.abc import Collection, Mapping
from typing import Any

from tokenizers import Tokenizer

from backend.errors import InputError
from backend.templates.library import Template, hash_source
from backend.templates.shields import Token

OWN = "the tokenizer's own"
MARK = re.compile(r"<\S+>|\[\S+\]")


def read_spec(tokenizer: Any) -> dict[str, Any]:  # noqa: ANN401
    """Return a tokenizer's JSON. Errors: InputError when it has none, being a slow one."""
    backend = getattr(tokenizer, "backend_tokenizer", None)
    if not isinstance(backend, Tokenizer):
        raise InputError(
            f"The tokenizer is a {type(tokenizer).__name__}, which has no fast form; only a "
            "tokenizer that is saved as tokenizer.json can be used."
        )
    spec: dict[str, Any] = json.loads(backend.to_str())
    return spec


def read_own(tokenizer: Any) -> Template | None:  # noqa: ANN401
    """Return a tokenizer's own chat template, or None."""
    source = getattr(tokenizer, "chat_template", None)
    if isinstance(source, Mapping):
        source = source.get("default")
    return Template(OWN, source, hash_source(source.encode())) if source else None


def read_words(tokenizer: Any) -> dict[str, str]:  # noqa: ANN401
    """Return the special tokens that a template may name; those that aren't there are empty."""
    named = {"bos_token": "", "eos_token": ""}
    for name, word in tokenizer.special_tokens_map.items():
        if word is not None and not isinstance(word, (list, tuple, dict)):
            named[name] = str(word)
    return named


def list_tokens(
    spec: Mapping[str, Any], words: Collection[str], literals: str
) -> tuple[Token, ...]:
    """Return the tokens that only a template may write.

    They are the special ones, those that the tokenizer has a name for, and added marks that the
    template holds, such as an `<|im_end|>` that whoever tuned the model forgot to call special.
    Added words and spaces stay what they are.
    """
    return tuple(
        Token(
            added["content"],
            added["id"],
            lstrip=added["lstrip"],
            rstrip=added["rstrip"],
            special=added["special"] or added["content"] in words,
        )
        for added in spec["added_tokens"]
        if added["content"]
        and (
            added["special"]
            or added["content"] in words
            or (MARK.fullmatch(added["content"]) and added["content"] in literals)
        )
    )
