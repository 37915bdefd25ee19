"""The components of the chat tab; they are filled when somebody looks."""

from dataclasses import dataclass
from typing import Any, Literal

import gradio as gr

from annotations.conversations.ballots import MAX_COMMENT
from backend.records import CRITERIA
from ui.lab.chat.seats import MAX_PROMPT, MAX_SIDES, MAX_SYSTEM, Pick
from ui.lab.chat.transcript import list_options
from ui.pieces import make_markdown
from ui.wording import load_wording

WORDS = load_wording("en")
Variant = Literal["primary", "secondary", "stop"]
MODES = [("Blind battle", "blind"), ("Choose models", "named")]
CARDS_OWN = [("As the card says", "")]
MESSAGE = "Message"
NOWHERE = "-"  # where the page is while there is no conversation; empty, it has just come
WAIT_S = 3  # between two looks at models that are being trained
ALL = "Draw among these; empty draws among all that can run"


@dataclass(frozen=True)
class SeatParts:
    """The fields of one side; the first is above, the others stand in a column of the settings."""

    model: gr.Dropdown
    column: gr.Column
    title: gr.Markdown
    system: gr.Textbox
    template: gr.Dropdown
    temperature: gr.Number
    top_p: gr.Number
    top_k: gr.Number
    max_tokens: gr.Number

    def inputs(self) -> list[Any]:
        """Return the fields, in the order of a Pick."""
        return [
            self.model, self.system, self.template, self.temperature, self.top_p, self.top_k,
            self.max_tokens,
        ]  # fmt: skip


@dataclass(frozen=True)
class Parts:
    """All components of the tab."""

    clock: gr.Timer
    head: gr.Markdown
    fresh_start: gr.Button
    setup: gr.Column
    mode: gr.Radio
    n_sides: gr.Radio
    drawing: gr.Accordion
    candidates: gr.Dropdown
    lacking: gr.Accordion
    lacking_text: gr.Markdown
    earlier: gr.Accordion
    earlier_text: gr.Markdown
    settings: gr.Accordion
    seats: tuple[SeatParts, ...]
    transcript: gr.Markdown
    asked: gr.Markdown
    live: tuple[gr.Markdown, ...]
    ballot: gr.Markdown
    acts: gr.Row
    again: gr.Button
    retry: gr.Button
    edit: gr.Button
    plain: gr.Checkbox
    voting: gr.Column
    votes: tuple[gr.Radio, ...]
    comment: gr.Textbox
    voted: gr.Markdown
    save: gr.Button
    save_and_show: gr.Button
    save_blind: gr.Button
    address: gr.Markdown
    shelf: gr.Accordion
    benchmark: gr.Dropdown
    item: gr.Dropdown
    note: gr.Markdown
    box: gr.Textbox
    send: gr.Button
    stop: gr.Button
    cancel: gr.Button
    where: gr.Textbox
    editing: gr.Textbox
    shown: gr.Textbox
    tickets: tuple[gr.Textbox, ...]

    def outputs(self) -> list[Any]:
        """Return every component once."""
        listed: list[Any] = []
        for name in self.__dataclass_fields__:
            part = getattr(self, name)
            for one in part if isinstance(part, tuple) else [part]:
                if isinstance(one, SeatParts):
                    listed += [getattr(one, field) for field in one.__dataclass_fields__]
                else:
                    listed.append(one)
        return listed

    def form(self) -> list[Any]:
        """Return what a message is sent with, in the order of `read_form`."""
        fields = [
            self.where, self.editing, self.box, self.mode, self.n_sides, self.candidates,
        ]  # fmt: skip
        return [*fields, *(field for seat in self.seats for field in seat.inputs())]


def lay_out() -> Parts:
    """Make all components."""
    with gr.Row(elem_id="chat-top"):
        head = make_markdown(elem_id="chat-head")
        fresh_start = make_button("New conversation", "chat-fresh", visible=False)
    with gr.Column(elem_id="chat-setup") as setup:
        chosen = lay_out_setup()
    with gr.Accordion(
        "System text, template and parameters", open=False, elem_id="chat-settings"
    ) as settings:
        seats = lay_out_settings(chosen.pop("models"))
    return Parts(
        clock=gr.Timer(WAIT_S, active=False), head=head, fresh_start=fresh_start, setup=setup,
        **chosen, settings=settings, seats=seats,
        **lay_out_talk(), **lay_out_votes(), **lay_out_foot(),
    )  # fmt: skip


def lay_out_setup() -> dict[str, Any]:
    """Make what is chosen before a conversation begins."""
    with gr.Row(elem_classes="line"):
        mode = gr.Radio(MODES, value="blind", show_label=False, elem_id="chat-mode")
        n_sides = gr.Radio(
            [2, 3, 4], value=2, label="Responses", visible=False, elem_id="chat-sides"
        )
    with gr.Row(elem_id="chat-picks"):
        models = [
            gr.Dropdown([], label=f"Response {place + 1}", visible=False, interactive=True)
            for place in range(MAX_SIDES)
        ]
    with gr.Accordion("Who may be drawn", open=False, elem_classes="fold") as drawing:
        candidates = gr.Dropdown([], multiselect=True, label=ALL, interactive=True)
    with gr.Accordion("Models that can't run here", open=False, elem_classes="fold") as lacking:
        lacking_text = make_markdown()
    with gr.Accordion("Earlier conversations", open=False, elem_classes="fold") as earlier:
        earlier_text = make_markdown()
    return {
        "mode": mode, "n_sides": n_sides, "models": models, "drawing": drawing,
        "candidates": candidates, "lacking": lacking, "lacking_text": lacking_text,
        "earlier": earlier, "earlier_text": earlier_text,
    }  # fmt: skip


def lay_out_settings(models: list[gr.Dropdown]) -> tuple[SeatParts, ...]:
    """Make a column of settings for each side."""
    seats, usual = [], Pick()
    with gr.Row(elem_id="chat-columns"):
        for place, model in enumerate(models):
            with gr.Column(visible=place == 0, min_width=200) as column:
                title = make_markdown("", elem_classes="title")
                system = gr.Textbox(
                    label="System text", lines=2, max_lines=6, max_length=2 * MAX_SYSTEM
                )
                template = gr.Dropdown(
                    CARDS_OWN, value="", label="Chat template", visible=False, interactive=True
                )
                with gr.Row(elem_classes="numbers"):
                    numbers = (
                        make_number("Temperature", usual.temperature, 0.1),
                        make_number("Top-p", usual.top_p, 0.05),
                        make_number("Top-k, 0 is off", usual.top_k, 1),
                        make_number("Most new tokens", usual.max_tokens, 1),
                    )
            seats.append(SeatParts(model, column, title, system, template, *numbers))
    return tuple(seats)


def lay_out_talk() -> dict[str, Any]:
    """Make the places of what was said; the last turn has its own, where it grows."""
    transcript = make_markdown(elem_id="chat-turns")
    asked = make_markdown(elem_id="chat-asked")
    with gr.Row(elem_id="chat-live"):
        live = tuple(make_markdown(visible=False, elem_classes="live") for _ in range(MAX_SIDES))
    ballot = make_markdown(elem_id="chat-ballot")
    with gr.Row(elem_id="chat-acts", visible=False) as acts:
        again = make_button("Regenerate", "chat-again")
        retry = make_button("Ask the failed side again", "chat-retry", visible=False)
        edit = make_button("Edit the message", "chat-edit")
        plain = gr.Checkbox(
            label="Plain text", container=False, elem_id="chat-plain", interactive=True
        )
    return {
        "transcript": transcript, "asked": asked, "live": live, "ballot": ballot, "acts": acts,
        "again": again, "retry": retry, "edit": edit, "plain": plain,
    }  # fmt: skip


def lay_out_votes() -> dict[str, Any]:
    """Make the three questions, in the words of the studies."""
    with gr.Column(visible=False, elem_id="chat-votes") as voting:
        make_markdown(f"**{WORDS['ask']}**", elem_id="chat-ask")
        votes = tuple(
            gr.Radio(
                list_options(MAX_SIDES), label=WORDS[name], info=WORDS[f"{name}_short"],
                elem_id=f"chat-{name}",
            )
            for name in CRITERIA
        )  # fmt: skip
        with gr.Row(elem_id="chat-cast"):
            comment = gr.Textbox(
                show_label=False, placeholder=WORDS["comment"], max_length=MAX_COMMENT,
                container=False, elem_id="chat-comment",
            )  # fmt: skip
            voted = make_markdown(elem_id="chat-voted")
            save_blind = make_button("Save, stay blind", "chat-save-blind")
            save = make_button("Save votes", "chat-save", "primary")
            save_and_show = make_button("Save and show names", "chat-show", "primary")
    return {
        "voting": voting, "votes": votes, "comment": comment, "voted": voted, "save": save,
        "save_and_show": save_and_show, "save_blind": save_blind,
    }  # fmt: skip


def lay_out_foot() -> dict[str, Any]:
    """Make the prompt box, which stays at the bottom, and what belongs to it.

    Edge: a browser cuts a pasted text at `max_length` without a word, so that is well above what
    the desk takes, which says so, and low enough that the event still passes the guard.
    """
    address = make_markdown(elem_classes="address")
    with (
        gr.Accordion("Prompts from the benchmarks", open=False, elem_id="chat-shelf") as shelf,
        gr.Row(elem_classes="line"),
    ):
        benchmark = gr.Dropdown([], label="Benchmark", value=None, interactive=True)
        item = gr.Dropdown([], label="Item", value=None, interactive=True)
    with gr.Column(elem_id="chat-foot"):
        note = make_markdown(elem_id="chat-note")
        with gr.Row(elem_id="chat-say"):
            box = gr.Textbox(
                label=MESSAGE, placeholder="Enter sends, Shift+Enter starts a new line.",
                lines=2, max_lines=8, max_length=2 * MAX_PROMPT, elem_id="chat-box",
            )  # fmt: skip
            cancel = make_button("Cancel", "chat-cancel", visible=False)
            send = make_button("Send", "chat-send", "primary")
            stop = make_button("Stop", "chat-stop", "stop", visible=False)
    where, editing, shown = (make_hidden(f"chat-{name}") for name in ("where", "editing", "shown"))
    tickets = tuple(make_hidden(f"chat-ticket-{place}") for place in range(MAX_SIDES))
    return {
        "address": address, "shelf": shelf, "benchmark": benchmark, "item": item, "note": note,
        "box": box, "send": send, "stop": stop, "cancel": cancel, "where": where,
        "editing": editing, "shown": shown, "tickets": tickets,
    }  # fmt: skip


def make_button(
    label: str, elem_id: str, variant: Variant = "secondary", *, visible: bool = True
) -> gr.Button:
    """Return a button."""
    return gr.Button(
        label, variant=variant, visible=visible, elem_id=elem_id, elem_classes="act", min_width=0
    )


def make_number(label: str, value: float | None, step: float) -> gr.Number:
    """Return a field for a number; the desk looks whether it is in its range."""
    return gr.Number(value, label=label, step=step, min_width=110)


def make_hidden(elem_id: str) -> gr.Textbox:
    """Return a field that only the page itself fills."""
    return gr.Textbox(visible="hidden", show_label=False, elem_id=elem_id)
