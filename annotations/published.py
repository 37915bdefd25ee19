"""The numbers of the paper's figure 3, to stand beside a study of the same systems."""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, cast

from annotations.statistics import wilson
from annotations.tallies import Outcome
from backend.records import CRITERIA, WINNERS, Comparison

Panel = Literal["a", "b"]

BENCHMARK = "user_oriented_252"
SHORT_SOURCE = "Peng et al. 2023, arXiv:2304.03277, figure 3"

# Names after `normalise`. A suffix that makes it another system (GPT-4o, a re-ranked or a Chinese
# LLaMA-GPT4) must not match, so each has to match in full.
LLAMA_GPT4 = re.compile(r"llama(7b)?gpt4(7b)?")
RIVALS: dict[Panel, re.Pattern[str]] = {
    "a": re.compile(r"(stanford)?alpaca(7b|13b)?"),
    "b": re.compile(r"(openai)?gpt4(0314|0613)?"),
}


@dataclass(frozen=True, slots=True)
class Published:
    """How one published comparison fell on one criterion; `outcomes` in the order a, b, tie.

    Votes by item were not published: an outcome has its Wilson interval, and no other.
    """

    comparison: Comparison
    criterion: str
    outcomes: tuple[Outcome, ...]

    @property
    def n(self) -> int:
        """Return how many votes were published."""
        return sum(outcome.n for outcome in self.outcomes)


def read_panel(panel: Panel) -> dict[str, Any]:
    """Return one panel of the file as it stands there, counts as first wins, second wins, tie."""
    text = Path(__file__).with_name("published.json").read_text(encoding="utf-8")
    return cast(dict[str, Any], json.loads(text)["panels"][panel])


def read_published(panel: Panel) -> list[Published]:
    """Return the published numbers of one panel, a criterion each, under the published names."""
    numbers = read_panel(panel)
    comparison = Comparison(*numbers["systems"])
    return [make_published(comparison, name, numbers[name]) for name in CRITERIA]


def find_published(comparison: Comparison, benchmark: str = BENCHMARK) -> list[Published]:
    """Return the published numbers of this comparison, under its own names and in its own order.

    Edge: a comparison that was not published, or on another benchmark, gives an empty list.
    """
    panel = match_panel(comparison, benchmark)
    if panel is None:
        return []
    numbers, turned = read_panel(panel), not is_llama_gpt4(comparison.a)
    return [
        make_published(comparison, name, turn(numbers[name]) if turned else numbers[name])
        for name in CRITERIA
    ]


def match_panel(comparison: Comparison, benchmark: str = BENCHMARK) -> Panel | None:
    """Return the panel that shows these two systems, in either order, or None.

    Edge: votes on other instructions than the paper's are never held against the paper's.
    """
    if benchmark != BENCHMARK:
        return None
    for first, second in ((comparison.a, comparison.b), (comparison.b, comparison.a)):
        if is_llama_gpt4(first):
            for panel, rival in RIVALS.items():
                if rival.fullmatch(normalise(second)):
                    return panel
    return None


def is_llama_gpt4(system: str) -> bool:
    """Tell the paper's own model by its name, however it is spelt."""
    return LLAMA_GPT4.fullmatch(normalise(system)) is not None


def normalise(system: str) -> str:
    """Return the letters and digits of a name, in lower case."""
    return re.sub(r"[\W_]+", "", system).lower()


def turn(counts: Sequence[int]) -> list[int]:
    """Return the counts of the same votes with the two systems named in the other order."""
    first, second, tie = counts
    return [second, first, tie]


def make_published(comparison: Comparison, criterion: str, counts: Sequence[int]) -> Published:
    """Put the counts a, b, tie beside the names that they belong to."""
    names, n = (comparison.a, comparison.b, "tie"), sum(counts)
    outcomes = tuple(
        Outcome(winner, name, votes, votes / n, wilson=wilson(votes, n))
        for winner, name, votes in zip(WINNERS, names, counts, strict=True)
    )
    return Published(comparison, criterion, outcomes)
