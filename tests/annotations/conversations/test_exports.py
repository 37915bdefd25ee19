import io
import json
from dataclasses import replace

import pytest

from annotations.conversations import (
    add_turn,
    change_seats,
    edit_turn,
    reveal,
    start_battle,
    start_talk,
)
from annotations.conversations.exports import export_chats, export_talk, write_chats
from backend.dialogue import Sampling
from backend.errors import InputError, Refused
from tests.ledgers import open_store
from tests.talks import KIM, LEE, Clock, answer, ask, begin, make_seat, vote


@pytest.fixture
def store(tmp_path):
    with open_store(tmp_path, clock=Clock()) as store:
        yield store


def read(store, **how):
    """Every exported line, through JSON."""
    file = io.StringIO()
    write_chats(store, file, **how)
    return [json.loads(line) for line in file.getvalue().splitlines()]


def test_a_line_has_all_that_was_said_and_how_it_was_asked(store):
    seats = [make_seat("a", sampling=Sampling(0.2), template="alpaca"), make_seat("b")]
    talk = start_talk(store, KIM, seats)
    add_turn(store, talk.conversation_id, KIM, "Sort.", "3 1 2")
    change_seats(store, talk.conversation_id, KIM, [replace(seats[0], system="Brief."), seats[1]])
    (line,) = read(store)
    (turn,) = line["turns"]
    assert (turn["prompt"], turn["input"], turn["current"]) == ("Sort.", "3 1 2", True)
    assert [len(versions) for versions in line["seats"]] == [2, 1]
    assert line["seats"][0][1]["system"] == "Brief."
    assert line["seats"][0][0]["card_sha256"] == "sha of a"
    assert line["seats"][0][0]["sampling"]["temperature"] == 0.2


def test_every_edition_attempt_and_revision_is_there(store):
    talk = begin(store, "a", "b")
    turn = ask(store, talk, "Helo", "one", "two")
    vote(store, turn, "0")
    vote(store, turn, "0", "1", "tie")
    answer(store, turn, "", "two again")
    edit_turn(store, turn.turn_id, KIM, "Hello")
    old, new = read(store)[0]["turns"]
    assert [(one["edition"], one["current"]) for one in (old, new)] == [(0, False), (1, True)]
    assert [one["text"] for one in old["replies"]] == ["one", "two", "two again"]
    assert [one["revision"] for one in old["ballots"]] == [0, 1]
    assert old["ballots"][1]["winners"] == {"helpful": "a", "honest": "b", "harmless": "tie"}
    assert not any(ballot["current"] for ballot in old["ballots"])


def test_the_vote_that_holds_is_marked(store):
    talk = begin(store)
    turn = ask(store, talk, "Hello", "one", "two")
    vote(store, turn, "0")
    vote(store, turn, "1")
    (found,) = read(store)[0]["turns"]
    assert [ballot["current"] for ballot in found["ballots"]] == [False, True]
    assert found["ballots"][0]["replies"] == [one["reply_id"] for one in found["replies"]]


def test_a_failure_has_no_text(store):
    turn = ask(store, begin(store), "Hello", "", "two")
    answer(store, turn, "half", outcome="cut_off")
    failed, fine = read(store)[0]["turns"][0]["replies"]
    assert (failed["outcome"], failed["partial_text"], "text" in failed) == (
        "cut_off",
        "half",
        False,
    )
    assert (fine["text"], "partial_text" in fine) == ("two", False)


def test_a_drawn_battle_says_what_was_drawn(store):
    talk = start_battle(store, KIM, [make_seat(name) for name in "abc"])
    ask(store, talk, "Hello")
    drawn = read(store, with_unrevealed=True)[0]["drawn"]
    assert [drawn["left"], drawn["right"]] == [seat.model for seat in talk.seats]
    assert (drawn["candidates"], drawn["n_before"]) == (["a", "b", "c"], 0)


@pytest.mark.parametrize("shape", ["jsonl", "fastchat"])
def test_names_that_nobody_has_seen_are_exported_only_when_they_are_asked_for(store, shape):
    talk = start_battle(store, KIM, [make_seat("a"), make_seat("b")])
    vote(store, ask(store, talk, "Hello", "one", "two"), "0")
    assert read(store, shape=shape) == []
    assert read(store, shape=shape, with_unrevealed=True)
    reveal(store, talk.conversation_id, KIM)
    assert read(store, shape=shape)


def test_one_conversation_can_be_taken_away_once_its_names_are_known(store):
    begin(store)
    talk = start_battle(store, KIM, [make_seat("a"), make_seat("b")])
    vote(store, ask(store, talk, "Hello", "one", "two"), "0")
    with pytest.raises(Refused, match="names in it that you can't know yet"):
        export_talk(store, talk)
    talk = reveal(store, talk.conversation_id, KIM)
    assert [json.loads(json.dumps(export_talk(store, talk)))] == read(store)


def test_an_empty_conversation_can_not_be_taken_away(store):
    with pytest.raises(Refused, match="nothing in it yet"):
        export_talk(store, begin(store))


def test_people_are_numbers_and_addresses_stay_secret(store):
    for actor in (KIM, LEE, KIM):
        talk = begin(store, actor=actor)
        ask(store, talk, "Hello", "one", "two")
    for shape in ("jsonl", "fastchat"):
        text = json.dumps(read(store, shape=shape))
        assert KIM not in text and LEE not in text and talk.key not in text
    assert [line["person"] for line in read(store)] == ["P1", "P2", "P1"]


def test_a_conversation_in_which_nothing_was_said_is_left_out(store):
    begin(store)
    assert read(store) == []


@pytest.mark.parametrize(
    ("choice", "kind"),
    [("0", "leftvote"), ("1", "rightvote"), ("tie", "tievote"), ("bad", "bothbad_vote")],
)
def test_a_vote_is_a_line_of_fastchats_log(store, choice, kind):
    seats = [make_seat("a", template="vicuna_v1.1", system="Be kind."), make_seat("b")]
    talk = start_talk(store, KIM, seats)
    vote(store, ask(store, talk, "Hello", "one", "two"), choice)
    line = read(store, shape="fastchat")[-1]
    assert set(line) == {"tstamp", "type", "models", "states", "ip"}
    assert (line["type"], line["models"], line["ip"]) == (kind, ["a", "b"], "")
    left, right = line["states"]
    assert left | {"conv_id": ""} == {
        "template_name": "vicuna_v1.1",
        "system_message": "Be kind.",
        "roles": ["USER", "ASSISTANT"],
        "messages": [["USER", "Hello"], ["ASSISTANT", "one"]],
        "offset": 0,
        "conv_id": "",
        "model_name": "a",
    }
    assert right["messages"] == [["user", "Hello"], ["assistant", "two"]]
    assert left["conv_id"] != right["conv_id"]


def test_in_a_battle_names_are_in_the_states_only(store):
    talk = start_battle(store, KIM, [make_seat("a"), make_seat("b")])
    vote(store, ask(store, talk, "Hello", "one", "two"), "0")
    line = read(store, shape="fastchat", with_unrevealed=True)[-1]
    assert line["models"] == ["", ""]
    assert [state["model_name"] for state in line["states"]] == [one.model for one in talk.seats]


def test_a_chat_is_a_line_for_each_answer(store):
    talk = begin(store, "a", "b", "c")
    turn = ask(store, talk, "Hello", "one", "two")
    answer(store, turn, "", "", "half", outcome="cut_off")
    answer(store, turn, "one again")
    lines = read(store, shape="fastchat")
    assert [(line["type"], line["model"]) for line in lines] == [
        ("chat", "a"), ("chat", "b"), ("chat", "a"),
    ]  # fmt: skip
    assert lines[0]["gen_params"] == {"temperature": 0.7, "top_p": 1.0, "max_new_tokens": 1024}
    assert lines[0]["start"] < lines[0]["finish"] == lines[0]["tstamp"]


def test_a_state_holds_what_the_model_was_told_and_then_said(store):
    talk = begin(store)
    first = ask(store, talk, "Hello", "one", "")
    answer(store, first, "one again")
    second = add_turn(store, talk.conversation_id, KIM, "Sort.", "3 1 2")
    answer(store, first, "one, too late")
    answer(store, second, "three", "four")
    vote(store, second, "0")
    left, right = read(store, shape="fastchat")[-1]["states"]
    texts = [text for _, text in left["messages"]]
    assert texts == ["Hello", "one again", "Sort.\n\n3 1 2", "three"]
    assert [text for _, text in right["messages"]] == ["Sort.\n\n3 1 2", "four"]


def test_one_question_at_a_time_is_exported_for_fastchat(store):
    vote(store, ask(store, begin(store), "Hello", "one", "two"), "0", "1", "tie")
    for criterion, kind in (("honest", "rightvote"), ("harmless", "tievote")):
        assert read(store, shape="fastchat", criterion=criterion)[-1]["type"] == kind


def test_a_changed_vote_counts_once_and_one_on_another_answer_again(store):
    turn = ask(store, begin(store), "Hello", "one", "two")
    vote(store, turn, "0")
    vote(store, turn, "1")
    answer(store, turn, "one again")
    vote(store, turn, "tie")
    kinds = [line["type"] for line in read(store, shape="fastchat") if line["type"] != "chat"]
    assert kinds == ["rightvote", "tievote"]


def test_votes_between_three_sides_are_no_votes_to_fastchat(store):
    vote(store, ask(store, begin(store, "a", "b", "c"), "Hello", "1", "2", "3"), "2")
    assert {line["type"] for line in read(store, shape="fastchat")} == {"chat"}


@pytest.mark.parametrize("how", [{"shape": "csv"}, {"criterion": "kind"}])
def test_an_unknown_word_lists_those_there_are(store, how):
    with pytest.raises(InputError, match="There are: "):
        list(export_chats(store, **how))


def test_a_message_during_an_export_is_neither_blocked_nor_seen(store):
    talk = begin(store)
    ask(store, talk, "Hello", "one", "two")
    ask(store, begin(store), "Hello", "one", "two")
    with store.snapshot():
        lines = export_chats(store)
        first = next(lines)
        ask(store, talk, "Next", "three", "four")
        rest = list(lines)
    assert [len(line["turns"]) for line in (first, *rest)] == [1, 1]
    assert len(read(store)[0]["turns"]) == 2
