"""Votes and judgments become pairs: which, of what, and why the others don't."""

import io
import json

import pytest

from annotations.conversations import add_turn, start_talk
from annotations.pairing import PairWish, make_pairs, write_rows
from annotations.pairing.contests import name_item
from annotations.pairing.telling import tell_pairs
from backend.dialogue import Message
from backend.errors import InputError, NotFound
from tests.judged import add_judgment
from tests.ledgers import add_ballot, add_outside
from tests.preferred import make_study
from tests.talks import answer, ask, begin, choose, make_seat, vote

TERSE, WORDY, TIE = ("left",) * 3, ("right",) * 3, ("tie",) * 3
STUDY = PairWish(studies=("likes",))


@pytest.fixture
def likes(store):
    """Two for terse on q1, one for each on q2, a tie on q3; on q4 the two answers are one text."""
    make_study(store)
    add_ballot(store, TERSE, pair=1, who="A")
    add_ballot(store, TERSE, pair=1, who="B", slot=2)
    add_ballot(store, TERSE, pair=2, who="A")
    add_ballot(store, WORDY, pair=2, who="B", slot=2)
    add_ballot(store, TIE, pair=3, who="A")
    add_ballot(store, WORDY, pair=4, who="A")
    return store


def show(found):
    return [(pair.chosen, pair.rejected) for pair in found.pairs]


def test_what_more_people_preferred_is_a_pair_and_the_rest_has_its_reason(likes):
    found = make_pairs(likes, STUDY)
    assert show(found) == [("An animal.", "It is an animal.")]
    assert found.left_out == {"tie": 2, "same_answer": 1}
    assert found.n_contests == 4


def test_the_side_that_an_answer_stood_on_is_undone(likes):
    add_ballot(likes, WORDY, pair=3, who="B", slot=2, left_is="b")
    assert ("One or two.", "It has one or two.") in show(make_pairs(likes, STUDY))


def test_the_votes_of_some_people_can_be_left_out(likes):
    found = make_pairs(likes, PairWish(studies=("likes",), excluded=("B",)))
    assert show(found)[:2] == [
        ("An animal.", "It is an animal."),
        ("camel, hump", "Sorted: camel, hump"),
    ]


def test_votes_from_elsewhere_count_unless_they_are_left_out(likes):
    add_outside(likes, "helpful", ["b", "b", "b"], n_items=3)
    assert len(make_pairs(likes, STUDY).pairs) == 3
    assert len(make_pairs(likes, PairWish(studies=("likes",), outside=False)).pairs) == 1


def test_surplus_votes_make_no_pair(likes):
    add_ballot(likes, WORDY, pair=3, who="C", slot=2, surplus=1)
    assert len(make_pairs(likes, STUDY).pairs) == 1


def test_the_lead_is_the_margin_where_that_is_wished(likes):
    wish = PairWish(studies=("likes",), disagreement="share")
    add_ballot(likes, WORDY, pair=1, who="C", slot=3)
    (pair,) = make_pairs(likes, wish).pairs
    assert pair.margin == pytest.approx(1 / 3, abs=1e-6)
    assert make_pairs(likes, STUDY).pairs[0].margin is None


def test_a_judge_is_one_voice_and_changing_its_mind_is_a_tie(likes):
    add_judgment(likes, 1, ("terse", "wordy"), (3, 9))
    add_judgment(likes, 3, ("terse", "rude"), (9, 3))
    add_judgment(likes, 3, ("rude", "terse"), (9, 3), reference_slot=1)
    found = make_pairs(likes, PairWish(judges=("gpt-4",)))
    assert show(found) == [("It is an animal.", "An animal.")]
    assert found.left_out == {"tie": 1}


def test_a_judge_and_people_on_the_same_two_answers_are_counted_together(likes):
    add_judgment(likes, 1, ("terse", "wordy"), (3, 9))
    add_judgment(likes, 2, ("terse", "wordy"), (3, 9))
    found = make_pairs(likes, PairWish(studies=("likes",), judges=("gpt-4",)))
    assert show(found) == [
        ("An animal.", "It is an animal."), ("Sorted: camel, hump", "camel, hump")
    ]  # fmt: skip
    assert found.pairs[0].sources == ("study likes", "judge gpt-4")
    assert found.n_contested == 2


def test_blind_conversations_count_apart_from_those_with_names(store):
    talk = begin(store, "m", "n")
    vote(store, ask(store, talk, "Hi?", "Hello.", "What?"), "0")
    assert show(make_pairs(store, PairWish(chats="all"))) == [("Hello.", "What?")]
    assert make_pairs(store, PairWish(chats="blind")).n_contests == 0


def test_a_later_turn_counts_where_both_sides_were_told_the_same(store):
    talk = begin(store, "m", "n")
    ask(store, talk, "Hi?", "Hello.", "Hello.")
    vote(store, ask(store, talk, "And?", "Good.", "Bad."), "1")
    (pair,) = make_pairs(store, PairWish(chats="all")).pairs
    assert [one.content for one in pair.prompt] == ["Hi?", "Hello.", "And?"]
    assert pair.item == name_item((Message("user", "Hi?"),))


def test_a_turn_whose_sides_were_told_different_things_is_counted_and_left_out(store):
    talk = begin(store, "m", "n")
    ask(store, talk, "Hi?", "Hello.", "What?")
    vote(store, ask(store, talk, "And?", "Good.", "Bad."), "1")
    found = make_pairs(store, PairWish(chats="all"))
    assert (found.pairs, found.left_out) == ((), {"unknown_prompt": 1})


def test_of_three_sides_the_best_is_preferred_to_each_of_the_others(store):
    talk = begin(store, "m", "n", "o")
    vote(store, ask(store, talk, "Hi?", "One.", "Two.", "Three."), "1")
    assert show(make_pairs(store, PairWish(chats="all"))) == [("Two.", "One."), ("Two.", "Three.")]


def test_an_answer_asked_again_leaves_the_vote_with_the_one_it_was_about(store):
    talk = begin(store, "m", "n")
    turn = ask(store, talk, "Hi?", "Old.", "Other.")
    vote(store, turn, "0")
    answer(store, turn, "New.")
    assert show(make_pairs(store, PairWish(chats="all"))) == [("Old.", "Other.")]


def test_none_is_good_prefers_nobody(store):
    talk = begin(store, "m", "n")
    vote(store, ask(store, talk, "Hi?", "One.", "Two."), "bad")
    assert make_pairs(store, PairWish(chats="all")).left_out == {"tie": 1}


def test_one_question_has_one_item_wherever_it_was_asked(likes):
    talk = begin(likes, "m", "n")
    vote(likes, ask(likes, talk, "what is  a CAMEL?", "A beast.", "A car."), "0")
    found = make_pairs(likes, PairWish(studies=("likes",), chats="all"))
    assert len(found.pairs) == 2
    assert len(found.items) == 1


def test_a_file_has_a_row_a_pair_and_an_input_only_where_there_is_one(likes):
    add_ballot(likes, TERSE, pair=2, who="C", slot=3)
    file = io.StringIO()
    found = make_pairs(likes, PairWish(studies=("likes",), disagreement="share"))
    write_rows(found.pairs, file)
    first, second = [json.loads(line) for line in file.getvalue().splitlines()]
    assert first == {
        "item": found.pairs[0].item, "prompt": [{"role": "user", "content": "What is a camel?"}],
        "chosen": "An animal.", "rejected": "It is an animal.", "margin": 1.0,
    }  # fmt: skip
    assert second["prompt"] == [
        {"role": "user", "content": "Sort these words.", "input": "hump, camel"}
    ]


def test_a_preview_says_why_each_was_left_out_and_how_the_split_goes(likes):
    add_ballot(likes, TERSE, pair=3, who="B", slot=2)
    rows = dict(tell_pairs(make_pairs(likes, STUDY), 0.25))
    assert rows["Pairs"] == "2 pairs on 2 questions"
    assert rows["Left out: nobody is ahead"] == "1"
    assert rows["Kept apart to measure on"] == "1 of 2 questions, each with all its pairs"


def test_nothing_at_all_is_a_sentence(store):
    make_study(store)
    assert "nothing to train on" in dict(tell_pairs(make_pairs(store, STUDY)))["Pairs"]


@pytest.mark.parametrize(
    ("words", "error", "said"),
    [
        ({}, InputError, "Choose a study, a judge, or votes"),
        ({"studies": ("x",)}, NotFound, "There are: likes"),
        ({"judges": ("x",)}, NotFound, "'x' judged no pairs"),
        ({"chats": "some"}, InputError, "none or blind or all"),
        ({"chats": "all", "criteria": ()}, InputError, "one or more criteria"),
        ({"chats": "all", "criteria": ("nice",)}, InputError, "'nice'"),
        ({"chats": "all", "min_votes": 0}, InputError, "Fewest votes is 0"),
        ({"chats": "all", "combine": "weighted", "weights": (1, 2)}, InputError, "2 weights for 1"),
        ({"chats": "all", "combine": "weighted", "weights": (0,)}, InputError, "All weights are 0"),
        ({"chats": "all", "combine": "weighted", "weights": (-1,)}, InputError, "0 to 1000"),
    ],
)
def test_a_wish_that_makes_no_sense_is_refused_with_its_value(likes, words, error, said):
    with pytest.raises(error, match=said):
        make_pairs(likes, PairWish(**words))


def test_a_system_text_stands_in_front_of_the_prompt(store):
    seats = [make_seat("m", system="Be kind."), make_seat("n", system="Be kind.")]
    talk = start_talk(store, "kim", seats)
    turn = add_turn(store, talk.conversation_id, "kim", "Hi?")
    answer(store, turn, "Hello.", "What?")
    vote(store, turn, *choose("0").values())
    (pair,) = make_pairs(store, PairWish(chats="all")).pairs
    assert pair.prompt[0] == Message("system", "Be kind.")
