"""The chat tab: takes what happens on the page to the desk and the floor, and back.

Whoever sends, stops or votes is answered at once, past the queue. Each side of a turn is watched
by an event of its own, which only shows what the floor hears: closing the page ends the watching,
and a side that nobody watches any more is stopped.
"""

import asyncio
import re
from collections.abc import AsyncIterator, Sequence
from functools import partial
from typing import Any

import gradio as gr

from annotations.conversations import Conversation, Mode
from backend.errors import CamelidError, NotFound
from backend.records import CRITERIA
from ui.context import Context
from ui.lab.chat.desk import Again, Desk, Form, require_turn
from ui.lab.chat.floor import Floor
from ui.lab.chat.heads import name_lacking, show_head, show_lacking
from ui.lab.chat.layout import MESSAGE, NOWHERE, lay_out
from ui.lab.chat.page import (
    Scene,
    Surroundings,
    Updates,
    fill,
    fill_mode,
    fill_settings,
    fill_surroundings,
    fill_template,
)
from ui.lab.chat.seats import MAX_SIDES, Menu, Pick, list_own_templates, read_menu
from ui.lab.chat.shelf import find_prompt, list_prompts, list_shelves
from ui.lab.chat.streams import Speaker, watch
from ui.lab.chat.transcript import list_voices, show_live
from ui.lab.coming import say_coming
from ui.pieces import QUICK, require, show_problem, unwrap

N_WATCHED = 32  # sides at one place, of all people, that pages can watch at once
GONE = "That conversation is not there, or is somebody else's. Here is room for a new one."
EDITING = "Your last message is in the box. Sending it asks again; the first version is kept."
TURN = re.compile(r"[0-9]{1,18}")
CHANGED = "Your last message, to be changed"


class Chat:
    """Takes the events of the tab to whoever sent them, and answers with the tab's next state."""

    def __init__(self, context: Context, floor: Floor | None = None) -> None:
        """Lay out the tab."""
        self.context = context
        self.floor = floor or Floor()
        self.speaker = Speaker(context.store, context.models)
        self.parts = lay_out()
        # Gradio's page visits what an event may change at each word of every stream; but for this
        # it would visit everything here.
        self.quick: dict[str, Any] = {**QUICK, "show_progress_on": self.parts.note}

    def find_desk(self, request: gr.Request) -> Desk:
        """Return the desk of whoever sent an event."""
        account = require(self.context, request, "researcher")
        return Desk(self.context.store, self.context.models, account.name)

    def read_menu(self) -> Menu:
        """Return who can be chosen, who can't, and who is being trained."""
        return read_menu(self.context.models, say_coming(self.context.workshop.list()))

    # What is shown first

    def arrive(self, request: gr.Request, key: str, mode: Mode, n_sides: int = 2) -> Updates:
        """Show the conversation that was open, or that the page's address names, or none.

        Edge: where the address names a model, it is on the first side of a new one.
        """
        desk = self.find_desk(request)
        note = ""
        try:
            talk = desk.find(read_key(key or unwrap(request).query_params.get("talk", "")))
        except NotFound:
            talk, note = None, GONE
        menu = self.read_menu()
        first = unwrap(request).query_params.get("model", "") if talk is None else ""
        if first in {card.name for card in menu.ready}:
            menu, mode = menu.put_first(first), "named"
        around = Surroundings(menu, mode, desk.list_earlier(), list_shelves(self.context.store))
        return {
            self.parts.mode: mode,
            **fill_surroundings(self.parts, around),
            **(self.fill_named(menu, mode, n_sides) if talk is None else self.fill_left(talk)),
            **fill(self.parts, self.see(talk, note)),
        }

    def wait(self, key: str, mode: Mode, n_sides: int) -> Updates:
        """Say how far those are who are being trained, until a battle can begin."""
        menu = self.read_menu()
        if read_key(key):
            return {self.parts.clock: gr.Timer(active=False)}
        if menu.waits:
            return {self.parts.head: show_head(None, menu, mode)}
        lacking = gr.update(label=name_lacking(menu.absent))
        found = {self.parts.clock: gr.Timer(active=False), self.parts.lacking: lacking}
        return {**found, **self.fill_named(menu, mode, n_sides)}

    def see(self, talk: Conversation | None, note: str = "") -> Scene:
        """Return a conversation with what is going on in it."""
        return Scene(talk, self.floor.find_round(talk.key) if talk else None, note)

    def fill_named(self, menu: Menu, mode: Mode, n_sides: int = 2) -> Updates:
        """Return the fields of a mode, with the templates that each model knows."""
        updates = fill_mode(self.parts, menu, mode, n_sides)
        if mode == "named" and menu.ready:
            for place, fields in enumerate(self.parts.seats):
                name = menu.ready[min(place, len(menu.ready) - 1)].name
                own = list_own_templates(self.context.models, name)
                updates[fields.template] = fill_template(own)
        return updates

    def fill_left(self, talk: Conversation) -> Updates:
        """Return the settings that a conversation was left with."""
        updates = fill_settings(self.parts, talk)
        for fields, seat in zip(self.parts.seats, talk.seats, strict=False):
            if talk.mode == "named":
                own = list_own_templates(self.context.models, seat.model)
                updates[fields.template] = fill_template(own, seat.template)
        return updates

    def choose_mode(self, mode: Mode, n_sides: int) -> Updates:
        """Show the fields of the other mode."""
        return self.fill_named(self.read_menu(), mode, n_sides)

    def choose_sides(self, n_sides: int) -> Updates:
        """Show as many sides as there are to be; what was chosen stays."""
        updates: Updates = {}
        for place, fields in enumerate(self.parts.seats):
            updates[fields.model] = gr.update(visible=place < n_sides)
            updates[fields.column] = gr.update(visible=place < n_sides)
        return updates

    def choose_model(self, name: str | None) -> Any:  # noqa: ANN401
        """Show the templates of another model."""
        return fill_template(list_own_templates(self.context.models, name or ""))

    def open_draw(self) -> Any:  # noqa: ANN401
        """Show who may be drawn; before somebody asks, a battle's page holds no name."""
        return gr.update(choices=read_menu(self.context.models).choices)

    def open_lacking(self) -> str:
        """Show who can't run, why, and what to do about it."""
        return show_lacking(read_menu(self.context.models).absent)

    def start_afresh(
        self, request: gr.Request, mode: Mode, n_sides: int, model: str | None
    ) -> Updates:
        """Show room for a new conversation; the one before stays in the record.

        Edge: models that were chosen on this page stay chosen.
        """
        desk = self.find_desk(request)
        menu = self.read_menu()
        around = Surroundings(menu, mode, desk.list_earlier(), list_shelves(self.context.store))
        chosen = mode == "named" and bool(model)
        return {
            **fill_surroundings(self.parts, around),
            **({} if chosen else self.fill_named(menu, mode, n_sides)),
            **fill(self.parts, Scene()),
            self.parts.box: gr.update(value=""),
        }

    # What is said

    async def send(self, request: gr.Request, *values: Any) -> Updates:  # noqa: ANN401
        """Write a message down, and let every side answer it."""
        try:
            form = read_form(values)
            desk = await asyncio.to_thread(self.find_desk, request)
            with self.floor.hold(form.key, desk.actor):
                talk = await asyncio.to_thread(desk.say, form)
                self.floor.begin(talk, range(len(talk.seats)), self.speaker.speak)
        except CamelidError as error:
            return self.tell(error)
        return {
            **fill(self.parts, self.see(talk)),
            self.parts.box: gr.update(value="", label=MESSAGE),
        }

    async def ask_all(self, request: gr.Request, key: str) -> Updates:
        """Let all sides answer the last message once more."""
        return await self.ask_again(request, key, "all")

    async def ask_failed(self, request: gr.Request, key: str) -> Updates:
        """Let the sides that failed answer the last message once more."""
        return await self.ask_again(request, key, "failed")

    async def ask_again(self, request: gr.Request, key: str, which: Again) -> Updates:
        """Let sides answer the last message once more; their earlier answers are kept."""
        try:
            desk = await asyncio.to_thread(self.find_desk, request)
            with self.floor.hold(key, desk.actor):
                talk, positions = await asyncio.to_thread(desk.ask_again, read_key(key), which)
                self.floor.begin(talk, positions, self.speaker.speak)
        except CamelidError as error:
            return self.tell(error)
        return fill(self.parts, self.see(talk))

    async def stop(self, request: gr.Request, key: str) -> Updates:
        """End every side of the conversation; the watchers show how they end."""
        desk = await asyncio.to_thread(self.find_desk, request)
        self.floor.stop(key, desk.actor)
        return {self.parts.note: ""}

    async def watch(self, request: gr.Request, ticket: str) -> AsyncIterator[Any]:
        """Show one side as it grows."""
        desk = await asyncio.to_thread(self.find_desk, request)
        found = self.floor.find_side(ticket, desk.actor)
        if found is None:  # it has ended before we came
            yield gr.skip()
            return
        spoken, side = found
        voice = list_voices(spoken.talk)[side.position]
        async for html in watch(self.floor, side, partial(show_live, voice)):
            yield html

    def settle(self, request: gr.Request, key: str) -> Updates:
        """Show what can be done, once the last side has ended."""
        desk = self.find_desk(request)
        scene = self.see(desk.find(read_key(key)))
        if scene.talk is None or scene.running is not None:
            return self.keep()
        return fill(self.parts, scene)

    def begin_edit(self, request: gr.Request, key: str) -> Updates:
        """Put the last message into the box, to be changed."""
        try:
            turn = require_turn(self.find_desk(request).find(read_key(key)))
        except CamelidError as error:
            return self.tell(error)
        text = f"{turn.prompt}\n\n{turn.input}" if turn.input else turn.prompt
        return {
            self.parts.box: gr.update(value=text, label=CHANGED),
            self.parts.editing: str(turn.turn_id),
            self.parts.cancel: gr.update(visible=True),
            self.parts.note: EDITING,
        }

    def end_edit(self) -> Updates:
        """Leave the last message as it was."""
        return {
            self.parts.box: gr.update(value="", label=MESSAGE),
            self.parts.editing: "",
            self.parts.cancel: gr.update(visible=False),
            self.parts.note: "",
        }

    # Votes

    def vote(
        self, request: gr.Request, key: str, shown: str, comment: str, *votes: str | None
    ) -> Updates:
        """Save the votes on the last turn; who is who stays as hidden as it was."""
        return self.save(request, (key, shown), comment, votes)

    def vote_and_show(
        self, request: gr.Request, key: str, shown: str, comment: str, *votes: str | None
    ) -> Updates:
        """Save the votes on the last turn, and show the names."""
        return self.save(request, (key, shown), comment, votes, show_names=True)

    def save(
        self, request: gr.Request, about: tuple[str, str], comment: str,
        votes: Sequence[str | None], *, show_names: bool = False,
    ) -> Updates:  # fmt: skip
        """Save votes, and say so; what could not be saved stays on the page.

        `about` is where the page is, and the mark of the answers that it shows.
        """
        key, shown = about
        try:
            desk = self.find_desk(request)
            choices = dict(zip(CRITERIA, votes, strict=True))
            talk, said = desk.vote(
                read_key(key), choices, comment, shown=shown, show_names=show_names
            )
        except CamelidError as error:
            return {self.parts.voted: show_problem(error)}
        if talk.revealed:
            return fill(self.parts, self.see(talk, said))
        return {
            self.parts.voted: said,
            self.parts.save: gr.update(value="Save the change", variant="secondary"),
            self.parts.send: gr.update(variant="primary" if talk.is_open else "secondary"),
        }

    # Prompts from the benchmarks

    def list_prompts(self, benchmark: str | None) -> Any:  # noqa: ANN401
        """Show the items of a benchmark."""
        prompts = list_prompts(self.context.store, benchmark) if benchmark else []
        return gr.update(choices=prompts, value=None)

    def take_prompt(self, benchmark: str | None, item: str | None) -> Any:  # noqa: ANN401
        """Put an item into the box."""
        if not benchmark or not item:
            return gr.skip()
        return find_prompt(self.context.store, benchmark, item)

    def tell(self, error: object) -> Updates:
        """Return an update that says what is wrong, and changes nothing else."""
        return {self.parts.note: show_problem(error)}

    def keep(self) -> Updates:
        """Return an update that changes nothing."""
        return {self.parts.note: gr.skip()}

    def wire(self, tab: gr.Tab) -> None:
        """Connect what happens on the page with what is done."""
        self.wire_setup(tab)
        self.wire_talk()
        self.wire_votes()

    def wire_setup(self, tab: gr.Tab) -> None:
        """Connect what is chosen before a message is sent."""
        parts, out = self.parts, self.parts.outputs()
        shown = [parts.where, parts.mode, parts.n_sides]
        tab.select(self.arrive, shown, out, **self.quick)
        parts.clock.tick(self.wait, shown, out, **self.quick)
        parts.mode.input(self.choose_mode, [parts.mode, parts.n_sides], out, **self.quick)
        parts.n_sides.input(self.choose_sides, parts.n_sides, out, **self.quick)
        for fields in parts.seats:
            fields.model.input(self.choose_model, fields.model, fields.template, **self.quick)
        parts.drawing.expand(self.open_draw, None, parts.candidates, **self.quick)
        parts.lacking.expand(self.open_lacking, None, parts.lacking_text, **self.quick)
        first = [parts.mode, parts.n_sides, parts.seats[0].model]
        parts.fresh_start.click(self.start_afresh, first, out, **self.quick)
        parts.benchmark.input(self.list_prompts, parts.benchmark, parts.item, **self.quick)
        parts.item.input(self.take_prompt, [parts.benchmark, parts.item], parts.box, **self.quick)

    def wire_talk(self) -> None:
        """Connect what is said; a new ticket sets off the watching of its side."""
        parts, out, where = self.parts, self.parts.outputs(), self.parts.where
        parts.send.click(self.send, parts.form(), out, **self.quick)
        parts.again.click(self.ask_all, where, out, **self.quick)
        parts.retry.click(self.ask_failed, where, out, **self.quick)
        parts.stop.click(self.stop, where, parts.note, **self.quick)
        parts.edit.click(self.begin_edit, where, out, **self.quick)
        parts.cancel.click(self.end_edit, None, out, **self.quick)
        for place, (ticket, live) in enumerate(zip(parts.tickets, parts.live, strict=True)):
            watched = ticket.change(
                self.watch, ticket, live, concurrency_id=f"chat-{place}",
                concurrency_limit=N_WATCHED, show_progress="hidden", api_visibility="private",
            )  # fmt: skip
            watched.then(self.settle, where, out, **self.quick)

    def wire_votes(self) -> None:
        """Connect the three ways to save votes."""
        parts, out = self.parts, self.parts.outputs()
        ballot = [parts.where, parts.shown, parts.comment, *parts.votes]
        parts.save.click(self.vote, ballot, out, **self.quick)
        parts.save_blind.click(self.vote, ballot, out, **self.quick)
        parts.save_and_show.click(self.vote_and_show, ballot, out, **self.quick)


def read_key(text: str) -> str:
    """Return the key of a conversation from where the page says it is; a dash is none."""
    return "" if text == NOWHERE else text


def read_form(values: Sequence[Any]) -> Form:
    """Return what the page sent, in the order of `Parts.form`; every value may be missing."""
    key, editing, prompt, mode, n_sides, candidates, *fields = values
    step = len(fields) // MAX_SIDES
    picks = [read_pick(fields[start : start + step]) for start in range(0, len(fields), step)]
    return Form(
        key=read_key(key or ""),
        editing=int(editing) if TURN.fullmatch(editing or "") else 0,
        prompt=prompt or "",
        mode="named" if mode == "named" else "blind",
        n_sides=n_sides if n_sides in (2, 3, 4) else 2,
        candidates=tuple(candidates or ()),
        picks=tuple(picks),
    )


def read_pick(values: Sequence[Any]) -> Pick:
    """Return what the page says about one side.

    Edge: what should be a number and is none counts as empty; the desk says so.
    """
    model, system, template, *sent = values
    numbers = [one if isinstance(one, int | float) else None for one in sent]
    return Pick(model or "", system or "", template or "", *numbers)
