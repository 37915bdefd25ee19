"""A person's notes on a job: what it was for, what came of it."""

from contextlib import suppress
from typing import Any

import gradio as gr

from backend.errors import InputError, NotFound
from training.jobs import find_job, read_notes, write_notes
from training.states import MOST_NOTES
from ui.admin.desk import answer, check_admin
from ui.context import Context
from ui.pieces import QUICK, make_markdown


class Notes:
    """The field of notes, and the button that keeps them."""

    def __init__(self, context: Context) -> None:
        """Lay out the part."""
        self.context = context
        self.data = context.settings.data
        self.field = gr.Textbox(
            label="Notes", lines=3, max_lines=12, max_length=MOST_NOTES,
            info="For whoever looks at this job later.",
        )  # fmt: skip
        self.save = gr.Button("Save the notes", elem_classes="act")
        self.said = make_markdown()

    def read(self, job_id: str | None) -> str:
        """Return a job's notes, to be shown; none of a job that has just been removed."""
        with suppress(NotFound):
            return read_notes(find_job(self.data, job_id or ""))
        return ""

    def keep(self, request: gr.Request, job_id: str | None, text: str | None) -> str:
        """Write down what was typed."""
        check_admin(self.context, request)

        def deed() -> list[str]:
            if not job_id:
                raise InputError("Choose a job first.")
            write_notes(find_job(self.data, job_id), text or "")
            return ["The notes are saved."]

        return answer(deed)

    def wire(self, job: Any) -> None:  # noqa: ANN401 - the component that says which job
        """Wire the button."""
        self.save.click(self.keep, [job, self.field], self.said, **QUICK)
