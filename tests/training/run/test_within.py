"""Examples of one packed row know nothing of one another."""

import random

import pytest
import torch
from datasets import Dataset
from transformers import AutoModelForCausalLM
from trl.data_utils import pack_dataset
from trl.trainer.sft_trainer import DataCollatorForLanguageModeling

from tests.tiny import make_llama
from training.recipe import Recipe
from training.run.batches import count_sequences
from training.run.within import register_attention

pytestmark = pytest.mark.slow

EXAMPLES = [[1, 40, 41, 42, 43, 44], [1, 50, 51], [1, 60, 61, 62, 63]]
CLOSE = {"rtol": 1e-4, "atol": 1e-5}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return make_llama(tmp_path_factory.mktemp("llama"), hidden=32, layers=2)


def load(folder, attention):
    return AutoModelForCausalLM.from_pretrained(folder, attn_implementation=attention).eval()


def pack(rows):
    """A batch as the trainer collates packed rows: one row, with the borders of its examples."""
    collator = DataCollatorForLanguageModeling(pad_token_id=0, padding_free=True)
    ids = [token for row in rows for token in row]
    batch = collator([{"input_ids": ids, "labels": ids, "seq_lengths": [len(row) for row in rows]}])
    return {name: part for name, part in batch.items() if name != "labels"}


def read_logits(model, **words):
    with torch.no_grad():
        return model(use_cache=False, **words).logits


def read_alone(model):
    rows = [read_logits(model, input_ids=torch.tensor([row]))[0] for row in EXAMPLES]
    return torch.cat(rows)


@pytest.mark.parametrize("attention", ["sdpa", "within"])
def test_a_packed_example_has_the_logits_that_it_has_alone(folder, attention):
    register_attention()
    packed = read_logits(load(folder, attention), **pack(EXAMPLES))[0]
    torch.testing.assert_close(packed, read_alone(load(folder, "sdpa")), **CLOSE)


def test_without_borders_examples_leak_into_one_another(folder):
    """The control: what the test above compares differs where a row is taken for one example."""
    model = load(folder, "sdpa")
    leaking = read_logits(model, input_ids=pack(EXAMPLES)["input_ids"])[0]
    alone = read_alone(model)
    assert torch.allclose(leaking[:6], alone[:6], **CLOSE)
    assert not torch.allclose(leaking[6:], alone[6:], **CLOSE)


def test_another_neighbour_changes_nothing(folder):
    model = load(folder, register_attention())
    other = [[1, 70, 71, 72, 73, 74], *EXAMPLES[1:]]
    both = [read_logits(model, **pack(rows))[0, 6:] for rows in (EXAMPLES, other)]
    torch.testing.assert_close(*both, **CLOSE)


def test_padded_rows_are_masked_as_ever(folder):
    words = {
        "input_ids": torch.tensor([EXAMPLES[0], [*EXAMPLES[1], 0, 0, 0]]),
        "attention_mask": torch.tensor([[1] * 6, [1, 1, 1, 0, 0, 0]]),
    }
    ours = read_logits(load(folder, register_attention()), **words)
    theirs = read_logits(load(folder, "sdpa"), **words)
    torch.testing.assert_close(ours, theirs, **CLOSE)


def test_gradients_are_those_of_the_masked_row(folder):
    grads = []
    for attention in ("sdpa", register_attention()):
        model = load(folder, attention)
        batch = pack(EXAMPLES)
        model(labels=batch["input_ids"], use_cache=False, **batch).loss.backward()
        grads.append(model.model.layers[0].self_attn.k_proj.weight.grad)
    torch.testing.assert_close(*grads, **CLOSE)


def test_packed_rows_are_as_many_as_the_report_says():
    dice = random.Random(1)
    lengths = [dice.randint(1, 64) for _ in range(1500)]
    table = Dataset.from_dict({"input_ids": [[7] * length for length in lengths]})
    recipe = Recipe(name="r", title="R", kind="sft", packing=True, max_length=64)
    assert len(pack_dataset(table, 64, "bfd")) == count_sequences(lengths, recipe)
