"""`backup` and `restore`: checked copies of the ledger, and the way back."""

from pathlib import Path
from shlex import quote
from typing import Annotated

import typer

from annotations.backups import list_backups, make_backup
from annotations.restore import restore_backup
from ui.terminal import ACTOR, find_settings, open_reader, show_table, tell_next


def back_up(
    ctx: typer.Context,
    out: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Where to; else among the folder's backups.")
    ] = None,
    list_all: Annotated[
        bool, typer.Option("--list", help="List the folder's backups, newest first.")
    ] = False,
) -> None:
    """Copy the ledger, votes of this moment and all, while the app runs or not."""
    if list_all:
        show_backups(find_settings(ctx).data)
        return
    with open_reader(ctx) as store:
        made = make_backup(store, out)
    typer.echo(f"Wrote {made} ({made.stat().st_size:,} bytes), checked, its sha256 beside it.")


def show_backups(folder: Path) -> None:
    """Print the backups of a data folder."""
    rows = [
        (f"{one.made_at:%Y-%m-%d %H:%M:%S} UTC", f"{one.n_bytes:,}", one.reason, one.path)
        for one in list_backups(folder)
    ]
    if rows:
        show_table(("MADE", "BYTES", "WHY", "FILE"), rows)
    else:
        typer.echo("There is no backup yet. Make one with `backup`.")


def restore(ctx: typer.Context, file: Annotated[Path, typer.Argument(metavar="FILE")]) -> None:
    """Go back to a backup; the ledger that it replaces is kept under another name."""
    settings = find_settings(ctx)
    replaced = restore_backup(settings.data, file, ACTOR)
    typer.echo(f"The ledger is now as it was in {file}.")
    if replaced is not None:
        typer.echo(f"What it replaced is in {replaced}; it can be deleted when all is well.")
    tell_next(f"--data {quote(str(settings.data))} serve")
