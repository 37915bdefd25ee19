"""Events of the tab as plain calls: what each of them changes on the page."""

import asyncio
from dataclasses import replace

import gradio as gr
import pytest
from starlette.requests import Request

from annotations.accounts import Account, open_session
from annotations.conversations import find_talk
from backend.errors import Refused
from backend.settings import Settings
from tests.layouts import lay_out
from tests.ui.lab.chat.conftest import Parrot
from ui.context import STAFF_COOKIE
from ui.guard import EVENT_BYTES
from ui.lab.chat.layout import NOWHERE
from ui.lab.chat.seats import Menu, read_menu
from ui.lab.chat.tab import Chat, read_form, read_key
from ui.server import make_context

pytestmark = pytest.mark.slow  # whole apps

VOTES = ("0", "tie", "bad")


@pytest.fixture
def chat(store, models):
    with lay_out():
        yield Chat(replace(make_context(Settings(data=store.folder), store), models=models))


@pytest.fixture
def kim(chat):
    return make_request(chat, "kim")


def make_request(chat, name, query=""):
    token = open_session(chat.context.store, Account(name, "researcher"), 1)
    cookie = f"{STAFF_COOKIE}={chat.context.signer.sign_staff(token)}"
    headers = [(b"cookie", cookie.encode())]
    scope = {"type": "http", "query_string": query.encode(), "headers": headers}
    return gr.Request(request=Request(scope))


def make_form(chat, **values):
    """The values that the page sends, `values` by the name of their component."""
    sent = [part.value for part in chat.parts.form()]
    for name, value in values.items():
        sent[chat.parts.form().index(getattr(chat.parts, name))] = value
    return sent


def read(updates, part):
    """The value of one component in an update."""
    update = updates[part]
    return update.get("value") if isinstance(update, dict) else update


async def hear(chat, request, updates):
    """Watch every side that an update has tickets for, as the page does; return what it saw."""

    async def watch(ticket):
        return [html async for html in chat.watch(request, ticket)][-1]

    tickets = [updates[ticket] for ticket in chat.parts.tickets if ticket in updates]
    return await asyncio.gather(*map(watch, tickets))


def talk_once(chat, request, **values):
    """Send a message and hear the answers out; return the conversation's key and what was seen."""

    async def live():
        updates = await chat.send(request, *make_form(chat, box="Hi.", **values))
        return updates, await hear(chat, request, updates)

    updates, seen = asyncio.run(live())
    return read(updates, chat.parts.where), seen, updates


def mark(chat, request, key):
    """What the settled page says that it shows."""
    return chat.settle(request, key)[chat.parts.shown]


def test_an_empty_chat_counts_the_models_and_names_none(chat, kim):
    updates = chat.arrive(kim, "", "blind")
    said = "".join(str(update) for update in updates.values())
    assert "the 3 models" in said and read(updates, chat.parts.where) == NOWHERE
    assert [name for name in ("APE", "BEAR", "GPT-4") if name in said] == []


def test_the_control_by_name_the_models_are_listed(chat):
    updates = chat.choose_mode("named", 3)
    said = "".join(str(update) for update in updates.values())
    assert "APE" in said and "BEAR" in said
    shown = [updates[fields.model]["visible"] for fields in chat.parts.seats]
    assert shown == [True, True, True, False]
    assert chat.open_draw()["choices"][0] == ("APE", "ape")
    assert "GPT-4" in chat.open_lacking()


def test_a_message_is_answered_by_both_sides_without_a_name(chat, kim):
    key, seen, sent = talk_once(chat, kim)
    assert sent[chat.parts.stop]["visible"] and not sent[chat.parts.send]["visible"]
    assert len(seen) == 2 and all("Hello there" in html for html in seen)
    settled = chat.settle(kim, key)
    assert settled[chat.parts.voting]["visible"] and settled[chat.parts.save_and_show]["visible"]
    everything = "".join(map(str, (*seen, *sent.values(), *settled.values())))
    assert [name for name in ("APE", "BEAR", "CAT", "tokens/s") if name in everything] == []


def test_after_the_vote_the_names_come_when_they_are_asked_for(chat, kim):
    key, _, _ = talk_once(chat, kim)
    updates = chat.vote(kim, key, mark(chat, kim, key), "", *VOTES)
    assert read(updates, chat.parts.voted).startswith("Saved.")
    updates = chat.vote_and_show(kim, key, mark(chat, kim, key), "so", *VOTES)
    shown = "".join(read(updates, live) for live in chat.parts.live)
    assert "tokens/s" in shown and not updates[chat.parts.voting]["visible"]


def test_what_is_wrong_is_said_beside_the_box_and_changes_nothing_else(chat, kim):
    for values, words in (({"box": " "}, "Write something"), ({"mode": "named"}, "Choose a model")):
        form = make_form(chat, **{"box": "Hi.", **values})
        updates = asyncio.run(chat.send(kim, *form))
        assert list(updates) == [chat.parts.note] and words in updates[chat.parts.note]
    key, _, _ = talk_once(chat, kim)
    updates = chat.vote(kim, key, mark(chat, kim, key), "", None, None, None)
    assert "Please answer first" in updates[chat.parts.voted]


def test_a_reload_shows_the_conversation_of_the_address_to_its_owner_only(chat, kim):
    key, _, _ = talk_once(chat, kim)
    updates = chat.arrive(make_request(chat, "kim", f"tab=chat&talk={key}"), "", "blind")
    assert "Hi." in read(updates, chat.parts.asked)
    assert "Hello there" in read(updates, chat.parts.live[0])
    assert read(updates, chat.parts.where) == key
    other = chat.arrive(make_request(chat, "lee", f"talk={key}"), "", "blind")
    assert "somebody else" in read(other, chat.parts.note)
    assert "Hi." not in str(other)


def test_a_page_that_comes_back_while_a_side_speaks_watches_on(chat, kim, models):
    models.parrots.update({name: Parrot(("a",) * 30, 0.05) for name in ("ape", "bear", "cat")})

    async def live():
        sent = await chat.send(kim, *make_form(chat, box="Hi."))
        key = read(sent, chat.parts.where)
        again = chat.arrive(kim, key, "blind")
        assert again[chat.parts.stop]["visible"]
        second = await chat.send(kim, *make_form(chat, box="More.", where=key))
        assert "being answered" in second[chat.parts.note]
        return await hear(chat, kim, again)

    assert all("a" * 30 in html for html in asyncio.run(live()))


def test_stop_ends_what_is_being_said(chat, kim, models):
    models.parrots.update({name: Parrot(("a",) * 999, 0.02) for name in ("ape", "bear", "cat")})

    async def live():
        sent = await chat.send(kim, *make_form(chat, box="Hi."))
        key = read(sent, chat.parts.where)
        await asyncio.sleep(0.1)
        await chat.stop(kim, key)
        return key, await hear(chat, kim, sent)

    key, seen = asyncio.run(live())
    assert len(seen) == 2
    outcomes = [one.reply.outcome for one in find_replies(chat, key)]
    assert outcomes == ["stopped", "stopped"]
    assert not chat.settle(kim, key)[chat.parts.voting]["visible"]


def find_replies(chat, key):
    return find_talk(chat.context.store, key, "kim").turns[-1].replies


def test_a_ticket_is_of_use_to_its_owner_only(chat, kim, models):
    models.parrots.update({name: Parrot(("a",) * 9, 0.02) for name in ("ape", "bear", "cat")})
    lee = make_request(chat, "lee")

    async def live():
        sent = await chat.send(kim, *make_form(chat, box="Hi."))
        ticket = sent[chat.parts.tickets[0]]
        stolen = [html async for html in chat.watch(lee, ticket)]
        await chat.stop(lee, read(sent, chat.parts.where))
        return stolen, await hear(chat, kim, sent)

    stolen, seen = asyncio.run(live())
    assert "a" not in [str(one) for one in stolen] and len(stolen) == 1
    assert all("aaaaaaaaa" in html for html in seen)  # and nobody else could stop it


def test_regenerating_keeps_the_first_answer(chat, kim):
    key, _, _ = talk_once(chat, kim)

    async def live(act):
        return await hear(chat, kim, await act(kim, key))

    assert all("answer 2" in html for html in asyncio.run(live(chat.ask_all)))
    refused = asyncio.run(chat.ask_failed(kim, key))
    assert "Every side has answered" in refused[chat.parts.note]


def test_the_last_message_comes_back_to_be_changed(chat, kim):
    key, _, _ = talk_once(chat, kim)
    updates = chat.begin_edit(kim, key)
    assert read(updates, chat.parts.box) == "Hi."
    turn = updates[chat.parts.editing]
    _, seen, sent = talk_once(chat, kim, where=key, editing=turn)
    assert len(seen) == 2 and sent[chat.parts.editing] == ""
    assert read(chat.end_edit(), chat.parts.box) == ""


def test_a_session_that_ended_does_nothing(chat):
    nobody = gr.Request(request=Request({"type": "http", "query_string": b"", "headers": []}))
    with pytest.raises(Refused, match="session has ended"):
        chat.arrive(nobody, "", "blind")
    said = asyncio.run(chat.send(nobody, *make_form(chat, box="Hi.")))
    assert "session has ended" in said[chat.parts.note]


def test_a_benchmark_fills_the_box(chat, study):
    assert chat.list_prompts("tiny")["choices"][0][1] == "i1"
    assert chat.take_prompt("tiny", "i1") == "Do it."


def test_a_page_that_sends_nothing_sends_a_form_all_the_same(chat):
    n = len(chat.parts.form())
    form = read_form([None] * n)
    assert (form.key, form.editing, form.mode, form.n_sides) == ("", 0, "blind", 2)
    assert len(form.picks) == 4
    assert read_key(NOWHERE) == "" and read_key("abc") == "abc"


@pytest.mark.parametrize("editing", ["x", "-1", "1.0", "9" * 5000, "\u0663"])
def test_what_is_no_number_of_a_turn_edits_none(chat, editing):
    assert read_form(make_form(chat, editing=editing)).editing == 0
    assert read_form(make_form(chat, editing="31")).editing == 31  # the control


@pytest.mark.parametrize("value", ["a", [1], "7"])
def test_what_should_be_a_number_and_is_none_is_refused_in_words(chat, kim, value):
    form = make_form(chat, box="Hi.")
    form[chat.parts.form().index(chat.parts.seats[0].temperature)] = value
    said = asyncio.run(chat.send(kim, *form))
    assert "Temperature is empty" in said[chat.parts.note]


def test_a_pasted_text_that_is_too_long_reaches_the_desk_and_is_refused_in_words(chat, kim):
    pasted = "x" * chat.parts.box.max_length
    said = asyncio.run(chat.send(kim, *make_form(chat, box=pasted)))
    assert "8,000 is the most" in said[chat.parts.note]
    assert 3 * len(pasted) < EVENT_BYTES  # in Chinese, too, the guard lets it through


def test_every_component_is_an_output_once(chat):
    outputs = chat.parts.outputs()
    assert len(outputs) == len({part._id for part in outputs})


def test_an_address_puts_a_model_on_the_first_side(chat):
    names = [card.name for card in read_menu(chat.context.models).ready]
    asked = make_request(chat, "kim", f"model={names[-1]}")
    updates = chat.arrive(asked, "", "blind")
    assert read(updates, chat.parts.mode) == "named"
    assert read(updates, chat.parts.seats[0].model) == names[-1]
    unknown = chat.arrive(make_request(chat, "kim", "model=nobody"), "", "blind")
    assert read(unknown, chat.parts.mode) == "blind"


def test_the_page_waits_for_models_that_are_being_trained(chat):
    few = Menu(coming="one is being trained: 3 of 9 steps.")
    chat.read_menu = lambda: few
    assert "3 of 9 steps" in chat.wait(NOWHERE, "blind", 2)[chat.parts.head]
    chat.read_menu = lambda: read_menu(chat.context.models)
    assert chat.wait(NOWHERE, "blind", 2)[chat.parts.clock].active is False
