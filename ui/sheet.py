"""The sheet a figure is drawn on, its panels, and the words for what stands behind a number."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape

import plotly.graph_objects as go

from annotations.tallies import Outcome, Tally
from ui.ink import Inks

MAX_NAME = 22


@dataclass(frozen=True, slots=True)
class Panel:
    """A part of a figure. Units: edges in [0, 1] of the plotting area; height in px."""

    left: float = 0.0
    right: float = 1.0
    bottom: float = 0.0
    top: float = 1.0
    height: float = 1.0


@dataclass(frozen=True, slots=True)
class Sheet:
    """A figure and what all of its parts are drawn with; `longest` is the largest share on it."""

    figure: go.Figure
    inks: Inks
    colours: dict[str, str]
    longest: float

    def colour(self, outcome: Outcome) -> str:
        """Return an outcome's colour: that of its system, or the grey of ties."""
        return self.inks.tie if outcome.winner == "tie" else self.colours[outcome.system]

    def write(
        self, text: str, place: tuple[float, float], size: int, *, quiet: bool = False
    ) -> None:
        """Write text with its upper left corner at a place of the plotting area."""
        self.figure.add_annotation(
            text=text, x=place[0], y=place[1], xref="paper", yref="paper", xanchor="left",
            yanchor="top", align="left", showarrow=False,
            font={"size": size, "color": self.inks.quiet if quiet else self.inks.text},
        )  # fmt: skip


def shorten(name: str, longest: int = MAX_NAME) -> str:
    """Return a name for a label, with no mark-up in it; a long one keeps both of its ends."""
    if len(name) > longest:
        name = f"{name[: (longest + 1) // 2]}…{name[-((longest - 1) // 2) :]}"
    return escape(name, quote=False)


def name_outcome(outcome: Outcome, longest: int = MAX_NAME) -> str:
    """Return the label of an outcome: its system's name, or "Tie"."""
    return "Tie" if outcome.winner == "tie" else shorten(outcome.system, longest)


def say_percent(share: float) -> str:
    """Return a share as people read it. Units: share in [0, 1]."""
    return f"{100 * share:.1f} %"


def count_base(tallies: Sequence[Tally]) -> str:
    """Return what stands behind a comparison, over its criteria: votes, items, people, and origin.

    Edge: where criteria differ, the least and the most.
    """
    words = (
        f"{say_count((tally.n for tally in tallies), 'vote')} on each question, "
        f"{say_count((tally.n_items for tally in tallies), 'item')}, "
        f"{say_count((tally.coverage.n_annotators for tally in tallies), 'annotator')}"
    )
    outside = [tally.coverage.n_outside for tally in tallies]
    if not any(outside):
        return words
    if outside == [tally.n for tally in tallies]:
        return f"{words}; all votes were collected elsewhere"
    return f"{words}; incl. {say_count(outside, 'vote')} collected elsewhere"


def say_count(values: Iterable[int], noun: str) -> str:
    """Return a number and its noun, or the least and the most of several."""
    found = sorted(set(values))
    number = f"{found[0]:,}" if len(found) == 1 else f"{found[0]:,}–{found[-1]:,}"
    return f"{number} {noun}" if number == "1" else f"{number} {noun}s"
