"""What is sent back, checked against the openai client's own types."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openai.types import Completion
from openai.types.chat import ChatCompletion, ChatCompletionChunk

from backend.worker.shapes import ChatShape, Choice, TextShape

SHAPES = [(ChatShape, ChatCompletion, ChatCompletionChunk), (TextShape, Completion, Completion)]


def read_events(data):
    return [json.loads(event.removeprefix(b"data: ")) for event in data.split(b"\n\n") if event]


@pytest.mark.parametrize(("shape", "whole", "_part"), SHAPES)
def test_a_whole_answer_is_what_the_client_expects(shape, whole, _part):
    told = shape("tiny", 2).answer(5, [Choice("a", "stop", 1), Choice("b", "length", 2)])
    read = whole.model_validate(told, strict=True)
    assert [choice.finish_reason for choice in read.choices] == ["stop", "length"]
    assert (read.usage.prompt_tokens, read.usage.total_tokens) == (5, 8)


@pytest.mark.parametrize(("shape", "_whole", "part"), SHAPES)
@pytest.mark.parametrize("usage", [True, False])
def test_every_event_is_what_the_client_expects(shape, _whole, part, usage):
    form = shape("tiny", 1, usage=usage)
    data = form.open_events() + form.text_event(0, "x") + form.end_event(0, "stop")
    for event in read_events(data):
        told = {**event, "choices": [settle(choice) for choice in event["choices"]]}
        assert part.model_validate(told).choices[0].index == 0
        assert ("usage" in event) is usage


def settle(choice):
    """The type for a whole text has no event that goes on, though OpenAI sends such."""
    return {**choice, "finish_reason": choice["finish_reason"] or "stop"}


@given(text=st.text(st.characters(exclude_categories=["Cs"])), usage=st.booleans())
def test_the_quick_event_is_the_same_as_the_plain_one(text, usage):
    chat, plain = ChatShape("tiny", 2, usage=usage), TextShape('ti"ny', 2, usage=usage)
    said = {"index": 1, "delta": {"content": text}, "logprobs": None, "finish_reason": None}
    assert read_events(chat.text_event(1, text)) == read_events(chat.choice_event(said))
    told = {"index": 1, "text": text, "logprobs": None, "finish_reason": None}
    assert read_events(plain.text_event(1, text)) == read_events(plain.choice_event(told))
