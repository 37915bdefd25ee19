"""The estimate, against a LLaMA of seven billion parameters worked out by hand."""

import pytest

from training.recipe import Lora, Recipe
from training.run.batches import Batch
from training.run.memory import (
    Load,
    count_trained,
    estimate_disk,
    estimate_flops,
    estimate_memory,
    estimate_offload,
    plan_load,
    weigh_weights,
)
from training.run.shapes import Shape

N = 6_738_415_616
LLAMA = Shape(N, 4096, 32, 11008, 4096, 32000, 2048)
LOAD = Load(4, 512)


def make(**changes):
    return Recipe(name="r", title="R", kind=changes.pop("kind", "sft"), **changes)


def read_part(parts, word):
    return next(n for words, n in parts.items() if words.startswith(word))


def test_whole_weights_on_one_device_are_sixteen_bytes_a_parameter():
    parts = estimate_memory(LLAMA, make(precision="fp32"), LOAD, "one", 1)
    assert read_part(parts, "weights") == 4 * N == 26_953_662_464
    assert read_part(parts, "gradients") == 4 * N
    assert read_part(parts, "Adam") == 8 * N


def test_bf16_keeps_full_weights_and_a_copy_in_halves():
    parts = estimate_memory(LLAMA, make(precision="bf16"), LOAD, "one", 1)
    assert read_part(parts, "weights") == 4 * N
    assert read_part(parts, "a copy of the weights in bf16") == 2 * N


def test_four_devices_share_what_stays_and_gather_two_layers():
    parts = estimate_memory(LLAMA, make(), LOAD, "fsdp", 4)
    states = sum(read_part(parts, word) for word in ("weights", "gradients", "Adam"))
    assert states == 16 * N // 4
    layer = 4 * 4096**2 + 3 * 4096 * 11008 + 2 * 4096
    assert read_part(parts, "two layers") == 2 * 2 * layer


def test_offload_leaves_a_device_the_work_only():
    recipe = make(offload=True)
    parts = estimate_memory(LLAMA, recipe, LOAD, "fsdp", 4)
    assert {words.split()[0] for words in parts} == {"two", "activations", "loss"}
    assert estimate_offload(LLAMA, recipe, "fsdp") == 16 * N
    assert estimate_offload(LLAMA, recipe, "ddp") == 0


def test_all_layers_keep_their_values_unless_they_are_computed_twice():
    """2,048 tokens × 32 layers × (10 × 4,096 + 4 × 11,008) numbers of 2 bytes."""
    kept = estimate_memory(LLAMA, make(), LOAD, "one", 1)
    assert read_part(kept, "activations") == 2 * 2048 * 32 * (10 * 4096 + 4 * 11008)
    again = estimate_memory(LLAMA, make(activation_checkpointing=True), LOAD, "one", 1)
    one_layer = 2 * 2048 * (10 * 4096 + 4 * 11008)
    assert read_part(again, "activations") == 2 * 2048 * 32 * 4096 + one_layer


def test_adapters_train_a_few_numbers_of_a_frozen_model():
    """Rank 16 on all linear layers of LLaMA 7B: 39,976,960 numbers, as is published of them."""
    recipe = make(lora=Lora(rank=16))
    assert count_trained(LLAMA, recipe) == 39_976_960
    parts = estimate_memory(LLAMA, recipe, LOAD, "one", 1)
    assert read_part(parts, "weights (frozen, 2 bytes each)") == 2 * N + 4 * 39_976_960
    assert read_part(parts, "Adam") == 8 * 39_976_960


def test_frozen_weights_are_whole_where_the_arithmetic_is():
    recipe = make(lora=Lora(rank=16), precision="fp32")
    assert weigh_weights(LLAMA, recipe) == 4 * N + 4 * 39_976_960


def test_devices_that_share_nothing_send_their_gradients():
    parts = estimate_memory(LLAMA, make(), LOAD, "ddp", 2)
    assert read_part(parts, "weights (4 bytes each)") == 4 * N
    assert read_part(parts, "gradients on their way") == 4 * N


def test_adapters_on_attention_only_are_fewer():
    recipe = make(lora=Lora(rank=8, targets="attention"))
    assert count_trained(LLAMA, recipe) == 8 * 32 * 4 * (4096 + 4096)


@pytest.mark.parametrize(("kind", "gigabytes"), [("none", 13.6), ("8bit", 7.2), ("4bit", 4.3)])
def test_quantised_layers_are_smaller_and_the_vocabulary_is_not(kind, gigabytes):
    recipe = make(lora=Lora(rank=16), quantisation=kind)
    assert weigh_weights(LLAMA, recipe) / 1e9 == pytest.approx(gigabytes, abs=0.1)


def test_preferences_need_a_second_model_unless_there_are_adapters():
    whole = estimate_memory(LLAMA, make(kind="preference"), LOAD, "one", 1)
    assert read_part(whole, "the reference model") == 4 * N
    adapted = estimate_memory(LLAMA, make(kind="preference", lora=Lora()), LOAD, "one", 1)
    assert not any(words.startswith("the reference") for words in adapted)


def test_a_reward_has_no_vocabulary_to_choose_from():
    parts = estimate_memory(LLAMA, make(kind="reward"), LOAD, "one", 1)
    assert not any(words.startswith("loss") for words in parts)


def test_a_packed_row_is_full_and_a_pair_is_two_sequences():
    batch = Batch(4, 1, 1)
    assert plan_load(make(packing=True), batch, 100) == Load(4, 512)
    assert plan_load(make(), batch, 100) == Load(4, 100)
    assert plan_load(make(kind="reward"), batch, 100) == Load(8, 100)


@pytest.mark.parametrize(
    ("keep", "n_steps", "size"),
    [
        (1, 1000, 24 * N),  # a new one is whole before the old one goes
        (1, 150, 24 * N),  # steps 100 and 150: the last one is saved too
        (1, 50, 12 * N + 2 * N),  # the last one, and the model
        (3, 200, 24 * N + 2 * N),
    ],
)
def test_disk_holds_one_checkpoint_more_than_are_kept_or_the_result(keep, n_steps, size):
    assert estimate_disk(LLAMA, make(keep=keep, save_steps=100), n_steps) == size


def test_a_result_in_full_precision_is_twice_as_large():
    assert estimate_disk(LLAMA, make(precision="fp32"), 10) == 12 * N + 4 * N


def test_adapters_need_little_disk_until_they_are_merged():
    apart = make(lora=Lora(merge=False), save_steps=100)
    merged = make(lora=Lora(merge=True), save_steps=100)
    assert estimate_disk(LLAMA, apart, 10) == 16 * 39_976_960
    assert estimate_disk(LLAMA, merged, 10) == 16 * 39_976_960 + 2 * N
    reward = make(kind="reward", lora=Lora(merge=False))
    assert estimate_disk(LLAMA, reward, 10) == 16 * 39_976_960 + 2 * N


def test_a_token_takes_six_operations_a_parameter():
    assert estimate_flops(LLAMA, make(), 1000) == 6.0 * N * 1000
    assert estimate_flops(LLAMA, make(lora=Lora()), 1000) == 4.0 * N * 1000
