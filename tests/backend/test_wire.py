"""Requests as they are sent, and answers of any shape as they are read."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.dialogue import Message, Sampling
from backend.faults import Fault, Peer
from backend.wire import Draft, add_local, build_body, build_format, clean, drop_parameter

PEER = Peer("gpt-4", "https://api.example.com/v1", "gpt-4-0613", "OPENAI_API_KEY", None)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "choices",
                    "delta",
                    "message",
                    "content",
                    "refusal",
                    "finish_reason",
                    "usage",
                    "error",
                ]
            ),
            inner,
        )
    ),
    max_leaves=12,
)


def read_whole(told):
    """Return what an answer in one piece ends as."""
    draft = Draft(PEER)
    try:
        draft.add_whole(told)
    except Fault as fault:
        return fault.outcome, fault.detail
    return draft.check()


def make_choice(**changed):
    message = {"content": "Yes.", "refusal": None}
    return {"choices": [{"message": message, "finish_reason": "stop", **changed}]}


@given(JSON)
def test_whatever_comes_ends_as_an_outcome(told):
    outcome, detail = read_whole(told)
    assert outcome == "ok" or detail


@given(st.lists(JSON, max_size=4))
def test_whatever_streams_ends_as_an_outcome(events):
    draft = Draft(PEER)
    try:
        text = "".join(draft.add_chunk(event) for event in events)
    except Fault as fault:
        assert fault.detail
    else:
        assert draft.text == text
        assert draft.check()[0] != "ok" or text.strip()


@pytest.mark.parametrize(
    ("choice", "outcome"),
    [
        (make_choice(), "ok"),
        (make_choice(finish_reason="eos_token"), "ok"),
        (make_choice(finish_reason="length"), "truncated"),
        (make_choice(finish_reason=None), "cut_off"),
        (make_choice(finish_reason="error"), "cut_off"),
        (make_choice(finish_reason="tool_calls"), "cut_off"),
        (make_choice(finish_reason="content_filter"), "filtered"),
        (make_choice(message={"content": None, "refusal": "No."}), "refused"),
        (make_choice(message={"content": None}), "empty"),
        (make_choice(message={"content": " \n"}), "empty"),
        (make_choice(message=None), "empty"),
        (make_choice(message="Yes."), "malformed"),
        (make_choice(message={"content": ["Yes."]}), "malformed"),
        (make_choice(message={"content": 7}), "malformed"),
        ({"choices": {}}, "malformed"),
        ({"choices": "Yes."}, "malformed"),
        ({}, "malformed"),
        (["Yes."], "malformed"),
        ("<html>", "malformed"),
        ({"error": {"message": "down"}}, "server_error"),
        ({"error": "down"}, "server_error"),
    ],
)
def test_answer_is_ok_only_where_it_says_that_it_is_whole(choice, outcome):
    assert read_whole(choice)[0] == outcome


@pytest.mark.parametrize(
    "usage",
    [
        None,
        {},
        [],
        {"prompt_tokens": 3},
        {"prompt_tokens": -1, "completion_tokens": 2},
        {"prompt_tokens": 10**30, "completion_tokens": 2},
    ],
)
def test_usage_that_is_none_is_unknown(usage):
    draft = Draft(PEER)
    draft.add_whole(make_choice() | {"usage": usage})
    assert (draft.n_prompt_tokens, draft.n_tokens) == (None, None)


def test_refusal_is_told_in_its_words():
    outcome, detail = read_whole(make_choice(message={"refusal": "I can't."}))
    assert (outcome, "I can't." in detail) == ("refused", True)


def test_local_body_keeps_what_the_plain_one_has():
    messages = [Message("user", "Add.", "1 2")]
    plain = build_body("m", messages, Sampling(), stream=True)
    local = add_local(plain, messages, Sampling(top_k=4), "alpaca")
    assert local.keys() - plain.keys() == {"top_k", "template", "fit"}
    assert plain["messages"] == [{"role": "user", "content": "Add.\n\n1 2"}]


@pytest.mark.parametrize(
    ("param", "left", "noted"),
    [
        ("max_tokens", "max_completion_tokens", False),
        ("temperature", None, True),
        ("top_p", None, True),
        ("stream_options", None, False),
    ],
)
def test_refused_parameter_is_replaced_or_left_out(param, left, noted):
    body, note = drop_parameter(build_body("m", [], Sampling(), stream=True), param)
    assert param not in body and (left is None or left in body)
    assert bool(note) == noted


def test_a_refused_schema_is_left_out_with_a_note():
    asked = {"model": "m"} | build_format({"type": "object"})
    assert asked["response_format"]["json_schema"]["schema"] == {"type": "object"}
    assert drop_parameter(asked, "response_format") == (
        {"model": "m"},
        "The server takes no JSON schema; it answered without.",
    )


@pytest.mark.parametrize("param", ["messages", "model", "never_sent", ""])
def test_what_an_answer_needs_is_never_left_out(param):
    assert drop_parameter(build_body("m", [], Sampling(), stream=True), param) is None


@given(st.text())
def test_clean_text_stays_as_it_is(text):
    assert clean(text) == text


def test_half_a_pair_is_replaced_and_a_whole_one_kept():
    assert clean("a\ud83db") == "a\ufffdb"
    assert clean("\ud83d\ude00") == "😀"
