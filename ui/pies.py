"""Three pies, as the paper prints them, with the counts and one fixed order for all."""

from collections.abc import Sequence
from math import pi, sin
from typing import Any

import plotly.graph_objects as go

from annotations.tallies import Outcome, Tally
from ui.ink import CLEAR, pick_text
from ui.sheet import Panel, Sheet, name_outcome, say_percent

PIES_HEIGHT = 310  # px
LEAST_INSIDE = 0.18  # a smaller wedge has its label outside
LEAST_LINE = 0.24  # a smaller wedge has its votes on a line of their own
LEAST_LABEL, MOST_LABEL = 11, 22  # characters of a name on a wedge
RADIUS, CHARACTER = 105, 6.6  # px: a pie on a narrow page, and a letter of its labels
# Left free around a pie, without and with labels outside: above it for its title, in px, and on
# each side as a part of its column.
ROOMY, NARROW = (54, 0.06), (92, 0.13)


def add_pies(sheet: Sheet, tallies: Sequence[Tally], panel: Panel, *, hollow: bool = False) -> None:
    """Draw a pie for each tally, side by side; hollow and hatched where they are not our own."""
    above, beside = NARROW if has_outside(tallies) else ROOMY
    sheet.figure.update_layout(uniformtext={"minsize": 11, "mode": "show"})
    width = (panel.right - panel.left) / len(tallies)
    top = panel.top - above / panel.height * (panel.top - panel.bottom)
    for place, tally in enumerate(tallies):
        left, right = (panel.left + (place + edge) * width for edge in (beside, 1 - beside))
        add_title(sheet, tally, ((left + right) / 2, panel.top))
        if tally.n:
            add_pie(sheet, tally, Panel(left, right, panel.bottom, top), hollow)


def has_outside(tallies: Sequence[Tally]) -> bool:
    """Tell whether any wedge is too small for its label."""
    outcomes = [outcome for tally in tallies for outcome in tally.outcomes if outcome.n]
    return any(place_label(outcome) == "outside" for outcome in outcomes)


def add_title(sheet: Sheet, tally: Tally, place: tuple[float, float]) -> None:
    """Write the criterion and how many votes above the place of its pie."""
    below = f"n = {tally.n:,}" if tally.n else "no votes yet"
    quiet = sheet.inks.quiet
    sheet.figure.add_annotation(
        text=f"<b>{tally.criterion.capitalize()}</b><br>"
        f'<span style="font-size:13px;color:{quiet}">{below}</span>',
        x=place[0], y=place[1], xref="paper", yref="paper",
        xanchor="center", yanchor="top", showarrow=False, font={"size": 15},
    )  # fmt: skip


def add_pie(sheet: Sheet, tally: Tally, panel: Panel, hollow: bool = False) -> None:
    """Draw one pie: clockwise from the top, always first system, second system, tie."""
    outcomes = tally.outcomes  # by winner: wedges of one name would be drawn as one
    edge = 1.5 if sum(outcome.n > 0 for outcome in outcomes) > 1 else 0  # no cut into a whole pie
    colours = [sheet.colour(outcome) for outcome in outcomes]
    inside = [sheet.inks.text if hollow else pick_text(colour) for colour in colours]
    sheet.figure.add_trace(
        go.Pie(
            labels=[outcome.winner for outcome in outcomes],
            values=[outcome.n for outcome in outcomes],
            text=[label_wedge(outcome) for outcome in outcomes],
            textinfo="text", textposition=[place_label(outcome) for outcome in outcomes],
            insidetextorientation="horizontal", sort=False, direction="clockwise", rotation=0,
            marker=hatch(colours) if hollow else fill(colours, sheet.inks.paper, edge),
            insidetextfont={"size": 12, "color": inside},
            outsidetextfont={"size": 12, "color": sheet.inks.text},
            domain={"x": [panel.left, panel.right], "y": [panel.bottom, panel.top]},
            customdata=[name_outcome(outcome, 60) for outcome in outcomes],
            hovertemplate="%{customdata}: %{value} votes, %{percent:.1%}<extra></extra>",
            name=tally.criterion,
        )
    )  # fmt: skip


def fill(colours: Sequence[str], ground: str, edge: float) -> dict[str, Any]:
    """Return solid wedges, parted by lines of the ground's colour."""
    return {"colors": list(colours), "line": {"color": ground, "width": edge}}


def hatch(colours: Sequence[str]) -> dict[str, Any]:
    """Return hollow wedges with an edge and thin strokes of their colour, for text to stand on."""
    return {
        "colors": [CLEAR] * len(colours),
        "line": {"color": list(colours), "width": 2.5},
        "pattern": {
            "shape": "/", "fgcolor": list(colours), "fgopacity": 0.45, "bgcolor": CLEAR,
            "size": 11, "solidity": 0.14,
        },
    }  # fmt: skip


def label_wedge(outcome: Outcome) -> str:
    """Return what stands on a wedge: whose it is, its share and its votes; nothing on none."""
    if not outcome.n or outcome.share is None:
        return ""
    line = "<br>" if outcome.share < LEAST_LINE else " "
    name, share = name_outcome(outcome, measure_label(outcome)), say_percent(outcome.share)
    return f"{name}<br><b>{share}</b>{line}({outcome.n:,})"


def measure_label(outcome: Outcome) -> int:
    """Return how many characters of a name stand on a wedge without being cut off at its edges.

    The label stands where a wedge is as wide as its chord at 0.62 of the radius.
    """
    if place_label(outcome) == "outside":
        return LEAST_LABEL
    chord = 2 * 0.62 * RADIUS * sin(pi * min(outcome.share or 0, 0.5))
    return max(LEAST_LABEL, min(MOST_LABEL, int(chord / CHARACTER)))


def place_label(outcome: Outcome) -> str:
    """Return where a wedge's label stands: inside where there is room."""
    return "inside" if (outcome.share or 0) >= LEAST_INSIDE else "outside"
