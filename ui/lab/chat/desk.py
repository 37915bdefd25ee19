"""What a person can do in the chat, as plain functions: from a form to the conversation after it.

Nothing here asks a model: turns, settings and votes go to the ledger, and what the person may know
is decided here.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from annotations.conversations import (
    Conversation,
    Mode,
    Turn,
    add_turn,
    cast_ballot,
    change_seats,
    edit_turn,
    find_talk,
    list_talks,
    reveal,
    start_battle,
    start_talk,
)
from annotations.store import Store
from backend.errors import Conflict, InputError, Refused
from backend.records import CRITERIA
from backend.switchboard import Switchboard
from ui.lab.chat.seats import (
    MAX_SIDES,
    Pick,
    check_prompt,
    list_candidates,
    make_seats,
    read_menu,
    renew_seat,
)
from ui.wording import load_wording

WORDS = load_wording("en")
SAVED = "Saved. You can change your votes until the next message."
SHOWN = "Saved. The names are shown, so this conversation takes no more votes."
STALE = (
    "The conversation has gone on since, in another tab perhaps, so these votes were not saved. "
    "Reload the page to see its last answers."
)
Again = Literal["all", "failed"]


@dataclass(frozen=True, slots=True)
class Form:
    """What the page holds: `key` is that of the conversation, empty before there is one.

    `editing` is the number of the turn whose prompt is being changed, 0 for a new one.
    """

    key: str = ""
    editing: int = 0
    prompt: str = ""
    mode: Mode = "blind"
    n_sides: int = 2
    candidates: tuple[str, ...] = ()
    picks: tuple[Pick, ...] = (Pick(),) * MAX_SIDES


@dataclass(frozen=True)
class Desk:
    """One person in the chat: what they can do."""

    store: Store
    models: Switchboard
    actor: str

    def find(self, key: str) -> Conversation | None:
        """Return this person's conversation, or None where there is no key.

        Errors: NotFound, for somebody else's too.
        """
        return find_talk(self.store, key, self.actor) if key else None

    def list_earlier(self) -> list[Conversation]:
        """Return this person's latest conversations."""
        return list_talks(self.store, self.actor)

    def say(self, form: Form) -> Conversation:
        """Write down a message, in a new conversation if there is none; its answers are to come.

        Errors: InputError, Refused or Conflict; nothing was written then.
        """
        prompt = check_prompt(form.prompt)
        talk = self.find(form.key)
        if talk is None:
            talk = self.open(form)
        else:
            self.apply_settings(talk, form)
        if form.editing:
            turn = require_turn(talk)
            if turn.turn_id != form.editing:
                raise Conflict("The conversation has gone on since. Reload the page.")
            edit_turn(self.store, turn.turn_id, self.actor, prompt)
        else:
            add_turn(self.store, talk.conversation_id, self.actor, prompt)
        return find_talk(self.store, talk.key, self.actor)

    def open(self, form: Form) -> Conversation:
        """Begin a conversation with the models of the form, or with two that are drawn."""
        if form.mode == "blind":
            menu = read_menu(self.models)
            candidates = list_candidates(menu, form.candidates, form.picks[0])
            return start_battle(self.store, self.actor, candidates)
        seats = make_seats(self.models, form.picks[: form.n_sides])
        return start_talk(self.store, self.actor, seats)

    def apply_settings(self, talk: Conversation, form: Form) -> None:
        """Ask with the settings of the form from now on."""
        if talk.mode == "blind":  # one set of settings for both sides; templates stay the cards'
            shared = replace(form.picks[0], template="")
            picks: Sequence[Pick] = [shared] * len(talk.seats)
        else:
            picks = form.picks[: len(talk.seats)]
        seats = [
            renew_seat(self.models, seat, pick)
            for seat, pick in zip(talk.seats, picks, strict=True)
        ]
        change_seats(self.store, talk.conversation_id, self.actor, seats)

    def ask_again(self, key: str, which: Again) -> tuple[Conversation, list[int]]:
        """Return a conversation, and which of its sides are to answer the last turn once more.

        Errors: Refused when there is nothing to answer again.
        """
        talk = find_talk(self.store, key, self.actor)
        turn = require_turn(talk)
        seats = [renew_seat(self.models, seat) for seat in talk.seats]
        change_seats(self.store, talk.conversation_id, self.actor, seats)
        positions = list_failed(turn) if which == "failed" else list(range(len(talk.seats)))
        if not positions:
            raise Refused("Every side has answered. Regenerate asks them all again.")
        return find_talk(self.store, key, self.actor), positions

    def vote(
        self, key: str, choices: Mapping[str, str | None], comment: str, *, shown: str,
        show_names: bool = False,
    ) -> tuple[Conversation, str]:  # fmt: skip
        """Save votes on the answers that were `shown`; return the conversation, and what to say.

        Errors: InputError, Refused or Conflict; nothing was saved then.
        """
        talk = find_talk(self.store, key, self.actor)
        if shown != mark_answers(require_turn(talk)):
            raise Conflict(STALE)
        missing = [WORDS[name] for name in CRITERIA if not choices.get(name)]
        if missing:
            raise InputError(WORDS["missing"].format(criteria=", ".join(missing)))
        given = {name: choice for name, choice in choices.items() if choice}
        cast_ballot(self.store, require_turn(talk).turn_id, self.actor, given, comment.strip())
        if show_names and not talk.is_open:
            reveal(self.store, talk.conversation_id, self.actor)
        talk = find_talk(self.store, key, self.actor)
        return talk, SHOWN if talk.revealed else SAVED


def require_turn(talk: Conversation | None) -> Turn:
    """Return the last turn.

    Errors: Refused when nothing was asked yet.
    """
    if talk is None or not talk.turns:
        raise Refused("Nothing has been asked yet.")
    return talk.turns[-1]


def mark_answers(turn: Turn) -> str:
    """Return a mark of the answers to a turn: which turn, and which attempt of each side."""
    attempts = ["-" if one is None else str(one.attempt) for one in turn.replies]
    return ".".join([str(turn.turn_id), *attempts])


def list_failed(turn: Turn) -> list[int]:
    """Return the sides that have no whole answer to a turn."""
    return [
        position
        for position, stored in enumerate(turn.replies)
        if stored is None or not stored.reply.answered
    ]


def may_vote(talk: Conversation) -> bool:
    """Say whether votes on the last turn are taken: each side has a whole answer, no name known."""
    return bool(talk.turns) and not talk.revealed and not list_failed(talk.turns[-1])
