"""Figures 4 and 5 put together: a page's, one panel below the other, and a file's sheet.

Pure functions of panels. A page has its own width and names above their bars; a sheet has names on
the left, and on the right how many questions were won, tied and lost.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import plotly.graph_objects as go

from annotations.judging.panels import Panel
from ui.ink import INKS, Theme, make_template
from ui.labels import (
    MAX_CELLS,
    NOTHING,
    describe_foot,
    describe_panel,
    fit_name,
    measure_px,
    say_exception,
    wrap,
)
from ui.marks import (
    AIR_PX,
    NAME_PX,
    Mark,
    Rows,
    add_marks,
    choose_rows,
    fit_scale,
    make_marks,
    measure_overhang,
)
from ui.sheet import Sheet, shorten
from ui.wins import add_wins, has_wins

WIDTH = 1320  # px: of a sheet, as figure 3's
MARGIN, HEAD, GUTTER = 28, 62, 44  # px: around a sheet, for its title, between its columns
TITLE_PX, LINE_PX, AXIS_PX, GAP_PX = 26, 18, 32, 20  # px: the parts of a panel around its bars
WINS_PX, DIFFERENCE_PX = 250, 130  # px: won, tied, lost, and the mean difference behind
PAGE_PX, PAGE_CELLS, NAME_CELLS = 230, 46, 30  # of a phone: px of bars, letters of lines, names
END_PX = 120  # px: about what stands behind a bar
TITLE_CELLS, TOLD_CELLS = 100, 120  # letters of a title, and of a line below
FOOT_CELLS = 200  # letters of a line at the foot
LEAST_AXIS, NAME_SIZE = 1.04, 13
STEPS = (0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500)  # of 100 %: from one tick to the next
TICKS, PAGE_TICKS = 12, 5  # how many fit beside 0: on a sheet, on a phone


@dataclass(frozen=True, slots=True)
class Cell:
    """A panel and where it stands. Units: px from the sheet's upper left corner."""

    panel: Panel
    rows: Rows
    heading: tuple[str, ...]
    left: float
    top: float
    width: float

    @property
    def head(self) -> float:
        """Return the height of the heading; none has none."""
        if not self.heading:
            return 0
        lines = sum(1 + text.count("<br>") for text in self.heading[1:])
        return TITLE_PX * (1 + self.heading[0].count("<br>")) + LINE_PX * lines + 8

    @property
    def body(self) -> float:
        """Return the height of the bars."""
        return self.rows.height * len(self.panel.lines)

    @property
    def bottom(self) -> float:
        """Return where the panel ends, its axis and the gap below it with it."""
        return self.top + self.head + self.body + AXIS_PX + GAP_PX


def draw_relative(
    panels: Sequence[Panel], *, theme: Theme = "light", headed: bool = True
) -> go.Figure | None:
    """Return all panels one below the other, for a page of any width; None without any.

    A page that says in words what each panel is about draws it without its heading.
    """
    if not panels:
        return None
    cells: list[Cell] = []
    for panel in panels:
        words = list_heading(panel) if headed else []
        heading = tuple(wrap(text, PAGE_CELLS) for text in words)
        top = cells[-1].bottom if cells else 0.0
        cells.append(Cell(panel, choose_rows(panel, above=True), heading, 0, top, 0))
    paint = Paint(make_sheet(panels, theme), cells[-1].bottom)
    longest = paint.sheet.longest
    several = [paint.make_marks(cell, PAGE_PX) for cell in cells]
    room = max(measure_overhang(mark, PAGE_PX, longest) for marks in several for mark in marks)
    margin = {"l": 10, "r": max(room, 0) + 14, "t": 0, "b": 0}
    paint.sheet.figure.update_layout(height=paint.height, margin=margin)
    for number, (cell, marks) in enumerate(zip(cells, several, strict=True)):
        if headed:
            paint.add_heading(cell, 0.0)
        paint.add_bars(cell, marks, str(number + 1) if number else "", (0.0, 1.0))
    return paint.sheet.figure


def draw_panels(
    panels: Sequence[Panel], *, title: str, theme: Theme = "light", none: str = NOTHING
) -> go.Figure:
    """Return the sheet of a figure for a file: its panels, a title above, the sources below.

    Published panels alone stand two in a row as in the paper; else each has a row, with won, tied
    and lost on the right. Edge: without panels the sheet says `none`.
    """
    cells = lay_out(panels)
    foot = describe_foot(panels) if panels else [none]
    foot = [wrap(line, FOOT_CELLS) for line in foot]
    n_lines = sum(1 + line.count("<br>") for line in foot)
    end = max((cell.bottom for cell in cells), default=float(HEAD))
    paint = Paint(make_sheet(panels, theme), end + n_lines * LINE_PX + MARGIN / 2, WIDTH)
    paint.sheet.figure.update_layout(
        width=WIDTH, height=paint.height, paper_bgcolor=paint.sheet.inks.paper,
        margin={"l": 0, "r": 0, "t": 0, "b": 0},
    )  # fmt: skip
    if not panels:
        paint.sheet.figure.update_xaxes(visible=False).update_yaxes(visible=False)
    paint.write(f"<b>{shorten(title, 110)}</b>", MARGIN, MARGIN / 2 + 4, 21)
    add_cells(paint, cells)
    paint.write("<br>".join(foot), MARGIN, end, 12, quiet=True)
    return paint.sheet.figure


def lay_out(panels: Sequence[Panel]) -> list[Cell]:
    """Return where each panel stands on a sheet."""
    columns = 1 if any(panel.bars for panel in panels) else 2
    width = (WIDTH - 2 * MARGIN - (columns - 1) * GUTTER) / columns
    cells: list[Cell] = []
    top = float(HEAD)
    for number, panel in enumerate(panels):
        column = number % columns
        if number and not column:
            top = max(cell.bottom for cell in cells)
        left = MARGIN + column * (width + GUTTER)
        title, told = list_heading(panel)
        heading = (title, wrap(told, TOLD_CELLS if columns == 1 else TOLD_CELLS * 2 // 3))
        rows = choose_rows(panel, above=False)
        cells.append(Cell(panel, rows, heading, left, top, width))
    return cells


def add_cells(paint: "Paint", cells: Sequence[Cell]) -> None:
    """Draw the panels of a sheet, all bars of one start and one scale."""
    if not cells:
        return
    lines = [line for cell in cells for line in cell.panel.lines]
    start = max(measure_px(fit_name(line.label), NAME_SIZE) for line in lines) + 12
    wins = any(has_wins(cell.panel) for cell in cells)
    room = cells[0].width - start - (WINS_PX + DIFFERENCE_PX + GUTTER if wins else 0)
    several = [paint.make_marks(cell, room - END_PX) for cell in cells]
    longest = paint.sheet.longest
    scale = min(fit_scale(marks, room, longest) for marks in several)
    for number, (cell, marks) in enumerate(zip(cells, several, strict=True)):
        left = cell.left + start
        paint.add_heading(cell, cell.left)
        domain = (left / WIDTH, (left + scale * longest) / WIDTH)
        paint.add_bars(cell, marks, str(2 * number + 1) if number else "", domain)
        if has_wins(cell.panel):
            add_outcomes(paint, cell, left + room + GUTTER, str(2 * number + 2))


def add_outcomes(paint: "Paint", cell: Cell, left: float, axis: str) -> None:
    """Draw how many questions were won, tied and lost, under their headings."""
    top = cell.top + TITLE_PX
    paint.write("Questions won, tied, lost", left, top, 12, quiet=True)
    paint.write("Mean difference, points", left + WINS_PX, top, 12, quiet=True)
    paint.lay_axes(cell, axis, (left / WIDTH, (left + WINS_PX + DIFFERENCE_PX) / WIDTH))
    reach = 1 + (DIFFERENCE_PX + AIR_PX) / (WINS_PX - AIR_PX)  # the bars end at 1
    paint.sheet.figure.update_layout({f"xaxis{axis}": {"range": [0, reach], "visible": False}})
    add_wins(paint.sheet, cell.panel, cell.rows, axis)


@dataclass(frozen=True, slots=True)
class Paint:
    """A sheet with its size in px; places are given in px from its upper left corner.

    A page's figure has no width of its own: there x is in [0, 1] of the plotting area.
    """

    sheet: Sheet
    height: float
    width: float = 1.0

    def make_marks(self, cell: Cell, bars_px: float) -> list[Mark]:
        """Return a cell's marks, for bars that have so much room to the end of their axis."""
        return make_marks(cell.panel, cell.rows, self.sheet.inks, bars_px / self.sheet.longest)

    def write(self, text: str, left: float, top: float, size: int, *, quiet: bool = False) -> None:
        """Write a text with its upper left corner at a place."""
        self.sheet.write(text, (left / self.width, 1 - top / self.height), size, quiet=quiet)

    def add_heading(self, cell: Cell, left: float) -> None:
        """Write a panel's title, and below it what stands behind the panel."""
        self.write(f"<b>{cell.heading[0]}</b>", left, cell.top, 17)
        below = cell.top + TITLE_PX * (1 + cell.heading[0].count("<br>"))
        self.write("<br>".join(cell.heading[1:]), left, below, 12, quiet=True)

    def add_bars(
        self, cell: Cell, marks: Sequence[Mark], axis: str, domain: tuple[float, float]
    ) -> None:
        """Draw a panel's bars, a line at 100 %, its names and its axes."""
        self.lay_axes(cell, axis, domain)
        ticks = list_ticks(self.sheet.longest, PAGE_TICKS if cell.rows.above else TICKS)
        self.sheet.figure.update_layout(
            {
                f"xaxis{axis}": {
                    "range": [0, self.sheet.longest], "tickvals": ticks, "tickangle": 0,
                    "ticktext": [f"{100 * tick:.0f} %" for tick in ticks],
                }
            }
        )  # fmt: skip
        self.sheet.figure.add_shape(
            type="line", x0=1, x1=1, xref=f"x{axis}", y0=0, y1=cell.body, yref=f"y{axis}",
            line={"color": self.sheet.inks.tie, "width": 1}, layer="below",
        )  # fmt: skip
        add_marks(self.sheet, marks, axis)
        add_names(self.sheet, cell, axis)

    def lay_axes(self, cell: Cell, axis: str, domain: tuple[float, float]) -> None:
        """Lay out the axes of a panel's rows, which are in px from its first line."""
        top = cell.top + cell.head
        self.sheet.figure.update_layout(
            {
                f"xaxis{axis}": {"domain": domain, "anchor": f"y{axis}"},
                f"yaxis{axis}": {
                    "domain": [1 - (top + cell.body) / self.height, 1 - top / self.height],
                    "anchor": f"x{axis}", "range": [cell.body, 0], "tickvals": [],
                },
                "barmode": "overlay",
            }
        )  # fmt: skip


def list_ticks(longest: float, most: int) -> list[float]:
    """Return where an axis has ticks: as close as `most` of them allow, and at least at its end."""
    step = next((step for step in STEPS if longest <= most * step), longest)
    return [tick * step for tick in range(int(longest / step) + 1)]


def add_names(sheet: Sheet, cell: Cell, axis: str) -> None:
    """Write the names of the lines: above their bars, or on their left."""
    for place, line in enumerate(cell.panel.lines):
        row = place * cell.rows.height
        above = {"x": 0, "xanchor": "left", "y": row + NAME_PX / 2 + AIR_PX / 2}
        beside = {"x": 0, "xanchor": "right", "y": row + cell.rows.bar, "xshift": -6}
        text = fit_name(line.label, NAME_CELLS if cell.rows.above else MAX_CELLS)
        extra = say_exception(line.bar, cell.panel.bars) if line.bar and cell.rows.above else ""
        if extra:
            text += f'&nbsp; <span style="color:{sheet.inks.quiet}">{extra}</span>'
        sheet.figure.add_annotation(
            text=text,
            xref=f"x{axis}", yref=f"y{axis}", yanchor="middle", showarrow=False,
            font={"size": NAME_SIZE, "color": sheet.inks.text},
            **(above if cell.rows.above else beside),
        )  # fmt: skip


def make_sheet(panels: Sequence[Panel], theme: Theme) -> Sheet:
    """Return an empty sheet, whose axes all end behind the longest bar or whisker."""
    ends = [LEAST_AXIS]
    for panel in panels:
        for bar in (*panel.bars, *panel.published):
            ends.append(bar.interval.high if bar.interval else bar.share or 0.0)
    return Sheet(
        go.Figure(layout={"template": make_template(theme)}), INKS[theme], {}, 1.02 * max(ends)
    )


def list_heading(panel: Panel) -> list[str]:
    """Return a panel's title and what stands behind it, with no mark-up in their names."""
    letter = f"({panel.letter}) " if panel.letter else ""
    return [fit_name(f"{letter}{panel.title}", TITLE_CELLS), describe_panel(panel)]
