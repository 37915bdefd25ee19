"""`train`: from a recipe and data to a model, in one command."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from backend.errors import InputError
from training.data import add_file
from training.data.library import is_file, locate_files
from training.filling import fill_recipe, split_settings
from training.orders import Order
from training.recipes import read_recipe
from ui.terminal import ACTOR, find_settings, tell_next
from ui.terminal.following import open_workshop, run_job, show_report

Sets = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="KEY=VALUE", help="One of the recipe's fields; can be repeated."),
]
Detach = Annotated[bool, typer.Option("--detach", help="Come back when it has started.")]


def train(  # noqa: PLR0913 - each is a word of the command line
    ctx: typer.Context,
    recipe: Annotated[str, typer.Argument(metavar="RECIPE", help="`training recipes` lists them.")],
    *,
    settings: Sets = None,
    data: Annotated[
        list[str] | None,
        typer.Option(metavar="FILE", help="Training data: a file, copied in first, or its name."),
    ] = None,
    name: Annotated[str, typer.Option(metavar="N", help="The model's; else the recipe's.")] = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what will happen.")] = False,
    detach: Detach = False,
    keep_running: Annotated[
        bool, typer.Option("--keep-running", help="Go on when the app, or this command, ends.")
    ] = False,
    gpus: Annotated[str, typer.Option(metavar="0,1", help="Which GPUs; else all.")] = "",
    processes: Annotated[int, typer.Option(min=1, metavar="N", help="That share it on a CPU.")] = 1,
    machines: Annotated[int, typer.Option(min=1, metavar="N", help="That share it.")] = 1,
    main_ip: Annotated[
        str, typer.Option("--main-ip", metavar="IP", help="This machine's address, for the others.")
    ] = "",
    force_benchmarks: Annotated[
        bool, typer.Option("--force-benchmarks", help="Train on the 252 or the 80 all the same.")
    ] = False,
) -> None:
    """Train a model; says what will happen first. Ctrl+C saves a checkpoint and stops."""
    folder = find_settings(ctx).data
    filled = fill_recipe(read_recipe(recipe, folder), settings or ())  # told before data is copied
    order = Order(
        name=name,
        recipe=filled.name,
        settings=split_settings(settings or ()),
        data=tuple(take_data(folder, word) for word in data or ()),
        devices=read_devices(gpus),
        n_processes=processes,
        n_machines=machines,
        main_ip=main_ip,
        actor=ACTOR,
        force_benchmarks=force_benchmarks,
        keep_running=keep_running or detach,
    )
    with open_workshop(ctx) as workshop:
        show_report(workshop.look(order).report)
        if dry_run:
            tell_next("the same without --dry-run")
        else:
            run_job(workshop, workshop.create(order), sys.stderr, detach=detach)


def take_data(folder: Path, word: str) -> str:
    """Return the name of training data; a file from elsewhere is copied in first.

    Edge: a word without a slash is a name first, and a file in this folder only if there is none.
    Errors: InputError when the file is no training data; Conflict when its name is taken.
    """
    path = Path(word)
    if path.name == word and is_file(locate_files(folder) / word):
        return word
    if not path.is_file() and path.name != word:
        raise InputError(f"There is no file {word}.")
    if not path.is_file():
        return word  # the workshop says what there is
    found = add_file(folder, path)
    typer.echo(f"{found.name}: {found.n_rows:,} rows, shape {found.shape}.", err=True)
    return found.name


def read_devices(gpus: str) -> tuple[int, ...]:
    """Return GPU numbers. Errors: InputError for anything else."""
    words = [word.strip() for word in gpus.split(",")] if gpus else []
    if not all(word.isascii() and word.isdigit() and len(word) < 4 for word in words):
        raise InputError(f"--gpus is {gpus[:80]!r}; give numbers with commas between, as in 0,1.")
    return tuple(int(word) for word in words)
