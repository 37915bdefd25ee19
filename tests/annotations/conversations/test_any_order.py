"""Whatever a person does in whatever order: refusals are sentences, and nothing is ever lost."""

import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from annotations.conversations import (
    add_turn,
    change_seats,
    edit_turn,
    find_talk,
    history,
    reveal,
    save_reply,
    start_battle,
)
from annotations.conversations.exports import export_chats
from backend.dialogue import Reply
from backend.errors import CamelidError
from tests.ledgers import open_store
from tests.talks import KIM, Clock, begin, make_seat, vote

TABLES = ("turn", "reply", "chat_ballot", "chat_vote", "reveal", "seat")
ACTS = ("ask", "edit", "answer", "answer", "answer", "fail", "vote", "vote old", "reveal", "change")


def act(store, talk, word, side):
    """Do one thing to the last turn, or to the first."""
    number, turns = talk.conversation_id, talk.turns
    last = turns[-1].turn_id if turns else 99
    if word == "ask":
        add_turn(store, number, KIM, f"Turn {len(turns)}")
    elif word == "edit":
        edit_turn(store, last, KIM, "Other words")
    elif word == "answer":
        save_reply(store, last, side, Reply(f"Side {side}", "ok"), store.clock())
    elif word == "fail":
        save_reply(store, last, side, Reply("half", "cut_off"), store.clock())
    elif word == "vote":
        vote(store, talk.turns[-1], str(side))
    elif word == "vote old":
        vote(store, talk.turns[0], "tie")
    elif word == "reveal":
        reveal(store, number, KIM)
    else:
        change_seats(store, number, KIM, [make_seat(s.model, system=word) for s in talk.seats])


def count(store):
    return [store.row(f"SELECT count(*) FROM {table}")[0] for table in TABLES]


def check(store, talk):
    """What holds at any moment."""
    (line,) = export_chats(store, with_unrevealed=True)
    n_turns, n_replies, n_ballots, n_votes, *_ = count(store)
    assert len(line["turns"]) == n_turns
    assert sum(len(turn["replies"]) for turn in line["turns"]) == n_replies
    assert sum(len(turn["ballots"]) for turn in line["turns"]) == n_ballots == n_votes / 3
    assert [turn.number for turn in talk.turns] == list(range(1, len(talk.turns) + 1))
    for position in (0, 1):
        roles = [one.role for one in history(talk, position) if one.role != "system"]
        assert roles == ["user", "assistant"] * (len(roles) // 2) + ["user"]


@settings(max_examples=25)
@given(
    st.booleans(),
    st.lists(st.tuples(st.sampled_from(ACTS), st.integers(0, 1)), min_size=1, max_size=25),
)
def test_any_order_is_taken_or_refused_in_words_and_rows_only_grow(is_blind, acts):
    with (
        tempfile.TemporaryDirectory() as folder,
        open_store(Path(folder), clock=Clock()) as store,
    ):
        store._writer.execute("PRAGMA synchronous=OFF")
        sides = [make_seat("a"), make_seat("b")]
        talk = start_battle(store, KIM, sides) if is_blind else begin(store, "a", "b")
        for word, side in acts:
            before = count(store)
            try:
                act(store, talk, word, side)
            except (CamelidError, IndexError) as error:  # no turn to vote on yet
                assert count(store) == before
                assert isinstance(error, CamelidError) or not talk.turns
            talk = find_talk(store, talk.key, KIM)
            assert all(now >= then for now, then in zip(count(store), before, strict=True))
            if talk.turns:
                check(store, talk)
