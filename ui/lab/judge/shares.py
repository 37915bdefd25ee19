"""The numbers behind the bars in tables: nothing stands in a figure alone."""

from collections.abc import Sequence
from html import unescape

from markupsafe import Markup

from annotations.judging.bars import Bar
from annotations.judging.panels import Panel
from annotations.statistics import Interval
from backend.judge.records import VERDICT_OUTCOMES
from ui.lab.judge.words import NO_SCORE, OUTCOMES
from ui.lab.tables import show_number
from ui.labels import describe_foot, describe_panel
from ui.pieces import Cell, join, show_table

HEADS = (
    "System", "Source", "Sums", "Relative score (95 %)", "Questions", "Judgments",
    "Without a score", "Won / tied / lost", "Mean difference (95 %)",
)  # fmt: skip
FEW_HEADS = ("System", "Sums", "Relative score")
NOTE = (
    "A question counts with the mean of its judgments, over both orders and all repeats; the sums "
    "run over the questions. Intervals come from drawing the questions again. A question is won by "
    "who is preferred in more of its judgments."
)


def show_head(panel: Panel) -> Markup:
    """Return what a panel is about, and what stands behind it."""
    letter = f"({panel.letter}) " if panel.letter else ""
    html = Markup('<div class="heading panel"><h3>{}{}</h3><p class="quiet">{}</p></div>')
    benchmark = f"On {panel.bars[0].benchmark}. " if panel.bars else ""
    return html.format(letter, panel.title, benchmark + unescape(describe_panel(panel)))


def show_panel(panel: Panel) -> Markup:
    """Return one panel's table, a row for each bar of ours and each published one, and its notes.

    What is only published has sums and shares, and nothing else.
    """
    ours = bool(panel.bars)
    rows = [
        list_cells(line.label, bar) if ours else [line.label, say_sums(bar), say_share(bar)]
        for line in panel.lines
        for bar in (line.bar, line.published)
        if bar is not None
    ]
    table = show_table(panel.title, HEADS if ours else FEW_HEADS, rows, "relative")
    return table + join([Markup('<p class="note">{}</p>').format(note) for note in panel.notes])


def show_foot(panels: Sequence[Panel], n_more: int) -> Markup:
    """Return how the numbers are counted, where they come from, and how many panels are left."""
    more = f"{n_more:,} more panels are in the files." if n_more > 0 else ""
    notes = {note for panel in panels for note in panel.notes}
    lines = [
        more,
        NOTE if any(panel.bars for panel in panels) else "",
        *(line for line in describe_foot(panels) if line not in notes),
    ]
    return join([Markup('<p class="note">{}</p>').format(line) for line in lines if line])


def list_cells(label: str, bar: Bar) -> list[Cell]:
    """Return one bar's row."""
    counts = (bar.wins, bar.ties, bar.losses)
    won = NO_SCORE if None in counts else " / ".join(f"{n:,}" for n in counts if n is not None)
    difference = NO_SCORE if bar.mean_difference is None else show_number(bar.mean_difference, 2)
    return [
        label,
        "published" if bar.source == "published" else "here",
        say_sums(bar),
        say_share(bar) + say_ends(bar.interval, 100, 1),
        NO_SCORE if bar.n_questions is None else bar.n_questions,
        NO_SCORE if bar.n_judgments is None else bar.n_judgments,
        say_failures(bar),
        won,
        difference + say_ends(bar.difference_interval, 1, 2),
    ]


def say_share(bar: Bar) -> str:
    """Return what part of the reference's sum a system has, in percent."""
    return NO_SCORE if bar.share is None else f"{100 * bar.share:.1f} %"


def say_sums(bar: Bar) -> str:
    """Return both sums as the paper writes them."""
    if bar.sum_system is None or bar.sum_reference is None:
        return NO_SCORE
    return f"{say_sum(bar.sum_system)} : {say_sum(bar.sum_reference)}"


def say_sum(value: float) -> str:
    """Return a sum with the decimals it needs, two at most."""
    return f"{value:,.2f}".rstrip("0").rstrip(".")


def say_ends(interval: Interval | None, factor: float, digits: int) -> str:
    """Return an interval in brackets; nothing where there is none."""
    if interval is None:
        return ""
    low, high = (show_number(factor * end, digits) for end in (interval.low, interval.high))
    return f" ({low} to {high})"


def say_failures(bar: Bar) -> Cell:
    """Return how many judgments gave nothing that counts, by the way they ended."""
    if not bar.outcomes:
        return NO_SCORE
    if not bar.n_failed:
        return 0
    ended = [
        f"{bar.outcomes[name]:,} {OUTCOMES[name].lower()}"
        for name in VERDICT_OUTCOMES
        if name != "ok" and bar.outcomes.get(name)
    ]
    return ", ".join(ended)
