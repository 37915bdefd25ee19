"""What a researcher should know about answers before people vote on them. Pure: no database."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import median, quantiles

from backend.records import Item

SHOWN = 5

# Regular expressions for what tells, or seems to tell, whose answer it is.
MAKERS = (
    "alibaba", "alpaca", "anthropic", "baidu", "bard", "chatglm", "chatgpt", "claude", "cohere",
    "davinci", "deepmind", "deepseek", "google", "gpt[- ]?[1-9]", "instructgpt", "llama", "lmsys",
    "meta", "microsoft", "mistral", "openai", "qwen", "vicuna",
    "as an ai language model", "as a large language model",
)  # fmt: skip

# What other programs store where an answer failed.
# Source: lm-sys/FastChat, `serve/api_provider`, `llm_judge/common` and the old `eval`.
ERRORS = re.compile(
    r"error|\$error\$|#error#|error:.*|\*\*(network|api request) error.*|\$moderation\$.*",
    re.IGNORECASE | re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class Said:
    """One answer of a benchmark, with who gave it."""

    system: str
    item_id: str
    text: str


def inspect_system(system: str, items: Sequence[Item], said: Sequence[Said]) -> list[str]:
    """Return a line for everything about one system's answers that could mislead a study."""
    own = [one for one in said if one.system == system]
    answered = {one.item_id for one in own}
    missing = [item.item_id for item in items if item.item_id not in answered]
    empty = [one.item_id for one in own if not one.text.strip()]
    errors = [one.item_id for one in own if ERRORS.fullmatch(one.text.strip())]
    leaks = find_leaks(system, items, own)
    found = (
        (missing, f"items without an answer of {system}: {len(missing)} of {len(items)}"),
        (empty, f"empty answers of {system}: {len(empty)}"),
        (errors, f"answers of {system} that look like an error of what asked it: {len(errors)}"),
        (leaks, f"answers of {system} that name a model or its maker: {len(leaks)}"),
    )
    lines = [f"{what} ({list_ids(ids)})." for ids, what in found if ids]
    for other, n_same in count_twins(own, said).items():
        lines.append(f"items where {system} and {other} gave the same answer: {n_same}.")
    return lines


def list_ids(ids: Sequence[str]) -> str:
    """Return the first few ids, and a sign that there are more."""
    return ", ".join(ids[:SHOWN]) + (", …" if len(ids) > SHOWN else "")


def find_leaks(system: str, items: Iterable[Item], own: Iterable[Said]) -> list[str]:
    """Return the items whose answer names the system, a model or a maker.

    Edge: a word that the instruction or its input holds gives nothing away.
    """
    names = {re.escape(name) for name in (system, re.split("[:@/]", system)[0]) if len(name) > 2}
    pattern = re.compile(rf"(?<!\w)(?:{'|'.join((*names, *MAKERS))})(?!\w)", re.IGNORECASE)
    asked = {item.item_id: f"{item.instruction}\n{item.input}".lower() for item in items}
    return [
        one.item_id
        for one in own
        if any(word.lower() not in asked[one.item_id] for word in pattern.findall(one.text))
    ]


def count_twins(own: Iterable[Said], said: Iterable[Said]) -> Counter[str]:
    """Return, for every other system, on how many items it gave an answer of these word by word."""
    texts = {(one.item_id, one.text): one.system for one in own}
    twins = {
        (one.system, one.item_id)
        for one in said
        if texts.get((one.item_id, one.text), one.system) != one.system
    }
    return Counter(system for system, _ in sorted(twins))


def describe_lengths(said: Iterable[Said]) -> list[str]:
    """Return how long every system's answers are: long answers win votes by their length alone.

    Units: words, split at white space; Chinese text counts as one word a run.
    """
    lengths: dict[str, list[int]] = {}
    for one in said:
        lengths.setdefault(one.system, []).append(len(one.text.split()))
    parts = [
        f"{system} {median(words):.0f}, {find_p90(words):.0f}" for system, words in lengths.items()
    ]
    return [f"Words an answer (median, 90th percentile): {'; '.join(parts)}."]


def find_p90(numbers: Sequence[int]) -> float:
    """Return the 90th percentile, between two values where it falls there."""
    if len(numbers) == 1:
        return numbers[0]
    return quantiles(numbers, n=10, method="inclusive")[-1]
