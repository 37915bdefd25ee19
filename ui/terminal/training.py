"""`training`: jobs, recipes and training data; all of it while the app runs."""

import sys
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from backend.errors import NotFound
from training.data import KNOWN, add_file, fetch_file, list_files
from training.data.library import DataFile
from training.filling import split_settings
from training.orders import Job
from training.recipe import Recipe
from training.recipes import list_recipes, read_recipe
from training.report import read_report
from training.states import read_log, read_notes
from training.workshop import Workshop
from ui.terminal import find_settings, show_fields, show_table, tell_next
from ui.terminal.following import list_lines, open_workshop, run_job, say_job, say_point
from ui.terminal.train import Detach, Sets

verbs = typer.Typer(help="Training jobs, recipes and data.", no_args_is_help=True)

Id = Annotated[str, typer.Argument(metavar="ID", help="A job's id, a part of it, or its model.")]


@verbs.command("list")
def list_all(ctx: typer.Context) -> None:
    """List all jobs, the newest first."""
    with open_workshop(ctx) as workshop:
        rows = [(job.id, job.order.name, job.order.recipe, say_job(job)) for job in workshop.list()]
    if rows:
        show_table(("ID", "NAME", "RECIPE", "STATE"), rows)
    else:
        typer.echo("There are no jobs yet. Start one: `train RECIPE --data FILE`.")


@verbs.command()
def show(ctx: typer.Context, id: Id) -> None:
    """Show a job: what was ordered, what it comes to, how it is."""
    with open_workshop(ctx) as workshop:
        job = find_job(workshop, id)
        show_fields(list_fields(job))
    if job.state.end not in ("", "done") and job.state.tail:
        typer.echo("\n" + "\n".join(job.state.tail))


@verbs.command()
def log(
    ctx: typer.Context,
    id: Id,
    n: Annotated[int, typer.Option("--lines", min=1, metavar="N", help="The last N.")] = 200,
) -> None:
    """Print the last lines of all that a job printed."""
    with open_workshop(ctx) as workshop:
        typer.echo("\n".join(read_log(find_job(workshop, id), n)))


@verbs.command()
def stop(
    ctx: typer.Context,
    id: Id,
    now: Annotated[bool, typer.Option("--now", help="Without saving a checkpoint.")] = False,
) -> None:
    """Let a job save a checkpoint and end."""
    with open_workshop(ctx) as workshop:
        job = workshop.stop(find_job(workshop, id).id, now=now)
    ended = job.state.life == "ended"
    typer.echo(f"{job.id} has ended." if ended else f"{job.id} was asked to end.")


@verbs.command()
def resume(ctx: typer.Context, id: Id, detach: Detach = False) -> None:
    """Let a job go on from its last checkpoint."""
    with open_workshop(ctx) as workshop:
        job = workshop.resume(find_job(workshop, id).id)
        if detach:
            workshop.keep(job.id, True)
        run_job(workshop, job, sys.stderr, detach=detach)


@verbs.command()
def clone(
    ctx: typer.Context,
    id: Id,
    *,
    settings: Sets = None,
    name: Annotated[str, typer.Option(metavar="N", help="The new model's.")] = "",
    detach: Detach = False,
) -> None:
    """Start a job again, with some settings changed."""
    with open_workshop(ctx) as workshop:
        job = workshop.clone(find_job(workshop, id).id, split_settings(settings or ()), name)
        if detach:
            workshop.keep(job.id, True)
        run_job(workshop, job, sys.stderr, detach=detach)


@verbs.command()
def note(ctx: typer.Context, id: Id, text: Annotated[str, typer.Argument(metavar="TEXT")]) -> None:
    """Put a note on a job, in place of what was noted before."""
    with open_workshop(ctx) as workshop:
        job = find_job(workshop, id)
        workshop.note(job.id, text)
    typer.echo(f"{job.id} has the note.")


@verbs.command()
def remove(ctx: typer.Context, id: Id) -> None:
    """Remove a job that has ended, with its log and checkpoints under way; its model stays."""
    with open_workshop(ctx) as workshop:
        job = find_job(workshop, id)
        workshop.remove(job.id)
    typer.echo(f"{job.id} is gone; what it made stays.")


@verbs.command()
def recipes(
    ctx: typer.Context,
    name: Annotated[str | None, typer.Argument(metavar="NAME", help="Only this one.")] = None,
) -> None:
    """List all recipes; of a single one, every field with its reason."""
    data = find_settings(ctx).data
    if name is not None:
        show_recipe(read_recipe(name, data))
        return
    rows = [
        (known.name, known.recipe.kind if known.recipe else "-", known.origin,
         known.recipe.title if known.recipe else known.fault)
        for known in list_recipes(data)
    ]  # fmt: skip
    show_table(("NAME", "KIND", "ORIGIN", "WHAT IT IS"), rows)


@verbs.command()
def files(ctx: typer.Context) -> None:
    """List the training data that is here."""
    rows = [show_file(file) for file in list_files(find_settings(ctx).data)]
    if rows:
        show_table(("NAME", "SHAPE", "ROWS", "MB", "SHA256"), rows)
    else:
        typer.echo("There is no training data yet: `training add FILE`, or `training fetch NAME`.")


@verbs.command()
def add(
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="JSON, or JSON lines.")],
    name: Annotated[str, typer.Option(metavar="N", help="Else the file's own.")] = "",
) -> None:
    """Copy a file into the training data, after every row of it has been read."""
    tell_file(add_file(find_settings(ctx).data, file, name))


@verbs.command()
def fetch(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="`list` lists what there is.")],
) -> None:
    """Fetch published training data; its sha256 is recorded, and held to from then on."""
    if name == "list":
        show_table(("NAME", "WHAT IT IS"), [(entry.name, entry.what) for entry in KNOWN.values()])
    else:
        tell_file(fetch_file(find_settings(ctx).data, name))


def find_job(workshop: Workshop, word: str) -> Job:
    """Return a job by its model's name, its id, or a part of that.

    Edge: of several for one model, the newest. Errors: NotFound.
    """
    named = [job for job in workshop.list() if job.order.name == word]
    return named[0] if named else workshop.find(word)


def tell_file(file: DataFile) -> None:
    """Say what training data has come in."""
    typer.echo(f"{file.path}: {file.n_rows:,} rows, shape {file.shape}, sha256 {file.sha256}.")
    tell_next(f"train RECIPE --data {file.name} --dry-run")


def show_file(file: DataFile) -> tuple[object, ...]:
    """Return a file as a row of a table; a broken one says why."""
    size = f"{file.n_bytes / 1e6:,.1f}"
    if file.fault:
        return file.name, "-", "-", size, file.fault
    return file.name, file.shape, f"{file.n_rows:,}", size, file.sha256[:12]


def list_fields(job: Job) -> list[tuple[str, object]]:
    """Return what a person may want to know of a job."""
    order = job.order
    told = ", ".join(f"{key}={value}" for key, value in order.settings.items())
    fields: list[tuple[str, object]] = [
        ("Job", job.id),
        ("Model", order.name),
        ("Recipe", f"{order.recipe} {told}".strip()),
        ("Data", ", ".join(order.data)),
        ("Ordered", f"{show_time(job.created_at)} by {order.actor or '-'}"),
        ("State", say_job(job)),
        ("", job.state.message),
        ("Last", say_point(job).removeprefix(", ")),
        ("Folder", job.folder),
        ("Parent", order.parent),
        ("Note", read_notes(job)),
    ]
    with suppress(NotFound):  # nobody has looked at its data yet
        fields += list_lines(read_report(job.folder))
    return [(name, value) for name, value in fields if str(value)]


def show_time(seconds: float) -> str:
    """Return a moment as people read it."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M UTC")


def show_recipe(recipe: Recipe) -> None:
    """Print every field of a recipe with its value, and the reason where there is one."""
    typer.echo(f"{recipe.title}\n{recipe.note}\nSource: {recipe.source or 'ours'}\n")
    told = recipe.model_dump(exclude={"name", "title", "note", "source", "why"})
    show_fields([(name, show_value(value)) for name, value in told.items()])
    typer.echo()
    for name, reason in recipe.why.items():
        typer.echo(f"{name}: {reason}")


def show_value(value: object) -> str:
    """Return a field's value as `--set` takes it."""
    if isinstance(value, dict):
        return ", ".join(f"{name}={show_value(inner)}" for name, inner in value.items())
    return str(value).lower() if isinstance(value, bool | None) else str(value)
