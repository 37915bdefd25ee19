"""Questions won, tied and lost, and the mean difference of a question, beside relative scores."""

from collections.abc import Sequence

import plotly.graph_objects as go

from annotations.judging.panels import Line, Panel
from ui.ink import CLEAR, pick_text
from ui.labels import say_difference
from ui.marks import OURS_PX, SIZE, Rows, choose_colour
from ui.sheet import Sheet

LEAST_INSIDE = 0.07  # of all questions: a smaller part has no number in it


def has_wins(panel: Panel) -> bool:
    """Say whether any question of a panel was won, tied or lost."""
    return any(bar.wins or bar.ties or bar.losses for bar in panel.bars)


def add_wins(sheet: Sheet, panel: Panel, rows: Rows, axis: str) -> None:
    """Draw a panel's parts of won, tied and lost questions, from the left, on an axis of its own.

    Won has the system's colour, tied the grey of ties, lost an outline only.
    """
    places = [place * rows.height + rows.bar for place in range(len(panel.lines))]
    lines = [(row, line) for row, line in zip(places, panel.lines, strict=True) if sum(count(line))]
    for part in range(3):
        sheet.figure.add_trace(make_part(sheet, lines, part, axis))
    sheet.figure.add_trace(
        go.Scatter(
            x=[1.03] * len(lines), y=[row for row, _ in lines], mode="text",
            text=[say_difference(line.bar) for _, line in lines if line.bar],
            textposition="middle right", cliponaxis=False, hoverinfo="skip",
            textfont={"size": SIZE, "color": sheet.inks.text}, xaxis=f"x{axis}", yaxis=f"y{axis}",
        )
    )  # fmt: skip


def make_part(sheet: Sheet, lines: Sequence[tuple[float, Line]], part: int, axis: str) -> go.Bar:
    """Return the bars of one outcome: 0 won, 1 tied, 2 lost."""
    counts = [count(line) for _, line in lines]
    shares = [several[part] / (sum(several) or 1) for several in counts]
    before = [sum(several[:part]) / (sum(several) or 1) for several in counts]
    own = [choose_colour(line) for _, line in lines]
    colours = [own, [sheet.inks.tie] * len(own), [CLEAR] * len(own)][part]
    ink = sheet.inks.text
    return go.Bar(
        x=shares, y=[row for row, _ in lines], base=before, orientation="h", width=OURS_PX - 6,
        marker={"color": colours, "line": {"color": sheet.inks.quiet, "width": 0.8}},
        text=[
            f"{several[part]:,}" if share >= LEAST_INSIDE else ""
            for several, share in zip(counts, shares, strict=True)
        ],
        textposition="inside", insidetextanchor="middle", textangle=0, constraintext="none",
        insidetextfont={
            "size": SIZE - 1, "color": [ink if one == CLEAR else pick_text(one) for one in colours]
        },
        xaxis=f"x{axis}", yaxis=f"y{axis}",
        customdata=[several[part] for several in counts],
        hovertemplate="%{customdata} " + ("won", "tied", "lost")[part] + "<extra></extra>",
    )  # fmt: skip


def count(line: Line) -> tuple[int, int, int]:
    """Return a line's questions won, tied, lost."""
    bar = line.bar
    return (0, 0, 0) if bar is None else (bar.wins or 0, bar.ties or 0, bar.losses or 0)
