"""`answers`: let a model answer a benchmark, and see which answers there are."""

import asyncio
import os
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from shlex import quote
from typing import Annotated

import typer

from annotations.answering import Errand
from annotations.endings import mark_interrupted
from annotations.generation import Run, read_runs
from annotations.library import list_benchmarks, list_systems
from annotations.orders import Order, Outlook, look_ahead
from annotations.ranking import list_ranked
from annotations.spending import LedgerPurse
from annotations.store import Store
from annotations.translation import list_translated
from backend.dialogue import ANSWERED, Sampling
from backend.keyring import Keyring
from backend.switchboard import Switchboard
from ui.terminal import ACTOR, find_settings, open_reader, open_writer, show_table, tell_next
from ui.terminal.watching import watch

verbs = typer.Typer(help="Answers of models to benchmarks.", no_args_is_help=True)

DEFAULTS = Sampling()
ALL_RUNS = 1_000
AGAIN = "Run the same command again: it asks only for what is missing."
REMEDIES = {
    "too_long": "Give a smaller --max-tokens, or take a model with a longer context.",
    "rate_limited": "Run the same command again later, with a smaller --parallel.",
    "timeout": "Run the same command again, with a smaller --max-tokens or --parallel.",
    "no_quota": "Raise the daily cap in the model's card, or wait for the next day.",
    "bad_key": "Set the right key in the environment, and run the same command again.",
    "unknown_model": "Correct the model in its card.",
    "filtered": "The server filters what it says; no answer will come.",
    "refused": "The server refuses these items; no answer will come.",
}


@verbs.command()
def generate(  # noqa: PLR0913 - each is a word of the command line
    ctx: typer.Context,
    *,
    model: Annotated[str, typer.Option(metavar="M", help="The model's card.")],
    benchmark: Annotated[str, typer.Option(metavar="B", help="What is to be answered.")],
    samples: Annotated[int, typer.Option(help="Answers to each item.")] = 1,
    temperature: Annotated[
        float, typer.Option(help="0 always takes the likeliest token.")
    ] = DEFAULTS.temperature,
    top_p: Annotated[float, typer.Option(help="1 is off.")] = DEFAULTS.top_p,
    top_k: Annotated[int, typer.Option(help="0 is off.")] = DEFAULTS.top_k,
    max_tokens: Annotated[int, typer.Option(help="The longest answer.")] = DEFAULTS.max_tokens,
    system_text: Annotated[str, typer.Option(help="Said before every item.")] = "",
    template: Annotated[str, typer.Option(help="Chat template; else the card's.")] = "",
    name: Annotated[
        str, typer.Option("--as", metavar="NAME", help="What to call the answers; else M.")
    ] = "",
    limit: Annotated[int, typer.Option(metavar="N", help="The first N items only.")] = 0,
    parallel: Annotated[
        int, typer.Option(metavar="N", help="How many at a time; else 16 here, 8 on a server.")
    ] = 0,
) -> None:
    """Ask a model for every answer that is missing; Ctrl+C keeps what has come."""
    sampling = Sampling(temperature, top_p, top_k, max_tokens)
    order = Order(
        model, benchmark, samples, sampling, name, system_text, template, limit, parallel
    )  # fmt: skip
    with open_writer(ctx) as store, open_models(ctx, store) as models:
        mark_interrupted(store)
        outlook = look_ahead(store, models, order)
        typer.echo("\n".join(filter(None, (outlook.words, outlook.cost_words))), err=True)
        if not outlook.missing:
            return
        run = asyncio.run(watch(Errand(store, models, order, ACTOR), sys.stderr))
    report(run, outlook)


@contextmanager
def open_models(ctx: typer.Context, store: Store) -> Iterator[Switchboard]:
    """Lend the models; workers that were started end with the block."""
    keyring = Keyring(os.environ)
    with closing(Switchboard(find_settings(ctx).data, keyring, LedgerPurse(store))) as models:
        yield models


def report(run: Run, outlook: Outlook) -> None:
    """Say how a run ended; some answers missing ends the program with code 1."""
    typer.echo(f"{run.n_answered:,} of {run.n_wanted:,} answers of {run.system} came.")
    if run.n_truncated:
        typer.echo(
            f"{run.n_truncated:,} of them are cut at the longest of {run.sampling.max_tokens} "
            "tokens that was allowed."
        )
    failures = {name: n for name, n in run.outcomes.items() if name not in ANSWERED}
    if failures:
        rows = [(name, n, REMEDIES.get(name, AGAIN)) for name, n in sorted(failures.items())]
        show_table(("FAILED", "N", "WHAT TO DO"), rows)
    if run.message:
        typer.echo(run.message, err=True)
    if run.n_answered < run.n_wanted:
        raise typer.Exit(1)
    system = quote(run.system)
    tell_next(f"study create NAME --benchmark {quote(run.benchmark)} --systems {system} OTHER")


@verbs.command("list")
def list_all(ctx: typer.Context) -> None:
    """List who answered what, and how the last run ended where one did it."""
    with open_reader(ctx) as store:
        rows = list_rows(store)
    if rows:
        show_table(("SYSTEM", "BENCHMARK", "ITEMS", "OF", "ANSWERS", "LAST RUN"), rows)
    else:
        typer.echo("There are no answers yet. Import some, or let a model give them: `answers "
                   "generate --model M --benchmark B`.")  # fmt: skip


def list_rows(store: Store) -> list[tuple[object, ...]]:
    """Return a row for each system of each benchmark; runs that brought nothing have one too."""
    last: dict[tuple[str, str], Run] = {}
    for run in read_runs(store, ALL_RUNS):
        last.setdefault((run.benchmark, run.system), run)
    rows: list[tuple[object, ...]] = []
    for benchmark in list_benchmarks(store):
        known = {system.name: system for system in list_systems(store, benchmark.name)}
        names = {*known, *(system for name, system in last if name == benchmark.name)}
        ways = find_ways(store, benchmark.name)
        for name in sorted(names):
            system, latest = known.get(name), last.get((benchmark.name, name))
            n_items, n_answers = (system.n_items, system.n_answers) if system else (0, 0)
            state = latest.state if latest else ways.get(name, "imported")
            rows.append((name, benchmark.name, n_items, benchmark.n_items, n_answers, state))
    return rows


def find_ways(store: Store, benchmark: str) -> dict[str, str]:
    """Return how systems came by their answers, where neither a file nor a run brought them."""
    ranks = {one.system: "ranked" for one in list_ranked(store, benchmark) if one.rank}
    return ranks | dict.fromkeys(list_translated(store, benchmark), "translated")
