"""Bars: the share of every outcome with its interval, and the published share beside it."""

from collections.abc import Sequence
from typing import Any

import plotly.graph_objects as go

from annotations.published import Published
from annotations.tallies import Outcome, Tally
from ui.ink import CLEAR
from ui.sheet import Panel, Sheet, name_outcome, say_percent

GROUP = 4.2  # rows of a criterion: its heading, three outcomes, a little air
BARS_HEIGHT = int(3 * GROUP * 31)  # px
LABEL_ROOM = 1.5  # the axis is that much longer than the longest whisker

Row = tuple[float, Outcome]  # where an outcome stands on the axis of rows


def measure_longest(tallies: Sequence[Tally | Published]) -> float:
    """Return the largest share or upper end among the tallies, in [0, 1]."""
    ends = [0.1]
    for tally in tallies:
        for outcome in tally.outcomes:
            ends.append(outcome.interval.high if outcome.interval else outcome.share or 0)
    return max(ends)


def add_bars(
    sheet: Sheet,
    tallies: Sequence[Tally],
    published: Sequence[Published],
    panel: Panel,
    axis: str = "",
) -> None:
    """Draw a group a criterion, its outcomes in the order of the pies; `axis` numbers the panel."""
    theirs = {one.criterion: one for one in published}
    ours_rows: list[Row] = []
    their_rows: list[Row] = []
    for group, tally in enumerate(tallies):
        other = theirs.get(tally.criterion)
        add_heading(sheet, tally, other, group * GROUP, axis)
        for place, outcome in enumerate(tally.outcomes):
            row = group * GROUP + place + 1
            ours_rows.append((row - 0.2 if published else row, outcome))
            if other:
                their_rows.append((row + 0.22, other.outcomes[place]))
    add_axes(sheet, tallies, panel, axis)
    for place in range(3):
        add_ours(sheet, ours_rows[place::3], axis, 0.46 if published else 0.66)
        if their_rows:
            add_theirs(sheet, their_rows[place::3], axis)


def add_heading(sheet: Sheet, tally: Tally, other: Published | None, row: float, axis: str) -> None:
    """Write the criterion above its bars, with the votes on both sides of the story."""
    words = f"n = {tally.n:,}" if tally.n else "no votes yet"
    if other:
        words += f"; hatched: published, n = {other.n:,}"
    sheet.figure.add_annotation(
        text=f"<b>{tally.criterion.capitalize()}</b>"
        f'&nbsp; <span style="font-size:12px;color:{sheet.inks.quiet}">{words}</span>',
        x=0, y=row + 0.2, xref=f"x{axis}", yref=f"y{axis}", xanchor="left", yanchor="middle",
        showarrow=False, font={"size": 14},
    )  # fmt: skip


def add_axes(sheet: Sheet, tallies: Sequence[Tally], panel: Panel, axis: str) -> None:
    """Lay out the value axis, ending where labels end, and the names of the outcomes."""
    rows = [group * GROUP + place + 1 for group in range(len(tallies)) for place in range(3)]
    names = [name_outcome(outcome) for tally in tallies for outcome in tally.outcomes]
    ticks = [tick / 10 for tick in range(0, 11, 2) if tick / 10 <= sheet.longest * LABEL_ROOM]
    sheet.figure.update_layout(
        {
            f"xaxis{axis}": {
                "domain": [panel.left, panel.right], "anchor": f"y{axis}",
                "range": [0, sheet.longest * LABEL_ROOM],
                "tickvals": ticks, "ticktext": [f"{100 * tick:.0f} %" for tick in ticks],
            },
            f"yaxis{axis}": {
                "domain": [panel.bottom, panel.top], "anchor": f"x{axis}",
                "range": [len(tallies) * GROUP - 0.3, -0.2], "tickvals": rows, "ticktext": names,
            },
            "bargap": 0,
        }
    )  # fmt: skip


def add_ours(sheet: Sheet, rows: Sequence[Row], axis: str, width: float) -> None:
    """Draw one outcome's solid bars, a criterion each, with whiskers where an interval is known."""
    drawn = [(row, outcome) for row, outcome in rows if outcome.share is not None]
    if not drawn:
        return
    colour = sheet.colour(drawn[0][1])
    known = [(row, outcome) for row, outcome in drawn if outcome.interval]
    unknown = [(row, outcome) for row, outcome in drawn if not outcome.interval]
    if known:
        whiskers = make_whiskers(sheet, known)
        sheet.figure.add_trace(
            make_bar(known, axis, width, marker={"color": colour}, error_x=whiskers)
        )
    if unknown:  # apart, for a whisker of no length still has a cap
        sheet.figure.add_trace(make_bar(unknown, axis, width, marker={"color": colour}))
    texts = [f"<b>{say_percent(outcome.share or 0)}</b>{say_ends(outcome)}" for _, outcome in drawn]
    add_labels(sheet, drawn, texts, axis, sheet.inks.text)


def add_theirs(sheet: Sheet, rows: Sequence[Row], axis: str) -> None:
    """Draw one outcome's published bars, hollow and hatched."""
    colour = sheet.colour(rows[0][1])
    marker = {
        "color": CLEAR, "line": {"color": colour, "width": 1.5},
        "pattern": {"shape": "/", "fgcolor": colour, "bgcolor": CLEAR, "size": 5, "solidity": 0.2},
    }  # fmt: skip
    sheet.figure.add_trace(make_bar(rows, axis, 0.28, marker=marker))
    texts = [say_percent(outcome.share or 0) for _, outcome in rows]
    add_labels(sheet, rows, texts, axis, sheet.inks.quiet)


def make_bar(rows: Sequence[Row], axis: str, width: float, **looks: dict[str, Any]) -> go.Bar:
    """Return horizontal bars at their rows."""
    return go.Bar(
        x=[outcome.share for _, outcome in rows], y=[row for row, _ in rows],
        orientation="h", width=width, xaxis=f"x{axis}", yaxis=f"y{axis}",
        customdata=[[name_outcome(outcome, 60), outcome.n] for _, outcome in rows],
        hovertemplate="%{customdata[0]}: %{customdata[1]} votes, %{x:.1%}<extra></extra>", **looks,
    )  # fmt: skip


def make_whiskers(sheet: Sheet, rows: Sequence[Row]) -> dict[str, Any]:
    """Return the bars' error bars, which reach to the ends of their intervals."""
    reaches = [measure_reach(outcome) for _, outcome in rows]
    return {
        "type": "data", "symmetric": False, "arrayminus": [below for below, _ in reaches],
        "array": [above for _, above in reaches],
        "color": sheet.inks.text, "thickness": 1.4, "width": 3,
    }  # fmt: skip


def measure_reach(outcome: Outcome) -> tuple[float | None, float | None]:
    """Return how far the interval reaches below and above the share."""
    if outcome.interval is None or outcome.share is None:
        return None, None
    return outcome.share - outcome.interval.low, outcome.interval.high - outcome.share


def add_labels(
    sheet: Sheet, rows: Sequence[Row], texts: Sequence[str], axis: str, colour: str
) -> None:
    """Write a label right of every bar, past its whisker."""
    ends = [
        outcome.interval.high if outcome.interval else outcome.share or 0 for _, outcome in rows
    ]
    sheet.figure.add_trace(
        go.Scatter(
            x=[end + 0.012 * sheet.longest for end in ends], y=[row for row, _ in rows],
            mode="text", text=[f"\u00a0{text}" for text in texts], textposition="middle right",
            cliponaxis=False,
            textfont={"size": 12.5, "color": colour}, hoverinfo="skip",
            xaxis=f"x{axis}", yaxis=f"y{axis}",
        )
    )  # fmt: skip


def say_ends(outcome: Outcome) -> str:
    """Return the interval as it stands behind a share, in percent."""
    if outcome.interval is None:
        return ""
    return f" ({100 * outcome.interval.low:.1f}–{100 * outcome.interval.high:.1f})"
