"""`judge`: let a model judge answers, see how that went, and read what nothing else could."""

import asyncio
import sys
import unicodedata
from datetime import UTC, datetime
from typing import Annotated, Any, cast

import typer

from annotations.endings import mark_interrupted
from annotations.judging.judging import JudgeErrand
from annotations.judging.orders import JudgeOrder, look_ahead_judge
from annotations.judging.records import Scores, choose_scores, read_choice
from annotations.judging.runs import JudgeRun, read_judge_runs
from annotations.judging.tasks import PASSING
from annotations.judging.waiting import Waiting, count_waiting, list_waiting, read_by_hand
from annotations.library import list_systems
from annotations.store import Store
from backend.errors import InputError
from ui.terminal import ACTOR, open_reader, open_writer, show_table, tell_next
from ui.terminal.answers import REMEDIES as FAULTS
from ui.terminal.answers import open_models
from ui.terminal.watching import watch
from ui.terminal.words import AgainstCommand, split_systems

verbs = typer.Typer(help="A model as the judge of answers.", no_args_is_help=True)

ALL_RUNS = 1_000
AGAIN = "Run the same command again: it asks only for what has no verdict."
RETRY = "Add --retry to ask again."
REMEDIES = {
    "unreadable": "`judge waiting` shows what was said; `judge read` takes the scores.",
    "truncated": f"Give a larger --max-tokens. {RETRY}",
    "refused": f"The judge refuses these. {RETRY}",
    "filtered": f"The server filters these. {RETRY}",
    "empty": f"The judge said nothing. {RETRY}",
}
SCORES = ("read", "stored")


@verbs.command(cls=AgainstCommand)
def run(  # noqa: PLR0913 - each is a word of the command line
    ctx: typer.Context,
    *,
    judge: Annotated[str, typer.Option(metavar="M", help="The judge's card.")],
    benchmark: Annotated[str, typer.Option(metavar="B", help="What was answered.")],
    against: Annotated[
        list[str], typer.Option(metavar="X Y...", help="What they are compared with.")
    ],
    systems: Annotated[
        list[str] | None, typer.Option(metavar="X Y...", help="Whose answers; else all.")
    ] = None,
    protocol: Annotated[
        str, typer.Option(metavar="camelid|original", help="Our prompts, or the published ones.")
    ] = "camelid",
    orders: Annotated[
        str, typer.Option(metavar="both|published", help="Published: the reference second only.")
    ] = "both",
    repeats: Annotated[int, typer.Option(metavar="K", help="How often each is asked.")] = 1,
    temperature: Annotated[float | None, typer.Option(help="Else the prompt's.")] = None,
    max_tokens: Annotated[int | None, typer.Option(help="Else the prompt's.")] = None,
    seed: Annotated[int | None, typer.Option(help="Where the server knows seeds.")] = None,
    cap: Annotated[
        float | None, typer.Option(metavar="USD", help="Stop before it costs more.")
    ] = None,
    limit: Annotated[int, typer.Option(metavar="N", help="The first N items only.")] = 0,
    parallel: Annotated[
        int, typer.Option(metavar="N", help="How many at a time; else 16 here, 8 on a server.")
    ] = 0,
    wants: Annotated[
        str, typer.Option(metavar="scores|wins", help="Wins: equal answers tie without a call.")
    ] = "scores",
    form: Annotated[
        str, typer.Option(metavar="auto|text|schema", help="How the judge replies.")
    ] = "auto",
    sample: Annotated[int, typer.Option(metavar="N", help="Which of several answers.")] = 0,
    canaries: Annotated[
        bool, typer.Option("--canaries", help="An empty and a begging answer ride along.")
    ] = False,
    retry: Annotated[
        bool, typer.Option("--retry", help="Ask again for what ended without a verdict.")
    ] = False,
) -> None:
    """Have a judge compare answers; Ctrl+C keeps what has come."""
    told: dict[str, Any] = {
        "protocol": protocol, "orders": orders, "repeats": repeats, "temperature": temperature,
        "max_tokens": max_tokens, "seed": seed, "cap_usd": cap, "n_items": limit,
        "n_parallel": parallel, "wants": wants, "form": form, "sample": sample,
        "canaries": canaries, "retry": retry,
    }  # fmt: skip
    with open_writer(ctx) as store, open_models(ctx, store) as models:
        mark_interrupted(store)
        known = [system.name for system in list_systems(store, benchmark)]
        compared = split_systems(systems or [], known)
        order = JudgeOrder(judge, benchmark, compared, split_systems(against, known), **told)
        outlook = look_ahead_judge(store, models, order)
        typer.echo("\n".join(filter(None, (outlook.words, outlook.cost_words))), err=True)
        if outlook.is_idle:
            return
        errand = JudgeErrand(store, models, order, ACTOR)
        errand.is_paused = True  # if it is stopped
        figure = 5 if outlook.is_chinese else 4
        report(asyncio.run(watch(errand, sys.stderr)), figure)


def report(done: JudgeRun, figure: int) -> None:
    """Say how a run ended, and which figure it is for; verdicts missing end with code 1."""
    n_wanted = done.n_tasks - done.n_cached
    typer.echo(f"{done.n_judged:,} of {n_wanted:,} verdicts of {done.judge} came.")
    if done.cost_usd:
        typer.echo(f"That cost ${done.cost_usd:,.4f}.")
    if done.n_failed:
        show_table(("FAILED", "N", "WHAT TO DO"), list_failures(done))
    if done.message:
        typer.echo(done.message, err=True)
    if done.n_judged < n_wanted:
        raise typer.Exit(1)
    draw = f"figures {figure} --out DIR --format csv,png"
    tell_next(draw, "export judgments --out judgments.csv")


def list_failures(done: JudgeRun) -> list[tuple[str, int, str]]:
    """Return what has no verdict by name, with what to do; an error of the API by what it was."""
    named = {name: n for name, n in done.outcomes.items() if name not in ("ok", PASSING)}
    rows = [(name, n, REMEDIES.get(name, AGAIN)) for name, n in sorted(named.items())]
    faults = sorted(done.faults.items())
    return rows + [(f"{PASSING}: {name}", n, FAULTS.get(name, AGAIN)) for name, n in faults]


@verbs.command("list")
def list_all(ctx: typer.Context) -> None:
    """List the runs of judges, the newest first."""
    with open_reader(ctx) as store:
        rows = [list_cells(one) for one in read_judge_runs(store, ALL_RUNS)]
        n_waiting = count_waiting(store)
    if not rows:
        typer.echo(
            "No judge has run yet. Let one: `judge run --judge M --benchmark B --against X`."
        )
        return
    header = ("RUN", "STARTED", "JUDGE", "BENCHMARK", "STATE", "DONE", "OF", "FAILED", "USD")
    show_table(header, rows)
    if n_waiting:
        typer.echo(f"{n_waiting:,} replies wait to be read: `judge waiting`.", err=True)


def list_cells(one: JudgeRun) -> tuple[object, ...]:
    """Return one row of the list."""
    started = datetime.fromtimestamp(one.started_at, UTC).strftime("%Y-%m-%d %H:%M")
    return (
        one.run_id, started, one.judge, one.benchmark, one.state, one.n_done, one.n_tasks,
        one.n_failed, f"{one.cost_usd:.2f}",
    )  # fmt: skip


@verbs.command()
def waiting(ctx: typer.Context) -> None:
    """Show the replies that no scores could be read from."""
    with open_reader(ctx) as store:
        found = list_waiting(store)
    for one in found:
        typer.echo(tell_waiting(one))
    if found:
        number = found[0].judgment.judgment_id
        tell_next(f"judge read {number} A B", f"judge read {number} --unreadable")
    else:
        typer.echo("Nothing waits to be read.")


def tell_waiting(one: Waiting) -> str:
    """Return a reply that waits, with what it is about; no control codes reach the screen."""
    about = one.judgment
    sides = f"1: {about.system_1}" + (f", 2: {about.system_2}" if about.system_2 else "")
    head = f"{about.judgment_id}  {about.benchmark} {about.item_id}, {about.judge}; {sides}"
    texts = [text for text in (one.first_text, one.text) if text]
    said = ["    " + text.strip().replace("\n", "\n    ") for text in texts]
    return show_plain("\n".join([head, "\n    (reminded:)\n".join(said), ""]))


def show_plain(text: str) -> str:
    """Return a text with control and format codes, which can move a screen, written out."""
    return "".join(
        letter.encode("unicode_escape").decode() if is_control(letter) else letter
        for letter in text
    )


def is_control(letter: str) -> bool:
    """Say whether a character is for a machine and not to be read."""
    return letter not in "\n\t" and unicodedata.category(letter).startswith("C")


@verbs.command()
def read(
    ctx: typer.Context,
    number: Annotated[int, typer.Argument(metavar="ID", help="As `judge waiting` says.")],
    scores: Annotated[
        list[float] | None, typer.Argument(metavar="A B", help="The first's, the second's.")
    ] = None,
    unreadable: Annotated[
        bool, typer.Option("--unreadable", help="You can't read any either.")
    ] = False,
    note: Annotated[str, typer.Option(help="Why.")] = "",
) -> None:
    """Write down the scores that you read from a reply."""
    if unreadable == bool(scores) or len(scores or []) > 2:
        raise InputError("Give the scores that the reply says, or --unreadable.")
    first, second = [*(scores or []), None, None][:2]
    with open_writer(ctx) as store:
        read_by_hand(store, number, ACTOR, first, second, note)
        n_left = count_waiting(store)
    said = "is unreadable for you too" if unreadable else f"counts as {tell_pair(first, second)}"
    typer.echo(f"Judgment {number} {said}; {n_left:,} wait.")


def tell_pair(first: float | None, second: float | None) -> str:
    """Return one score or two."""
    return " : ".join(f"{score:g}" for score in (first, second) if score is not None)


@verbs.command()
def scores(
    ctx: typer.Context,
    choice: Annotated[
        str | None, typer.Argument(metavar="read|stored", help="Which count from now on.")
    ] = None,
) -> None:
    """Say which scores count, those read from the text or those that files brought; or choose."""
    if choice is not None and choice not in SCORES:
        raise InputError(f"{choice!r} scores are not known; choose {' or '.join(SCORES)}.")
    with open_reader(ctx) if choice is None else open_writer(ctx) as store:
        typer.echo(say_choice(store, cast(Scores | None, choice)))


def say_choice(store: Store, choice: Scores | None) -> str:
    """Return which scores count, after a choice where one is made."""
    if choice is not None:
        choose_scores(store, choice, ACTOR)
    counted = {"read": "read from the text", "stored": "that the files brought"}
    return f"The scores {counted[read_choice(store)]} count."
