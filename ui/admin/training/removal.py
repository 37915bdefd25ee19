"""A job is removed: what goes and what stays is said first, and a second button does it."""

from contextlib import suppress
from typing import Any

import gradio as gr
from markupsafe import Markup

from backend.errors import InputError, NotFound
from backend.registry.shelf import CHECKPOINTS
from training.jobs import find_job
from training.orders import Job
from ui.admin.desk import answer, check_admin
from ui.context import Context
from ui.pieces import QUICK, finish, join, make_markdown

GOES = "Its log, curves, report and notes, its copy of the training data, and its checkpoints go."
STAYS = (
    "The model {} stays, with its card, and goes on answering. So do the files of training data."
)
NO_MODEL = "It has made no model, and without its checkpoints it can't be resumed any more."
OTHER = "Another job has been chosen since. Press Remove again."


class Removal:
    """The question before a job is removed, and its two answers."""

    def __init__(self, context: Context) -> None:
        """Lay out the question; nobody sees it before it is asked."""
        self.context = context
        self.data = context.settings.data
        with gr.Column(visible=False, elem_id="training-removal") as self.box:
            self.words = make_markdown()
            with gr.Row(elem_classes="line"):
                self.sure = gr.Button("Remove this job", elem_classes="act")
                self.keep = gr.Button("Keep it", elem_classes="act")
        self.asked = gr.Textbox(visible="hidden", show_label=False, elem_id="training-asked")

    def ask(self, request: gr.Request, job_id: str | None) -> tuple[str, Any, str]:
        """Say what goes and what stays, and open the question; of a job that is gone, nothing."""
        check_admin(self.context, request)
        with suppress(NotFound):
            job = find_job(self.data, job_id or "")
            return show_question(job, self.has_model(job)), gr.update(visible=True), job.id
        return "", gr.update(visible=False), ""

    def has_model(self, job: Job) -> bool:
        """Say whether what a job has made is still there."""
        return job.state.end == "done" and (self.data / CHECKPOINTS / job.order.name).is_dir()

    def remove(self, request: gr.Request, job_id: str | None, asked: str | None) -> str:
        """Remove the job that was asked about, if it is the one that is shown."""
        check_admin(self.context, request)

        def deed() -> list[str]:
            if not job_id or job_id != asked:
                raise InputError(OTHER)
            job = find_job(self.data, job_id)
            self.context.workshop.remove(job.id)
            return [f"The job {job.id} is removed."]

        return answer(deed)

    def wire(self, opens: gr.Button, job: Any, said: gr.Markdown, again: dict[str, Any]) -> None:  # noqa: ANN401
        """Wire the question; after each answer all jobs are shown `again`, and it is closed."""
        question = [self.words, self.box, self.asked]
        opens.click(self.ask, job, question, **QUICK)
        self.keep.click(lambda: gr.update(visible=False), None, self.box, **QUICK)
        self.sure.click(self.remove, [job, self.asked], said, **QUICK).then(**again)


def show_question(job: Job, has_model: bool) -> str:
    """Return what goes and what stays when a job is removed."""
    stays = STAYS.format(job.order.name) if has_model else ""
    lost = NO_MODEL if job.state.end not in ("done", "bad_data") else ""
    lines = [f"Remove the job {job.id}?", f"{GOES} This can't be undone.", stays, lost]
    said = [Markup("<p>{}</p>").format(line) for line in lines if line]
    return finish(Markup('<div class="outcome warn" role="status">{}</div>').format(join(said)))
