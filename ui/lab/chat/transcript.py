"""A conversation as HTML: what was asked, the answers side by side, how each ended, and the votes.

Until the names of a battle are shown, nothing here says who answered: no name, no speed, no colour,
and of a failure only what to do about it.
"""

import time
from dataclasses import dataclass

from markupsafe import Markup

from annotations.conversations import ChatBallot, Conversation, Seat, Turn
from backend.dialogue import Outcome, Reply
from backend.records import CRITERIA
from ui.lab.chat.floor import Side
from ui.markup import keep_line, show_answer, show_markdown, show_text
from ui.pieces import finish, join
from ui.wording import load_wording

WORDS = load_wording("en")
BOTH_BAD = {2: "Both bad"}
ALL_BAD = "All bad"
KEPT = "Its part of the answer is kept."
AGAIN = "Regenerate, or send again: it starts anew."

# How an answer ended, to somebody who may know who gave it; `{}` is the model.
ENDS: dict[Outcome, str] = {
    "ok": "",
    "truncated": "Cut at its limit of new tokens.",
    "stopped": "Stopped.",
    "empty": "{} ended without a word.",
    "refused": "{} refused to answer.",
    "filtered": "{}'s server has filtered this out.",
    "too_long": "The conversation no longer fits {}. Start a new one, or ask for fewer tokens.",
    "no_quota": "{} was not asked: its quota, or its daily cap, is used up.",
    "bad_key": "{} was not asked: its key is missing, or was not taken.",
    "unknown_model": "{}'s server does not know this model.",
    "rate_limited": "{}'s server takes no more requests at the moment.",
    "timeout": "{} took too long.",
    "unreachable": "{} could not be reached.",
    "cut_off": "{} stopped working.",
    "malformed": "{}'s server sent something that is no answer.",
    "server_error": "{}'s server reported a fault.",
}
# The same in a battle: nothing that tells one kind of server from another.
BLIND_ENDS: dict[Outcome, str] = {
    "ok": "",
    "truncated": ENDS["truncated"],
    "stopped": ENDS["stopped"],
    "too_long": "The conversation no longer fits this side. Start a new one.",
}
BLIND_FAULT = "This side could not finish."


@dataclass(frozen=True, slots=True)
class Voice:
    """How one side is shown: `seat` is None as long as nobody may know who it is.

    `colour` is the same for all seats of one model.
    """

    position: int
    seat: Seat | None
    colour: int = 0

    @property
    def name(self) -> str:
        """Return what every page may call this side."""
        return f"Response {self.position + 1}"

    @property
    def who(self) -> str:
        """Return the model's name, or what stands for it."""
        return self.seat.label if self.seat else "This side"


def list_voices(talk: Conversation) -> list[Voice]:
    """Return the sides of a conversation as they may be shown."""
    if not talk.is_open:
        return [Voice(seat.position, None) for seat in talk.seats]
    models = [seat.model for seat in talk.seats]
    return [Voice(seat.position, seat, models.index(seat.model)) for seat in talk.seats]


def show_turns(talk: Conversation) -> str:
    """Return every turn but the last, which the page shows by itself."""
    return finish(join([show_turn(talk, turn) for turn in talk.turns[:-1]]))


def show_turn(talk: Conversation, turn: Turn) -> Markup:
    """Return one finished turn."""
    sides = [frame(show_stored(voice, turn)) for voice in list_voices(talk)]
    return Markup('<div class="round">{}<div class="replies of{}">{}</div>{}</div>').format(
        show_prompt(turn), len(sides), join(sides), show_ballot(turn.ballot, len(sides))
    )


def show_prompt(turn: Turn) -> Markup:
    """Return what was asked."""
    text = f"{turn.prompt}\n\n{turn.input}" if turn.input else turn.prompt
    frame = Markup('<div class="said"><h3>You</h3><div class="text" dir="auto">{}</div></div>')
    return frame.format(trust(show_text(text)))


def trust(html: str) -> Markup:
    """Return what `ui.markup` has escaped as HTML that is not escaped again."""
    return Markup(html)  # noqa: S704 - nothing else may come through here


def frame(side: Markup) -> Markup:
    """Return one side in its frame."""
    return Markup('<div class="reply">{}</div>').format(side)


def show_stored(voice: Voice, turn: Turn) -> Markup:
    """Return what a side said in a turn, as the ledger has it."""
    found = turn.replies[voice.position]
    if found is None:
        return show_side(voice, Markup('<p class="quiet">No answer yet.</p>'), "")
    return show_reply(voice, found.reply, found.attempt)


def show_reply(voice: Voice, reply: Reply, attempt: int = 0) -> Markup:
    """Return one answer that has ended; `attempt` counts from 0."""
    body = show_body(reply)
    facts = [] if voice.seat is None else list_facts(reply)
    if attempt:
        facts.append(f"answer {attempt + 1}; the earlier ones are in the record")
    end = explain_end(voice, reply)
    css = "end" if reply.answered or reply.outcome == "stopped" else "end fault"
    lines = [Markup('<p class="{}">{}</p>').format(css, end)] if end else []
    if facts:
        lines.append(Markup('<p class="facts">{}</p>').format(" · ".join(facts)))
    return show_side(voice, body, join(lines))


def show_body(reply: Reply) -> Markup:
    """Return the text of an answer with its button to copy it; nothing where nothing came."""
    if not reply.text.strip():
        return Markup("")
    return Markup('{}<p class="tools"><button class="copy">Copy</button></p>').format(
        trust(show_answer(reply.text, ""))
    )


def show_side(voice: Voice, body: Markup, foot: Markup | str) -> Markup:
    """Return one side under its heading."""
    name = Markup("")
    if voice.seat is not None:
        name = Markup('<span class="who c{}">{}</span>').format(voice.colour, voice.seat.label)
    return Markup("<h3>{}{}</h3>{}{}").format(voice.name, name, body, foot)


def explain_end(voice: Voice, reply: Reply) -> str:
    """Return how an answer ended, where that needs words, and what to do about it."""
    kept = KEPT if reply.text.strip() else ""
    if voice.seat is None:
        known = BLIND_ENDS.get(reply.outcome)
        parts = [known] if known is not None else [BLIND_FAULT, kept, AGAIN]
    elif reply.outcome in BLIND_ENDS:
        parts = [ENDS[reply.outcome].format(voice.who)]
    else:
        parts = [ENDS[reply.outcome].format(voice.who), reply.detail, kept, AGAIN]
    return " ".join(part for part in parts if part)


def list_facts(reply: Reply) -> list[str]:
    """Return how fast an answer came, and what it cost, as far as that is known."""
    facts = []
    if reply.tokens_per_s is not None:
        facts.append(f"{reply.tokens_per_s:,.1f} tokens/s")
    if reply.first_token_s is not None:
        facts.append(f"first token after {reply.first_token_s:.2f} s")
    if reply.n_tokens is not None:
        facts.append(f"{reply.n_tokens:,} tokens")
    if reply.cost_usd:
        facts.append(f"{reply.cost_usd:.4f} USD")
    return facts


def show_live(voice: Voice, side: Side) -> str:
    """Return a side that is speaking, or has just ended."""
    if side.stored is not None:
        shown = show_reply(voice, side.stored.reply, side.stored.attempt)
    elif side.problem:
        text = Markup('<p class="end fault">{}</p>').format(side.problem)
        shown = show_side(voice, trust(show_answer(side.text, "")), text)
    elif side.text:
        text = Markup('<div class="rendered speaking">{}</div>').format(
            trust(show_markdown(side.text))
        )
        shown = show_side(voice, text, "")
    elif side.running:
        wait = Markup('<p class="wait" role="status">{}</p>').format(describe_wait(voice, side))
        shown = show_side(voice, wait, "")
    else:
        shown = show_side(voice, Markup('<p class="quiet">No answer.</p>'), "")
    return keep_line(frame(shown))


def describe_wait(voice: Voice, side: Side) -> str:
    """Return what a side without a word is at, and for how long."""
    seconds = int(time.monotonic() - side.since)
    if side.state == "loading":
        word = "Getting ready" if voice.seat is None else "Loading"
    else:
        word = "Getting ready" if side.state == "waiting" else "Waiting for the first word"
    return f"{word}, {seconds} s" if seconds else f"{word} …"


def show_ballot(ballot: ChatBallot | None, n_sides: int) -> Markup:
    """Return the votes on a turn in one line."""
    if ballot is None:
        return Markup("")
    said = dict((value, label) for label, value in list_options(n_sides))
    votes = [
        Markup("<span><b>{}</b> {}</span>").format(WORDS[name], said[ballot.choices[name]])
        for name in CRITERIA
        if name in ballot.choices
    ]
    if ballot.comment:
        comment = trust(show_text(ballot.comment))
        votes.append(Markup('<span class="words">“{}”</span>').format(comment))
    return Markup('<p class="votes"><span>Your votes</span>{}</p>').format(join(votes))


def list_options(n_sides: int) -> list[tuple[str, str]]:
    """Return (label, value) of what can be answered to one question."""
    sides = [(f"Response {number + 1}", str(number)) for number in range(n_sides)]
    bad = (BOTH_BAD.get(n_sides, ALL_BAD), "bad")
    if n_sides == 2:
        return [sides[0], (WORDS["choice_tie"], "tie"), bad, sides[1]]
    return [*sides, (WORDS["choice_tie"], "tie"), bad]
