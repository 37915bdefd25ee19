"""What a model trained on pairs makes of the pairs that were held out."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from transformers import Trainer

from training.run.formula import measure_pairs

Inputs = dict[str, Tensor]

# A batch's scores, one a pair: the preferred answers', and the others'.
ReadScores = Callable[[Any, Inputs], tuple[Tensor, Tensor]]


def measure_held_out(trainer: Trainer, read: ReadScores) -> dict[str, object]:
    """Return what the model's scores say of the held-out pairs, under the key `held_out`.

    Edge: every process takes part, and each gets the same numbers, of each pair once.
    """
    scores = score_pairs(trainer, read) if trainer.eval_dataset else ([], [])
    return {"held_out": measure_pairs(*scores)}


def score_pairs(trainer: Trainer, read: ReadScores) -> tuple[list[float], list[float]]:
    """Return what the model gives the held-out pairs, in their order."""
    chosen: list[float] = []
    rejected: list[float] = []
    model = trainer.model_wrapped
    was_training = model.training
    model.eval()
    for batch in trainer.get_eval_dataloader():
        inputs: Inputs = trainer._prepare_inputs(batch)
        with torch.no_grad(), trainer.compute_loss_context_manager():
            scores = read(model, inputs)
        high, low = trainer.accelerator.gather_for_metrics(scores)
        chosen += high.float().tolist()
        rejected += low.float().tolist()
    model.train(was_training)
    return chosen, rejected
