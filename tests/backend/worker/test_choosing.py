"""Choosing the next token: the same as transformers' own warpers, with or without a shortcut."""

from types import SimpleNamespace

import pytest
import torch
from transformers import TemperatureLogitsWarper, TopKLogitsWarper, TopPLogitsWarper

from backend.dialogue import Sampling
from backend.worker.choosing import Chooser, draw, translate

N_VOCAB = 50


def prepare(asked, *, is_captured=False):
    """Return a chooser with the arguments of a batch, one row for each sampling."""
    chooser = Chooser(is_captured=is_captured)
    batch = [make_request(words) for words in map(translate, asked)]
    args = torch.zeros((3, len(asked) + 2), dtype=torch.int32)
    chooser.fill_defaults(args)
    return chooser, chooser.prepare_tensor_args(batch, args)


def make_request(words, *, has_new_token=True):
    state = SimpleNamespace(logit_processor_kwargs=words)
    return SimpleNamespace(has_new_token=has_new_token, state=state)


def choose(scores, asked, **words):
    """Return the chosen token of each row."""
    chooser, args = prepare(asked, **words)
    return chooser(torch.zeros(len(asked)), scores, args).argmax(dim=-1)


def warp(scores, sampling):
    """Return what `generate` makes of one row."""
    words = {"filter_value": float("-inf")}
    scores = TemperatureLogitsWarper(sampling.temperature)(None, scores[None].clone())
    if sampling.top_k:
        scores = TopKLogitsWarper(min(sampling.top_k, N_VOCAB), **words)(None, scores)
    if sampling.top_p < 1:
        scores = TopPLogitsWarper(sampling.top_p, **words)(None, scores)
    return scores[0]


MIXED = [
    Sampling(temperature=0.7),
    Sampling(temperature=1.5, top_k=5),
    Sampling(temperature=0.9, top_p=0.8),
    Sampling(temperature=2.0, top_p=0.5, top_k=20),
    Sampling(temperature=1.0, top_k=10_000, top_p=0.0),
]


@pytest.mark.parametrize("is_captured", [False, True])
@pytest.mark.parametrize("asked", [MIXED, MIXED[:1], MIXED[1:2]], ids=["mixed", "plain", "top-k"])
def test_each_row_is_warped_as_generate_does(asked, is_captured):
    torch.manual_seed(1)
    scores = 4 * torch.randn(len(asked), N_VOCAB)
    chooser, args = prepare(asked, is_captured=is_captured)
    found = chooser.weigh(scores, args)
    expected = torch.stack([warp(row, one) for row, one in zip(scores, asked, strict=True)])
    assert torch.allclose(found.softmax(-1), expected.softmax(-1), atol=1e-6)


@pytest.mark.parametrize("is_captured", [False, True])
@pytest.mark.parametrize("beside", [[], MIXED], ids=["alone", "beside hot ones"])
def test_greedy_takes_the_first_of_equal_tokens(beside, is_captured):
    """In half the precision, equal scores are common, and `generate` takes the first."""
    scores = torch.zeros(1 + len(beside), N_VOCAB)
    scores[:, [7, 20]] = 3.0
    asked = [Sampling(temperature=0), *beside]
    found = {int(choose(scores, asked, is_captured=is_captured)[0]) for _ in range(20)}
    assert found == {7}


def test_tokens_are_drawn_by_their_probabilities():
    torch.manual_seed(1)
    likely = torch.tensor([0.5, 0.0, 0.3, 0.2, 0.0])
    chosen, total = draw(likely.log().repeat(40_000, 1))
    rates = torch.bincount(chosen.flatten(), minlength=5) / 40_000
    assert torch.allclose(rates, likely, atol=0.01)
    assert rates[[1, 4]].tolist() == [0, 0]
    assert torch.allclose(total, torch.ones(40_000, 1))


@pytest.mark.parametrize("temperature", [0.0, 1e-30, 1e-4, 100.0])
@pytest.mark.parametrize("top_p", [0.0, 1e-9, 1.0])
def test_no_parameters_choose_what_has_no_probability(temperature, top_p):
    scores = torch.full((1, N_VOCAB), -1e4)
    scores[0, 30] = 80.0
    assert choose(scores, [Sampling(temperature=temperature, top_p=top_p, top_k=3)]) == 30


@pytest.mark.parametrize("temperature", [0.0, 1.0])
@pytest.mark.parametrize("fault", [float("nan"), float("inf")])
def test_scores_that_are_no_numbers_are_told(temperature, fault):
    scores = torch.zeros(1, N_VOCAB)
    scores[0, 3] = fault
    with pytest.raises(ValueError, match="no numbers; with float16, choose bfloat16"):
        choose(scores, [Sampling(temperature=temperature)])


def test_rows_without_a_token_in_this_step_are_left_out():
    batch = [make_request({"top_k": 3}, has_new_token=False), make_request({"top_k": 4})]
    chooser = Chooser(is_captured=False)
    args = chooser.prepare_tensor_args(batch, torch.zeros((3, 2), dtype=torch.int32))
    assert args[1].tolist() == [4, 0]
