"""`figures`: a figure of the paper, drawn from a study's own votes."""

from pathlib import Path
from shlex import join
from typing import Annotated

import typer

from annotations.studies import count_progress, find_study
from backend.errors import InputError
from ui.terminal import open_reader


def draw(
    ctx: typer.Context,
    number: Annotated[str, typer.Argument(metavar="NUMBER", help="3: votes by criterion.")],
    study: Annotated[str, typer.Option(metavar="NAME", help="The study.")],
    out: Annotated[Path, typer.Option(metavar="DIR", help="The folder to write into.")],
    formats: Annotated[
        str, typer.Option("--format", help="Any of png, svg, pdf, html, csv, with commas.")
    ] = "png,svg,html,csv",
) -> None:
    """Draw a figure into a folder; png, svg and pdf need Chromium on this machine.

    A manifest beside the files says what stands behind them: hashes, counts, seed, versions.
    """
    if number != "3":
        raise InputError(f"There is no figure {number} yet. There is: 3.")
    wanted = split_formats(formats)
    from ui.prints import write_figure3  # noqa: PLC0415 - Plotly is not for verbs that draw nothing

    told = ["figures", number, "--study", study, "--out", str(out), "--format", ",".join(wanted)]
    with open_reader(ctx) as store:
        found = find_study(store, study)
        for path in write_figure3(store, found, out, wanted, command=f"camelid {join(told)}"):
            typer.echo(f"Wrote {path}")
        progress = count_progress(store, found.study_id)
        if not progress.n_saved + progress.n_outside:
            typer.echo(f"Study {study!r} has no votes yet, and the figure says so.", err=True)


def split_formats(text: str) -> list[str]:
    """Return the formats that were asked for.

    Errors: InputError when there is none.
    """
    formats = [part for part in text.lower().replace(" ", "").split(",") if part]
    if not formats:
        raise InputError("Name a format, for example --format svg,csv.")
    return formats
