import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.errors import InputError
from training.data.rows import Row
from training.data.sharegpt import read_example, read_turns

NAMES = {"h": "human", "g": "gpt", "s": "system"}


def make_row(turns, **more):
    chat = [{"from": NAMES[who], "value": f"{who}{n}"} for n, who in enumerate(turns)]
    return Row(3, {"conversations": chat, **more})


def tell(example):
    return "".join(message.content for message in example.messages) if example else None


@pytest.mark.parametrize(
    ("turns", "kept"),
    [
        ("hg", "h0g1"),
        ("hghg", "h0g1h2g3"),
        ("hgh", "h0g1"),  # nothing answers the last one
        ("ghg", "h1g2"),  # as published: a first turn that is no human's goes
        ("shg", "s0h1g2"),
        ("sghg", "s0h2g3"),
        ("h", None),
        ("g", None),
        ("gh", None),
        ("s", None),
        ("", None),
    ],
)
def test_what_is_kept_of_a_chat(turns, kept):
    assert tell(read_example(make_row(turns))) == kept


@pytest.mark.parametrize(
    ("turns", "kept"), [("hg", "Be kind.h0g1"), ("shg", "s0h1g2"), ("h", None)]
)
def test_a_system_message_in_a_field_of_its_own_comes_first(turns, kept):
    assert tell(read_example(make_row(turns, system="Be kind."))) == kept
    assert tell(read_example(make_row(turns, system=None))) == (
        kept and kept.removeprefix("Be kind.")
    )


@pytest.mark.parametrize(
    ("turns", "words"),
    [
        ("hhg", "turn 2 is the user's where the assistant should speak"),
        ("hggh", "turn 3 is the assistant's where the user should speak"),
        ("gghg", "turn 2 is the assistant's where the user should speak"),
        ("hgshg", "turn 3 is the system's where the user should speak"),
    ],
)
def test_sides_that_do_not_take_turns_are_refused_with_the_row(turns, words):
    with pytest.raises(InputError, match=f"line 3: {words}"):
        read_example(make_row(turns))


@given(st.text("hgs", max_size=8))
def test_whatever_is_read_ends_with_an_answer_and_takes_turns(turns):
    try:
        example = read_example(make_row(turns))
    except InputError:
        return
    roles = [message.role for message in example.messages] if example else ["assistant"]
    turns = roles[1:] if roles[0] == "system" else roles
    assert turns[-1] == "assistant"
    assert not example or turns == ["user", "assistant"] * (len(turns) // 2)


def test_openai_messages_are_the_same_chat():
    said = [{"role": "user", "content": "Hi."}, {"role": "assistant", "content": "Hello."}]
    example = read_example(Row(1, {"id": 12, "messages": said}))
    assert [(one.role, one.content) for one in example.messages] == [
        ("user", "Hi."),
        ("assistant", "Hello."),
    ]
    assert example.item == "12"


def test_someone_unknown_is_refused():
    with pytest.raises(InputError, match="'from' is 'tool'; it can be human, user, gpt"):
        read_turns(Row(1, {"conversations": [{"from": "tool", "value": "x"}]}))
