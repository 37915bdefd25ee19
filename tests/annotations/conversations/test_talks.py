import sqlite3
from dataclasses import replace

import pytest

from annotations.conversations import (
    add_turn,
    change_seats,
    edit_turn,
    find_talk,
    history,
    list_talks,
    save_reply,
    start_talk,
)
from backend.dialogue import Message, Reply, Sampling
from backend.errors import Conflict, InputError, NotFound, Refused
from tests.ledgers import open_store
from tests.talks import KIM, LEE, Clock, answer, ask, begin, make_seat


@pytest.fixture
def store(tmp_path):
    with open_store(tmp_path, clock=Clock()) as store:
        yield store


def test_a_conversation_is_found_by_its_key_as_it_was_begun(store):
    seats = [
        make_seat("a", system="Be brief.", sampling=Sampling(0.2, 0.9, 5, 64, ("###",), 7)),
        make_seat("b", template="alpaca", template_sha256="of alpaca"),
    ]
    made = start_talk(store, KIM, seats)
    assert len(made.key) >= 20
    assert find_talk(store, made.key, KIM) == made
    assert made.seats == (seats[0], replace(seats[1], position=1))


@pytest.mark.parametrize("n_seats", [0, 1, 5])
def test_a_conversation_has_two_to_four_sides(store, n_seats):
    with pytest.raises(InputError, match=f"2 to 4 models; these are {n_seats}"):
        start_talk(store, KIM, [make_seat(str(n)) for n in range(n_seats)])


def test_somebody_elses_conversation_is_not_there(store):
    talk = begin(store)
    turn = ask(store, talk, "Hello", "one", "two")
    for act in (
        lambda: find_talk(store, talk.key, LEE),
        lambda: find_talk(store, "no such key", KIM),
        lambda: add_turn(store, talk.conversation_id, LEE, "Hi"),
        lambda: edit_turn(store, turn.turn_id, LEE, "Hi"),
        lambda: change_seats(store, talk.conversation_id, LEE, talk.seats),
    ):
        with pytest.raises(NotFound, match="no such conversation of yours"):
            act()


def test_the_latest_conversations_that_anything_was_said_in_are_listed(store):
    talks = [begin(store) for _ in range(3)]
    ask(store, talks[0], "first")
    ask(store, talks[2], "third")
    ask(store, begin(store, actor=LEE), "of another")
    assert [talk.turns[0].prompt for talk in list_talks(store, KIM)] == ["third", "first"]
    assert len(list_talks(store, KIM, limit=1)) == 1


def test_a_turn_holds_the_latest_attempt_of_each_side(store):
    talk = begin(store)
    turn = ask(store, talk, "Hello", "one", "two")
    answer(store, turn, "", "two again")
    (found,) = find_talk(store, talk.key, KIM).turns
    assert [reply.reply.text for reply in found.replies] == ["one", "two again"]
    assert [reply.attempt for reply in found.replies] == [0, 1]


def test_a_side_that_has_not_answered_is_none(store):
    talk = begin(store, "a", "b", "c")
    turn = add_turn(store, talk.conversation_id, KIM, "Hello")
    assert (turn.replies, turn.said, turn.ballot) == ((None,) * 3, (None,) * 3, None)


def test_a_reply_keeps_everything_that_is_known_of_it(store):
    talk = begin(store)
    turn = add_turn(store, talk.conversation_id, KIM, "Hello")
    reply = Reply("text", "truncated", "cut at 5", "gpt-4-0613", 12, 5, 0.5, 2.5, 0.01)
    stored = save_reply(store, turn.turn_id, 1, reply, 1e9)
    assert find_talk(store, talk.key, KIM).turns[0].replies[1] == stored
    assert (stored.reply, stored.started_at) == (reply, 1e9)


def test_an_answer_without_a_text_is_stored_as_empty(store):
    talk = begin(store)
    turn = add_turn(store, talk.conversation_id, KIM, "Hello")
    stored = save_reply(store, turn.turn_id, 0, Reply("", "ok"), store.clock())
    assert stored.reply.outcome == "empty"


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("nul \0 and half \ud83d of a pair", "nul \ufffd and half \ufffd of a pair"),
        ("two halves \ud83d\ude00", "two halves 😀"),
        ("whole 😀 好\n", "whole 😀 好\n"),
    ],
)
def test_what_no_file_could_hold_is_replaced_in_an_answer(store, text, kept):
    talk = begin(store)
    ask(store, talk, "Hello", text)
    assert find_talk(store, talk.key, KIM).turns[0].replies[0].reply.text == kept


@pytest.mark.parametrize("prompt", ["half \ud83d", "a\0b"])
def test_what_no_file_could_hold_is_refused_in_a_prompt(store, prompt):
    with pytest.raises(InputError, match="half a character"):
        add_turn(store, begin(store).conversation_id, KIM, prompt)


@pytest.mark.parametrize(
    ("prompt", "problem"), [(" \n", "nothing to send"), ("x" * 32_001, "32,001 characters")]
)
def test_a_prompt_has_to_say_something_and_to_end(store, prompt, problem):
    with pytest.raises(InputError, match=problem):
        add_turn(store, begin(store).conversation_id, KIM, prompt)


def test_an_edited_turn_begins_anew_and_the_old_one_stays(store):
    talk = begin(store)
    turn = ask(store, talk, "Helo", "one", "two")
    edited = edit_turn(store, turn.turn_id, KIM, "Hello")
    assert (edited.number, edited.edition, edited.replies) == (1, 1, (None, None))
    assert [turn.prompt for turn in find_talk(store, talk.key, KIM).turns] == ["Hello"]
    assert store.row("SELECT count(*) FROM reply")[0] == 2


def test_only_the_last_turn_can_be_edited(store):
    talk = begin(store)
    first = ask(store, talk, "Hello", "one", "two")
    second = ask(store, talk, "More", "three", "four")
    edit_turn(store, second.turn_id, KIM, "More, please")
    for turn in (first, second):
        with pytest.raises(Conflict, match="has gone on since"):
            edit_turn(store, turn.turn_id, KIM, "Hi")


def test_other_settings_are_a_new_version_and_each_reply_knows_its_own(store):
    talk = begin(store)
    turn = ask(store, talk, "Hello", "one", "two")
    cold = [replace(talk.seats[0], sampling=Sampling(temperature=0)), talk.seats[1]]
    changed = change_seats(store, talk.conversation_id, KIM, cold)
    assert [seat.version for seat in changed.seats] == [1, 0]
    assert changed.seats[0].sampling.temperature == 0
    assert [reply.seat_version for reply in answer(store, turn, "one", "two")] == [1, 0]


def test_a_reply_that_was_begun_before_the_change_has_the_settings_of_then(store):
    talk = begin(store)
    turn = add_turn(store, talk.conversation_id, KIM, "Hello")
    began = store.clock()
    seats = [replace(seat, system="Be brief.") for seat in talk.seats]
    change_seats(store, talk.conversation_id, KIM, seats)
    assert save_reply(store, turn.turn_id, 0, Reply("late", "ok"), began).seat_version == 0
    assert save_reply(store, turn.turn_id, 0, Reply("new", "ok"), store.clock()).seat_version == 1


def test_the_same_settings_again_change_nothing(store):
    talk = begin(store)
    assert change_seats(store, talk.conversation_id, KIM, talk.seats) == talk
    assert store.row("SELECT count(*) FROM seat")[0] == 2


def test_a_conversation_keeps_its_models(store):
    talk = begin(store, "a", "b")
    for models in (("a", "c"), ("b", "a"), ("a",)):
        with pytest.raises(InputError, match="keeps its models"):
            change_seats(store, talk.conversation_id, KIM, [make_seat(model) for model in models])


def test_a_side_is_told_its_own_answers_only(store):
    seats = [make_seat("a", system="Be brief."), make_seat("b")]
    talk = start_talk(store, KIM, seats)
    ask(store, talk, "Hello", "one", "two")
    add_turn(store, talk.conversation_id, KIM, "Sort this.", "3 1 2")
    found = find_talk(store, talk.key, KIM)
    assert history(found, 0) == [
        Message("system", "Be brief."),
        Message("user", "Hello"),
        Message("assistant", "one"),
        Message("user", "Sort this.", "3 1 2"),
    ]
    assert [message.content for message in history(found, 1)] == ["Hello", "two", "Sort this."]


@pytest.mark.parametrize(
    ("outcome", "text", "told"),
    [
        ("ok", "one", ["Hello", "one", "Next"]),
        ("truncated", "one", ["Hello", "one", "Next"]),
        ("stopped", "on", ["Hello", "on", "Next"]),
        ("stopped", "", ["Next"]),
        ("cut_off", "on", ["Next"]),
        ("server_error", "", ["Next"]),
    ],
)
def test_a_turn_that_a_side_said_nothing_to_is_left_out(store, outcome, text, told):
    talk = begin(store)
    turn = add_turn(store, talk.conversation_id, KIM, "Hello")
    save_reply(store, turn.turn_id, 0, Reply(text, outcome), store.clock())
    add_turn(store, talk.conversation_id, KIM, "Next")
    found = find_talk(store, talk.key, KIM)
    assert [message.content for message in history(found, 0)] == told
    assert [message.content for message in history(found, 1)] == ["Next"]


def test_a_failed_second_attempt_does_not_unsay_the_first(store):
    talk = begin(store)
    turn = ask(store, talk, "Hello", "one", "two")
    answer(store, turn, "half", outcome="cut_off")
    add_turn(store, talk.conversation_id, KIM, "Next")
    found = find_talk(store, talk.key, KIM)
    assert history(found, 0)[1] == Message("assistant", "one")
    assert found.turns[0].replies[0].reply.outcome == "cut_off"


def test_asking_again_tells_a_model_the_same(store):
    talk = begin(store)
    ask(store, talk, "Hello", "one", "two")
    turn = add_turn(store, talk.conversation_id, KIM, "Next")
    before = history(find_talk(store, talk.key, KIM), 0)
    answer(store, turn, "three", "four")
    assert history(find_talk(store, talk.key, KIM), 0) == before


def test_an_answer_that_came_after_the_next_turn_was_never_told(store):
    talk = begin(store)
    turn = ask(store, talk, "Hello", "one", "")
    add_turn(store, talk.conversation_id, KIM, "Next")
    answer(store, turn, "one, late", "two, late")
    found = find_talk(store, talk.key, KIM)
    assert [one.content for one in history(found, 0)] == ["Hello", "one", "Next"]
    assert [one.content for one in history(found, 1)] == ["Next"]


def test_before_anything_was_asked_there_is_nothing_to_tell(store):
    with pytest.raises(Refused, match="Nothing has been asked"):
        history(begin(store), 0)


def test_a_reply_to_no_turn_or_no_side_is_refused(store):
    turn = ask(store, begin(store), "Hello")
    for turn_id, position in ((turn.turn_id, 2), (99, 0)):
        with pytest.raises(NotFound, match="has no side"):
            save_reply(store, turn_id, position, Reply("x", "ok"), store.clock())


@pytest.mark.parametrize("table", ["conversation", "seat", "turn", "reply"])
def test_what_was_said_is_never_changed_or_deleted(store, table):
    ask(store, begin(store), "Hello", "one", "two")
    for statement in (f"UPDATE {table} SET rowid = rowid + 9", f"DELETE FROM {table}"):
        with pytest.raises(sqlite3.IntegrityError, match="never"), store.write() as db:
            db.execute(statement)


TURN = "INSERT INTO turn(conversation_id, number, edition, prompt, input, created_at) VALUES "


@pytest.mark.parametrize(
    ("statement", "problem"),
    [
        (TURN + "(1, 4, 0, 'x', '', 0)", "only the last turn"),
        (TURN + "(1, 1, 1, 'x', '', 0)", "only the last turn"),
        (TURN + "(1, 2, 0, 'x', '', 0)", "only the last turn"),
        (TURN + "(1, 3, 1, 'x', '', 0)", "only the last turn"),
        ("INSERT INTO reply SELECT 99, 1, 0, 0, seat_id, 'x', 'ok', '', '', 0, 0, 0, 0, 0, 0, 0 "
         "FROM seat WHERE position = 0", "UNIQUE"),
        ("INSERT INTO reply SELECT 99, 1, 1, 0, seat_id, 'x', 'ok', '', '', 0, 0, 0, 0, 0, 0, 0 "
         "FROM seat WHERE position = 0", "not in this conversation"),
        ("INSERT INTO reply SELECT 99, 1, 0, 9, seat_id, '', 'ok', '', '', 0, 0, 0, 0, 0, 0, 0 "
         "FROM seat WHERE position = 0", "CHECK"),
        ("INSERT INTO reply SELECT 99, 1, 0, 9, seat_id, 'x', 'fine', '', '', 0, 0, 0, 0, 0, 0, 0 "
         "FROM seat WHERE position = 0", "CHECK"),
        ("INSERT INTO seat SELECT 99, 1, 0, 1, 'other', '', '', '', '', '', '', 0", "its model"),
        ("INSERT INTO seat SELECT 99, 1, 4, 0, 'm', '', '', '', '', '', '', 0", "CHECK"),
    ],
)  # fmt: skip
def test_the_database_itself_refuses_what_can_not_be(store, statement, problem):
    talk = begin(store)
    ask(store, talk, "Hello", "one")
    turn = ask(store, talk, "More")
    with store.write() as db:  # the control: the next edition is taken
        db.execute(TURN + "(1, 2, 1, 'x', '', 0)")
    assert turn.number == 2
    with pytest.raises(sqlite3.IntegrityError, match=problem), store.write() as db:
        db.execute(statement)
