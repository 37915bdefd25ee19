"""Scores from a server that is right, and from servers that are not."""

import asyncio
import json
import math

import pytest

from backend.call import Endpoint, Patience
from backend.client import Client
from backend.dialogue import Message
from backend.errors import Refused
from backend.faults import Fault, Peer
from backend.money import NoPurse
from backend.scoring import build_scoring, read_scores
from tests.upstream import FAULTS, Scene, fail, serve

PEER = Peer("opt", "http://127.0.0.1:1/v1", "opt", "", None, True)
QUESTION = Message("user", "What do camels have?", "Be brief.")


def row(index, score):
    return {"index": index, "object": "score", "score": score}


def test_a_request_has_the_question_its_input_and_the_answers():
    assert build_scoring(QUESTION, ["Humps.", "\ud800"], "alpaca") == {
        "prompt": "What do camels have?",
        "input": "Be brief.",
        "answers": ["Humps.", "\ufffd"],
        "template": "alpaca",
    }
    assert set(build_scoring(Message("user", "Why?"), [])) == {"prompt", "answers"}


def test_scores_are_put_in_the_order_of_the_answers():
    told = {"data": [row(1, -2), row(0, 0.5)]}
    assert read_scores(told, 2, PEER) == (0.5, -2.0)


@pytest.mark.parametrize(
    "told",
    [
        None, [], {}, {"data": None}, {"data": [1, 2]}, {"data": [row(0, 1)]},
        {"data": [row(0, 1), row(0, 2)]}, {"data": [row(0, 1), row(2, 2)]},
        {"data": [row(0, 1), row(1, 2), row(2, 3)]}, {"data": [row(0, 1), row(1, None)]},
        {"data": [row(0, 1), row(1, "2")]}, {"data": [row(0, 1), row(1, True)]},
        {"data": [row(0, 1), row(1, math.nan)]}, {"data": [row(0, 1), row(1, math.inf)]},
        {"data": [row(0, 1), row(1, 10**400)]}, {"data": [row(0, 1), row([], 2)]},
    ],
)  # fmt: skip
def test_what_is_not_one_number_an_answer_is_no_score(told):
    with pytest.raises(Fault, match="one number for each of 2 answers") as caught:
        read_scores(told, 2, PEER)
    assert caught.value.outcome == "malformed"


def score(url, answers=("Humps.", "Two."), deadline_s=30.0, **words):
    """Ask a server for scores."""
    endpoint = Endpoint("opt", url, "opt", is_local=True)
    patience = Patience(deadline_s=deadline_s, connect_s=deadline_s)
    client = Client(endpoint, NoPurse(), patience=patience)
    return asyncio.run(client.score(QUESTION, answers, **words))


@pytest.mark.slow
def test_a_worker_is_asked_at_its_own_address():
    told = json.dumps({"data": [row(0, 3), row(1, 1.5)]}).encode()
    with serve(Scene(raw=told)) as upstream:
        marks = score(upstream.url, template="alpaca")
        body = upstream.asked[0].body
    assert (marks.scores, marks.outcome, marks.detail) == ((3.0, 1.5), "ok", "")
    assert (body["answers"], body["template"]) == (["Humps.", "Two."], "alpaca")


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name in FAULTS if "stream" not in name])
def test_no_fault_is_a_score_and_none_is_raised(name):
    with serve(FAULTS[name]) as upstream:
        marks = score(upstream.url, deadline_s=0.6)
        assert len(upstream.asked) <= 1
    assert (marks.scores, marks.outcome == "ok") == ((), False)
    assert marks.detail


@pytest.mark.slow
def test_a_text_that_is_too_long_says_so():
    long = fail(400, "context_length_exceeded", "A text has 3000 tokens; this model takes 2048.")
    with serve(long) as upstream:
        assert score(upstream.url).outcome == "too_long"


def test_only_a_model_on_this_machine_is_asked_for_scores():
    client = Client(Endpoint("far", "http://127.0.0.1:1/v1", "x"), NoPurse())
    with pytest.raises(Refused, match="far is no model on this machine"):
        asyncio.run(client.score(QUESTION, ["Humps."]))
