"""What is kept about one question: what it cost, what was changed, how it ended."""

import pytest
from pydantic import SecretStr

from backend.call import Call, Endpoint, Patience
from backend.faults import Fault
from backend.wire import Draft

ENDPOINT = Endpoint("gpt-4", "https://x.org/v1", "gpt-4", price_input_usd=10, price_output_usd=30)


def make_call(**body):
    return Call(ENDPOINT, {"model": "gpt-4", **body}, 0.5, 100.0, Draft(ENDPOINT.peer))


def answer(call):
    """Let an answer come."""
    call.draft.add_whole(
        {
            "model": "gpt-4-0613",
            "usage": {"prompt_tokens": 100, "completion_tokens": 10},
            "choices": [{"message": {"content": "Yes."}, "finish_reason": "stop"}],
        }
    )


def test_answer_becomes_a_reply():
    call = make_call()
    answer(call)
    reply = call.make_reply(None, 102.5)
    assert (reply.outcome, reply.text, reply.model) == ("ok", "Yes.", "gpt-4-0613")
    assert (reply.duration_s, reply.detail) == (2.5, "")


def test_fault_is_the_outcome_whatever_has_come():
    call = make_call()
    answer(call)
    call.n_attempts = 3
    reply = call.make_reply(Fault("timeout", "Too late.", retry_after_s=7), 101)
    assert (reply.outcome, reply.text, reply.retry_after_s) == ("timeout", "Yes.", 7)
    assert reply.detail == "Too late. Asked 3 times."


def test_what_was_left_out_is_told_with_the_answer():
    call = make_call(temperature=0.2)
    assert call.drop("temperature")
    answer(call)
    assert "temperature=0.2" in call.make_reply(None, 101).detail


def test_parameter_is_changed_only_once():
    call = make_call(max_tokens=5)
    assert call.drop("max_tokens") and call.drop("max_completion_tokens")
    assert not call.drop("max_tokens") and not call.drop("max_completion_tokens")


@pytest.mark.parametrize(
    ("answered", "billed", "usd"), [(True, True, 0.0013), (False, True, None), (False, False, 0)]
)
def test_attempt_costs_its_usage_or_nobody_knows(answered, billed, usd):
    call = make_call()
    if answered:
        answer(call)
    assert call.count_cost(billed) == (usd if usd is None else pytest.approx(usd))


def test_endpoint_hides_its_key():
    endpoint = Endpoint("m", "https://x.org/v1", "m", SecretStr("sk-CANARY"), "MY_API_KEY")
    assert "MY_API_KEY" in repr(endpoint)
    assert "CANARY" not in repr(endpoint) + repr(endpoint.peer)


def test_a_schema_is_part_of_the_prompt_and_of_its_price():
    call = make_call()
    call.ask_for({"type": "object"})
    assert call.body["response_format"]["type"] == "json_schema"
    assert 0.5 < call.ceiling_usd < 0.51


def test_a_schema_changes_no_unknown_price():
    call = make_call()
    call.ceiling_usd = None
    call.ask_for({"type": "object"})
    assert call.ceiling_usd is None


@pytest.mark.parametrize(
    ("outcome", "waits", "again"),
    [("rate_limited", True, True), ("rate_limited", False, False), ("server_error", False, True)],
)
def test_who_spaces_calls_out_alone_is_told_of_haste_at_once(outcome, waits, again):
    call = make_call()
    call.patience, call.n_attempts = Patience(waits_for_turn=waits), 1
    assert call.may_again(Fault(outcome, "Busy.", again=True)) == again


def test_patience_ends_with_the_last_attempt():
    call = make_call()
    call.n_attempts = call.patience.n_attempts
    assert not call.may_again(Fault("server_error", "Broken.", again=True))
