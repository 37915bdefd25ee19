"""`translate`: a benchmark, and answers to it, in another language."""

import asyncio
import sys
from shlex import quote
from typing import Annotated, ClassVar

import typer

from annotations.endings import mark_interrupted
from annotations.library import list_systems
from annotations.store import Store
from annotations.translation.orders import TranslationOrder, look_ahead_translation
from annotations.translation.places import SUFFIX
from annotations.translation.records import list_targets
from annotations.translation.runs import TranslationRun
from annotations.translation.translating import TranslationErrand
from ui.terminal import ACTOR, open_writer, show_table, tell_next
from ui.terminal.answers import AGAIN, REMEDIES, open_models
from ui.terminal.watching import watch
from ui.terminal.words import ListCommand, split_systems

DEFAULTS = TranslationOrder("", "", "")
OURS = REMEDIES | {
    "truncated": "Run the same command again with a larger --max-tokens.",
    "malformed": "What came is no whole translation. Run the same command again, or let another "
    "model translate under another name (--as NAME).",
    "no_quota": "Give a higher --cap, raise the daily cap in the model's card, or wait for the "
    "next day.",
    "too_long": "Take a model with a longer context, and another name (--as NAME).",
}


class AnswersCommand(ListCommand):
    """A command whose `--answers` takes every word up to the next option."""

    lists: ClassVar[tuple[str, ...]] = ("--answers",)


def translate(  # noqa: PLR0913 - each is a word of the command line
    ctx: typer.Context,
    *,
    benchmark: Annotated[str, typer.Option(metavar="B", help="What is translated.")],
    to: Annotated[str, typer.Option(metavar="zh|en", help="Into which language.")],
    model: Annotated[str, typer.Option(metavar="M", help="The card of who translates.")],
    answers: Annotated[
        list[str] | None, typer.Option(metavar="X Y...", help="Whose answers too.")
    ] = None,
    name: Annotated[
        str, typer.Option("--as", metavar="NAME", help="What to call it; else B_zh or B_en.")
    ] = "",
    temperature: Annotated[
        float, typer.Option(help="0 always takes the likeliest token.")
    ] = DEFAULTS.temperature,
    max_tokens: Annotated[
        int, typer.Option(help="The longest translation of one text.")
    ] = DEFAULTS.max_tokens,
    cap: Annotated[
        float | None, typer.Option(metavar="USD", help="Stop before it costs more.")
    ] = None,
    limit: Annotated[int, typer.Option(metavar="N", help="The first N items only.")] = 0,
    parallel: Annotated[
        int, typer.Option(metavar="N", help="How many at a time; else 16 here, 8 on a server.")
    ] = 0,
) -> None:
    """Translate a benchmark, and answers to it; Ctrl+C keeps what has come."""
    with open_writer(ctx) as store, open_models(ctx, store) as models:
        mark_interrupted(store)
        known = [system.name for system in list_systems(store, benchmark)]
        systems = split_systems(answers or [], known)
        order = TranslationOrder(
            model, benchmark, to, systems, name, temperature, max_tokens, limit, parallel, cap
        )  # fmt: skip
        outlook = look_ahead_translation(store, models, order)
        typer.echo("\n".join(filter(None, (outlook.words, outlook.cost_words))), err=True)
        errand = TranslationErrand(store, models, order, ACTOR)
        report(store, asyncio.run(watch(errand, sys.stderr)))


def report(store: Store, run: TranslationRun) -> None:
    """Say how a run ended and what there is now; some texts missing ends with code 1."""
    typer.echo(f"{run.n_translated:,} of {run.n_wanted:,} texts came.")
    if run.cost_usd:
        typer.echo(f"That cost ${run.cost_usd:,.4f}.")
    for words in list_state(store, run):
        typer.echo(words)
    failures = {outcome: n for outcome, n in run.outcomes.items() if outcome != "ok"}
    if failures:
        rows = [(outcome, n, OURS.get(outcome, AGAIN)) for outcome, n in sorted(failures.items())]
        show_table(("FAILED", "N", "WHAT TO DO"), rows)
    if run.message:
        typer.echo(run.message, err=True)
    if run.n_translated < run.n_wanted:
        raise typer.Exit(1)
    tell_next(f"answers generate --model M --benchmark {quote(run.target)}")


def list_state(store: Store, run: TranslationRun) -> list[str]:
    """Return how far the translated benchmark is, and each system's answers to it."""
    target = next((one for one in list_targets(store) if one.name == run.target), None)
    if target is None:
        return []
    has = {system.name: system.n_items for system in list_systems(store, run.target)}
    names = [system + SUFFIX for system in run.systems]
    return [
        f"{target.name} has {target.n_items:,} of {target.n_wanted:,} items.",
        *(f"{name} has {has.get(name, 0):,} answers." for name in names),
    ]
