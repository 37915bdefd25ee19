"""A tokenizer's pipeline without its special tokens: with it, any text is only text.

A pipeline is the tokenizer's own JSON, in which every special token has a name that nobody can
guess. Its id stays, but no text leads to it: not as an added token, not as a word of the
vocabulary, and not by merging. Of it there are two: one puts the space in front of a text that
SentencePiece models were trained with, the other goes on in the middle of a text.
"""

import json
import secrets
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from tokenizers import Tokenizer

Spec = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Pipelines:
    """Two ways to encode a text, and which of them goes for a text after a special token."""

    begin: Tokenizer
    go_on: Tokenizer
    after_token: Tokenizer


def build_pipelines(spec: Spec, tokens: Collection[str]) -> Pipelines:
    """Return the pipelines of a tokenizer's JSON; `tokens` are those that no text may lead to.

    Edge: `spec` is taken apart; give a copy that nobody else needs.
    """
    hide_tokens(spec, tokens)
    spec |= {"post_processor": None, "truncation": None, "padding": None}
    begin = Tokenizer.from_str(json.dumps(spec))
    only_first = has_prefix_only_first(spec)
    if not drop_prefix(spec):
        return Pipelines(begin, begin, begin)
    go_on = Tokenizer.from_str(json.dumps(spec))
    return Pipelines(begin, go_on, go_on if only_first else begin)


def hide_tokens(spec: Spec, tokens: Collection[str]) -> None:
    """Rename tokens in a tokenizer's JSON so that no text leads to them; every id stays."""
    key = secrets.token_hex(16)
    names = {token: f"<hidden {key} {place}>" for place, token in enumerate(sorted(tokens))}
    for added in spec["added_tokens"]:
        added["content"] = names.get(added["content"], added["content"])
    model = spec["model"]
    if isinstance(model["vocab"], dict):
        model["vocab"] = {names.get(word, word): n for word, n in model["vocab"].items()}
    else:
        model["vocab"] = [[names.get(word, word), score] for word, score in model["vocab"]]
    if model.get("unk_token") in names:
        model["unk_token"] = names[model["unk_token"]]
    if "merges" in model:
        model["merges"] = [
            [left, right]
            for left, right in model["merges"]
            if not {left, right, left + right} & names.keys()
        ]


def find_first(step: Spec | None, parts: str) -> Spec:
    """Return the first step of a sequence of steps, or the step itself where it stands alone."""
    while step and step["type"] == "Sequence":
        step = step[parts][0] if step[parts] else None
    return step or {"type": ""}


def has_prefix_only_first(spec: Spec) -> bool:
    """Say whether only a text's very beginning gets a space, and not what follows a token."""
    splitter = find_first(spec["pre_tokenizer"], "pretokenizers")
    prepends = find_first(spec["normalizer"], "normalizers")["type"] == "Prepend"
    return splitter.get("prepend_scheme") == "first" and not prepends


def drop_prefix(spec: Spec) -> bool:
    """Take the space in front of a text out of a tokenizer's JSON; say whether there was one."""
    normalizer = find_first(spec["normalizer"], "normalizers")
    splitter = find_first(spec["pre_tokenizer"], "pretokenizers")
    found = False
    if normalizer["type"] == "Prepend":
        normalizer |= {"prepend": ""}
        found = True
    if splitter["type"] == "Metaspace" and splitter["prepend_scheme"] != "never":
        splitter |= {"prepend_scheme": "never"}
        found = True
    if splitter["type"] == "ByteLevel" and splitter["add_prefix_space"]:
        splitter |= {"add_prefix_space": False}
        found = True
    return found
