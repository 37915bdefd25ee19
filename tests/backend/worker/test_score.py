"""Scores of a tiny OPT reward model: the number at the last token, whatever is beside it."""

import asyncio
from itertools import chain

import pytest
import torch

from backend.errors import InputError
from backend.worker.score import BATCH_TOKENS, Scorer, cut_batches, score_batch
from backend.worker.weights import load_weights
from tests.tiny import make_llama, make_reward


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    folder = make_reward(tmp_path_factory.mktemp("reward"))
    return load_weights(folder, device="cpu", dtype="float32", role="reward")


def score_alone(weights, row):
    """Return what the head says of the last token, with no padding anywhere."""
    ids = torch.tensor([row])
    with torch.inference_mode():
        hidden = weights.model.base_model(input_ids=ids).last_hidden_state
        return float(weights.model.score(hidden[0, -1]))


ROWS = [[1, 40, 41, 42, 43, 44], [1, 50], [1], [1, 60, 61, 62]]


def test_padding_changes_no_score(weights):
    alone = [score_alone(weights, row) for row in ROWS]
    assert score_batch(weights, ROWS) == pytest.approx(alone, abs=1e-5)
    assert len({round(score, 4) for score in alone}) == 4


@pytest.mark.parametrize("last", [0, 1, 2])
def test_an_answer_may_end_with_a_special_token(weights, last):
    rows = [[1, 40, last], [1, 40, 41, 42, 43]]
    assert score_batch(weights, rows)[0] == pytest.approx(score_alone(weights, rows[0]), abs=1e-5)


def test_the_model_s_own_choice_would_be_wrong_there(weights):
    """The control: transformers takes the last token that isn't the padding one."""
    row = [1, 40, weights.model.config.pad_token_id]
    with torch.inference_mode():
        own = float(weights.model(torch.tensor([row])).logits[0, 0])
    assert own != pytest.approx(score_alone(weights, row), abs=1e-5)


def test_scores_come_in_the_order_of_the_answers(weights):
    rows = [[1, *range(40, 40 + n % 7)] for n in range(70)]
    scorer = Scorer(weights)
    try:
        scores = asyncio.run(scorer.score(rows))
    finally:
        scorer.close()
    assert scores == pytest.approx([score_alone(weights, row) for row in rows], abs=1e-5)


@pytest.mark.parametrize("lengths", [[], [5], [1] * 100, [2000, 3000, 1, 4000, 2], [9000, 9000]])
def test_batches_hold_everything_once_and_not_too_much(lengths):
    batches = cut_batches(lengths)
    assert sorted(chain(*batches)) == list(range(len(lengths)))
    for batch in batches:
        padded = len(batch) * max(lengths[place] for place in batch)
        assert padded <= BATCH_TOKENS or len(batch) == 1


def test_a_model_that_gives_no_single_number_is_refused(tmp_path):
    chat = load_weights(make_llama(tmp_path), device="cpu")
    with pytest.raises(InputError, match="one number"):
        Scorer(chat)
