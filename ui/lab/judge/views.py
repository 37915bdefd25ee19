"""What is looked at in the bars: which figure, how it is made, and the address that leads to it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from annotations.judging.panels import (
    Ask,
    Figure,
    Material,
    Panel,
    arrange_panels,
    make_published_panels,
)
from annotations.judging.records import Judgment, Scores
from annotations.library import list_items
from annotations.store import Store
from backend.errors import NotFound
from ui.lab.judge.words import SCORES
from ui.pieces import Cell, link_to

AS_JUDGED, ALL = "", ""


@dataclass(frozen=True, slots=True)
class View:
    """What is looked at: a figure of ours or as published, and how it is made."""

    figure: Figure = 4
    published: bool = False
    against: str = AS_JUDGED
    judge: str = ALL
    benchmark: str = ALL
    scores: Scores | None = None
    by_category: bool = False

    @property
    def query(self) -> dict[str, Cell]:
        """Return what the address and the downloads have; what is as usual is not in it."""
        found: dict[str, Any] = {
            "against": self.against,
            "judge": self.judge,
            "benchmark": self.benchmark,
            "scores": self.scores or "",
            "by": "category" if self.by_category else "",
            "source": "published" if self.published else "",
        }
        return {name: value for name, value in found.items() if value}

    @property
    def address(self) -> str:
        """Return the address that leads here."""
        return link_to("/lab/", tab="judge", view="bars", figure=self.figure, **self.query)


def read_view(query: Mapping[str, str]) -> View:
    """Return what an address asks for; what makes no sense in it counts as not there."""
    scores = query.get("scores", "")
    return View(
        5 if query.get("figure") == "5" else 4,
        query.get("source") == "published",
        query.get("against", ""),
        query.get("judge", ""),
        query.get("benchmark", ""),
        scores if scores in SCORES else None,
        query.get("by") == "category",
    )


def find_figure(store: Store, benchmark: str) -> Figure:
    """Return the figure that a benchmark's questions belong to."""
    try:
        items = list_items(store, benchmark)
    except NotFound:
        return 4
    return 5 if items and items[0].lang.startswith("zh") else 4


def list_references(judgments: Sequence[Judgment]) -> list[str]:
    """Return the systems that others can be held against, recorded references first."""
    recorded = [one.reference for one in judgments]
    others = [name for one in judgments for name in (one.system_1, one.system_2)]
    return [name for name in dict.fromkeys([*recorded, *others]) if name]


def has_stored(judgments: Sequence[Judgment]) -> bool:
    """Say whether a file brought scores of its own, so that there is something to choose."""
    return any(one.stored is not None for one in judgments)


def find_panels(material: Material, view: View, usual: Scores) -> list[Panel]:
    """Return the panels of a view."""
    if view.published:
        return make_published_panels(view.figure)
    judgments = [
        one
        for one in material.judgments
        if view.judge in (ALL, one.judge) and view.benchmark in (ALL, one.benchmark)
    ]
    against = (view.against,) if view.against else ()
    ask = Ask(view.figure, view.scores or usual, against, by_category=view.by_category)
    return arrange_panels(replace(material, judgments=judgments), ask)
