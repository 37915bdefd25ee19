"""Figures 4 and 5 as files: pictures, a page that needs no network, and the numbers behind."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import cast

from annotations.formats import Table, write_csv
from annotations.judging.numbers import COLUMNS, list_numbers, make_manifest
from annotations.judging.panels import (
    FIGURES,
    Ask,
    Figure,
    Material,
    Panel,
    arrange_panels,
    check_ask,
    make_published_panels,
    read_material,
)
from annotations.judging.records import Scores, read_choice
from annotations.manifests import write_manifest
from annotations.store import Store
from backend.errors import InputError, NotFound
from ui.ink import Theme
from ui.press import Press
from ui.prints import FORMATS, PICTURES, check_formats, name_draft, write_page, write_pictures
from ui.relative import draw_panels

SOURCES = ("ours", "published")
SCORES: tuple[Scores, ...] = ("read", "stored")


def write_relative(  # noqa: PLR0913 - what, where to, and how it looks
    store: Store,
    ask: Ask,
    out_dir: Path,
    formats: Sequence[str] = FORMATS,
    *,
    theme: Theme = "light",
    press: Press | None = None,
    command: str | None = None,
) -> list[Path]:
    """Write figure_4.png, .svg, … into a folder, each whole or not at all; return their paths.

    `press` draws the pictures; without one, a browser is started for this figure alone. With a
    `command`, figure_4.manifest.json says what stands behind the files.
    Edge: without judgments the sheet says so, and the CSV has a header only.
    Errors: InputError for a format that isn't known; NotFound for a name that no judgment has;
    MissingTool without Chromium, after the formats that need none were written.
    """
    check_formats(formats)
    if not ask.published:
        check_ask(store, ask)
    material = None if ask.published else read_material(store, ask)
    panels = arrange_panels(material, ask) if material else make_published_panels(ask.figure)
    figure = draw_panels(panels, title=name_figure(ask), theme=theme)
    stem = f"figure_{ask.figure}"
    paths = {name: out_dir / f"{stem}.{name}" for name in dict.fromkeys(formats)}
    out_dir.mkdir(parents=True, exist_ok=True)
    if "csv" in paths:
        write_numbers(paths["csv"], material, panels, ask)
    if "html" in paths:
        write_page(paths["html"], figure)
    told = out_dir / f"{stem}.manifest.json"
    try:
        write_pictures({name: paths[name] for name in paths if name in PICTURES}, figure, press)
    finally:
        if command is not None:
            there = [path for path in paths.values() if path.is_file()]
            write_manifest(told, make_manifest(store, ask, material, there, command))
    return [*paths.values(), *([told] if command is not None else [])]


def name_figure(ask: Ask) -> str:
    """Return the title of a sheet."""
    what = "questions in Chinese" if ask.figure == 5 else "relative scores"
    if ask.published:
        return f"Figure {ask.figure}, as published: {what}"
    where = f" on {ask.benchmark}" if ask.benchmark else ""
    return f"Figure {ask.figure}: {what}{where}"


def write_numbers(path: Path, material: Material | None, panels: Sequence[Panel], ask: Ask) -> None:
    """Write the numbers behind the figure as CSV."""
    rows = (dict(zip(COLUMNS, row, strict=True)) for row in list_numbers(material, panels, ask))
    draft = name_draft(path)
    with draft.open("w", encoding="utf-8", newline="") as file:
        write_csv(Table(COLUMNS, rows), file)
    draft.replace(path)


def read_ask(store: Store, number: str, query: Mapping[str, str]) -> Ask:
    """Return what an address or a command asks for.

    Units: `against` has names one after the other, a line each. Edge: which scores count is the
    ledger's choice where nothing is said.
    Errors: NotFound for another figure; InputError for what can't be asked.
    """
    if number not in [str(one) for one in FIGURES]:
        raise NotFound(f"There is no figure {number} yet. There are: 3, 4, 5.")
    scores = check_word(query, "scores", SCORES) or read_choice(store)
    return Ask(
        cast(Figure, int(number)),
        cast(Scores, scores),
        tuple(name for name in query.get("against", "").split("\n") if name),
        query.get("judge") or None,
        query.get("benchmark") or None,
        by_category=check_word(query, "by", ("category",)) == "category",
        published=check_word(query, "source", SOURCES) == "published",
    )


def check_word(query: Mapping[str, str], name: str, known: Sequence[str]) -> str:
    """Return one word of a query; an empty one where nothing is said.

    Errors: InputError for a word that isn't known.
    """
    word = query.get(name) or ""
    if word and word not in known:
        raise InputError(f"{word!r} is not known for {name}; it can be {' or '.join(known)}.")
    return word
