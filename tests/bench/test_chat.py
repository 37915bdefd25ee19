"""The bench of many chats, with two short ones; the peer is no straw man."""

import argparse
import json

import pytest
import torch

from bench import chat
from bench.chatdevice import measure_device
from bench.chatmodel import SMALL, make_model, make_prompt, make_tokenizer

pytestmark = pytest.mark.slow

PROMISED = {
    "server", "streams", "tokens_per_s", "from_to", "first_token_ms", "cpu_ms_per_token",
    "events_per_token",
}  # fmt: skip
TINY = SMALL | {"vocab_size": 512, "hidden_size": 64, "intermediate_size": 64}


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    path = tmp_path_factory.mktemp("bench") / "chat.json"
    chat.main(["--rounds", "1", "--streams", "2", "--tokens", "8", "--out", str(path)])
    return json.loads(path.read_text("utf-8"))


def test_both_servers_and_their_ratio_are_measured(found):
    ours, theirs, ratio = found["rows"]
    assert set(ours) == set(theirs) == PROMISED
    assert (ours["server"], theirs["server"]) == ("Camelid", "a thread each")
    assert ratio["tokens_per_s"] == pytest.approx(
        ours["tokens_per_s"] / theirs["tokens_per_s"], abs=0.01
    )


def test_both_servers_answer_and_say_when_the_first_token_came(found):
    assert all(row["tokens_per_s"] > 0 < row["first_token_ms"] for row in found["rows"][:2])
    assert {"torch", "transformers", "load"} <= set(found["machine"])


def test_a_model_in_this_process_is_measured_with_its_limit():
    asked = argparse.Namespace(rounds=1, streams=[1, 2], tokens=4)
    found = measure_device(TINY, "cpu", asked, copy_bytes=2**20)
    assert set(found.loads) == {1, 2}
    assert set(found.loads[2]) == {"Camelid", "a thread each"}
    assert found.limits["share_of_limit"] > 0


def test_every_answer_has_the_tokens_that_were_asked_for():
    """The token that ends an answer is one that the model can't choose."""
    tokenizer = make_tokenizer(SMALL["vocab_size"])
    assert tokenizer.eos_token_id == SMALL["vocab_size"]
    assert make_model(TINY).lm_head.out_features == TINY["vocab_size"]


def test_the_model_has_twelve_million_parameters():
    with torch.device("meta"):
        model = make_model(SMALL, "meta")
    assert sum(part.numel() for part in model.parameters()) == 12_681_280


def test_each_word_of_a_prompt_is_one_token():
    tokenizer = make_tokenizer(SMALL["vocab_size"])
    ids = tokenizer(f" {make_prompt(32, 1)}").input_ids
    assert len(ids) == 32
    assert make_prompt(32, 1) != make_prompt(32, 2)
