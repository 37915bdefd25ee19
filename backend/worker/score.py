"""Reward models: one number for each text, in batches."""

import asyncio
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import torch
from torch import Tensor

from backend.errors import InputError
from backend.worker.weights import Weights

BATCH_TOKENS = 8192  # with the padding
BATCH_ROWS = 32


class Scorer:
    """A loaded reward model; its texts pass in one thread, one batch after the other."""

    def __init__(self, weights: Weights) -> None:
        """Take the weights. Errors: InputError when they don't give one number a text."""
        n_labels = weights.model.config.num_labels
        if n_labels != 1:
            raise InputError(f"A reward model gives one number a text; this one gives {n_labels}.")
        self.weights = weights
        self.thread = ThreadPoolExecutor(1, thread_name_prefix="scorer")

    async def score(self, rows: Sequence[Sequence[int]]) -> list[float]:
        """Return one number for each row of ids; who is cancelled ends after one batch."""
        loop = asyncio.get_running_loop()
        scores = [0.0] * len(rows)
        for places in cut_batches([len(row) for row in rows]):
            batch = [rows[place] for place in places]
            marks = await loop.run_in_executor(self.thread, score_batch, self.weights, batch)
            for place, mark in zip(places, marks, strict=True):
                scores[place] = mark
        return scores

    def close(self) -> None:
        """End the thread."""
        self.thread.shutdown(wait=False, cancel_futures=True)


def cut_batches(lengths: Sequence[int]) -> list[list[int]]:
    """Return places in batches, of like lengths so that little is padding."""
    batches: list[list[int]] = []
    for place in sorted(range(len(lengths)), key=lengths.__getitem__, reverse=True):
        room = BATCH_TOKENS // lengths[batches[-1][0]] if batches else 0
        if batches and len(batches[-1]) < min(room, BATCH_ROWS):
            batches[-1].append(place)
        else:
            batches.append([place])
    return batches


def score_batch(weights: Weights, rows: Sequence[Sequence[int]]) -> list[float]:
    """Return the score of each row: the head's number at its last token.

    Shapes: ids and mask (row, longest); hidden (row, longest, width); the head gives (row, 1).
    Edge: padding is at the right and masked, so that positions count from the first token; which
    token pads is of no importance, and an answer that ends with it is scored there.
    """
    width = max(len(row) for row in rows)
    ids = torch.zeros(len(rows), width, dtype=torch.long)
    mask = torch.zeros_like(ids)
    for place, row in enumerate(rows):
        ids[place, : len(row)] = torch.tensor(row)
        mask[place, : len(row)] = 1
    with torch.inference_mode():
        marks = take_marks(weights, ids.to(weights.device), mask.to(weights.device))
    return [float(mark) for mark in marks.float().cpu()]


def take_marks(weights: Weights, ids: Tensor, mask: Tensor) -> Tensor:
    """Return the numbers; a model without a head over every token (an encoder) pools by itself."""
    model = weights.model
    head = getattr(model, "score", None)
    if head is None:
        logits: Tensor = model(input_ids=ids, attention_mask=mask).logits
        return logits[:, 0]
    hidden = model.base_model(input_ids=ids, attention_mask=mask).last_hidden_state
    last = mask.sum(dim=1) - 1
    marks: Tensor = head(hidden[torch.arange(len(ids), device=ids.device), last])
    return marks[:, 0]
