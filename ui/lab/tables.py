"""The numbers of a comparison in words and tables: nothing stands in a figure alone."""

from collections.abc import Sequence

from markupsafe import Markup

from annotations.published import Published
from annotations.statistics import Interval
from annotations.tallies import Outcome, Tally
from ui.pieces import Cell, join, show_table

CLEAR_P = 0.05


def show_share(outcome: Outcome | None) -> str:
    """Return a share with its interval: "54.12 % (50.4-57.8)"; nothing for no votes."""
    if outcome is None or outcome.share is None:
        return ""
    return f"{100 * outcome.share:.2f} %{show_interval(outcome.interval, 1)}"


def show_interval(interval: Interval | None, digits: int = 0) -> str:
    """Return an interval in percent, in brackets with a space before; nothing where there is none.

    Edge: ends below zero are parted by "to", so that no two strokes stand together.
    """
    if interval is None:
        return ""
    low, high = (show_number(100 * end, digits) for end in (interval.low, interval.high))
    return f" ({low} to {high})" if low.startswith("\N{MINUS SIGN}") else f" ({low}-{high})"


def show_number(value: float, digits: int = 0) -> str:
    """Return a number with a true minus sign; what rounds to nothing has no sign."""
    text = f"{value:.{digits}f}"
    if not text.startswith("-"):
        return text
    return text[1:] if float(text) == 0 else f"\N{MINUS SIGN}{text[1:]}"


def show_points(share: float) -> str:
    """Return a difference of shares in points of a hundred; below one point with a decimal."""
    number = show_number(100 * share, 0 if share >= 0.01 else 1)
    return f"{number} point" if number == "1" else f"{number} points"


def show_p(p: float) -> str:
    """Return a p value as people write it."""
    if p < 0.001:
        return "p < 0.001"
    return f"p = {p:.3f}" if p < 0.1 else f"p = {p:.2f}"


def describe_test(tally: Tally) -> str:
    """Return who is preferred on one criterion, by how much, and how sure that is.

    Edge: a side is called preferred only where votes and item majorities agree on it and the
    adjusted test is below 0.05.
    """
    name = tally.criterion.capitalize()
    if tally.net is None or tally.sign_p_holm is None:
        return f"{name}: no votes yet."
    ahead, behind = tally.comparison.a, tally.comparison.b
    net, interval, items = tally.net, tally.net_interval, tally.items
    if net < 0:
        ahead, behind, net = behind, ahead, -net
        items = (items[1], items[0], items[2])
        interval = Interval(-interval.high, -interval.low) if interval else None
    clear = tally.sign_p_holm < CLEAR_P and items[0] > items[1]
    lead = f"{ahead} preferred, net +" if clear else f"no clear preference, {ahead} ahead by "
    points = f"{lead}{show_points(net)}" if net else "no clear preference, net 0 points"
    return (
        f"{name}: {points}{show_interval(interval)}, {show_p(tally.sign_p_holm)} after Holm. "
        f"Items: {items[0]:,} to {ahead}, {items[1]:,} to {behind}, {items[2]:,} to neither."
    )


def show_sentences(tallies: Sequence[Tally]) -> Markup:
    """Return one sentence for each criterion, and what the test is."""
    lines = join([Markup("<li>{}</li>").format(describe_test(tally)) for tally in tallies])
    return Markup(
        '<ul class="verdicts">{}</ul><p class="note">Net is the share of one system less the share '
        "of the other, in points of a hundred, with its 95 % interval. The test is an exact sign "
        "test on items: an item goes to the system with more votes on it. Holm adjusts for the "
        "three criteria.</p>"
    ).format(lines)


def show_shares(tallies: Sequence[Tally], published: Sequence[Published]) -> Markup:
    """Return the table of all shares, the published ones beside them."""
    theirs = {one.criterion: one.outcomes for one in published}
    heads = ["Criterion", "Outcome", "Votes", "Share (95 % interval)", "n"]
    if theirs:
        heads += ["Published votes", "Published share"]
    rows: list[list[Cell]] = []
    for tally in tallies:
        for place, outcome in enumerate(tally.outcomes):
            row = list_share(tally, outcome, place == 0)
            if theirs:
                other = theirs[tally.criterion][place]
                row += [
                    other.n,
                    show_share(Outcome(other.winner, other.system, other.n, other.share)),
                ]
            rows.append(row)
    return show_table("Votes and shares", heads, rows, "shares")


def list_share(tally: Tally, outcome: Outcome, first: bool) -> list[Cell]:
    """Return one outcome's row; only the first of a criterion names it."""
    name = Markup("<b>{}</b>").format(tally.criterion.capitalize()) if first else Markup("")
    who = "Tie" if outcome.winner == "tie" else outcome.system
    return [name, who, outcome.n, show_share(outcome), tally.n]


def show_coverage(tallies: Sequence[Tally]) -> Markup:
    """Return the table of what stands behind each n."""
    heads = (
        "Criterion", "Votes counted", "Items", "Annotators", "From elsewhere", "Still wanted here",
        "Surplus, left out",
    )  # fmt: skip
    rows: list[list[Cell]] = [
        [
            Markup("<b>{}</b>").format(tally.criterion.capitalize()), tally.n, tally.n_items,
            tally.coverage.n_annotators, tally.coverage.n_outside, tally.coverage.n_missing,
            tally.coverage.n_surplus,
        ]
        for tally in tallies
    ]  # fmt: skip
    return show_table("What n consists of", heads, rows, "coverage")
