"""Reads the JSON object that a judge was asked for, or that it prefers to write."""

import json
import re
from collections.abc import Mapping
from types import MappingProxyType

from backend.judge.phrases import NAME, REPORTS, SAYS, SCORE, parse_score

SCHEMA: Mapping[str, object] = MappingProxyType(
    {
        "type": "object",
        "properties": {
            "reasons": {"type": "string"},
            "score_1": {"type": "number"},
            "score_2": {"type": "number"},
        },
        "required": ["reasons", "score_1", "score_2"],
        "additionalProperties": False,
    }
)
KEYS_1 = frozenset(
    {
        "score1",
        "assistant1",
        "assistant1score",
        "scoreassistant1",
        "助手1",
        "助手1评分",
        "助手1得分",
    }
)
KEYS_2 = frozenset(key.replace("1", "2") for key in KEYS_1)
KEYS = frozenset({"score", "scores", "rating", "ratings", "overallscore", "评分", "得分"})
PLAIN_SCORE = re.compile(SCORE)
FENCED = re.compile(r"(?:^|(?<=\n))```(?:json)?\s*\Z")
ENDED = re.compile(r"(?:[:.!。：]|\A)\Z")


def find_object(text: str) -> tuple[str, str, str]:
    """Return what stands before an object, the object, and what comes after; "" for none.

    Edge: an object under a line that speaks of one assistant, or of what somebody says, is none.
    """
    start, end = text.find("{"), text.rfind("}") + 1
    before = FENCED.sub("", text[:start]).rstrip() if start > 0 else ""
    line = before.rpartition("\n")[2]
    heard = REPORTS.search(line) or SAYS.search(line) or NAME.search(line)
    if start < 0 or end <= start or heard or not ENDED.search(before):
        return text, "", ""
    return before, text[start:end], text[end:].lstrip().removeprefix("```")


def parse_scores(text: str) -> tuple[float | None, float | None] | None:
    """Return the two numbers of a JSON object, or None where it has none.

    Edge: a key that is there twice, and a number with an exponent, make it unreadable.
    """
    try:
        told = json.loads(
            text,
            parse_float=str,
            parse_int=str,
            parse_constant=str,
            object_pairs_hook=read_keys,
        )
    except (ValueError, RecursionError):
        return None
    values = find_values(told)
    return None if values is None else (parse_value(values[0]), parse_value(values[1]))


def find_values(told: object) -> tuple[object, object] | None:
    """Return what an object says of both assistants, itself or under the one key of scores."""
    if not isinstance(told, dict):
        return None
    firsts = [value for key, value in told.items() if key in KEYS_1]
    seconds = [value for key, value in told.items() if key in KEYS_2]
    if len(firsts) == len(seconds) == 1:
        return firsts[0], seconds[0]
    inner = [value for key, value in told.items() if key in KEYS]
    if firsts or seconds or len(inner) != 1:
        return None
    if isinstance(inner[0], list):
        return (inner[0][0], inner[0][1]) if len(inner[0]) == 2 else None
    return find_values(inner[0])


def read_keys(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """Return an object with its keys made plain.

    Errors: ValueError for a key that is there twice.
    """
    told = {re.sub(r"[\W_]", "", key.casefold()): value for key, value in pairs}
    if len(told) != len(pairs):
        raise ValueError("A key is there twice.")
    return told


def parse_value(value: object) -> float | None:
    """Return the score that a JSON value is, or the score in it, or None."""
    if isinstance(value, dict):
        inner = [one for key, one in value.items() if key in KEYS and isinstance(one, str)]
        value = inner[0] if len(inner) == 1 else None
    found = PLAIN_SCORE.fullmatch(value.strip()) if isinstance(value, str) else None
    return parse_score(found[1]) if found else None
