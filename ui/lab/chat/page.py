"""The components of the chat, and how a conversation fills them."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import gradio as gr

from annotations.conversations import Conversation, Mode
from backend.records import CRITERIA
from ui.lab.chat.desk import list_failed, mark_answers, may_vote
from ui.lab.chat.floor import Round
from ui.lab.chat.heads import name_lacking, show_address, show_earlier, show_head, show_lacking
from ui.lab.chat.layout import CARDS_OWN, MESSAGE, NOWHERE, Parts
from ui.lab.chat.seats import Menu
from ui.lab.chat.transcript import (
    frame,
    list_options,
    list_voices,
    show_ballot,
    show_live,
    show_prompt,
    show_stored,
    show_turns,
)
from ui.pieces import finish

VOTED = "Saved. You can change your votes until the next message."
BOTH = "**Both sides**"
Updates = dict[Any, Any]  # component -> value or update; what is not in it stays as it is


@dataclass(frozen=True)
class Scene:
    """What is to be shown: a conversation, what is going on in it, and a word about it."""

    talk: Conversation | None = None
    running: Round | None = None
    note: str = ""


@dataclass(frozen=True)
class Surroundings:
    """What else a page shows that has just been opened."""

    menu: Menu = field(default_factory=Menu)
    mode: Mode = "blind"
    earlier: Sequence[Conversation] = ()
    shelves: Sequence[str] = ()


def fill(parts: Parts, scene: Scene) -> Updates:
    """Return the update of all that a conversation changes."""
    talk = scene.talk
    return {
        parts.setup: gr.update(visible=talk is None),
        parts.fresh_start: gr.update(
            visible=talk is not None,
            value="New battle" if talk is not None and talk.mode == "blind" else "New conversation",
        ),
        parts.address: show_address(talk),
        parts.where: talk.key if talk else NOWHERE,
        **({} if talk is None else {parts.head: show_head(talk, Menu(), talk.mode)}),
        **fill_turns(parts, scene),
        **fill_controls(parts, scene),
    }


def fill_turns(parts: Parts, scene: Scene) -> Updates:
    """Return what was said; the last turn stands in places of its own, where it grows."""
    talk = scene.talk
    if talk is None or not talk.turns:
        empty = {one: gr.update(value="", visible=False) for one in parts.live}
        return {parts.transcript: "", parts.asked: "", parts.ballot: "", **empty}
    updates: Updates = {
        parts.transcript: show_turns(talk),
        parts.asked: finish(show_prompt(talk.turns[-1])),
        # as long as it can be changed, it stands in the questions
        parts.ballot: finish(show_ballot(talk.turns[-1].ballot, len(talk.seats)))
        if talk.revealed
        else "",
    }
    for position, live in enumerate(parts.live):
        shown = position < len(talk.seats)
        html = show_last(talk, scene.running, position) if shown else ""
        updates[live] = gr.update(value=html, visible=shown)
    if scene.running is not None:
        for side in scene.running.sides:
            updates[parts.tickets[side.position]] = side.ticket
    return updates


def show_last(talk: Conversation, running: Round | None, position: int) -> str:
    """Return one side of the last turn: as it speaks, or as the ledger has it."""
    voice = list_voices(talk)[position]
    for side in running.sides if running else ():
        if side.position == position:
            return show_live(voice, side)
    return finish(frame(show_stored(voice, talk.turns[-1])))


def fill_controls(parts: Parts, scene: Scene) -> Updates:
    """Return what can be done now."""
    talk, busy = scene.talk, scene.running is not None
    still = talk is not None and bool(talk.turns) and not busy
    failed = list_failed(talk.turns[-1]) if talk is not None and talk.turns else []
    some = bool(failed) and talk is not None and len(failed) < len(talk.seats)
    votable = still and talk is not None and may_vote(talk)
    return {
        parts.note: scene.note,
        parts.send: gr.update(visible=not busy, variant="secondary" if votable else "primary"),
        parts.stop: gr.update(visible=busy),
        parts.box: gr.update(label=MESSAGE),
        parts.editing: "",
        parts.cancel: gr.update(visible=False),
        parts.acts: gr.update(visible=still),
        parts.retry: gr.update(visible=still and some),
        parts.voting: gr.update(visible=votable),
        **(fill_votes(parts, talk) if votable and talk is not None else {}),
    }


def fill_votes(parts: Parts, talk: Conversation) -> Updates:
    """Return the questions about the last turn, with what was answered before, if anything."""
    ballot = talk.turns[-1].ballot
    given = ballot.choices if ballot else {}
    options = list_options(len(talk.seats))
    updates: Updates = {
        radio: gr.update(choices=options, value=given.get(name))
        for name, radio in zip(CRITERIA, parts.votes, strict=True)
    }
    blind = not talk.is_open
    return {
        **updates,
        parts.comment: ballot.comment if ballot else "",
        parts.save: gr.update(
            visible=not blind, value="Save the change" if ballot else "Save votes",
            variant="secondary" if ballot else "primary",
        ),
        parts.save_and_show: gr.update(visible=blind),
        parts.save_blind: gr.update(visible=blind),
        parts.voted: VOTED if ballot else "",
        parts.shown: mark_answers(talk.turns[-1]),
    }  # fmt: skip


def fill_surroundings(parts: Parts, around: Surroundings) -> Updates:
    """Return what can be chosen before a conversation begins.

    Who can't run, and why, is told when somebody asks, or when nobody can: in a battle no page
    holds the name of a model or a template before that.
    """
    absent, few = around.menu.absent, len(around.menu.ready) < 2 and not around.menu.waits
    return {
        parts.clock: gr.Timer(active=around.menu.waits),
        parts.head: show_head(None, around.menu, around.mode),
        parts.lacking: gr.update(visible=bool(absent), label=name_lacking(absent), open=few),
        parts.lacking_text: show_lacking(absent if few else ()),
        parts.earlier: gr.update(
            visible=bool(around.earlier), label=f"Earlier conversations ({len(around.earlier)})"
        ),
        parts.earlier_text: show_earlier(around.earlier),
        parts.shelf: gr.update(visible=bool(around.shelves)),
        parts.benchmark: gr.update(choices=list(around.shelves), value=None),
        parts.item: gr.update(choices=[], value=None),
    }


def fill_mode(parts: Parts, menu: Menu, mode: Mode, n_sides: int) -> Updates:
    """Return the fields of a mode. The models' names come with the mode that shows them."""
    named = mode == "named"
    updates: Updates = {
        parts.head: show_head(None, menu, mode),
        parts.n_sides: gr.update(visible=named),
        parts.drawing: gr.update(visible=not named, open=False),
    }
    names = [name for _, name in menu.choices]
    for place, fields in enumerate(parts.seats):
        shown = named and place < n_sides
        choices: Updates = {"choices": menu.choices} if named else {}
        if named and names:
            choices["value"] = names[min(place, len(names) - 1)]
        updates[fields.model] = gr.update(visible=shown, **choices)
        updates[fields.column] = gr.update(visible=shown or (not named and place == 0))
        updates[fields.title] = f"**Response {place + 1}**" if named else BOTH
        if not named:
            updates[fields.template] = gr.update(visible=False, choices=CARDS_OWN, value="")
    return updates


def fill_template(choices: list[tuple[str, str]] | None, chosen: str = "") -> Any:  # noqa: ANN401
    """Return the templates that a model can be asked with; hidden where that isn't ours to say."""
    known = choices or CARDS_OWN
    value = chosen if chosen in {template for _, template in known} else ""
    return gr.update(choices=known, value=value, visible=choices is not None)


def fill_settings(parts: Parts, talk: Conversation) -> Updates:
    """Return the settings that a conversation was left with."""
    updates: Updates = {}
    blind = talk.mode == "blind"
    seats = talk.seats[:1] if blind else talk.seats
    for place, fields in enumerate(parts.seats):
        updates[fields.column] = gr.update(visible=place < len(seats))
        if place < len(seats):
            seat, sampling = seats[place], seats[place].sampling
            updates |= {
                fields.title: BOTH if blind else f"**Response {place + 1}**",
                fields.system: seat.system,
                fields.temperature: sampling.temperature,
                fields.top_p: sampling.top_p,
                fields.top_k: sampling.top_k,
                fields.max_tokens: sampling.max_tokens,
            }
    return updates
