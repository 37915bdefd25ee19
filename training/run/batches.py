"""What a step is made of: how many sequences it sees, and how many steps there are."""

from bisect import bisect_left, insort
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import ceil

from training.recipe import Recipe

# So many examples are packed together before the next; the packer's own number.
PACKED_AT_ONCE = 1000


@dataclass(frozen=True, slots=True)
class Batch:
    """How a step's sequences are shared: on each device, one after another, and over devices."""

    device_batch: int
    accumulation: int
    n_devices: int

    @property
    def size(self) -> int:
        """Return how many sequences a step sees."""
        return self.device_batch * self.accumulation * self.n_devices


def plan_batch(recipe: Recipe, n_devices: int) -> Batch:
    """Return how the recipe's batch comes to be on so many devices.

    Edge: a device takes no more than its share; what can't be shared evenly is rounded up, and the
    batch is then a little larger than the recipe's.
    """
    device_batch = min(recipe.device_batch, max(1, recipe.global_batch // n_devices))
    return Batch(device_batch, ceil(recipe.global_batch / (device_batch * n_devices)), n_devices)


def count_steps(n_sequences: int, batch: Batch, recipe: Recipe) -> int:
    """Return how many optimiser steps a run has.

    Edge: each epoch ends with a step, full or not; `max_steps`, where given, is the number.
    """
    loads = ceil(ceil(n_sequences / batch.device_batch) / batch.n_devices)
    steps = ceil(recipe.epochs * ceil(loads / batch.accumulation))
    return recipe.max_steps or steps


def count_sequences(lengths: Sequence[int], recipe: Recipe) -> int:
    """Return how many sequences the examples make: packed rows, or each its own."""
    if not recipe.packing:
        return len(lengths)
    starts = range(0, len(lengths), PACKED_AT_ONCE)
    return sum(
        count_packs(lengths[start : start + PACKED_AT_ONCE], recipe.max_length) for start in starts
    )


def count_packs(lengths: Sequence[int], room: int) -> int:
    """Return how many rows take all lengths, the longest first, each where it fits best."""
    return sum(1 for _ in open_packs(lengths, room))


def open_packs(lengths: Sequence[int], room: int) -> Iterator[int]:
    """Yield the length that opens a new row, each time that none has room for it."""
    spaces: list[int] = []
    for length in sorted((min(length, room) for length in lengths if length), reverse=True):
        place = bisect_left(spaces, length)
        if place == len(spaces):
            yield length
            insort(spaces, room - length)
        else:
            insort(spaces, spaces.pop(place) - length)
