"""`import`: benchmarks, answers, votes and reviews, from files or the list of known downloads."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from shlex import quote
from typing import Annotated, TypedDict

import typer

from annotations.imports import Report, import_file
from annotations.imports.folders import sort_files
from annotations.library import find_benchmark, list_systems
from annotations.store import Store
from backend.benchmarks import DOWNLOADS, fetch_download, find_download
from backend.errors import CamelidError, InputError
from backend.settings import Settings
from ui.terminal import ACTOR, find_settings, open_writer, show_table, tell_next


class Words(TypedDict):
    """What was said along with a file."""

    model: str | None
    study: str | None
    benchmark: str | None
    name: str | None
    judge: str | None


def import_files(  # noqa: PLR0913 - each is a word of the command line
    ctx: typer.Context,
    files: Annotated[
        list[Path] | None,
        typer.Argument(metavar="FILE...", help="Files, or folders of them, in any order."),
    ] = None,
    *,
    model: Annotated[str | None, typer.Option(help="Whose answers these are.")] = None,
    study: Annotated[str | None, typer.Option(help="The study that these votes belong to.")] = None,
    benchmark: Annotated[str | None, typer.Option(help="What these answers answer.")] = None,
    name: Annotated[str | None, typer.Option(help="What to call the benchmark.")] = None,
    judge: Annotated[
        str | None,
        typer.Option(help="Who wrote these reviews, if the file's name doesn't say; else gpt-4."),
    ] = None,
    download: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="A known download; `list` lists them.")
    ] = None,
) -> None:
    """Bring in items, answers, votes or reviews; the kind of a file is seen from its content."""
    files, download = files or [], download or []
    if "list" in download:
        show_downloads()
        return
    for wanted in download:
        find_download(wanted)
    if not files and not download:
        raise InputError("Name a file, or `--download NAME`; `--download list` lists the names.")
    settings = find_settings(ctx)
    max_bytes = settings.upload_megabytes * 1_000_000
    words = Words(model=model, study=study, benchmark=benchmark, name=name, judge=judge)
    files, left_out = sort_files(files, max_bytes)
    with open_writer(ctx) as store:
        reports = []
        for path, said in list_sources(settings, files, download, words):
            reports.append(import_one(store, max_bytes, path, said))
            typer.echo("\n".join(reports[-1].lines()))
        if left_out:
            names = ", ".join(path.name for path in left_out)
            typer.echo(f"Left out, because their kind is not known: {names}.")
        suggest(store, reports[-1])


def show_downloads() -> None:
    """Print what can be downloaded."""
    show_table(("NAME", "WHAT"), [(entry.name, entry.what) for entry in DOWNLOADS.values()])


def list_sources(
    settings: Settings, files: Sequence[Path], download: Sequence[str], words: Words
) -> Iterator[tuple[Path, Words]]:
    """Yield each file with the words that go with it, fetched when its turn comes."""
    for wanted in download:
        entry = find_download(wanted)
        said = words.copy()
        if entry.kind == "items":
            said["name"] = words["name"] or entry.benchmark
        elif entry.kind == "answers":
            said["model"] = words["model"] or entry.model
        if entry.kind in ("answers", "reviews"):
            said["benchmark"] = words["benchmark"] or entry.benchmark
        yield fetch_download(wanted, settings.data), said
    for path in files:
        yield path, words


def import_one(store: Store, max_bytes: int, path: Path, words: Words) -> Report:
    """Import one file; what goes wrong is said with its name."""
    try:
        return import_file(store, path, actor=ACTOR, max_bytes=max_bytes, **words)
    except CamelidError as error:
        if path.name in str(error):
            raise
        raise InputError(f"{path}: {error} Nothing of this file was written.") from error


def suggest(store: Store, report: Report) -> None:
    """Say what comes next, by what came in last."""
    if report.kind in ("reviews", "judgments"):
        tell_next("figures 4 --out DIR, or export judgments --out FILE")
    elif report.kind in ("prompts", "reviewers"):
        tell_next("judge run --protocol original ...")
    elif report.benchmark:
        suggest_study(store, report.benchmark)


def suggest_study(store: Store, name: str) -> None:
    """Say what a study needs next."""
    benchmark = find_benchmark(store, name)
    systems = list_systems(store, benchmark.name)
    whole = [system.name for system in systems if system.n_items == benchmark.n_items]
    if len(whole) < 2:
        tell_next(f"import the answers of two systems to {benchmark.name}: import FILE --model M")
    else:
        words = " ".join(quote(system) for system in whole[:2])
        tell_next(f"study create NAME --benchmark {quote(benchmark.name)} --systems {words}")
