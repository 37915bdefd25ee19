"""Figures as files: pictures for a paper, a page that needs no network, and the numbers behind."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from uuid import uuid4

import plotly.graph_objects as go

from annotations.exports import list_ends
from annotations.formats import Cell, Table, write_csv
from annotations.manifests import make_manifest, write_manifest
from annotations.published import Published, find_published
from annotations.store import Store
from annotations.studies import list_comparisons
from annotations.tallies import Tally, tally_study
from backend.errors import InputError
from backend.records import Study
from ui.figures import draw_figure3
from ui.ink import Theme
from ui.press import Press

FORMATS = ("png", "svg", "pdf", "html", "csv")
PICTURES = ("png", "svg", "pdf")  # these need Chromium
STEM = "figure_3"
MANIFEST = f"{STEM}.manifest.json"

COLUMNS = [
    "study", "system_a", "system_b", "criterion", "outcome", "outcome_system", "source", "n",
    "share", "percent", "low", "high",
]  # fmt: skip


def write_figure3(  # noqa: PLR0913 - what, where to, and how it looks
    store: Store,
    study: Study,
    out_dir: Path,
    formats: Sequence[str] = FORMATS,
    *,
    theme: Theme = "light",
    press: Press | None = None,
    command: str | None = None,
) -> list[Path]:
    """Write figure_3.png, .svg, … into a folder, each whole or not at all; return their paths.

    `press` draws the pictures; without one, a browser is started for this figure alone. With a
    `command`, figure_3.manifest.json says what stands behind the files.
    Edge: a study without votes gives a sheet that says so, and a CSV whose shares are empty.
    Errors: InputError for a format that isn't known; MissingTool without Chromium, after the
    formats that need none were written.
    """
    check_formats(formats)
    with store.snapshot():
        tallies = tally_study(store, study)
        published = [
            one
            for comparison in list_comparisons(store, study.study_id)
            for one in find_published(comparison, study.benchmark)
        ]
    title = f"Human evaluation: {study.name} ({study.benchmark})"
    figure = draw_figure3(tallies, published, title=title, systems=study.systems, theme=theme)
    paths: dict[str, Path] = {name: out_dir / f"{STEM}.{name}" for name in dict.fromkeys(formats)}
    out_dir.mkdir(parents=True, exist_ok=True)
    if "csv" in paths:
        write_numbers(paths["csv"], study, tallies, published)
    if "html" in paths:
        write_page(paths["html"], figure)
    try:
        write_pictures(
            {name: path for name, path in paths.items() if name in PICTURES}, figure, press
        )
    finally:
        if command is not None:
            there = [path for path in paths.values() if path.is_file()]
            manifest = make_manifest(store, study, there, command, tallies)
            write_manifest(out_dir / MANIFEST, manifest)
    return [*paths.values(), *([out_dir / MANIFEST] if command is not None else [])]


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
    rows = (dict(zip(COLUMNS, row, strict=True)) for row in list_numbers(study, tallies, published))
    with draft.open("w", encoding="utf-8", newline="") as file:
        write_csv(Table(COLUMNS, rows), file)
    draft.replace(path)


def list_numbers(
    study: Study, tallies: Sequence[Tally], published: Sequence[Published]
) -> Iterator[list[Cell]]:
    """Yield a row for each comparison, criterion and outcome, in the order of COLUMNS."""
    sources: list[tuple[str, Sequence[Tally | Published]]]
    sources = [("ours", tallies), ("published", published)]
    for source, several in sources:
        for one in several:
            for outcome in one.outcomes:
                yield [
                    study.name, one.comparison.a, one.comparison.b, one.criterion,
                    outcome.winner, outcome.system, source, outcome.n, outcome.share,
                    None if outcome.share is None else 100 * outcome.share,
                    *list_ends(outcome.interval),
                ]  # fmt: skip


def write_page(path: Path, figure: go.Figure) -> None:
    """Write the figure as one web page with all it needs inside."""
    draft = name_draft(path)
    page = figure.to_html(include_plotlyjs=True, config={"displaylogo": False})
    draft.write_text(page, encoding="utf-8")
    draft.replace(path)


def write_pictures(
    paths: Mapping[str, Path], figure: go.Figure, press: Press | None = None
) -> None:
    """Write the figure in each format; Chromium gets nothing from a network.

    Errors: MissingTool when there is no Chromium.
    """
    drafts = {name: name_draft(path) for name, path in paths.items()}
    try:
        if drafts and press is not None:
            press.draw(drafts, figure)
        elif drafts:
            with Press() as own:
                own.draw(drafts, figure)
        for name, draft in drafts.items():
            draft.replace(paths[name])
    finally:
        for draft in drafts.values():
            draft.unlink(missing_ok=True)
