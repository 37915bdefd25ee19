"""`figures`: a figure of the paper, drawn from a study's own votes or from judgments."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from shlex import join
from tempfile import TemporaryDirectory
from typing import Annotated, NamedTuple

import typer

from annotations.backups import FILE_NAME
from annotations.judging.bars import Bar
from annotations.judging.numbers import write_sum
from annotations.judging.panels import Panel, list_judges, make_panels
from annotations.library import list_benchmarks, list_systems
from annotations.store import Store
from annotations.studies import count_progress, find_study
from backend.errors import InputError
from ui.terminal import find_settings, open_reader, show_table
from ui.terminal.words import split_systems

FOLDER = Path("figures")
HEADER = ("SYSTEM", "SUMS", "%", "N", "FAILED")


class Order(NamedTuple):
    """Where to write what, and the command that said so."""

    out: Path
    formats: list[str]
    command: str


def draw(  # noqa: PLR0913 - each is a word of the command line
    ctx: typer.Context,
    number: Annotated[
        str,
        typer.Argument(
            metavar="NUMBER", help="3: votes by criterion; 4 and 5: scores a judge gave."
        ),
    ],
    *,
    out: Annotated[Path, typer.Option(metavar="DIR", help="The folder to write into.")] = FOLDER,
    study: Annotated[
        str | None, typer.Option(metavar="NAME", help="The study; 4 and 5 take all judgments.")
    ] = None,
    formats: Annotated[
        str, typer.Option("--format", help="Any of png, svg, pdf, html, csv, with commas.")
    ] = "png,svg,html,csv",
    scores: Annotated[
        str | None,
        typer.Option(metavar="read|stored", help="Which scores count; else as the ledger says."),
    ] = None,
    against: Annotated[
        list[str] | None,
        typer.Option(metavar="X Y...", help="What others stand against; else as it was judged."),
    ] = None,
    judge: Annotated[str | None, typer.Option(metavar="J", help="One judge only.")] = None,
    benchmark: Annotated[str | None, typer.Option(metavar="B", help="One benchmark only.")] = None,
    by: Annotated[str | None, typer.Option(metavar="category", help="A bar a category.")] = None,
    source: Annotated[
        str | None, typer.Option(metavar="ours|published", help="Published: the paper's numbers.")
    ] = None,
) -> None:
    """Draw a figure into a folder; png, svg and pdf need Chromium on this machine.

    A manifest beside the files says what stands behind them: hashes, counts, seed, versions.
    """
    asked = {
        "study": study, "scores": scores, "judge": judge, "benchmark": benchmark, "by": by,
        "source": source,
    }  # fmt: skip
    query = {name: value for name, value in asked.items() if value is not None}
    told = ["camelid", "figures", number]
    for name, value in query.items():
        told += [f"--{name}", value]
    told += ["--against", *against] if against else []
    wanted = split_formats(formats)
    order = Order(out, wanted, join([*told, "--out", str(out), "--format", ",".join(wanted)]))
    with open_ledger(ctx, needed=source != "published") as store:
        if number == "3":
            draw_votes(store, order, query, against)
        else:
            draw_judgments(store, order, number, query, against)


@contextmanager
def open_ledger(ctx: typer.Context, *, needed: bool) -> Iterator[Store]:
    """Lend the ledger; published numbers need none, so an empty one does where there is none."""
    if needed or (find_settings(ctx).data / FILE_NAME).exists():
        with open_reader(ctx) as store:
            yield store
        return
    with TemporaryDirectory() as folder, Store(Path(folder), purpose="figures") as store:
        yield store


def draw_votes(
    store: Store, order: Order, query: Mapping[str, str], against: list[str] | None
) -> None:
    """Draw figure 3 of a study.

    Errors: InputError without a study, or with what is for other figures.
    """
    others = [
        f"--{name}" for name in (*query, *(["against"] if against else [])) if name != "study"
    ]
    if others:
        raise InputError(f"Figure 3 is drawn from people's votes; leave out {', '.join(others)}.")
    if "study" not in query:
        raise InputError("Figure 3 is drawn from a study's votes; name it with --study.")
    from ui.prints import write_figure3  # noqa: PLC0415 - Plotly is not for verbs that draw nothing

    found = find_study(store, query["study"])
    for path in write_figure3(store, found, order.out, order.formats, command=order.command):
        typer.echo(f"Wrote {path}")
    progress = count_progress(store, found.study_id)
    if not progress.n_saved + progress.n_outside:
        typer.echo(f"Study {found.name!r} has no votes yet, and the figure says so.", err=True)


def draw_judgments(
    store: Store, order: Order, number: str, query: dict[str, str], against: list[str] | None
) -> None:
    """Draw figure 4 or 5 from the judgments there are, on a study's benchmark where one is named.

    Errors: NotFound for another figure or an unknown name; InputError for an unknown word.
    """
    from ui.plates import read_ask, write_relative  # noqa: PLC0415 - as above

    if "study" in query:
        query["benchmark"] = find_study(store, query.pop("study")).benchmark
    query["against"] = "\n".join(split_systems(against or (), list_names(store)))
    ask = read_ask(store, number, query)
    for path in write_relative(store, ask, order.out, order.formats, command=order.command):
        typer.echo(f"Wrote {path}")
    if ask.published or list_judges(store, ask.figure):
        show_bars(make_panels(store, ask))
    else:
        typer.echo(f"There are no judgments for figure {number} yet, and it says so.", err=True)


def show_bars(panels: Sequence[Panel]) -> None:
    """Print the numbers of all bars by panel, published ones where there are no others."""
    for panel in panels:
        drawn = [(line, line.bar) for line in panel.lines if line.bar]
        bars = drawn or [(line, line.published) for line in panel.lines if line.published]
        protocols = dict.fromkeys(bar.protocol for _, bar in bars if bar.protocol)
        typer.echo("\n" + ", ".join([panel.title, f"judged by {panel.judge}", *protocols]))
        parted = panel.kind == "category"
        rows = [
            (line.label if parted else bar.system, *show_sums(bar), bar.n_failed or "")
            for line, bar in bars
        ]
        show_table(("CATEGORY", *HEADER[1:]) if parted else HEADER, rows)


def show_sums(bar: Bar) -> tuple[str, str, object]:
    """Return both sums, their share in per cent, and how many questions they are from."""
    if bar.sum_system is None:
        return "no scores", "", ""
    sums = f"{write_sum(bar.sum_system)} : {write_sum(bar.sum_reference)}"
    return sums, "" if bar.share is None else f"{100 * bar.share:.0f}", bar.n_questions or ""


def list_names(store: Store) -> list[str]:
    """Return the names of all systems, for those that have a comma in them."""
    names = [one.name for one in list_benchmarks(store)]
    return [system.name for name in names for system in list_systems(store, name)]


def split_formats(text: str) -> list[str]:
    """Return the formats that were asked for.

    Errors: InputError when there is none.
    """
    formats = [part for part in text.lower().replace(" ", "").split(",") if part]
    if not formats:
        raise InputError("Name a format, for example --format svg,csv.")
    return formats
