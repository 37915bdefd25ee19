"""Reading requests: strictly, with the field named, and never by breaking."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.dialogue import Message
from backend.worker.faults import Fault
from backend.worker.fields import ABSENT
from backend.worker.protocol import (
    ChatBody,
    ScoreBody,
    TextBody,
    TokenBody,
    read_body,
)
from tests.backend.worker.fakes import chat

SHAPES = (ChatBody, TextBody, TokenBody, ScoreBody)


def read_chat(**more):
    return read_body(json.dumps(chat(**more)).encode(), ChatBody)


def refuse(body, shape=ChatBody):
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    with pytest.raises(Fault) as caught:
        read_body(data, shape)
    return caught.value


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("temperature", "-0.1"),
        ("temperature", "2.1"),
        ("temperature", '"hot"'),
        ("temperature", "true"),
        ("temperature", "1" + "0" * 400),
        ("top_p", "0"),
        ("top_p", "1.5"),
        ("top_k", "-2"),
        ("top_k", "1.5"),
        ("max_tokens", "0"),
        ("max_tokens", "1" + "0" * 30),
        ("max_completion_tokens", "-1"),
        ("n", "0"),
        ("n", "17"),
        ("n", "1.0"),
        ("stop", '["a", "b", "c", "d", "e"]'),
        ("stop", '""'),
        ("stop", "3"),
        ("seed", str(2**64)),
        ("stream", '"yes"'),
        ("stream_options", '{"include_usage": 1}'),
        ("messages", "[]"),
        ("messages", '"Hello"'),
        ("messages", "null"),
        ("model", "7"),
        ("template", "7"),
        ("nonsense", "1"),
    ],
)
def test_a_wrong_field_is_named(field, value):
    fault = refuse(f'{json.dumps(chat())[:-1]}, "{field}": {value}}}'.encode())
    assert fault.status == 400 and fault.param.split(".")[0] == field
    assert field in str(fault) and len(str(fault)) < 300


def test_a_number_of_thousands_of_digits_is_refused():
    assert refuse(f'{json.dumps(chat())[:-1]}, "n": {"9" * 5000}}}'.encode()).status == 400


@pytest.mark.parametrize("name", sorted(ABSENT))
def test_a_function_that_is_not_there_is_refused_by_name(name):
    fault = refuse(chat(**{name: "please"}))
    assert (fault.status, fault.param, fault.code) == (400, name, "unsupported_parameter")


@pytest.mark.parametrize("name", sorted(ABSENT))
def test_asking_for_nothing_is_no_fault(name):
    assert read_chat(**{name: None})
    for neutral in ABSENT[name]:
        assert read_chat(**{name: neutral})


def test_false_is_not_zero():
    assert refuse(chat(presence_penalty=False)).param == "presence_penalty"
    assert read_chat(presence_penalty=0.0)


def test_all_wrong_fields_are_told_at_once():
    fault = refuse(chat(temperature=9, top_p=9))
    assert "temperature" in str(fault) and "top_p" in str(fault)
    assert "got 9" in str(fault)


def test_a_message_is_never_told_back():
    fault = refuse({"messages": [{"role": "user", "content": 5, "input": 7}]})
    assert "messages.0.content" in str(fault) and "got" not in str(fault)


def test_a_text_comes_in_parts():
    parts = [{"type": "text", "text": "one"}, {"type": "text", "text": "two"}]
    asked = read_chat(messages=[{"role": "user", "content": parts, "input": "more"}])
    assert asked.messages[0].message == Message("user", "one\ntwo", "more")


@pytest.mark.parametrize(
    "part", [{"type": "image_url", "image_url": {"url": "x"}}, {"text": "x"}, "x", {}, 3, None]
)
def test_a_part_that_is_no_text_is_refused_with_words(part):
    fault = refuse(chat(messages=[{"role": "user", "content": [part]}]))
    assert fault.param == "messages.0.content" and "reads text only" in str(fault)


def test_an_answer_of_another_server_goes_back_as_it_came():
    answer = {"role": "assistant", "content": "Hi", "refusal": None, "tool_calls": None}
    asked = read_chat(messages=[answer, {"role": "developer", "content": "Be short."}])
    assert [turn.message.role for turn in asked.messages] == ["assistant", "system"]


def test_only_a_person_has_an_input():
    fault = refuse(chat(messages=[{"role": "assistant", "content": "Hi", "input": "x"}]))
    assert fault.param == "messages.0"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b'"text"',
        b"\x80",
        b'{"messages": NaN}',
        b'{"temperature": Infinity}',
        b'{"model": "\\ud800"}',
        b"[" * 100_000,
        b'{"a":' * 100_000,
        b"9" * 100_000,
    ],
)
def test_what_is_no_json_object_is_refused(body):
    fault = refuse(body)
    assert (fault.status, fault.code) == (400, "invalid_json")
    assert len(str(fault)) < 300


def test_the_newer_name_of_max_tokens_wins():
    assert read_chat(max_tokens=5, max_completion_tokens=7).max_new == 7
    assert read_chat(max_tokens=5).max_new == 5


@pytest.mark.parametrize(
    ("asked", "room", "expected"),
    [
        ({"max_tokens": 512, "fit": True}, 100, 100),
        ({"max_tokens": 512, "fit": True}, 600, 512),
        ({"max_tokens": 512, "fit": True}, 3, 16),  # does not fit, and is refused as such
        ({"max_tokens": 4, "fit": True}, 5, 4),
        ({"max_tokens": 512}, 100, 512),
        ({"max_tokens": 512, "fit": False}, 100, 512),
        ({}, 100, 100),
    ],
)
def test_an_answer_is_shortened_only_where_that_is_wanted(asked, room, expected):
    assert read_chat(**asked).choose_sampling(room, (), 0).max_tokens == expected


def test_every_choice_has_a_seed_of_its_own():
    asked = read_chat(seed=-1, stop="END", temperature=0, top_k=-1)
    first, second = (asked.choose_sampling(100, ("###",), place) for place in (0, 1))
    assert (first.seed, second.seed) == (2**63 - 1, 0)
    assert first.stop == ("END", "###") and first.top_k == 0 and first.max_tokens == 100


@pytest.mark.parametrize(
    ("prompt", "expected"),
    [
        ("text", ["text"]),
        (["one", "two"], ["one", "two"]),
        ([1, 2], [[1, 2]]),
        ([[1, 2], [3]], [[1, 2], [3]]),
    ],
)
def test_a_prompt_comes_in_four_ways(prompt, expected):
    assert read_body(json.dumps({"prompt": prompt}).encode(), TextBody).prompt == expected


@pytest.mark.parametrize("prompt", [[], [[]], [1, "a"], ["a"] * 17, [-1], [True], 7, None])
def test_a_prompt_that_is_none_is_refused(prompt):
    assert refuse({"prompt": prompt}, TextBody).param.startswith("prompt")


def test_token_counts_are_about_one_thing():
    assert refuse({}, TokenBody).status == 400
    assert refuse({"prompt": "x", **chat()}, TokenBody).status == 400


@pytest.mark.parametrize(
    ("body", "n_chats"),
    [
        ({"messages": [{"role": "user", "content": "q"}]}, 1),
        ({"prompt": "q", "answers": ["a", "b"]}, 2),
        ({"text_1": "q", "text_2": ["a", "b", "c"]}, 3),
        ({"text_1": ["q", "r"], "text_2": ["a", "b"]}, 2),
    ],
)
def test_scores_are_asked_for_in_three_ways(body, n_chats):
    assert len(read_body(json.dumps(body).encode(), ScoreBody).list_chats()) == n_chats


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"prompt": "q"},
        {"answers": ["a"]},
        {"prompt": "q", "answers": []},
        {"text_1": ["q", "r"], "text_2": ["a", "b", "c"]},
        {"prompt": "q", "answers": ["a"], "text_1": "q", "text_2": "a"},
    ],
)
def test_half_a_question_gets_no_score(body):
    assert refuse(body, ScoreBody).status == 400


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | st.sampled_from(["user", "text", "assistant", "image_url"]),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["role", "content", "type", "text", "input"]) | st.text(max_size=5),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)
FIELDS = st.sampled_from(
    [*ABSENT, *ChatBody.model_fields, *TextBody.model_fields, *ScoreBody.model_fields]
)


@given(body=st.dictionaries(FIELDS, JSON, max_size=6), shape=st.sampled_from(SHAPES))
def test_any_body_is_taken_or_refused_with_words(body, shape):
    try:
        assert isinstance(read_body(json.dumps(body).encode(), shape), shape)
    except Fault as fault:
        assert fault.status == 400 and json.dumps(fault.payload)


@given(data=st.binary(max_size=200), shape=st.sampled_from(SHAPES))
def test_any_bytes_are_taken_or_refused_with_words(data, shape):
    with pytest.raises(Fault):
        read_body(data, shape)
