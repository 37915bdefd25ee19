"""`export`: a study's tallies, votes or history, all chats or all judgments, to a file or here."""

import os
from collections.abc import Callable, Sequence
from io import TextIOWrapper
from pathlib import Path
from shlex import join
from typing import IO, Annotated

import typer

from annotations.conversations.exports import write_chats
from annotations.exports import EXPORTS, Export, find_export
from annotations.judging.exports import write_judgments
from annotations.manifests import make_manifest, write_manifest
from annotations.store import Store
from annotations.studies import find_study
from backend.errors import InputError, NotFound
from backend.records import CRITERIA, Study
from ui.terminal import open_reader

FORMATS = "csv|jsonl|parquet|fastchat"
CHATS = "chats"
JUDGMENTS = "judgments"
KINDS = ", ".join((*EXPORTS, CHATS, JUDGMENTS))

Write = Callable[[Store, IO[str]], object]


def export(  # noqa: PLR0913 - each is a word of the command line
    ctx: typer.Context,
    kind: Annotated[
        str, typer.Argument(metavar="KIND", help=f"{KINDS}; pairs, with words of its own.")
    ],
    study: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="The study; chats and judgments belong to none."),
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
            "FastChat's own logs. Judgments are csv, or jsonl with the judge's replies.",
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
    """Write a study's tallies, votes or history of ballots; or all chats, or all judgments."""
    if kind in (CHATS, JUDGMENTS):
        check_no_study(kind, study, manifest=manifest)
        write_all(ctx, out, choose_write(kind, format, criterion))
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


def check_no_study(kind: str, study: str | None, *, manifest: bool) -> None:
    """Refuse what is said about a study where the kind belongs to none."""
    if manifest:
        raise InputError(f"A manifest is about a study; {kind} carry their hashes in each row.")
    if study is not None:
        raise InputError(f"All {kind} are written, whatever the study; leave out --study.")


def find_kind(words: str) -> Export:
    """Return the kind of export of that name.

    Errors: NotFound that lists the kinds, those without a study among them.
    """
    try:
        return find_export(words)
    except NotFound as error:
        raise NotFound(f"{str(error).removesuffix('.')}, {CHATS}, {JUDGMENTS}.") from error


def choose_write(kind: str, format: str | None, criterion: str) -> Write:
    """Return how to write what belongs to no study.

    Names that nobody has seen yet are among the chats: a file is no page.
    """
    if kind == JUDGMENTS:
        return lambda store, file: write_judgments(store, file, format or "csv")
    return lambda store, file: write_chats(
        store, file, format or "jsonl", criterion=criterion, with_unrevealed=True
    )


def write_all(ctx: typer.Context, out: Path | None, write: Write) -> None:
    """Write the ledger's chats or judgments to a file, or to the terminal."""
    with open_reader(ctx) as store:

        def write_bytes(file: IO[bytes]) -> None:
            text = TextIOWrapper(file, encoding="utf-8", newline="")
            try:
                write(store, text)
            finally:
                text.detach()

        if out is None:
            write_bytes(typer.get_binary_stream("stdout"))
            return
        write_whole(out, write_bytes)
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
