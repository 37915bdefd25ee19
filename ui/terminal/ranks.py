"""`answers rank`: a reward model puts a system's samples in order, and each rank is a system."""

import asyncio
import sys
from shlex import quote
from typing import Annotated

import typer

from annotations.endings import mark_interrupted
from annotations.ranking.groups import name_rank
from annotations.ranking.orders import RankOrder, look_ahead_rank
from annotations.ranking.ranking import RankErrand
from annotations.ranking.runs import RankingRun
from ui.terminal import ACTOR, open_writer, show_table, tell_next
from ui.terminal.answers import AGAIN, REMEDIES, open_models
from ui.terminal.watching import watch

OURS = REMEDIES | {"too_long": "A text of these items is longer than the reward model can read."}


def rank(  # noqa: PLR0913 - each is a word of the command line
    ctx: typer.Context,
    *,
    model: Annotated[str, typer.Option(metavar="X", help="Whose samples.")],
    benchmark: Annotated[str, typer.Option(metavar="B", help="What was answered.")],
    reward: Annotated[str, typer.Option(metavar="M", help="The reward model's card.")],
    samples: Annotated[int, typer.Option(help="How many of each item.")] = 5,
    baseline: Annotated[
        str, typer.Option(metavar="Y", help="The plain decoding; else the first sample.")
    ] = "",
    name: Annotated[
        str, typer.Option("--as", metavar="NAME", help="NAME R1 is the best; else X R1.")
    ] = "",
) -> None:
    """Score samples with a reward model: "X R1" answers with the best of them, and so on."""
    with open_writer(ctx) as store, open_models(ctx, store) as models:
        mark_interrupted(store)
        order = RankOrder(model, benchmark, reward, samples, baseline, name)
        typer.echo(look_ahead_rank(store, models, order).words, err=True)
        errand = RankErrand(store, models, order, ACTOR)
        report(asyncio.run(watch(errand, sys.stderr)))


def report(run: RankingRun) -> None:
    """Say how a run ended; some scores missing ends the program with code 1."""
    typer.echo(f"{run.n_scored:,} of {run.n_wanted:,} scores came.")
    failures = {outcome: n for outcome, n in run.outcomes.items() if outcome != "ok"}
    if failures:
        rows = [(outcome, n, OURS.get(outcome, AGAIN)) for outcome, n in sorted(failures.items())]
        show_table(("FAILED", "N", "WHAT TO DO"), rows)
    if run.message:
        typer.echo(run.message, err=True)
    if run.n_scored < run.n_wanted:
        raise typer.Exit(1)
    names = [name_rank(run.start.name, place) for place in range(1, run.start.samples + 1)]
    typer.echo(f"The systems {', '.join(names)} answer {run.start.benchmark} now.")
    told = " ".join(map(quote, (*names, run.start.baseline)))
    benchmark = quote(run.start.benchmark)
    tell_next(f"judge run --judge J --benchmark {benchmark} --systems {told} --against Y")
