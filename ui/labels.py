"""The words on figures 4 and 5: names that fit, sums, shares, and what stands behind a panel."""

import re
from collections.abc import Iterable, Sequence
from html import escape, unescape
from unicodedata import combining, east_asian_width

from annotations.judging.bars import Bar
from annotations.judging.panels import Panel
from annotations.statistics import N_RESAMPLES, Interval
from ui.sheet import say_count

MAX_CELLS = 32  # of a name: a Chinese character takes two
CELL = 0.56  # of a letter's size: how wide it is on average
MARKS = re.compile(r"<[^>]*>")
SCORES = {"read": "scores as read from the text", "stored": "scores as the files store them"}
WITHOUT = "; scores by question were not published, so no whiskers"
NOTHING = "No judgments yet: nothing is drawn until there are some."


def measure_cells(text: str) -> int:
    """Return how wide a text is, in letters; wide characters count for two."""
    return sum(0 if combining(one) else 2 if east_asian_width(one) in "WF" else 1 for one in text)


def measure_px(text: str, size: float = 13) -> float:
    """Return about how wide a text is drawn, in px; marks in it are not counted."""
    return measure_cells(unescape(MARKS.sub("", text))) * CELL * size


def fit_name(name: str, most: int = MAX_CELLS) -> str:
    """Return a name for a label, with no mark-up in it; a long one keeps both of its ends."""
    if measure_cells(name) > most:
        name = f"{take_cells(name, most // 2)}…{take_cells(name[::-1], (most - 1) // 2)[::-1]}"
    return escape(name, quote=False)


def wrap(text: str, most: int) -> str:
    """Return a text in lines of at most so many cells, for a label; a longer word stays whole."""
    lines = [""]
    for word in text.split(" "):
        if lines[-1] and measure_cells(f"{lines[-1]} {word}") > most:
            lines.append(word)
        else:
            lines[-1] = f"{lines[-1]} {word}".strip()
    return "<br>".join(lines)


def take_cells(text: str, most: int) -> str:
    """Return as much of a text's start as fits."""
    taken = ""
    for one in text:
        if measure_cells(taken + one) > most:
            break
        taken += one
    return taken


def say_sum(value: float) -> str:
    """Return a sum of scores as people write it: 704, 657.5."""
    return f"{value:,.2f}".rstrip("0").rstrip(".")


def say_sums(bar: Bar) -> str:
    """Return both sums of a bar, the system's first."""
    if bar.sum_system is None or bar.sum_reference is None:
        return ""
    return f"{say_sum(bar.sum_system)} : {say_sum(bar.sum_reference)}"


def say_share(bar: Bar) -> str:
    """Return a bar's share in whole percent, as the paper does; with no scores, what there is."""
    if bar.share is None:
        return "no scores" if bar.sum_reference is None else "reference has only zeros"
    return f"{100 * bar.share:.0f} %"


def say_interval(interval: Interval | None) -> str:
    """Return an interval of shares as it stands behind one."""
    if interval is None:
        return ""
    return f" ({100 * interval.low:.0f}–{100 * interval.high:.0f})"


def say_difference(bar: Bar) -> str:
    """Return the mean difference of a question with its interval, in points."""
    if bar.mean_difference is None:
        return ""
    words = say_signed(bar.mean_difference)
    ends = bar.difference_interval
    return words if ends is None else f"{words} ({say_signed(ends.low)} to {say_signed(ends.high)})"


def say_signed(value: float) -> str:
    """Return a difference with its sign; rounded to nothing it has none."""
    text = f"{value:+.1f}".replace("-", "−")
    return "0.0" if text in ("+0.0", "−0.0") else text


def say_exception(bar: Bar, bars: Sequence[Bar]) -> str:
    """Return a bar's own number of questions and failures where the heading can't say them."""
    words = []
    if len({one.n_questions for one in bars}) > 1 and bar.n_questions is not None:
        words.append(f"n = {bar.n_questions:,}")
    if bar.n_failed:
        words.append(f"{bar.n_failed:,} failed")
    return ", ".join(words)


def describe_panel(panel: Panel) -> str:
    """Return what stands behind a panel: judge, questions, judgments, failures, scores."""
    if not panel.bars:
        return f"As published: judge {panel.judge}, sums over the 80 questions, 800 at most"
    bars = [bar for bar in panel.bars if not bar.category] or panel.bars
    assumed = " (assumed)" if any(bar.judge_assumed for bar in bars) else ""
    protocol = f", protocol {fit_name(bars[0].protocol, 60)}" if bars[0].protocol else ""
    return "; ".join(
        [
            f"Judge {fit_name(panel.judge, 40)}{assumed}{protocol}",
            describe_base(bars),
            describe_failures(bars),
            SCORES[bars[0].scores],
        ]
    )


def describe_base(bars: Sequence[Bar]) -> str:
    """Return how many questions and judgments bars come from, or wins where none has scores."""
    if not any(bar.n_questions for bar in bars):
        decided = [(bar.wins or 0) + (bar.ties or 0) + (bar.losses or 0) for bar in bars]
        return f"n = {say_count(decided, 'question')}, wins without scores"
    questions = say_count([bar.n_questions or 0 for bar in bars], "question")
    return f"n = {questions}, {say_count([bar.n_judgments or 0 for bar in bars], 'judgment')} a bar"


def describe_failures(bars: Iterable[Bar]) -> str:
    """Return how many judgments gave nothing that counts, and why."""
    counts: dict[str, int] = {}
    for bar in bars:
        for outcome, n in bar.outcomes.items():
            if outcome != "ok" and n:
                counts[outcome] = counts.get(outcome, 0) + n
    if not counts:
        return "no failures"
    named = ", ".join(f"{n:,} {outcome.replace('_', ' ')}" for outcome, n in counts.items())
    return f"{sum(counts.values()):,} failed: {named}"


def describe_foot(panels: Sequence[Panel]) -> list[str]:
    """Return the lines at the foot: sources, what whiskers and hatching are, and notes."""
    if not panels:
        return [NOTHING]
    sources = {name for panel in panels for bar in panel.bars for name in bar.sources}
    lines = [describe_sources(sources)] if sources else []
    looks = "Hatched" if sources else "Hollow"
    for panel in panels:
        if panel.published_source:
            bare = "" if panel.kind == "blog" else WITHOUT
            lines.append(f"{looks}: {panel.published_source}{bare}.")
    lines += [note for panel in panels for note in panel.notes]
    return list(dict.fromkeys(lines))


def describe_sources(sources: Iterable[str]) -> str:
    """Return where judgments come from, and what whiskers are."""
    names = list(sources)
    n_runs = sum(name.startswith("run ") for name in names)
    origins = [
        say_count([n], noun)
        for n, noun in ((n_runs, "run"), (len(names) - n_runs, "imported file"))
        if n
    ]
    return (
        f"Judgments from {' and '.join(origins)}. "
        f"Whiskers: 95 % interval from {N_RESAMPLES:,} resamples of the questions."
    )
