"""Curves of training: loss, learning rate, gradient norm, tokens a second, memory, of some jobs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from typing import Any

import plotly.graph_objects as go

from ui.ink import INKS, SERIES, Theme, make_template

MAX_POINTS = 800  # of a line: more can't be told apart on a screen
DASHES = ("solid", "dash", "dot", "dashdot")  # colour alone tells nobody everything
PANELS: tuple[tuple[str, str, float], ...] = (  # key, title, share of the height
    ("loss", "Loss", 0.36),
    ("learning_rate", "Learning rate", 0.16),
    ("grad_norm", "Gradient norm", 0.16),
    ("tokens_per_s", "Tokens a second", 0.16),
    ("memory_mb", "Memory, in MB", 0.16),
)
GAP = 0.055  # between panels, a share of the height
HEIGHT = 900  # px
EVAL = "eval_loss"
FEW = 10  # steps, that the axis has room for at least


@dataclass(frozen=True, slots=True)
class Curve:
    """What one job has logged, a line a step."""

    name: str
    metrics: Sequence[Mapping[str, Any]]
    ended: bool = False


def read_points(metrics: Sequence[Mapping[str, Any]], key: str) -> list[tuple[float, float]]:
    """Return (step, value) of all lines that have a finite value, thinned to what can be seen."""
    points = [
        (float(line["step"]), float(line[key]))
        for line in metrics
        if is_number(line.get("step")) and is_number(line.get(key))
    ]
    if len(points) <= MAX_POINTS:
        return points
    every = -(-len(points) // MAX_POINTS)
    return [*points[:-1:every], points[-1]]


def is_number(value: object) -> bool:
    """Say whether a value is a finite number."""
    return isinstance(value, int | float) and not isinstance(value, bool) and isfinite(value)


def draw_curves(curves: Sequence[Curve], *, theme: Theme = "light") -> go.Figure | None:
    """Return the panels, one below the other over the same steps; None while nothing is logged."""
    known = [curve for curve in curves if curve.metrics]
    if not known:
        return None
    figure = go.Figure()
    for row, (key, _, _) in enumerate(PANELS):
        for place, curve in enumerate(known):
            add_line(figure, curve, key, row, place)
            if key == "loss":
                add_marks(figure, curve, place)
    inks = INKS[theme]
    figure.update_layout(
        template=make_template(theme), height=HEIGHT, hovermode="x unified",
        showlegend=len(known) > 1 or any(read_points(one.metrics, EVAL) for one in known),
        legend={"orientation": "h", "y": 1.03, "yanchor": "bottom", "x": 0, "font": {"size": 13}},
        margin={"l": 64, "r": 12, "t": 40, "b": 40},
        hoverlabel={"bgcolor": inks.paper, "font": {"color": inks.text}},
        **lay_out_axes(inks.quiet, inks.line, count_steps(known)),
    )  # fmt: skip
    return figure


def add_line(figure: go.Figure, curve: Curve, key: str, row: int, place: int) -> None:
    """Draw one measure of one job."""
    points = read_points(curve.metrics, key)
    style = {"color": SERIES[place % len(SERIES)], "width": 1.8,
             "dash": DASHES[place // len(SERIES) % len(DASHES)]}  # fmt: skip
    figure.add_trace(
        go.Scatter(
            x=[step for step, _ in points], y=[value for _, value in points],
            mode="lines+markers" if len(points) < 2 else "lines", line=style,
            name=clean(curve.name), legendgroup=curve.name, showlegend=row == 0,
            xaxis="x", yaxis=name_axis("y", row),
            hovertemplate="%{y:.4~g}<extra>" + clean(curve.name) + "</extra>",
        )
    )  # fmt: skip


def add_marks(figure: go.Figure, curve: Curve, place: int) -> None:
    """Mark what was measured on held-out rows among the losses."""
    points = read_points(curve.metrics, EVAL)
    if points:
        figure.add_trace(
            go.Scatter(
                x=[step for step, _ in points], y=[value for _, value in points], mode="markers",
                marker={"color": SERIES[place % len(SERIES)], "symbol": "circle-open", "size": 9},
                name=f"{clean(curve.name)}, held out", xaxis="x", yaxis="y",
                hovertemplate="%{y:.4~g}<extra>held out</extra>",
            )
        )  # fmt: skip


def clean(name: str) -> str:
    """Return a name for a hover text, with nothing in it that Plotly would read as mark-up."""
    return name.replace("<", "‹").replace(">", "›").replace("%{", "% {")


def name_axis(letter: str, row: int) -> str:
    """Return what Plotly calls the axis of a row."""
    return letter if row == 0 else f"{letter}{row + 1}"


def count_steps(curves: Sequence[Curve]) -> float:
    """Return where the axis of steps ends: a half, quarter, … of the longest job holds all curves.

    So a curve fills at least half of it from its tenth step on, and the axis seldom jumps.
    Edge: a job that has ended goes as far as it came.
    """
    reached = max((find_last(curve, "step") for curve in curves), default=0.0)
    going = (find_last(curve, "n_steps") for curve in curves if not curve.ended)
    end = max([*going, reached, 1.0])
    while end / 2 >= max(reached, FEW):
        end /= 2
    return end


def find_last(curve: Curve, key: str) -> float:
    """Return the last number that a job has logged of a measure, 0 where there is none."""
    told = (float(line[key]) for line in reversed(curve.metrics) if is_number(line.get(key)))
    return next(told, 0.0)


def lay_out_axes(quiet: str, line: str, n_steps: float) -> dict[str, Any]:
    """Return one axis of steps below all panels, and an axis with its title for each."""
    room = 1 - GAP * (len(PANELS) - 1)
    axes: dict[str, Any] = {
        "xaxis": {
            "title": {"text": "Step", "font": {"size": 12, "color": quiet}},
            "anchor": name_axis("y", len(PANELS) - 1), "showgrid": False, "range": [0, n_steps],
        }
    }  # fmt: skip
    annotations = []
    top = 1.0
    for row, (_, title, share) in enumerate(PANELS):
        bottom = max(top - share * room, 0)
        axes[f"yaxis{'' if row == 0 else row + 1}"] = {
            "domain": [bottom, top], "anchor": "x", "showgrid": True, "gridcolor": line,
            "tickfont": {"size": 12, "color": quiet}, "nticks": 5 if row == 0 else 3,
            "exponentformat": "e" if row == 1 else "SI",
            "rangemode": "normal" if row == 0 else "tozero",
        }  # fmt: skip
        annotations.append(
            {"text": f"<b>{title}</b>", "x": 0, "y": top, "xref": "paper", "yref": "paper",
             "xanchor": "left", "yanchor": "bottom", "showarrow": False, "font": {"size": 13}}
        )  # fmt: skip
        top = bottom - GAP
    return {**axes, "annotations": annotations}
