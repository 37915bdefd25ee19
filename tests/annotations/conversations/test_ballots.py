import sqlite3

import pytest

from annotations.conversations import (
    add_turn,
    cast_ballot,
    edit_turn,
    find_talk,
    reveal,
    save_reply,
    start_battle,
)
from backend.dialogue import Reply
from backend.errors import Conflict, InputError, NotFound, Refused
from tests.ledgers import open_store
from tests.talks import KIM, LEE, Clock, answer, ask, begin, choose, make_seat, vote


@pytest.fixture
def store(tmp_path):
    with open_store(tmp_path, clock=Clock()) as store:
        yield store


@pytest.fixture
def battle(store):
    """A blind conversation of two models."""
    return start_battle(store, KIM, [make_seat("a"), make_seat("b")])


def look(store, talk):
    """The ballot on the last turn, as the page has it."""
    return find_talk(store, talk.key, KIM).turns[-1].ballot


def test_a_ballot_answers_all_questions_and_knows_its_answers(store):
    talk = begin(store, "a", "b", "c")
    turn = ask(store, talk, "Hello", "one", "two", "three")
    ballot = vote(store, turn, "2", "tie", "bad", comment="hm")
    assert ballot.choices == {"helpful": "2", "honest": "tie", "harmless": "bad"}
    assert look(store, talk) == ballot
    assert ballot.reply_ids == tuple(
        one.reply_id for one in find_talk(store, talk.key, KIM).turns[0].replies
    )


def test_a_second_vote_is_a_revision(store, battle):
    turn = ask(store, battle, "Hello", "one", "two")
    first, second = vote(store, turn, "0"), vote(store, turn, "1")
    assert (first.revision, second.revision) == (0, 1)
    assert look(store, battle).choices == choose("1")
    assert store.row("SELECT count(*) FROM chat_ballot")[0] == 2


def test_the_same_vote_twice_is_one(store, battle):
    turn = ask(store, battle, "Hello", "one", "two")
    assert vote(store, turn, "0") == vote(store, turn, "0")
    assert vote(store, turn, "0", comment="because").revision == 1


@pytest.mark.parametrize(
    ("choices", "problem"),
    [
        ({}, "helpful, honest, harmless"),
        ({"helpful": "0", "honest": "0"}, "harmless"),
        (choose("2"), "helpful"),
        (choose("left"), "helpful"),
        ({**choose("0"), "kind": "0"}, "unknown"),
    ],
)
def test_every_question_is_answered_with_a_side_that_is_there(store, battle, choices, problem):
    turn = ask(store, battle, "Hello", "one", "two")
    with pytest.raises(InputError, match=problem):
        cast_ballot(store, turn.turn_id, KIM, choices)


def test_a_comment_has_an_end(store, battle):
    turn = ask(store, battle, "Hello", "one", "two")
    with pytest.raises(InputError, match="2001 characters"):
        vote(store, turn, "0", comment="x" * 2001)


@pytest.mark.parametrize("outcome", ["stopped", "cut_off", "server_error", None])
def test_a_vote_needs_a_whole_answer_of_each_side(store, battle, outcome):
    turn = ask(store, battle, "Hello", "one", "")
    if outcome:
        save_reply(store, turn.turn_id, 1, Reply("tw", outcome), store.clock())
    with pytest.raises(Refused, match="a side has none"):
        vote(store, turn, "0")
    answer(store, turn, "", "two")
    assert vote(store, turn, "0").revision == 0


def test_an_answer_that_was_cut_at_its_longest_can_be_voted_on(store, battle):
    turn = add_turn(store, battle.conversation_id, KIM, "Hello")
    answer(store, turn, "one", "two", outcome="truncated")
    assert vote(store, turn, "0").revision == 0


def test_after_the_next_message_a_turn_takes_no_vote(store, battle):
    turn = ask(store, battle, "Hello", "one", "two")
    add_turn(store, battle.conversation_id, KIM, "Next")
    with pytest.raises(Conflict, match="has gone on since"):
        vote(store, turn, "0")


def test_an_edited_turn_keeps_its_votes_and_takes_no_more(store, battle):
    turn = ask(store, battle, "Helo", "one", "two")
    vote(store, turn, "0")
    edit_turn(store, turn.turn_id, KIM, "Hello")
    assert look(store, battle) is None
    assert store.row("SELECT count(*) FROM chat_ballot")[0] == 1
    with pytest.raises(Conflict, match="has gone on since"):
        vote(store, turn, "1")


def test_a_vote_stays_with_the_answers_that_it_was_about(store, battle):
    turn = ask(store, battle, "Hello", "one", "two")
    first = vote(store, turn, "0")
    answer(store, turn, "", "two again")
    assert look(store, battle) is None
    second = vote(store, turn, "0")
    assert (first.revision, second.revision) == (0, 1)
    assert first.reply_ids[0] == second.reply_ids[0]
    assert first.reply_ids[1] != second.reply_ids[1]


def test_names_are_shown_after_a_vote_and_then_nobody_votes(store, battle):
    turn = ask(store, battle, "Hello", "one", "two")
    with pytest.raises(Refused, match="after the first vote"):
        reveal(store, battle.conversation_id, KIM)
    vote(store, turn, "0")
    assert reveal(store, battle.conversation_id, KIM).is_open
    with pytest.raises(Refused, match="takes no more votes"):
        vote(store, turn, "1")
    assert look(store, battle).choices == choose("0")


def test_a_hurried_second_click_on_vote_and_show_does_no_harm(store, battle):
    turn = ask(store, battle, "Hello", "one", "two")
    for _ in range(2):
        ballot = vote(store, turn, "0")
        talk = reveal(store, battle.conversation_id, KIM)
    assert (ballot.revision, talk.revealed) == (0, True)


def test_after_the_names_the_conversation_goes_on_without_votes(store, battle):
    vote(store, ask(store, battle, "Hello", "one", "two"), "0")
    reveal(store, battle.conversation_id, KIM)
    turn = ask(store, battle, "Next", "three", "four")
    with pytest.raises(Refused, match="takes no more votes"):
        vote(store, turn, "0")


def test_a_conversation_by_name_takes_votes_and_has_nothing_to_show(store):
    talk = begin(store)
    vote(store, ask(store, talk, "Hello", "one", "two"), "0")
    vote(store, ask(store, talk, "Next", "three", "four"), "1")
    with pytest.raises(Conflict, match="never hidden"):
        reveal(store, talk.conversation_id, KIM)


def test_nobody_votes_or_looks_in_somebody_elses_conversation(store, battle):
    turn = ask(store, battle, "Hello", "one", "two")
    vote(store, turn, "0")
    with pytest.raises(NotFound):
        vote(store, turn, "1", actor=LEE)
    with pytest.raises(NotFound):
        reveal(store, battle.conversation_id, LEE)


BALLOT = "INSERT INTO chat_ballot VALUES (99, {turn}, 9, '', 0)"
VOTE = "INSERT INTO chat_vote VALUES ({ballot}, '{criterion}', '{choice}')"
ABOUT = "INSERT INTO chat_ballot_reply SELECT {ballot}, {position}, reply_id FROM reply WHERE {of}"


def write(store, *statements):
    with store.write() as db:
        for statement in statements:
            db.execute(statement)


def test_the_database_itself_takes_no_vote_after_the_names(store, battle):
    turn = ask(store, battle, "Hello", "one", "two")
    vote(store, turn, "0")
    write(store, BALLOT.format(turn=turn.turn_id))  # the control: before, it does
    reveal(store, battle.conversation_id, KIM)
    for statement in (
        BALLOT.format(turn=turn.turn_id).replace("99", "98").replace("9, ''", "8, ''"),
        VOTE.format(ballot=99, criterion="helpful", choice="tie"),
    ):
        with pytest.raises(sqlite3.IntegrityError, match="after the names"):
            write(store, statement)


@pytest.mark.parametrize("go_on", ["next", "edit"])
def test_the_database_itself_takes_no_vote_after_the_next_turn(store, battle, go_on):
    turn = ask(store, battle, "Hello", "one", "two")
    write(store, BALLOT.format(turn=turn.turn_id))
    if go_on == "next":
        add_turn(store, battle.conversation_id, KIM, "Next")
    else:
        edit_turn(store, turn.turn_id, KIM, "Hi")
    for statement in (
        BALLOT.format(turn=turn.turn_id).replace("99", "98").replace("9, ''", "8, ''"),
        VOTE.format(ballot=99, criterion="helpful", choice="tie"),
    ):
        with pytest.raises(sqlite3.IntegrityError, match="after the next turn"):
            write(store, statement)


def test_the_database_itself_shows_no_names_before_a_vote_or_by_name(store, battle):
    ask(store, battle, "Hello", "one", "two")
    named = begin(store)
    vote(store, ask(store, named, "Hello", "one", "two"), "0")
    for talk in (battle, named):
        with pytest.raises(sqlite3.IntegrityError, match="after a vote"):
            write(store, f"INSERT INTO reveal VALUES ({talk.conversation_id}, 0)")


@pytest.mark.parametrize(
    ("statement", "problem"),
    [
        (VOTE.format(ballot=1, criterion="helpful", choice="0"), "UNIQUE"),
        (VOTE.format(ballot=99, criterion="kind", choice="tie"), "CHECK"),
        (VOTE.format(ballot=99, criterion="helpful", choice="left"), "CHECK"),
        (VOTE.format(ballot=99, criterion="helpful", choice="2"), "side that was shown"),
        (VOTE.format(ballot=99, criterion="helpful", choice="0"), "side that was shown"),
        (ABOUT.format(ballot=99, position=1, of="position = 0"), "an answer of its turn"),
        (ABOUT.format(ballot=99, position=1, of="outcome = 'stopped'"), "an answer of its turn"),
        (ABOUT.format(ballot=99, position=0, of="text = 'elsewhere'"), "an answer of its turn"),
        (BALLOT.format(turn=1).replace("99", "98"), "UNIQUE"),
    ],
)
def test_the_database_itself_refuses_votes_that_can_not_be(store, battle, statement, problem):
    turn = ask(store, battle, "Hello", "one", "two")
    vote(store, turn, "0")
    answer(store, turn, "", "half", outcome="stopped")
    ask(store, begin(store), "Hello", "elsewhere")
    write(store, BALLOT.format(turn=turn.turn_id))
    with pytest.raises(sqlite3.IntegrityError, match=problem):
        write(store, statement)


@pytest.mark.parametrize("table", ["chat_ballot", "chat_ballot_reply", "chat_vote", "reveal"])
def test_votes_are_never_changed_or_deleted(store, battle, table):
    vote(store, ask(store, battle, "Hello", "one", "two"), "0")
    reveal(store, battle.conversation_id, KIM)
    column = store.rows(f"SELECT * FROM {table}")[0].keys()[0]
    for statement in (f"UPDATE {table} SET {column} = 9", f"DELETE FROM {table}"):
        with pytest.raises(sqlite3.IntegrityError, match="never"):
            write(store, statement)
