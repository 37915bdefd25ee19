"""A tiny LLaMA moved towards planted preferences: the loss, and the base it is held against."""

import json
import math
from dataclasses import replace

import pytest
import torch
from peft import LoraConfig
from torch.nn.functional import log_softmax

from backend.worker.weights import load_weights
from tests.training.planted import plant_pairs
from tests.training.quick import encode, list_texts, load, make_job, make_parts, make_recipe
from training.recipe import Lora
from training.run.preference import build_trainer, measure_preference, run
from training.run.splitting import choose_held_out
from training.run.tiny import make_base

pytestmark = [
    pytest.mark.slow,
    # peft asks transformers by an old name
    pytest.mark.filterwarnings("ignore:`is_gradient_checkpointing` is deprecated:FutureWarning"),
]

BETA = 0.3
RECIPE = make_recipe("preference", learning_rate=3e-3, beta=BETA)
N_HELD_OUT = 12  # items, of three pairs each
PAIRS = plant_pairs(60)


@pytest.fixture(scope="module", autouse=True)
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    return make_base(RECIPE, list_texts(PAIRS), tmp_path_factory.mktemp("base"))


@pytest.fixture(scope="module")
def trained(base, tmp_path_factory):
    """A trainer that has been through all epochs."""
    parts = make_parts(base, tmp_path_factory.mktemp("out"), PAIRS, RECIPE, N_HELD_OUT)
    trainer = build_trainer(parts, BETA, load(base, RECIPE))
    trainer.train()
    return trainer


def sum_logs(model, prompt, answer):
    """The log-probability of an answer, worked out on its own from plain logits."""
    with torch.no_grad():
        logs = log_softmax(model(torch.tensor([prompt + answer])).logits[0], dim=-1)
    places = range(len(prompt) - 1, len(prompt) + len(answer) - 1)
    return sum(float(logs[place, token]) for place, token in zip(places, answer, strict=True))


def list_logs(model, rows):
    model.eval()
    return [
        [sum_logs(model, row["prompt_ids"], row[column]) for row in rows]
        for column in ("chosen_ids", "rejected_ids")
    ]


def list_rises(model, base, rows):
    """How much more each pair's preferred answer has gained than the other."""
    (high, low), (high_before, low_before) = list_logs(model, rows), list_logs(base, rows)
    told = zip(high, high_before, low, low_before, strict=True)
    return [(a - b) - (c - d) for a, b, c, d in told]


def rate_batch(trainer, rows):
    """What TRL says of one batch."""
    trainer.model.eval()
    with torch.no_grad():
        return float(trainer.compute_loss(trainer.model, trainer.data_collator(rows)))


def test_rows_reach_the_trainer_token_by_token(base, trained):
    _, rows = encode(base, PAIRS[3 * N_HELD_OUT :][:5], RECIPE)
    assert [dict(row) for row in trained.train_dataset.select(range(5))] == rows


def test_it_begins_as_its_base(base, tmp_path):
    """The control of what follows: before the first step nothing has risen."""
    parts = make_parts(base, tmp_path, PAIRS, RECIPE, N_HELD_OUT)
    told = measure_preference(build_trainer(parts, BETA, load(base, RECIPE)))["held_out"]
    assert told["loss"] == pytest.approx(math.log(2), abs=1e-5)
    assert told["margin"] == pytest.approx(0, abs=1e-4)


def test_loss_of_a_batch_is_the_formula_by_hand(base, trained):
    """−log σ(β Δ), Δ being a pair's rise."""
    _, rows = encode(base, plant_pairs(3, seed=7), RECIPE)
    rises = list_rises(trained.model, load(base, RECIPE), rows)
    by_hand = sum(math.log1p(math.exp(-BETA * rise)) for rise in rises) / len(rises)
    assert rate_batch(trained, rows) == pytest.approx(by_hand, abs=1e-4)
    assert by_hand < math.log(2) - 0.05


def test_preferred_answers_become_likelier_than_the_others(base, trained):
    told = measure_preference(trained)["held_out"]
    rises = list_rises(trained.model, load(base, RECIPE), list(trained.eval_dataset))
    assert told["accuracy"] > 0.8
    assert told["margin"] == pytest.approx(BETA * sum(rises) / len(rises), abs=1e-3)
    assert sum(rise > 0 for rise in rises) / len(rises) == pytest.approx(told["accuracy"])


def test_an_adapter_needs_no_second_model(base, tmp_path):
    adapter = LoraConfig(r=4, target_modules="all-linear", task_type="CAUSAL_LM")
    parts = make_parts(base, tmp_path, PAIRS, RECIPE, N_HELD_OUT, max_steps=8)
    trainer = build_trainer(replace(parts, adapter=adapter), BETA)
    assert trainer.ref_model is None
    assert measure_preference(trainer)["held_out"]["loss"] == pytest.approx(math.log(2), abs=1e-5)
    trainer.train()
    assert measure_preference(trainer)["held_out"]["loss"] < math.log(2) - 1e-3


@pytest.mark.parametrize("lora", [None, Lora(rank=4)], ids=["whole", "adapter"])
def test_a_job_ends_as_a_chat_model_that_has_moved(tmp_path, lora):
    recipe = make_recipe("preference", max_steps=6, lora=lora, beta=BETA)
    job = make_job(tmp_path, recipe)
    folder = run(job, recipe)
    facts = json.loads((folder / "model.json").read_text())
    held = choose_held_out([pair.item for pair in PAIRS], 0.2, recipe.seed)
    pairs = [pair for pair in PAIRS if pair.item in held]
    _, rows = encode(folder, pairs, recipe)
    model = load_weights(folder, device="cpu").model
    rises = list_rises(model, load(job.folder / "base", recipe), rows)
    told = facts["metrics"]["held_out"]
    assert (facts["role"], told["n_pairs"]) == ("chat", len(rows))
    assert told["margin"] == pytest.approx(BETA * sum(rises) / len(rises), abs=1e-3)
