"""`export`: a study's tallies, votes or full history, or all chats, to a file or the terminal."""

import os
from collections.abc import Callable, Sequence
from io import TextIOWrapper
from pathlib import Path
from shlex import join
from typing import IO, Annotated

import typer

from annotations.conversations.exports import write_chats
from annotations.exports import EXPORTS, Export, find_export
from annotations.manifests import make_manifest, write_manifest
from annotations.store import Store
from annotations.studies import find_study
from backend.errors import InputError, NotFound
from backend.records import CRITERIA, Study
from ui.terminal import open_reader

FORMATS = "csv|jsonl|parquet|fastchat"
CHATS = "chats"


def export(  # noqa: PLR0913 - each is a word of the command line
    ctx: typer.Context,
    kind: Annotated[str, typer.Argument(metavar="KIND", help=f"{', '.join((*EXPORTS, CHATS))}.")],
    study: Annotated[
        str | None, typer.Option(metavar="NAME", help="The study; chats belong to none.")
    ] = None,
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
            "csv; jsonl unless said otherwise. Chats are jsonl or fastchat, the lines of "
            "FastChat's own logs.",
        ),
    ] = None,
    criterion: Annotated[
        str,
        typer.Option(
            metavar="|".join(CRITERIA),
            help="FastChat's lines have one vote a turn: the one on this question.",
        ),
    ] = CRITERIA[0],
    manifest: Annotated[
        bool,
        typer.Option(
            "--manifest",
            help="Write FILE.manifest.json too: hashes, counts, seed, versions. Only when asked "
            "for, because most exports are looked at once; numbers that are published need it.",
        ),
    ] = False,
) -> None:
    """Write a study's tallies, votes, or the history of all ballots; or all chats with models."""
    if kind == CHATS:
        if manifest:
            raise InputError("A manifest is about a study; chats carry their hashes in each line.")
        export_chats(ctx, out, format or "jsonl", criterion)
        return
    words = f"{kind}-wide" if wide else kind
    chosen = find_kind(words)
    wanted = chosen.choose(format)
    if study is None:
        raise InputError(f"Say which study's {kind} these are: --study NAME.")
    if out is None and (manifest or wanted == "parquet"):
        what = "A manifest" if manifest else "Parquet"
        raise InputError(f"{what} needs a file; name one with --out FILE.")
    with open_reader(ctx) as store:
        found = find_study(store, study)
        if out is None:
            chosen.write_bytes(store, found, typer.get_binary_stream("stdout"), wanted)
            return
        write_whole(out, lambda file: chosen.write_bytes(store, found, file, wanted))
        written = [out]
        if manifest:
            told = ["export", words, "--study", study, "--format", wanted, "--out", str(out)]
            written.append(write_beside(store, found, out, told))
    for path in written:
        tell_written(path)


def find_kind(words: str) -> Export:
    """Return the kind of export of that name.

    Errors: NotFound that lists the kinds, chats among them.
    """
    try:
        return find_export(words)
    except NotFound as error:
        raise NotFound(f"{str(error).removesuffix('.')}, {CHATS}.") from error


def export_chats(ctx: typer.Context, out: Path | None, shape: str, criterion: str) -> None:
    """Write all conversations, names that nobody has seen yet among them: a file is no page."""
    with open_reader(ctx) as store:

        def write(file: IO[bytes]) -> None:
            text = TextIOWrapper(file, encoding="utf-8", newline="")
            try:
                write_chats(store, text, shape, criterion=criterion, with_unrevealed=True)
            finally:
                text.detach()

        if out is None:
            write(typer.get_binary_stream("stdout"))
            return
        write_whole(out, write)
    tell_written(out)


def tell_written(path: Path) -> None:
    """Say what was written, beside the output itself."""
    typer.echo(f"Wrote {path} ({path.stat().st_size:,} bytes).", err=True)


def write_whole(path: Path, write: Callable[[IO[bytes]], None]) -> None:
    """Write a file that is there whole or not at all; what was there is replaced.

    Errors: InputError when it can't be written.
    """
    partial = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with partial.open("xb") as file:
            write(file)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
    except OSError as error:
        raise InputError(f"{path} can't be written ({error.strerror}).") from error
    finally:
        partial.unlink(missing_ok=True)


def write_beside(store: Store, study: Study, path: Path, told: Sequence[str]) -> Path:
    """Write what stands behind a file beside it."""
    beside = path.with_name(f"{path.name}.manifest.json")
    write_manifest(beside, make_manifest(store, study, [path], f"camelid {join(told)} --manifest"))
    return beside
