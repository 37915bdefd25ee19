"""The figures of human votes: pies as the paper prints them, and bars with what pies can't show.

Pure functions of tallies. Without votes a page's figure is None, and the page says so in words; a
file's figure says so itself.
Attributes are those of plotly.js 3, which the pages have, and 4, which writes the files.
"""

from collections.abc import Sequence

import plotly.graph_objects as go

from annotations.published import SHORT_SOURCE, Published
from annotations.statistics import N_RESAMPLES
from annotations.tallies import Tally
from backend.records import Comparison
from ui.bars import BARS_HEIGHT, add_bars, measure_longest
from ui.ink import INKS, Theme, assign_colours, make_template
from ui.pies import PIES_HEIGHT, add_pies
from ui.sheet import Panel, Sheet, count_base, shorten

WIDTH = 1320
HEAD, FOOT, ROW_HEAD, ROW_GAP = 68, 58, 52, 46  # px
PIES_RIGHT, BARS_LEFT = 0.6, 0.715


def make_sheet(
    tallies: Sequence[Tally], published: Sequence[Published], systems: Sequence[str], theme: Theme
) -> Sheet:
    """Return an empty sheet; colours go by the study's systems, else by those drawn."""
    drawn = [name for tally in tallies for name in (tally.comparison.a, tally.comparison.b)]
    figure = go.Figure(layout={"template": make_template(theme)})
    longest = measure_longest([*tallies, *published])
    return Sheet(figure, INKS[theme], assign_colours([*systems, *drawn]), longest)


def draw_pies(
    tallies: Sequence[Tally],
    *,
    systems: Sequence[str] = (),
    theme: Theme = "light",
    hollow: bool = False,
) -> go.Figure | None:
    """Return one comparison's three pies, each clockwise from the top: first system, second, tie.

    `systems` are all of the study's, so that a system has the same colour in every figure. One
    tally alone gives one pie: three such figures can wrap on a narrow screen. `hollow` pies are
    hatched: those that were published, beside ours.
    Edge: no votes on any criterion give None; a criterion without votes says so in its place.
    """
    if not any(tally.n for tally in tallies):
        return None
    sheet = make_sheet(tallies, (), systems, theme)
    sheet.figure.update_layout(height=PIES_HEIGHT, margin={"l": 8, "r": 8, "t": 4, "b": 12})
    add_pies(sheet, tallies, Panel(height=PIES_HEIGHT - 16), hollow=hollow)
    return sheet.figure


def draw_bars(
    tallies: Sequence[Tally],
    published: Sequence[Published] = (),
    *,
    systems: Sequence[str] = (),
    theme: Theme = "light",
) -> go.Figure | None:
    """Return one comparison's shares as bars with their intervals, the published ones hatched.

    Edge: no votes give None.
    """
    if not any(tally.n for tally in tallies):
        return None
    sheet = make_sheet(tallies, published, systems, theme)
    margin = {"l": 8, "r": 44, "t": 4, "b": 36}
    sheet.figure.update_layout(height=BARS_HEIGHT + 40, margin=margin)
    add_bars(sheet, tallies, published, Panel(height=BARS_HEIGHT))
    sheet.figure.update_yaxes(automargin=True)
    return sheet.figure


def draw_figure3(
    tallies: Sequence[Tally],
    published: Sequence[Published] = (),
    *,
    title: str,
    systems: Sequence[str] = (),
    theme: Theme = "light",
) -> go.Figure:
    """Return the paper's figure 3 from our votes: a row a comparison, pies beside bars.

    `tallies` may hold several comparisons; those without any vote are named at the foot.
    Edge: no votes at all give a sheet that says so.
    """
    rows = [row for row in group_comparisons(tallies) if any(tally.n for tally in row)]
    sheet = make_sheet(tallies, published, systems, theme)
    height = len(rows) * (ROW_HEAD + BARS_HEIGHT + ROW_GAP) or ROW_HEAD
    sheet.figure.update_layout(
        width=WIDTH,
        height=height + HEAD + FOOT,
        paper_bgcolor=sheet.inks.paper,
        margin={"l": 40, "r": 24, "t": HEAD, "b": FOOT},
    )
    if not rows:
        sheet.figure.update_xaxes(visible=False).update_yaxes(visible=False)
    for number, row in enumerate(rows):
        add_row(sheet, row, published, number, height)
    add_frame(sheet, title, describe_source(tallies, published), height)
    return sheet.figure


def group_comparisons(tallies: Sequence[Tally]) -> list[list[Tally]]:
    """Return the tallies of each comparison together, comparisons in the order they came."""
    groups: dict[Comparison, list[Tally]] = {}
    for tally in tallies:
        groups.setdefault(tally.comparison, []).append(tally)
    return list(groups.values())


def add_row(
    sheet: Sheet, row: Sequence[Tally], published: Sequence[Published], number: int, height: int
) -> None:
    """Draw one comparison: its heading, its pies on the left, its bars on the right."""
    comparison = row[0].comparison
    top = 1 - number * (ROW_HEAD + BARS_HEIGHT + ROW_GAP) / height
    first, second = shorten(comparison.a, 40), shorten(comparison.b, 40)
    sheet.write(f"<b>{chr(97 + number % 26)}&nbsp; {first} and {second}</b>", (0, top), 17)
    sheet.write(count_base(row), (0, top - 24 / height), 13, quiet=True)
    top -= ROW_HEAD / height
    bottom = top - BARS_HEIGHT / height
    theirs = [one for one in published if one.comparison == comparison]
    middle, reach = (top + bottom) / 2, PIES_HEIGHT / height / 2
    pies = Panel(0.01, PIES_RIGHT, middle - reach, middle + reach, PIES_HEIGHT)
    add_pies(sheet, row, pies)
    bars = Panel(BARS_LEFT, 1.0, bottom, top, BARS_HEIGHT)
    add_bars(sheet, row, theirs, bars, axis=str(number + 1) if number else "")


def add_frame(sheet: Sheet, title: str, source: str, height: int) -> None:
    """Write the title above the rows and where the numbers come from below them."""
    sheet.write(f"<b>{shorten(title, 110)}</b>", (0, 1 + (HEAD - 14) / height), 21)
    sheet.write(source, (0, -6 / height), 12, quiet=True)


def describe_source(tallies: Sequence[Tally], published: Sequence[Published]) -> str:
    """Return the source line: what whiskers and hatching are, and which comparisons lack votes."""
    if not any(tally.n for tally in tallies):
        return "No votes yet: nothing is drawn until there are some."
    lines = [f"Whiskers: 95 % interval from {N_RESAMPLES:,} resamples of the items."]
    if published:
        lines[0] += f" Hatched: {SHORT_SOURCE}; votes by item were not published, so no whiskers."
    missing = [
        f"{shorten(row[0].comparison.a)} and {shorten(row[0].comparison.b)}"
        for row in group_comparisons(tallies)
        if not any(tally.n for tally in row)
    ]
    if missing:
        lines.append(f"No votes yet: {', '.join(missing)}.")
    return "<br>".join(lines)
