"""`export`: a study's tallies, votes or full history, to a file or to the terminal."""

import os
from pathlib import Path
from typing import Annotated

import typer

from annotations.exports import EXPORTS, Export
from annotations.store import Store
from annotations.studies import find_study
from backend.errors import InputError
from backend.records import Study
from ui.terminal import open_reader


def export(
    ctx: typer.Context,
    kind: Annotated[str, typer.Argument(metavar="KIND", help=f"{', '.join(EXPORTS)}.")],
    study: Annotated[str, typer.Option(metavar="NAME", help="The study.")],
    out: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Where to; else to the terminal.")
    ] = None,
    wide: Annotated[bool, typer.Option("--wide", help="`votes --wide` is `votes-wide`.")] = False,
) -> None:
    """Write a study's tallies, votes, or the history of all ballots."""
    chosen = find_export(f"{kind}-wide" if wide else kind)
    with open_reader(ctx) as store:
        found = find_study(store, study)
        if out is None:
            chosen.write(store, found, typer.get_text_stream("stdout", encoding="utf-8"))
        else:
            write_whole(chosen, store, found, out)
            typer.echo(f"Wrote {out} ({out.stat().st_size:,} bytes).", err=True)


def find_export(kind: str) -> Export:
    """Return the kind of that name.

    Errors: InputError that lists the kinds.
    """
    if kind not in EXPORTS:
        raise InputError(f"There is no export {kind!r}. There are: {', '.join(EXPORTS)}.")
    return EXPORTS[kind]


def write_whole(chosen: Export, store: Store, study: Study, path: Path) -> None:
    """Write a file that is there whole or not at all; what was there is replaced.

    Errors: InputError when it can't be written.
    """
    partial = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with partial.open("x", encoding="utf-8", newline="") as file:
            chosen.write(store, study, file)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
    except OSError as error:
        raise InputError(f"{path} can't be written ({error.strerror}).") from error
    finally:
        partial.unlink(missing_ok=True)
