"""Why a request is turned down, in OpenAI's shape."""

import json

import pytest

from backend.worker.faults import Fault, answer_fault, clip, name_field


@pytest.mark.parametrize(
    ("status", "kind"), [(400, "invalid_request_error"), (404, "invalid_request_error")]
)
def test_a_fault_of_the_asker(status, kind):
    assert Fault("no", status).payload["error"]["type"] == kind


@pytest.mark.parametrize(("status", "may_retry"), [(500, False), (504, False), (503, True)])
def test_a_fault_of_ours_says_whether_trying_again_helps(status, may_retry):
    answered = answer_fault(Fault("no", status))
    assert json.loads(answered.body)["error"]["type"] == "server_error"
    assert (answered.headers.get("x-should-retry") != "false") is may_retry


def test_a_field_is_named_as_openai_does():
    assert name_field(("messages", 0, "content")) == "messages.0.content"
    assert name_field(()) is None


@pytest.mark.parametrize("value", ["x" * 500, "\ud800", "\n\x1b[31m"])
def test_a_value_that_is_told_back_is_short_and_plain(value):
    assert len(clip(value)) <= 45 and clip(value).isprintable()


def test_a_number_without_a_text_is_told_in_words():
    assert "thousands" in clip(10**5000)


def test_any_text_can_be_sent():
    body = answer_fault(Fault("\ud800 \x00 你好")).body
    assert json.loads(body)["error"]["message"] == "\ud800 \x00 你好"
