"""What servers say when something is wrong, and what it is called here."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from backend.faults import (
    Peer,
    explain_break,
    find_unsupported,
    quote,
    read_error,
    read_retry_after,
    read_status,
    read_told,
)

KEY = SecretStr("sk-CANARY-0123456789abcdef")
PEER = Peer("gpt-4", "https://api.example.com/v1", "gpt-4-0613", "OPENAI_API_KEY", KEY)
NOW = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("status", "body", "outcome", "again"),
    [
        (400, {"message": "Bad role."}, "server_error", False),
        (400, {"code": "context_length_exceeded"}, "too_long", False),
        (400, "This model's maximum context length is 512 tokens.", "too_long", False),
        (413, {"message": "Input is too long for requested model."}, "too_long", False),
        (413, "<h1>Request Entity Too Large</h1>", "too_long", False),
        (400, {"code": "content_filter"}, "filtered", False),
        (401, {}, "bad_key", False),
        (402, {}, "no_quota", False),
        (403, None, "bad_key", False),
        (404, {"message": "Not Found"}, "unknown_model", False),
        (400, {"code": "model_not_found"}, "unknown_model", False),
        (408, {}, "timeout", True),
        (429, {}, "rate_limited", True),
        (429, {"code": "insufficient_quota"}, "no_quota", False),
        (429, {"type": "insufficient_quota", "code": None}, "no_quota", False),
        (500, [1, 2], "server_error", True),
        (529, {"type": "overloaded_error"}, "server_error", True),
        (302, "", "malformed", False),
    ],
)
def test_status_has_its_outcome(status, body, outcome, again):
    fault = read_status(status, body, {}, PEER)
    assert (fault.outcome, fault.again) == (outcome, again)
    assert fault.detail.startswith("gpt-4")


@pytest.mark.parametrize(("status", "billed"), [(400, False), (429, False), (500, True)])
def test_only_a_server_that_failed_may_send_a_bill(status, billed):
    assert read_status(status, {}, {}, PEER).billed == billed


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        ({"message": "Provider is down", "code": 502}, "server_error"),
        ({"message": "Slow down", "code": "429"}, "rate_limited"),
        ({"code": "rate_limit_exceeded"}, "rate_limited"),
        ({"type": "insufficient_quota"}, "no_quota"),
        ({"code": 401}, "bad_key"),
        ("only a text", "server_error"),
        (True, "server_error"),
    ],
)
def test_error_in_place_of_an_answer_has_its_outcome(error, outcome):
    assert read_error(error, PEER).outcome == outcome


@pytest.mark.parametrize(
    ("told", "seconds"),
    [
        ("1", 1),
        ("0.5", 0.5),
        ("200", 200),
        ("-3", 0),
        ("Thu, 01 Jan 2026 00:00:30 GMT", 30),
        ("Wed, 31 Dec 2025 00:00:00 GMT", 0),
        ("soon", None),
        ("nan", None),
        ("inf", None),
        ("", None),
    ],
)
def test_retry_after_is_read_in_both_forms(told, seconds):
    assert read_retry_after({"retry-after": told}, NOW) == seconds


def test_refused_key_names_its_variable_and_quotes_nothing():
    said = read_status(401, {"message": "Incorrect API key: sk-CA***cdef"}, {}, PEER).detail
    assert "OPENAI_API_KEY" in said
    assert "sk-" not in said and "cdef" not in said


def test_server_that_wants_a_key_says_where_to_name_it():
    peer = Peer("vllm", "http://gpu:8000/v1", "m", "", None)
    assert "key_env" in read_status(401, {}, {}, peer).detail


@given(st.text(max_size=50), st.text(max_size=50), st.integers(0, 20), st.integers(6, 26))
def test_no_six_letters_of_a_key_are_ever_quoted(before, after, start, length):
    secret = KEY.get_secret_value()
    said = quote(f"{before}{secret[start : start + length]}{after}", KEY)
    assert not any(secret[i : i + 6] in said for i in range(len(secret) - 5))


def test_quote_is_one_short_printable_line():
    said = quote("line\n\x1b[31mred\u2028" + "x" * 1000, None)
    assert said.startswith("line [31mred") and len(said) <= 301
    assert said.isprintable()


def test_told_is_read_from_any_shape():
    assert read_told({"detail": "no such route"}).message == "no such route"
    assert read_told({"message": None, "code": 7}).code == "7"
    assert read_told(None).message == read_told([1]).message == ""


@pytest.mark.parametrize(("connected", "outcome"), [(True, "cut_off"), (False, "unreachable")])
@pytest.mark.parametrize("is_local", [True, False])
def test_broken_connection_is_tried_again_but_not_with_a_dead_worker(connected, outcome, is_local):
    peer = Peer("m", "http://127.0.0.1:1/v1", "m", "", None, is_local)
    fault = explain_break(peer, connected=connected)
    assert (fault.outcome, fault.again, fault.billed) == (outcome, not is_local, connected)


@pytest.mark.parametrize(
    ("error", "param"),
    [
        ({"code": "unsupported_parameter", "param": "top_p"}, "top_p"),
        ({"code": None, "param": "response_format"}, "response_format"),
        ({"code": None, "param": "response_format.json_schema.strict"}, "response_format"),
        ({"message": "response_format: this server has no such function"}, "response_format"),
        ("'json_schema' is not one of ['text', 'json_object']", "response_format"),
        ({"message": "Structured outputs are not supported."}, "response_format"),
        ({"message": "Something went wrong.", "param": "messages"}, ""),
        (None, ""),
    ],
)
def test_what_a_server_does_not_take_is_found(error, param):
    assert find_unsupported(read_told(error)) == param
