"""What a page shows of a conversation, and above all what it doesn't."""

import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotations.conversations import ChatBallot, Conversation, Seat, StoredReply, Turn
from backend.dialogue import ANSWERED, Outcome, Reply
from ui.lab.chat.floor import Side
from ui.lab.chat.heads import name_talk, show_address, show_entry, show_head
from ui.lab.chat.seats import Menu
from ui.lab.chat.transcript import (
    ENDS,
    Voice,
    list_options,
    list_voices,
    show_live,
    show_reply,
    show_turn,
    show_turns,
)

SECRETS = (
    "zebra",
    "ZEBRA",
    "alpaca",
    "host.example",
    "tokens/s",
    "USD",
    "pip",
    "c0",
    "sha-of-card",
)
SEATS = (
    Seat(0, "zebra-7b", "ZEBRA 7B", "sha-of-card", "alpaca", "sha-of-template", "Be brief."),
    Seat(1, "zebra-13b", "ZEBRA 13B", "sha-of-card"),
)
REPLY = Reply("Yes.", "ok", "zebra at host.example", "zebra-7b-0613", 5, 9, 0.31, 1.31, 0.0012)


def make_talk(mode="named", revealed=False, replies=(REPLY, REPLY), ballot=None, n_turns=2):
    stored = tuple(StoredReply(k, k, 0, 0, reply, 0.0, 0.0) for k, reply in enumerate(replies))
    turns = tuple(
        Turn(k + 1, k + 1, 0, f"Question {k}", "", 0.0, stored, stored, ballot)
        for k in range(n_turns)
    )
    return Conversation(1, "KEY", "kim", mode, revealed, SEATS, turns, 0.0)


def show_all(talk):
    """Everything that any page shows of a conversation."""
    voices = list_voices(talk)
    live = [show_live(voice, side) for voice in voices for side in make_sides(voice.position)]
    heads = [show_head(talk, Menu(), talk.mode), show_address(talk), str(show_entry(talk))]
    return "".join(
        [*heads, show_turns(talk), *(str(show_turn(talk, t)) for t in talk.turns), *live]
    )


def make_sides(position):
    """A side in every state, and ended in every way."""
    stored = StoredReply(1, position, 1, 0, REPLY, 0.0, 0.0)
    yield from (
        Side(position, state="waiting"), Side(position, state="loading"),
        Side(position, state="speaking"), Side(position, text="So f", state="speaking"),
        Side(position, state="done"), Side(position, state="done", stored=stored),
    )  # fmt: skip
    for outcome in ENDS:
        reply = replace(REPLY, outcome=outcome)
        yield Side(position, state="done", stored=replace(stored, reply=reply))


def test_a_battle_shows_no_name_no_speed_and_no_fault_that_tells():
    shown = show_all(make_talk("blind"))
    assert [secret for secret in SECRETS if secret in shown] == []
    assert "Question 1" in shown and "Yes." in shown


@pytest.mark.parametrize(("mode", "revealed"), [("named", False), ("blind", True)])
def test_the_control_by_name_and_after_the_vote_all_of_it_is_shown(mode, revealed):
    shown = show_all(make_talk(mode, revealed))
    for said in ("ZEBRA 7B", "8.0 tokens/s", "first token after 0.31 s", "host.example", "0.0012"):
        assert said in shown


@pytest.mark.parametrize("outcome", ENDS)
def test_every_failure_says_what_to_do_and_keeps_what_came(outcome: Outcome):
    reply = replace(REPLY, outcome=outcome)
    named, blind = (show_reply(Voice(0, seat), reply) for seat in (SEATS[0], None))
    assert "Yes." in named and "Yes." in blind
    if outcome not in (*ANSWERED, "stopped", "too_long"):
        assert "part of the answer is kept" in named and "Regenerate" in named
        assert "This side could not finish." in blind


def test_an_end_without_a_word_has_nothing_to_copy():
    assert "copy" not in show_reply(Voice(0, None), Reply("", "empty"))
    assert "copy" in show_reply(Voice(0, None), REPLY)


def test_an_answer_asked_for_again_says_that_the_first_is_kept():
    assert "answer 2" in show_reply(Voice(0, None), REPLY, 1)


@given(st.text(alphabet="<>&\"'`*_[]()!$\n#ab", max_size=60))
def test_no_text_of_anybody_becomes_markup(text):
    reply = replace(REPLY, text=text or "x")
    ballot = ChatBallot(1, 1, 0, {"helpful": "0"}, text, (0, 1), 0.0)
    talk = make_talk(replies=(reply, reply), ballot=ballot)
    talk = replace(talk, turns=tuple(replace(turn, prompt=text) for turn in talk.turns))
    for html in (show_turns(talk), show_live(Voice(0, None), Side(0, text=text or "x"))):
        assert "<a" not in html
        assert "\n" not in re.sub("<pre>.*?</pre>", "", html, flags=re.DOTALL)


def test_payloads_stay_text():
    payload = "<img src=x onerror=window.__xss=1>"
    talk = make_talk(replies=(replace(REPLY, text=payload),) * 2)
    html = str(show_turn(talk, replace(talk.turns[0], prompt=payload)))
    assert "<img" not in html and html.count("&lt;img") == 5  # prompt, and both ways of each answer


def test_votes_are_told_in_the_words_they_were_asked_in():
    choices = {"helpful": "1", "honest": "tie", "harmless": "bad"}
    talk = make_talk(ballot=ChatBallot(1, 1, 0, choices, "so", (0, 1), 0.0))
    html = str(show_turn(talk, talk.turns[0]))
    for said in ("Response 2", "About the same", "Both bad", "“so”"):
        assert said in html


def test_two_sides_stand_left_and_right_of_the_middle():
    assert [value for _, value in list_options(2)] == ["0", "tie", "bad", "1"]
    assert [label for label, _ in list_options(3)][-2:] == ["About the same", "All bad"]


def test_a_battle_is_called_so_until_its_names_are_shown():
    assert name_talk(make_talk("blind")) == "Blind battle"
    assert name_talk(make_talk("blind", True)) == "Blind battle: ZEBRA 7B and ZEBRA 13B"
    assert "export" not in show_address(make_talk("blind"))
    assert "export/talk?talk=KEY" in show_address(make_talk())
