"""Figures as files: pictures for a paper, a page that needs no network, and the numbers behind."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from uuid import uuid4

import plotly.graph_objects as go

from annotations.exports import round_interval, round_share, write_csv
from annotations.published import Published, find_published
from annotations.store import Store
from annotations.studies import list_comparisons
from annotations.tallies import Tally, tally_study
from backend.errors import InputError, MissingTool
from backend.records import Study
from ui.figures import draw_figure3
from ui.ink import Theme

FORMATS = ("png", "svg", "pdf", "html", "csv")
PICTURES = ("png", "svg", "pdf")  # these need Chromium
PNG_SCALE = 2.0  # sharp in print and on dense screens

COLUMNS = [
    "study", "system_a", "system_b", "criterion", "outcome", "outcome_system", "source", "n",
    "share", "percent", "low", "high",
]  # fmt: skip


def write_figure3(
    store: Store,
    study: Study,
    out_dir: Path,
    formats: Sequence[str] = FORMATS,
    *,
    theme: Theme = "light",
    chromium: Path | None = None,
) -> list[Path]:
    """Write figure_3.png, .svg, … into a folder, each whole or not at all; return their paths.

    `chromium` is the browser that draws pictures; None looks for one.
    Edge: a study without votes gives a sheet that says so, and a CSV whose shares are empty.
    Errors: InputError for a format that isn't known; MissingTool without Chromium, after the
    formats that need none were written.
    """
    check_formats(formats)
    tallies = tally_study(store, study)
    published = [
        one
        for comparison in list_comparisons(store, study.study_id)
        for one in find_published(comparison)
    ]
    title = f"Human evaluation: {study.name} ({study.benchmark})"
    figure = draw_figure3(tallies, published, title=title, systems=study.systems, theme=theme)
    paths: dict[str, Path] = {name: out_dir / f"figure_3.{name}" for name in dict.fromkeys(formats)}
    out_dir.mkdir(parents=True, exist_ok=True)
    if "csv" in paths:
        write_numbers(paths["csv"], study, tallies, published)
    if "html" in paths:
        write_page(paths["html"], figure)
    pictures = {name: path for name, path in paths.items() if name in PICTURES}
    if pictures:
        write_pictures(pictures, figure, chromium)
    return list(paths.values())


def check_formats(formats: Sequence[str]) -> None:
    """Refuse a format that can't be written."""
    unknown = [name for name in formats if name not in FORMATS]
    if unknown:
        raise InputError(
            f"A figure can't be written as {', '.join(unknown)}; choose from {', '.join(FORMATS)}."
        )


def name_draft(path: Path) -> Path:
    """Return a name beside a file, of the same kind, for what is to become it when it is whole."""
    return path.with_name(f".{uuid4().hex}-{path.name}")


def write_numbers(
    path: Path, study: Study, tallies: Sequence[Tally], published: Sequence[Published]
) -> None:
    """Write the numbers behind the figure as CSV, ours and then the published ones."""
    draft = name_draft(path)
    with draft.open("w", encoding="utf-8", newline="") as file:
        write_csv(file, COLUMNS, list_numbers(study, tallies, published))
    draft.replace(path)


def list_numbers(
    study: Study, tallies: Sequence[Tally], published: Sequence[Published]
) -> Iterator[list[str | int | None]]:
    """Yield a row for each comparison, criterion and outcome, in the order of COLUMNS."""
    sources: list[tuple[str, Sequence[Tally | Published]]]
    sources = [("ours", tallies), ("published", published)]
    for source, several in sources:
        for one in several:
            for outcome in one.outcomes:
                percent = None if outcome.share is None else f"{100 * outcome.share:.2f}"
                yield [
                    study.name, one.comparison.a, one.comparison.b, one.criterion,
                    outcome.winner, outcome.system, source, outcome.n, round_share(outcome.share),
                    percent, *round_interval(outcome.interval),
                ]  # fmt: skip


def write_page(path: Path, figure: go.Figure) -> None:
    """Write the figure as one web page with all it needs inside."""
    draft = name_draft(path)
    page = figure.to_html(include_plotlyjs=True, config={"displaylogo": False})
    draft.write_text(page, encoding="utf-8")
    draft.replace(path)


def write_pictures(
    paths: Mapping[str, Path], figure: go.Figure, chromium: Path | None = None
) -> None:
    """Write the figure in each format with one run of Chromium, which gets nothing from a network.

    Errors: MissingTool when there is no Chromium.
    """
    import kaleido  # noqa: PLC0415 - asks for 50 modules that only a picture needs
    from kaleido.errors import ChromeNotFoundError  # noqa: PLC0415

    size = {"width": figure.layout.width, "height": figure.layout.height}
    drafts = {name: name_draft(path) for name, path in paths.items()}
    jobs = [
        {
            "fig": figure.to_dict(),
            "path": draft,
            "opts": {**size, "format": name, "scale": PNG_SCALE if name == "png" else 1.0},
        }
        for name, draft in drafts.items()
    ]
    options = {"n": 1, "mathjax": False} | ({} if chromium is None else {"path": str(chromium)})
    try:
        kaleido.write_fig_from_object_sync(jobs, kopts=options)
        for name, draft in drafts.items():
            draft.replace(paths[name])
    except ChromeNotFoundError as error:
        raise MissingTool(
            f"Chromium is not on this machine, and {', '.join(paths)} need it. Install it "
            "(on Debian: apt install chromium). The formats html and csv work without."
        ) from error
    finally:
        for draft in drafts.values():
            draft.unlink(missing_ok=True)
