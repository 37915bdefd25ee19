"""The marks of a relative score: a bar with both sums inside, its share and interval at the end."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import plotly.graph_objects as go

from annotations.judging.bars import Bar
from annotations.judging.panels import Line, Panel
from annotations.published_bars import OWN
from ui.ink import CLEAR, Inks, pick_text
from ui.labels import fit_name, measure_px, say_exception, say_interval, say_share, say_sums
from ui.sheet import Sheet

# As the paper has them: its own models, GPT-4, and all others. Names stand beside, so that colour
# alone never tells which is which.
OWN_INK, GPT4_INK, OTHER_INK = "#E69F00", "#56B4E9", "#93CFA8"
NAME_PX, OURS_PX, BESIDE_PX, AIR_PX = 21, 22, 15, 9  # px: the parts of a line
GAP = 0.012  # of an axis: between a bar's end and what is written there
SIZE = 12.5  # px: of what is written in and behind bars


@dataclass(frozen=True, slots=True)
class Rows:
    """How the lines of a panel are laid out. Units: px, from the panel's top."""

    above: bool  # names above their bars
    beside: bool  # published bars below ours

    @property
    def height(self) -> float:
        """Return the height of a line."""
        return self.bar + OURS_PX / 2 + (BESIDE_PX if self.beside else 0) + AIR_PX / 2

    @property
    def bar(self) -> float:
        """Return where the middle of a bar is in its line."""
        return (NAME_PX if self.above else 0) + AIR_PX / 2 + OURS_PX / 2

    @property
    def published(self) -> float:
        """Return where the middle of a published bar below ours is."""
        return self.bar + OURS_PX / 2 + BESIDE_PX / 2


@dataclass(frozen=True, slots=True)
class Mark:
    """One bar as it is drawn: its row in px, its colour, and what is written in and behind it.

    `look` is "solid" for ours, "hollow" for a published one alone, "hatched" for one beside ours.
    """

    row: float
    bar: Bar
    label: str
    look: str
    colour: str
    inside: str
    end: str

    @property
    def reach(self) -> float:
        """Return where the bar or its whisker ends."""
        return self.bar.interval.high if self.bar.interval else self.bar.share or 0.0


def choose_rows(panel: Panel, above: bool) -> Rows:
    """Return how the lines of a panel are laid out."""
    return Rows(above, any(line.bar and line.published for line in panel.lines))


def choose_colour(line: Line) -> str:
    """Return a line's colour: that of the paper's own models, of GPT-4, or of all others."""
    if line.name in OWN:
        return OWN_INK
    return GPT4_INK if line.name == "GPT4" else OTHER_INK


def make_marks(panel: Panel, rows: Rows, inks: Inks, px_per_one: float) -> list[Mark]:
    """Return the marks of a panel. Units: `px_per_one` is the length of 100 %."""
    marks = []
    for place, line in enumerate(panel.lines):
        top = place * rows.height
        if line.bar:
            marks.append(make_mark(line, line.bar, top + rows.bar, px_per_one))
            extra = say_exception(line.bar, panel.bars)
            if extra and not rows.above:
                words = f'<span style="color:{inks.quiet}">{extra}</span>'
                marks[-1] = replace(marks[-1], end=f"{marks[-1].end}&nbsp; {words}")
        if line.published and line.bar:
            colour, end = choose_colour(line), say_share(line.published)
            end += f"&nbsp; {say_sums(line.published)}"
            row = top + rows.published
            marks.append(Mark(row, line.published, line.label, "hatched", colour, "", end))
        elif line.published:
            marks.append(make_mark(line, line.published, top + rows.bar, px_per_one))
    return marks


def make_mark(line: Line, bar: Bar, row: float, px_per_one: float) -> Mark:
    """Return the mark of a line's own bar; sums that don't fit inside stand behind it."""
    sums, low = say_sums(bar), bar.interval.low if bar.interval else bar.share or 0.0
    end = f"<b>{say_share(bar)}</b>{say_interval(bar.interval)}"
    inside = sums if low * px_per_one > measure_px(sums, SIZE) + 2 * AIR_PX else ""
    if sums and not inside:
        end += f"&nbsp; {sums}"
    look = "hollow" if bar.source == "published" else "solid"
    return Mark(row, bar, line.label, look, choose_colour(line), inside, end)


def fit_scale(marks: Sequence[Mark], room: float, longest: float) -> float:
    """Return how long 100 % can be, so that what stands behind each bar fits. Units: px.

    Edge: an axis is never longer than the room, however long a bar is.
    """
    gap = GAP * longest
    ends = [(room - measure_px(mark.end, SIZE) - 6) / (mark.reach + gap) for mark in marks]
    whole = room / longest
    return max(min(whole, 1.0), min([whole, *ends]))


def measure_overhang(mark: Mark, bars_px: float, longest: float) -> float:
    """Return how far a text behind a bar reaches beyond an axis of so many px."""
    return measure_px(mark.end, SIZE) - (1 - mark.reach / longest) * bars_px


def add_marks(sheet: Sheet, marks: Sequence[Mark], axis: str) -> None:
    """Draw bars, whiskers and what is written on them; `axis` numbers the panel."""
    for look in ("solid", "hollow", "hatched"):
        for whiskers in (True, False):  # apart, for a whisker of no length still has a cap
            found = [
                mark
                for mark in marks
                if mark.look == look and (mark.bar.interval is not None) is whiskers
                and mark.bar.share is not None
            ]  # fmt: skip
            if found:
                sheet.figure.add_trace(make_trace(sheet, found, axis))
    gap = GAP * sheet.longest
    inside = [mark for mark in marks if mark.inside]
    inks = [pick_text(mark.colour) if mark.look == "solid" else sheet.inks.text for mark in inside]
    sheet.figure.add_trace(
        go.Scatter(
            x=[gap] * len(inside), y=[mark.row for mark in inside], mode="text",
            text=[mark.inside for mark in inside], textposition="middle right", hoverinfo="skip",
            textfont={"size": SIZE, "color": inks}, xaxis=f"x{axis}", yaxis=f"y{axis}",
        )
    )  # fmt: skip
    for mark in marks:
        add_end(sheet, mark, mark.reach + gap, axis)


def add_end(sheet: Sheet, mark: Mark, place: float, axis: str) -> None:
    """Write what stands behind a bar; in a file, no grid line runs through it."""
    ink = sheet.inks.quiet if mark.look == "hatched" else sheet.inks.text
    sheet.figure.add_annotation(
        text=mark.end, x=place, y=mark.row, xref=f"x{axis}", yref=f"y{axis}", xanchor="left",
        yanchor="middle", showarrow=False, font={"size": SIZE, "color": ink}, borderpad=0,
        bgcolor=sheet.figure.layout.paper_bgcolor or CLEAR,
    )  # fmt: skip


def make_trace(sheet: Sheet, marks: Sequence[Mark], axis: str) -> go.Bar:
    """Return bars of one look, all with whiskers or all without."""
    colours = [mark.colour for mark in marks]
    looks: dict[str, Any] = {"marker": paint(marks[0].look, colours, sheet.inks.paper)}
    if marks[0].bar.interval:
        looks["error_x"] = make_whiskers(sheet, marks)
    thick = BESIDE_PX - 4 if marks[0].look == "hatched" else OURS_PX
    return go.Bar(
        x=[mark.bar.share for mark in marks], y=[mark.row for mark in marks], width=thick,
        orientation="h", xaxis=f"x{axis}", yaxis=f"y{axis}",
        customdata=[[fit_name(mark.label, 60), hover(mark.bar)] for mark in marks],
        hovertemplate="%{customdata[0]}: %{x:.1%}<br>%{customdata[1]}<extra></extra>", **looks,
    )  # fmt: skip


def paint(look: str, colours: Sequence[str], paper: str) -> dict[str, Any]:
    """Return the marker of bars of one look."""
    if look == "solid":
        return {"color": list(colours)}
    line = {"color": list(colours), "width": 1.5}
    if look == "hollow":  # filled lightly, so that what stands inside can be read
        return {"color": [mix(colour, paper) for colour in colours], "line": line}
    pattern = {"shape": "/", "fgcolor": list(colours), "size": 5, "solidity": 0.25}
    return {"color": CLEAR, "line": line, "pattern": {**pattern, "bgcolor": CLEAR}}


def mix(colour: str, paper: str, part: float = 0.28) -> str:
    """Return a tint: a part of a colour in the paper's, both as #rrggbb."""
    pairs = [(int(colour[k : k + 2], 16), int(paper[k : k + 2], 16)) for k in (1, 3, 5)]
    return "#" + "".join(f"{round(part * own + (1 - part) * other):02x}" for own, other in pairs)


def make_whiskers(sheet: Sheet, marks: Sequence[Mark]) -> dict[str, Any]:
    """Return the bars' error bars, which reach to the ends of their intervals."""
    reaches = [
        (bar.share - bar.interval.low, bar.interval.high - bar.share)
        for bar in (mark.bar for mark in marks)
        if bar.interval is not None and bar.share is not None
    ]
    return {
        "type": "data", "symmetric": False, "arrayminus": [below for below, _ in reaches],
        "array": [above for _, above in reaches],
        "color": sheet.inks.text, "thickness": 1.4, "width": 3,
    }  # fmt: skip


def hover(bar: Bar) -> str:
    """Return what a bar tells of itself."""
    if bar.source == "published":
        return f"published, {say_sums(bar)}"
    return f"{say_sums(bar)}; {bar.n_questions:,} questions, {bar.n_judgments:,} judgments"
