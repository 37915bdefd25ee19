"""Training data comes in: a file that somebody has, or one that was published."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import gradio as gr

from backend.errors import InputError
from training.data.library import DataFile, add_file, list_files
from training.data.published import FILES
from training.data.sources import fetch_file
from training.demo import DEMOS
from ui.admin.desk import answer, check_admin
from ui.admin.imports import IMPORTING, delete_upload
from ui.context import Context
from ui.pieces import make_markdown

FILE_TYPES = [".json", ".jsonl"]
MAX_NAME = 100
# Tiny recipes name these; whoever brings data does not want it mixed with them.
DEMO_FILES = frozenset(demo.file for demo in DEMOS)
SHAPES = {"alpaca": "Alpaca", "sharegpt": "ShareGPT"}


def list_data(files: Sequence[DataFile]) -> list[tuple[str, str]]:
    """Return (what people read, name) of the files that can be trained on."""
    return [(f"{one.name} ({say_file(one)})", one.name) for one in files if not one.fault]


def say_file(file: DataFile) -> str:
    """Return what a file holds."""
    return f"{SHAPES.get(file.shape, file.shape)}, {file.n_rows:,} rows"


class Supply:
    """The part of the form where training data is added."""

    def __init__(self, context: Context, chosen: gr.Dropdown) -> None:
        """Lay out the part; `chosen` is the field that a new file is put into."""
        self.context = context
        self.data = context.settings.data
        self.chosen = chosen
        limit = context.settings.upload_megabytes
        self.file = gr.File(
            label=f"File, at most {limit} MB", file_types=FILE_TYPES, height=130,
            elem_classes="drop",
        )  # fmt: skip
        with gr.Row(elem_classes="line"):
            self.name = gr.Textbox(label="Name", max_length=MAX_NAME, info="Empty: the file's own.")
            self.add = gr.Button("Add the file", elem_classes="act")
        with gr.Row(elem_classes="line"):
            self.known = gr.Dropdown(
                [(f"{one.name}: {one.what}", one.name) for one in FILES],
                label="Or fetch what was published", value=None,
            )  # fmt: skip
            self.fetch = gr.Button("Fetch", elem_classes="act")
        self.said = make_markdown()

    def take(
        self, request: gr.Request, path: str | None, name: str | None, chosen: list[str] | None
    ) -> tuple[Any, ...]:
        """Add an uploaded file, and choose it; it is gone from the page then."""
        check_admin(self.context, request)

        def come() -> DataFile:
            if path is None:
                raise InputError("Choose a file first.")
            try:
                return add_file(self.data, Path(path), (name or "").strip())
            finally:
                delete_upload(Path(path))

        said, choices = self.bring(come, chosen)
        return said, choices, None

    def get(
        self, request: gr.Request, known: str | None, chosen: list[str] | None
    ) -> tuple[Any, ...]:
        """Fetch a published file, and choose it."""
        check_admin(self.context, request)

        def come() -> DataFile:
            if not known:
                raise InputError("Choose what to fetch first.")
            return fetch_file(self.data, known)

        return self.bring(come, chosen)

    def bring(self, come: Callable[[], DataFile], chosen: list[str] | None) -> tuple[str, Any]:
        """Return what came of a file, and the files to choose from, the new one chosen."""
        picked = list(chosen or [])

        def deed() -> list[str]:
            found = come()
            picked[:] = [
                *(one for one in picked if one not in {*DEMO_FILES, found.name}),
                found.name,
            ]
            return [f"{found.name} is here: {say_file(found)}."]

        said = answer(deed)
        return said, gr.update(choices=list_data(list_files(self.data)), value=picked)

    def wire(self) -> None:
        """Wire the two buttons."""
        self.add.click(
            self.take, [self.file, self.name, self.chosen], [self.said, self.chosen, self.file],
            **IMPORTING,
        )  # fmt: skip
        self.fetch.click(self.get, [self.known, self.chosen], [self.said, self.chosen], **IMPORTING)
