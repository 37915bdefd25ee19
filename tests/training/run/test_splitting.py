"""What is held out, and how long chats are taken apart."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.dialogue import Message
from backend.templates.tokens import Encoded
from training.run.splitting import (
    choose_held_out,
    name_chats,
    name_items,
    pair_turns,
    split_turns,
)

ITEMS = st.lists(st.text(max_size=4), max_size=30)
WORDS = st.lists(st.integers(1, 12), min_size=1, max_size=12)


def encode(messages):
    """As many tokens as letters, and one for each conversation; answers carry loss."""
    mask = [0]
    for message in messages:
        mask += [int(message.role == "assistant")] * len(message.content)
    return Encoded([0] * len(mask), mask)


def make_chat(lengths, system=""):
    start = [Message("system", system)] if system else []
    for length in lengths:
        start += [Message("user", "q" * length), Message("assistant", "a" * length)]
    return start


@given(ITEMS, st.floats(0, 0.5), st.integers(0, 99))
def test_a_share_of_the_items_is_held_out_and_never_all(items, share, seed):
    held = choose_held_out(items, share, seed)
    known = set(items)
    assert held <= known
    assert len(held) < max(1, len(known)) or not known
    if share and len(known) > 1:
        assert len(held) == min(len(known) - 1, max(1, round(share * len(known))))


@given(ITEMS, st.integers(0, 99))
def test_the_draw_asks_neither_order_nor_number(items, seed):
    held = choose_held_out(items, 0.3, seed)
    assert choose_held_out([*reversed(items), *items], 0.3, seed) == held


def test_another_seed_holds_out_others():
    items = [f"item {n}" for n in range(100)]
    assert choose_held_out(items, 0.1, 1) != choose_held_out(items, 0.1, 2)


def test_nothing_is_held_out_of_one_item_or_with_no_share():
    assert choose_held_out(["a"], 0.5, 0) == frozenset()
    assert choose_held_out(["a", "b"], 0, 0) == frozenset()


def ask(*texts):
    return [Message("user" if place % 2 == 0 else "assistant", t) for place, t in enumerate(texts)]


def test_two_answers_to_one_question_are_one_item():
    told = [("", [Message("system", "S"), *ask("Why? ")]), ("", ask("Why?", "So.", "?"))]
    one, other, third = name_items([*told, ("", ask("How?"))])
    assert one == other != third
    assert name_items([("its own", ask("Why?"))]) == ["its own"]


def test_one_question_under_two_names_is_one_item_however_it_is_written():
    told = [
        ("b", ask("Why?")),
        ("a", ask(" why ")),
        ("a", ask("How?")),
        ("c", ask("HOW")),
        ("d", []),
    ]
    assert name_items(told) == ["a", "a", "a", "a", "d"]


@given(
    st.lists(st.tuples(st.sampled_from(["", "x", "y", "z"]), st.sampled_from("pqrs"))),
    st.randoms(use_true_random=False),
)
def test_what_hangs_together_asks_no_order(keys, rng):
    told = [(item, ask(text)) for item, text in keys]
    names = dict(zip(keys, name_items(told), strict=True))
    turned = rng.sample(told, len(told))
    assert name_items(turned) == [names[item, asked[0].content] for item, asked in turned]
    for one in keys:
        for other in keys:
            if (one[0] and one[0] == other[0]) or one[1] == other[1]:
                assert names[one] == names[other]


@pytest.mark.parametrize(
    ("ids", "names"),
    [
        (["ab_0", "c", "ab_14", "ab_2"], ["ab", "c", "ab", "ab"]),
        (["talk_0", "talk_1", "talk_2"], ["talk_0", "talk_1", "talk_2"]),
        (["ab_0", "ab_0", "", "c_4"], ["ab_0", "ab_0", "", "c_4"]),
        ([f"x_{n}" for n in range(0, 200, 2)], [f"x_{n}" for n in range(0, 200, 2)]),
    ],
)
def test_the_parts_of_a_chat_that_was_split_are_one_item(ids, names):
    assert name_chats(ids) == names


@given(WORDS, st.integers(5, 40), st.booleans())
def test_parts_are_whole_pairs_in_order_and_as_long_as_fits(lengths, most, with_system):
    chat = make_chat(lengths, "S" if with_system else "")
    n_extra = 1 + with_system
    parts = list(split_turns(chat, most, encode))
    pairs = [2 * length for length in lengths]
    place = 0
    for part in parts:
        taken = len(part.ids) - n_extra
        held = 0
        while held < taken:
            held += pairs[place]
            place += 1
        assert held == taken, "a part ends within a pair"
        alone = taken == pairs[place - 1]
        assert len(part.ids) <= most or alone
        if place < len(pairs):
            assert len(part.ids) + pairs[place] > most, "the next pair would have fitted"
    assert place == len(pairs)


def test_a_long_chat_is_not_encoded_anew_for_each_of_its_pairs():
    chat, sizes = make_chat([10] * 300), []
    list(split_turns(chat, 1000, lambda part: sizes.append(len(encode(part).ids)) or encode(part)))
    assert sum(sizes) < 3 * sizes[0]  # one after the other, it was 26 times


def test_turns_go_by_twos_behind_the_system_message():
    chat = make_chat([1, 1], "S")
    start, pairs = pair_turns(chat)
    assert start == (Message("system", "S"),)
    assert [len(pair) for pair in pairs] == [2, 2]
