"""Imports: files that somebody has, and published ones that are fetched from where they are."""

from collections.abc import Callable
from pathlib import Path
from shutil import rmtree
from typing import Any

import gradio as gr
from markupsafe import Markup

from annotations.imports import import_file
from annotations.library import list_benchmarks, list_systems
from annotations.store import Store
from annotations.studies import list_studies
from backend.benchmarks import FILES, FOLDER, SIZES, Download, fetch_download
from backend.errors import InputError, MissingTool
from ui.admin.desk import answer, check_admin
from ui.context import Context
from ui.pieces import QUICK, Cell, finish, make_markdown, show_table

# One at a time: there is one writer, and a large file keeps a core busy.
IMPORTING: dict[str, Any] = {
    "concurrency_id": "imports",
    "concurrency_limit": 1,
    "show_progress": "full",
    "api_visibility": "private",
}
FILE_TYPES = [".jsonl", ".json", ".csv", ".txt"]
NOTHING = "No benchmarks yet. Fetch one below, or import a file of instructions."
WORDS = (
    "Instructions, answers, votes collected elsewhere, or a judge's reviews, as JSON Lines, JSON "
    "or CSV; the kind of a file is seen from its content. A file with a fault is refused whole, "
    "with the line."
)


def show_library(store: Store) -> str:
    """Return the table of benchmarks with who has answered them."""
    benchmarks = list_benchmarks(store)
    if not benchmarks:
        return finish(Markup('<div class="empty">{}</div>').format(NOTHING))
    rows: list[list[Cell]] = []
    for benchmark in benchmarks:
        systems = [f"{one.name} ({one.n_items:,})" for one in list_systems(store, benchmark.name)]
        names = ", ".join(systems) or "none yet"
        rows.append([benchmark.name, benchmark.n_items, names])
    heads = ("Benchmark", "Items", "Systems (items answered)")
    return finish(show_table("What is here", heads, rows, "library"))


def import_upload(
    store: Store,
    path: Path | None,
    words: dict[str, str | None],
    *,
    actor: str,
    max_bytes: int,
    delete: Callable[[Path], None],
) -> list[str]:
    """Import an uploaded file, and delete it whatever came of it.

    Errors: InputError naming the line; then nothing was written.
    """
    if path is None:
        raise InputError("Choose a file first.")
    given = {name: (word or "").strip() or None for name, word in words.items()}
    try:
        return import_file(store, path, actor=actor, max_bytes=max_bytes, **given).lines()
    finally:
        delete(path)


def delete_upload(path: Path) -> None:
    """Delete an uploaded file with the folder that was made for it alone."""
    rmtree(path.parent, ignore_errors=True)


def list_sets(registry: tuple[Download, ...] = FILES) -> list[tuple[str, str]]:
    """Return (label, name) of every published benchmark that can be fetched with its answers."""
    sets = []
    for entry in registry:
        if entry.kind == "items":
            own = [one.kind for one in registry if one.benchmark == entry.name]
            label = f"{entry.what}, and the answers of {own.count('answers')} systems"
            if "reviews" in own:
                label += f", with {own.count('reviews')} files of reviews"
            sets.append((label, entry.name))
    return sets


def fetch_set(
    store: Store,
    folder: Path,
    name: str | None,
    actor: str,
    fetch: Callable[[str, Path], Path] = fetch_download,
) -> list[str]:
    """Fetch a published benchmark with its answers and reviews, and import all of it.

    Errors: MissingTool when a file can't be fetched, with all that are missing; what came before
    it stays.
    """
    lines: list[str] = []
    for entry in FILES:
        if entry.benchmark == name:
            path = fetch_or_tell(entry, folder, fetch)
            report = import_file(
                store,
                path,
                model=entry.model,
                benchmark=entry.benchmark if entry.kind in ("answers", "reviews") else None,
                name=entry.name if entry.kind == "items" else None,
                actor=actor,
            )
            lines += report.lines()
    if not lines:
        raise InputError(f"Choose what to fetch: {', '.join(SIZES)}.")
    return [*lines, "Next: make a study of two of these systems, on the tab Studies."]


def fetch_or_tell(entry: Download, folder: Path, fetch: Callable[[str, Path], Path]) -> Path:
    """Return a file of a published benchmark.

    Errors: MissingTool that names the other files of the benchmark that aren't there either.
    """
    try:
        return fetch(entry.name, folder)
    except MissingTool as error:
        others = [one for one in FILES if one.benchmark == entry.benchmark and one is not entry]
        missing = [one.url for one in others if not (folder / FOLDER / one.file).is_file()]
        words = f" These are needed there too: {', '.join(missing)}" if missing else ""
        raise MissingTool(f"{error}{words}") from error


class Intake:
    """The tab of imports."""

    def __init__(self, context: Context) -> None:
        """Lay out what is here, the upload and the fetching."""
        self.context = context
        self.store = context.store
        self.table = make_markdown()
        make_markdown(f"## Import a file\n\n{WORDS}", elem_classes="part")
        with gr.Row():
            with gr.Column(min_width=300):
                limit = context.settings.upload_megabytes
                self.file = gr.File(
                    label=f"File, at most {limit} MB",
                    file_types=FILE_TYPES,
                    height=170,
                    elem_classes="drop",
                )
            with gr.Column(min_width=300):
                self.model = gr.Textbox(
                    label="Model", info="Whose answers these are, if the file doesn't say."
                )
                self.study = gr.Dropdown(
                    [], label="Study", info="For votes: whose votes these are."
                )
                self.judge = gr.Textbox(
                    label="Judge", info="Who wrote these reviews, if the file's name doesn't say."
                )
        with gr.Accordion("Advanced", open=False), gr.Row():
            self.benchmark = gr.Dropdown(
                [], label="Benchmark", info="For answers, where several benchmarks would fit."
            )
            self.name = gr.Textbox(
                label="Name of a new benchmark", info="For instructions; else the file's own name."
            )
        self.go = gr.Button("Import the file", variant="primary", elem_classes="act")
        self.said = make_markdown()
        make_markdown("## Fetch what was published", elem_classes="part")
        with gr.Row(elem_classes="line"):
            self.which = gr.Dropdown(list_sets(), label="Benchmark and answers", scale=3)
            self.fetch = gr.Button("Fetch and import", elem_classes="act")
        self.fetched = make_markdown()

    def look(self, request: gr.Request) -> tuple[Any, ...]:
        """Show what is here, and what can be chosen."""
        check_admin(self.context, request)
        studies = [("not votes", ""), *[(one.name, one.name) for one in list_studies(self.store)]]
        names = [(one.name, one.name) for one in list_benchmarks(self.store)]
        return (
            show_library(self.store),
            gr.update(choices=studies, value=""),
            gr.update(choices=[("as the file says", ""), *names], value=""),
        )

    def take(  # noqa: PLR0913, PLR0917 - Gradio hands over every field of the form
        self,
        request: gr.Request,
        file: str | None,
        model: str,
        study: str | None,
        benchmark: str | None,
        name: str,
        judge: str,
    ) -> tuple[str, None]:
        """Import an uploaded file; it is gone from the page then."""
        actor = check_admin(self.context, request).name
        words = {
            "model": model, "study": study, "benchmark": benchmark, "name": name, "judge": judge
        }  # fmt: skip
        max_bytes = self.context.settings.upload_megabytes * 1_000_000
        path = Path(file) if file else None
        return answer(
            lambda: import_upload(
                self.store, path, words, actor=actor, max_bytes=max_bytes, delete=delete_upload
            )
        ), None

    def get(self, request: gr.Request, name: str | None) -> str:
        """Fetch a published benchmark."""
        actor = check_admin(self.context, request).name
        return answer(lambda: fetch_set(self.store, self.context.settings.data, name, actor))

    def wire(self, site: gr.Blocks, tab: gr.Tab) -> None:
        """Wire the two buttons; what is here is read again after each."""
        here = [self.table, self.study, self.benchmark]
        form = [self.file, self.model, self.study, self.benchmark, self.name, self.judge]
        site.load(self.look, None, here, **QUICK)
        tab.select(self.look, None, here, **QUICK)
        taken = self.go.click(self.take, form, [self.said, self.file], **IMPORTING)
        taken.then(self.look, None, here, **QUICK)
        fetched = self.fetch.click(self.get, self.which, self.fetched, **IMPORTING)
        fetched.then(self.look, None, here, **QUICK)
