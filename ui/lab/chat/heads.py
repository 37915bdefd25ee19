"""What stands above a conversation: who talks, what can't run and why, earlier conversations."""

from collections.abc import Sequence
from datetime import UTC, datetime

from markupsafe import Markup

from annotations.conversations import Conversation, Mode
from ui.lab.chat.seats import NONE_READY, ONE_READY, WAITING, Absentee, Menu
from ui.lab.chat.shelf import shorten
from ui.pieces import finish, join, link_to, show_link

DRAWN = (
    "Two of the {n} models that can run here are drawn. You learn which after your first vote; "
    "until then no page of yours knows."
)
TWO_MEET = (
    "The two models that can run here meet. You learn which side is which after your first vote; "
    "until then no page of yours knows."
)
CHOSEN = "Choose who answers. A model that is not loaded yet starts with your first message."
BLIND = "Blind battle"
AFTER = "The names are shown. You can go on talking; for the next vote, start a new battle."


def show_head(talk: Conversation | None, menu: Menu, mode: Mode) -> str:
    """Return who talks, or what can be chosen."""
    if talk is not None:
        lines = [Markup("<h2>{}</h2>").format(name_talk(talk))]
        if talk.revealed:
            lines.append(Markup('<p class="quiet">{}</p>').format(AFTER))
        return finish(join(lines))
    n = len(menu.ready)
    if menu.waits:
        words = WAITING.format(menu.coming)
    elif n < 2:
        words = ONE_READY if n else NONE_READY
    else:
        drawn = DRAWN.format(n=n) if n > 2 else TWO_MEET
        words = drawn if mode == "blind" else CHOSEN
    return finish(Markup('<h2>New conversation</h2><p class="quiet">{}</p>').format(words))


def name_talk(talk: Conversation) -> str:
    """Return what a conversation is called by whoever may know no more than its owner."""
    if not talk.is_open:
        return BLIND
    names = " and ".join(seat.label for seat in talk.seats)
    if len(talk.seats) > 2:
        names = ", ".join(seat.label for seat in talk.seats)
    return f"{BLIND}: {names}" if talk.mode == "blind" else names


def name_lacking(absent: Sequence[Absentee]) -> str:
    """Return what the list of models that can't run is called."""
    return f"Models that can't run here ({len(absent)})"


def show_lacking(absent: Sequence[Absentee]) -> str:
    """Return the models that can't run, each with why and what to do."""
    rows = [
        Markup("<dt>{}</dt><dd>{} <span>{}</span></dd>").format(one.label, one.why, one.todo)
        for one in absent
    ]
    return finish(Markup('<dl class="facts lacking">{}</dl>').format(join(rows)))


def show_earlier(talks: Sequence[Conversation]) -> str:
    """Return links to earlier conversations, and all of them as files."""
    rows = [show_entry(talk) for talk in talks]
    files = Markup('<p class="ways">{}{}</p>').format(
        show_link("All chats as JSON lines", "/lab/export/chats", "button"),
        show_link("All chats as FastChat's logs", "/lab/export/chats", "button",
                  format="fastchat"),
    )  # fmt: skip
    return finish(Markup('<ul class="talks">{}</ul>{}').format(join(rows), files))


def show_entry(talk: Conversation) -> Markup:
    """Return one earlier conversation in the list."""
    when = datetime.fromtimestamp(talk.created_at, UTC)
    n = len(talk.turns)
    return Markup('<li>{} <span class="quiet">{}, {}, {}</span></li>').format(
        show_link(shorten(talk.turns[0].prompt), link_to_talk(talk.key)),
        name_talk(talk),
        "1 message" if n == 1 else f"{n} messages",
        when.strftime("%Y-%m-%d %H:%M UTC"),
    )


def link_to_talk(key: str) -> str:
    """Return the address of a conversation, or of the chat."""
    return link_to("/lab/", tab="chat", talk=key) if key else link_to("/lab/", tab="chat")


def show_address(talk: Conversation | None) -> str:
    """Return the links at the foot of a conversation; the page's script keeps the first one."""
    if talk is None:
        return finish(show_link("This page", link_to_talk(""), "unseen"))
    links = [show_link("Link to this conversation", link_to_talk(talk.key))]
    if talk.is_open:
        links.append(show_link("Download it as JSON lines", "/lab/export/talk", talk=talk.key))
    return finish(Markup('<p class="ways">{}</p>').format(join(links)))
