"""`reward check`: how well a reward model's scores tell whom people, or a judge, prefer."""

import asyncio
import sys
from typing import Annotated

import typer

from annotations.ranking.calibration import SEEN, Calibration, Spread, tell_calibration
from annotations.ranking.checks import CheckEnd, CheckErrand, CheckOrder, read_calibration
from backend.records import CRITERIA
from training.lessons import read_lessons
from ui.terminal import ACTOR, find_settings, open_writer, show_fields, show_table
from ui.terminal.answers import AGAIN, open_models
from ui.terminal.ranks import OURS
from ui.terminal.watching import watch

verbs = typer.Typer(help="Reward models, and those who vote.", no_args_is_help=True)


@verbs.callback()
def group() -> None:
    """Keep `check` a word of its own while it is the only one."""


@verbs.command()
def check(
    ctx: typer.Context,
    *,
    reward: Annotated[str, typer.Option(metavar="CARD", help="The reward model's card.")],
    study: Annotated[str, typer.Option(metavar="S", help="Who voted in it.")] = "",
    benchmark: Annotated[
        str, typer.Option(metavar="B", help="In place of a study: all studies on it.")
    ] = "",
    criterion: Annotated[
        str, typer.Option(metavar="|".join(CRITERIA), help="Which votes.")
    ] = CRITERIA[0],
    judge: Annotated[
        str, typer.Option(metavar="J", help="Who judged the benchmark, in place of people.")
    ] = "",
) -> None:
    """Score the answers that were compared, and say how often the preferred one scores higher."""
    order = CheckOrder(reward, study, benchmark, criterion, judge)
    with open_writer(ctx) as store, open_models(ctx, store) as models:
        errand = CheckErrand(store, models, order, ACTOR)
        typer.echo(errand.outlook.words, err=True)
        end = asyncio.run(watch(errand, sys.stderr)) if errand.n_wanted else None
        lessons = read_lessons(find_settings(ctx).data, reward)
        learned = lessons.holds if lessons else None
        found = read_calibration(store, errand.outlook.card, order, learned)
    report(found, order.who)
    if lessons and lessons.words:
        typer.echo(lessons.words, err=True)
    if end is not None:
        tell_end(end)


def report(found: Calibration, who: str) -> None:
    """Say how a reward model stands."""
    show_fields(tell_calibration(found, who))
    if found.ece is not None:
        typer.echo()
        show_table(("SURE", "PAIRS", "AGREES", "95 % FROM", "TO"), list_bins(found))
    if found.n and found.fresh is None:
        typer.echo(SEEN, err=True)
    if found.spreads:
        typer.echo()
        header = ("SYSTEM", "ANSWERS", "MEAN", "LOWEST", "QUARTER", "MIDDLE", "3/4", "HIGHEST")
        show_table(header, [list_spread(one) for one in found.spreads])


def list_bins(found: Calibration) -> list[tuple[str, ...]]:
    """Return a row for each bin that has pairs."""
    return [
        (
            f"{one.low:.0%} to {one.high:.0%}", f"{one.n:,}", f"{one.rate:.1%}",
            f"{interval.low:.1%}", f"{interval.high:.1%}",
        )
        for one in found.bins
        if one.rate is not None and (interval := one.interval) is not None
    ]  # fmt: skip


def list_spread(one: Spread) -> tuple[object, ...]:
    """Return the row of one system."""
    places = (one.mean, one.low, one.quarter, one.middle, one.three_quarters, one.high)
    return one.system, one.n, *(f"{place:.2f}" for place in places)


def tell_end(end: CheckEnd) -> None:
    """Say how the scoring ended; some scores missing ends the program with code 1."""
    failures = {outcome: n for outcome, n in end.outcomes.items() if outcome != "ok"}
    if failures:
        rows = [(outcome, n, OURS.get(outcome, AGAIN)) for outcome, n in sorted(failures.items())]
        show_table(("FAILED", "N", "WHAT TO DO"), rows)
    if end.message:
        typer.echo(end.message, err=True)
    if end.outcomes.get("ok", 0) < end.n_wanted:
        raise typer.Exit(1)
