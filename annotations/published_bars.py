"""The published sums of figures 4 and 5 and of Vicuna's announcement, and whose they are."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from annotations.judging.bars import Bar
from annotations.published import normalise

Kind = Literal["ranks", "all", "blog", "translated", "generated", "chinese"]
JUDGE = "GPT-4"

# Names after `normalise`, top to bottom as the paper prints them. Each has to match in full: a
# suffix that makes it another system (GPT-4o, Vicuna v1.5) must not.
NAMES: dict[str, re.Pattern[str]] = {
    "GPT4": re.compile(r"(openai)?gpt4(0314|0613)?"),
    "ChatGPT": re.compile(r"(openai)?(chatgpt|gpt35(turbo)?)(0301|20230327)?"),
    "Bard": re.compile(r"(google)?bard(20230327)?"),
    "LLaMA_GPT4_CN (7B)": re.compile(r"llama(7b)?gpt4(7b)?(cn|zh|chinese)(7b)?"),
    "LLaMA_GPT4 (7B, R1)": re.compile(r"llama(7b)?gpt4(7b)?r1"),
    "LLaMA_GPT4 (7B)": re.compile(r"llama(7b)?gpt4(7b)?"),
    "Vicuna (13B)": re.compile(r"vicuna13b(v0|20230322(cleanlang|newhpfp16))?"),
    "Alpaca (13B)": re.compile(r"(stanford)?alpaca13b(v1)?"),
    "LLaMA (13B)": re.compile(r"(hf)?llama13b(v1)?"),
}
OWN = ("LLaMA_GPT4 (7B)", "LLaMA_GPT4 (7B, R1)", "LLaMA_GPT4_CN (7B)")  # the paper's own models
VICUNA = "Vicuna (13B)"
BLOG_REFERENCE = re.compile(r"vicuna13b20230322cleanlang")
TRANSLATED = " (translated)"  # how the names of systems end whose answers were translated
QUESTIONS = re.compile(r"vicuna_?80(_?zh)?")  # the benchmarks whose sums were published


@dataclass(frozen=True, slots=True)
class PublishedPanel:
    """One printed panel; `sums` by the published name, from the bottom to the top.

    `note` says what is odd about it, in the row `about`, or in all where that is empty.
    """

    figure: int
    letter: str
    kind: Kind
    reference: str
    title: str
    note: str
    about: str
    source: str
    sums: Mapping[str, tuple[float, float]]

    def list_bars(self) -> list[Bar]:
        """Return its bars, top to bottom as they are printed."""
        return [self.make_bar(name) for name in reversed(list(self.sums))]

    def make_bar(self, name: str) -> Bar:
        """Return the bar of one published name."""
        return Bar(name, self.reference, JUDGE, *self.sums[name], source="published")

    def find_bar(self, name: str | None) -> Bar | None:
        """Return the bar of a published name, if the panel has it."""
        return None if name is None or name not in self.sums else self.make_bar(name)


def read_panels() -> tuple[PublishedPanel, ...]:
    """Return all published panels, those of figure 4 first."""
    text = Path(__file__).with_name("published.json").read_text(encoding="utf-8")
    return tuple(
        PublishedPanel(
            **{**fields, "sums": {name: (row[0], row[1]) for name, row in fields["sums"].items()}}
        )
        for fields in json.loads(text)["bars"]["panels"]
    )


def find_panel(kind: Kind, reference: str | None, benchmark: str) -> PublishedPanel | None:
    """Return what was published for a kind of panel and a published reference on a benchmark.

    Edge: judgments on other questions than the paper's are never held against the paper's.
    """
    if not QUESTIONS.fullmatch(benchmark):
        return None
    found = [one for one in read_panels() if (one.kind, one.reference) == (kind, reference)]
    return found[0] if found else None


def match_name(system: str) -> str | None:
    """Return the published name of a system, however it is spelt, or None.

    Edge: that answers were translated is not part of a system's name.
    """
    plain = normalise(system.removesuffix(TRANSLATED))
    return next((name for name, known in NAMES.items() if known.fullmatch(plain)), None)
