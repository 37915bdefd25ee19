"""The components of the annotator's page, and how a screen fills them."""

from dataclasses import dataclass
from typing import Any

import gradio as gr

from annotations.assignment import SKIP_REASONS
from backend.records import CHOICES, CRITERIA
from ui.crowd.screen import Screen, show_help, show_jump
from ui.wording import Wording

Updates = tuple[Any, ...]


@dataclass(frozen=True)
class Page:
    """All components of the page, in the order in which an update lists them."""

    progress: gr.Markdown
    language: gr.Button
    message: gr.Markdown
    start: gr.Button
    task: gr.Column
    definitions: gr.Accordion
    definitions_text: gr.Markdown
    item: gr.Markdown
    plain: gr.Checkbox
    left: gr.Markdown
    right: gr.Markdown
    jump: gr.Markdown
    questions: gr.Column
    ask: gr.Markdown
    votes: tuple[gr.Radio, ...]
    comment: gr.Textbox
    status: gr.Markdown
    back: gr.Button
    forward: gr.Button
    save: gr.Button
    skip: gr.Accordion
    skip_reason: gr.Radio
    skip_go: gr.Button
    ticket: gr.Textbox

    def outputs(self) -> list[Any]:
        """Return every component once."""
        listed: list[Any] = []
        for name in self.__dataclass_fields__:
            part = getattr(self, name)
            listed.extend(part if isinstance(part, tuple) else [part])
        return listed

    def fill(self, screen: Screen, words: Wording, link: str, *, keep: bool = False) -> Updates:
        """Return the update of every component for a screen; `keep` leaves the answers alone.

        `link` is the annotator's own, shown under the definitions.
        """
        task, welcome = screen.view == "task", screen.view == "welcome"
        values: dict[str, Any] = {
            "progress": screen.progress,
            "language": gr.update(value=words["language"]),
            "message": gr.update(value=screen.message, visible=not task),
            "start": gr.update(
                value=words["welcome_start" if welcome else "refresh"], visible=not task
            ),
            "task": gr.update(visible=task),
            "definitions": gr.update(label=words["definitions"], open=False),
            "definitions_text": show_help(words, link),
            "item": screen.item,
            "plain": gr.update(label=words["plain"]),
            "left": screen.left,
            "right": screen.right,
            "jump": show_jump(words),
            "questions": gr.update(visible=task),
            "ask": words["ask"],
            "votes": fill_votes(screen, words, keep),
            "comment": fill_comment(screen, words, keep),
            "status": screen.status,
            "back": gr.update(value=words["back"], visible=screen.can_go_back),
            "forward": gr.update(value=words["forward"], visible=screen.editing),
            "save": gr.update(value=words["save_edit" if screen.editing else "save"], visible=task),
            "skip": gr.update(label=words["cant_judge"], open=False, visible=not screen.editing),
            "skip_reason": gr.update(
                label=words["skip_why"],
                choices=[(words[f"skip_{reason}"], reason) for reason in SKIP_REASONS],
                value=None,
            ),
            "skip_go": gr.update(value=words["skip_go"]),
            "ticket": screen.ticket,
        }
        return self.flatten(values)

    def tell(self, status: str) -> Updates:
        """Return an update that changes nothing but the status line."""
        kept = {name: gr.skip() for name in self.__dataclass_fields__}
        return self.flatten({**kept, "votes": [gr.skip()] * len(CRITERIA), "status": status})

    def flatten(self, values: dict[str, Any]) -> Updates:
        """Return values by name as one tuple in the order of `outputs`."""
        flat: list[Any] = []
        for name in self.__dataclass_fields__:
            flat.extend(values[name] if name == "votes" else [values[name]])
        return tuple(flat)


def fill_votes(screen: Screen, words: Wording, keep: bool) -> list[Any]:
    """Return the update of the three questions."""
    choices = [(words[f"choice_{choice}"], choice) for choice in CHOICES]
    updates = []
    for name, value in zip(CRITERIA, screen.choices, strict=True):
        kept: dict[str, Any] = {} if keep else {"value": value}
        info = words[f"{name}_short"]
        updates.append(gr.update(label=words[name], info=info, choices=choices, **kept))
    return updates


def fill_comment(screen: Screen, words: Wording, keep: bool) -> Any:  # noqa: ANN401
    """Return the update of the comment box."""
    kept: dict[str, Any] = {} if keep else {"value": screen.comment}
    text = words["comment"]
    return gr.update(label=text, placeholder=text, visible=screen.view == "task", **kept)


def lay_out() -> Page:
    """Make all components; every word comes with the first load, in the annotator's language."""
    with gr.Row(elem_id="top"):
        progress = gr.Markdown(elem_id="progress")
        language = gr.Button("", size="sm", variant="secondary", elem_id="language")
    message = gr.Markdown(elem_id="message", visible=False)
    start = gr.Button("", variant="primary", elem_id="start", visible=False)
    with gr.Column(visible=False, elem_id="task") as task:
        with gr.Row(elem_id="asides"):
            with gr.Accordion("", open=False, elem_id="definitions") as definitions:
                definitions_text = gr.Markdown()
            with gr.Accordion("", open=False, elem_id="skip") as skip:
                skip_reason = gr.Radio(list(SKIP_REASONS), label="", elem_id="skip-reason")
                skip_go = gr.Button("", size="sm", elem_id="skip-go")
        item = gr.Markdown(latex_delimiters=[], elem_id="item")
        plain = gr.Checkbox(label="", elem_id="plain", container=False, interactive=True)
        with gr.Row(elem_id="responses"):
            left = gr.Markdown(latex_delimiters=[], elem_id="left")
            right = gr.Markdown(latex_delimiters=[], elem_id="right")
        jump = gr.Markdown(elem_id="jump")
    with gr.Column(elem_id="foot"):
        with gr.Column(visible=False, elem_id="questions") as questions:
            ask = gr.Markdown(elem_id="ask")
            # The values stand here, so that a vote can be taken after Gradio forgot the session.
            votes = tuple(
                gr.Radio(list(CHOICES), label="", elem_id=f"vote-{name}") for name in CRITERIA
            )
        with gr.Row(elem_id="actions"):
            back = gr.Button("", elem_id="back", visible=False)
            forward = gr.Button("", elem_id="forward", visible=False)
            comment = gr.Textbox(
                show_label=False, lines=1, max_lines=3, elem_id="comment", visible=False
            )
            status = gr.Markdown(elem_id="status")
            save = gr.Button("", variant="primary", elem_id="save", visible=False)
    ticket = gr.Textbox(visible="hidden", elem_id="ticket")
    return Page(
        progress, language, message, start, task, definitions, definitions_text, item, plain,
        left, right, jump, questions, ask, votes, comment, status, back, forward, save, skip,
        skip_reason, skip_go, ticket,
    )  # fmt: skip
