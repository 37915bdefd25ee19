"""How many sequences a step sees, and how many steps there are."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.recipe import Recipe
from training.run.batches import (
    Batch,
    count_packs,
    count_sequences,
    count_steps,
    plan_batch,
)

LENGTHS = st.lists(st.integers(1, 64), max_size=60)


def make(**changes):
    return Recipe(name="r", title="R", kind="sft", **changes)


@pytest.mark.parametrize(
    ("n_devices", "device", "accumulation"),
    [(4, 4, 8), (1, 4, 32), (16, 4, 2), (64, 2, 1), (128, 1, 1)],
)
def test_the_published_batch_of_128_is_shared_evenly(n_devices, device, accumulation):
    batch = plan_batch(make(global_batch=128, device_batch=4), n_devices)
    assert batch == Batch(device, accumulation, n_devices)
    assert batch.size == 128


def test_what_can_not_be_shared_evenly_is_rounded_up():
    assert plan_batch(make(global_batch=128, device_batch=4), 3).size == 132


@pytest.mark.parametrize(("batch", "steps"), [(128, 1221), (64, 2439)])
def test_52002_rows_have_the_steps_that_are_known(batch, steps):
    """Published are about 1,219 and 2,438: the last step of each epoch is not full."""
    recipe = make(global_batch=batch, device_batch=4, epochs=3)
    assert count_steps(52_002, plan_batch(recipe, 4), recipe) == steps


@pytest.mark.parametrize("n", [7, 700])
def test_a_number_of_steps_stands_in_for_epochs(n):
    assert count_steps(100, Batch(4, 1, 1), make(epochs=1, max_steps=n)) == n
    assert count_steps(100, Batch(4, 1, 1), make(epochs=1)) == 25


def test_without_packing_each_example_is_its_own():
    assert count_sequences([5, 6, 7], make(max_length=64)) == 3


@given(LENGTHS)
def test_packed_rows_are_as_few_as_best_fit_gives(lengths):
    n = count_packs(lengths, 64)
    assert -(-sum(lengths) // 64) <= n <= len(lengths)
    assert n <= max(2 * sum(lengths) // 64 + 1, 0)


@pytest.mark.parametrize(("lengths", "n"), [([], 0), ([64], 1), ([32, 32], 1), ([40, 30, 20], 2)])
def test_small_packs_are_counted_by_hand(lengths, n):
    assert count_packs(lengths, 64) == n
