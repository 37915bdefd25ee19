"""`export`: a study's tallies, votes or full history, to a file or to the terminal."""

import os
from collections.abc import Sequence
from pathlib import Path
from shlex import join
from typing import Annotated

import typer

from annotations.exports import EXPORTS, Export, find_export
from annotations.formats import Format
from annotations.manifests import make_manifest, write_manifest
from annotations.store import Store
from annotations.studies import find_study
from backend.errors import InputError
from backend.records import Study
from ui.terminal import open_reader

FORMATS = "csv|jsonl|parquet"


def export(  # noqa: PLR0913 - each is a word of the command line
    ctx: typer.Context,
    kind: Annotated[str, typer.Argument(metavar="KIND", help=f"{', '.join(EXPORTS)}.")],
    study: Annotated[str, typer.Option(metavar="NAME", help="The study.")],
    out: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Where to; else to the terminal.")
    ] = None,
    *,
    wide: Annotated[bool, typer.Option("--wide", help="`votes --wide` is `votes-wide`.")] = False,
    format: Annotated[
        str | None,
        typer.Option(
            metavar=FORMATS,
            help="csv is for spreadsheets: names that could run as a formula get an apostrophe, "
            "fractions are rounded. The others hold every value as it is. The history is never "
            "csv; jsonl unless said otherwise.",
        ),
    ] = None,
    manifest: Annotated[
        bool,
        typer.Option(
            "--manifest",
            help="Write FILE.manifest.json too: hashes, counts, seed, versions. Only when asked "
            "for, because most exports are looked at once; numbers that are published need it.",
        ),
    ] = False,
) -> None:
    """Write a study's tallies, votes, or the history of all ballots."""
    words = f"{kind}-wide" if wide else kind
    chosen = find_export(words)
    wanted = chosen.choose(format)
    if out is None and (manifest or wanted == "parquet"):
        what = "A manifest" if manifest else "Parquet"
        raise InputError(f"{what} needs a file; name one with --out FILE.")
    with open_reader(ctx) as store:
        found = find_study(store, study)
        if out is None:
            chosen.write_bytes(store, found, typer.get_binary_stream("stdout"), wanted)
            return
        written = [write_whole(chosen, store, found, out, wanted)]
        if manifest:
            told = ["export", words, "--study", study, "--format", wanted, "--out", str(out)]
            written.append(write_beside(store, found, out, told))
    for path in written:
        typer.echo(f"Wrote {path} ({path.stat().st_size:,} bytes).", err=True)


def write_whole(chosen: Export, store: Store, study: Study, path: Path, format: Format) -> Path:
    """Write a file that is there whole or not at all; what was there is replaced.

    Errors: InputError when it can't be written.
    """
    partial = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with partial.open("xb") as file:
            chosen.write_bytes(store, study, file, format)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
    except OSError as error:
        raise InputError(f"{path} can't be written ({error.strerror}).") from error
    finally:
        partial.unlink(missing_ok=True)
    return path


def write_beside(store: Store, study: Study, path: Path, told: Sequence[str]) -> Path:
    """Write what stands behind a file beside it."""
    beside = path.with_name(f"{path.name}.manifest.json")
    write_manifest(beside, make_manifest(store, study, [path], f"camelid {join(told)} --manifest"))
    return beside
