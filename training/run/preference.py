"""Moves a chat model towards the preferred answers: direct preference optimisation.

TRL's DPOTrainer, on tokens that our encoder has made. What it is held against is the base itself:
with an adapter that is the same weights without it, else they are loaded a second time.
"""

from functools import partial
from pathlib import Path
from typing import Any

from datasets import Dataset
from torch import Tensor
from transformers import PreTrainedModel
from trl.trainer.dpo_config import DPOConfig
from trl.trainer.dpo_trainer import DPOTrainer

from training.orders import Job
from training.recipe import Recipe
from training.run.frame import train_and_save
from training.run.load import find_base, open_model
from training.run.parts import Parts, gather_parts
from training.run.scoring import Inputs, measure_held_out

COLUMNS = ("prompt_ids", "chosen_ids", "rejected_ids")
IGNORED = -100  # a label that carries no loss


class PreferenceTrainer(DPOTrainer):
    """TRL's trainer, fed with tokens: its own way from text to tokens is not the worker's."""

    def _prepare_dataset(self, dataset: Dataset, *_words: object) -> Dataset:
        return dataset


def run(job: Job, recipe: Recipe) -> Path | None:
    """Train a job's model and save it; return its folder.

    Errors: CamelidError for what a person can do something about; Stopped when asked to end.
    """
    base = find_base(job, recipe)
    parts = gather_parts(job, recipe, base)
    reference = None if parts.adapter else open_model(base, recipe)
    trainer = build_trainer(parts, recipe.beta, reference)
    return train_and_save(trainer, job, recipe, base, lambda _: measure_preference(trainer))


def build_trainer(
    parts: Parts, beta: float, reference: PreTrainedModel | None = None
) -> PreferenceTrainer:
    """Return the trainer; `reference` is the base once more, needed without an adapter only."""
    config = DPOConfig(**parts.settings, beta=beta)
    return PreferenceTrainer(args=config, ref_model=reference, **parts.list_words(COLUMNS))


def measure_preference(trainer: PreferenceTrainer) -> dict[str, object]:
    """Return accuracy, margin and the implicit rewards' distribution on the held-out pairs.

    Units: the implicit reward of an answer is β (log p − log p of the base); more than 0 means
    that the answer has become likelier.
    """
    return measure_held_out(trainer, partial(read_gains, trainer))


def read_gains(trainer: PreferenceTrainer, model: Any, inputs: Inputs) -> tuple[Tensor, Tensor]:  # noqa: ANN401
    """Return the implicit rewards of a batch of pairs, whose first half are the preferred ones.

    Shapes: ids (2 × pair, longest); both results (pair,).
    """
    now = read_logps(model, inputs).chunk(2)
    before = trainer.compute_ref_log_probs(trainer.ref_model or model, inputs)
    high, low = (trainer.beta * (new - old) for new, old in zip(now, before, strict=True))
    return high, low


def read_logps(model: Any, inputs: Inputs) -> Tensor:  # noqa: ANN401
    """Return the log-probability of each answer, its end mark included.

    Shapes: ids (row, longest); result (row,). Units: nats, summed over the answer's tokens.
    """
    words = {"input_ids": inputs["input_ids"], "attention_mask": inputs["attention_mask"]}
    labels = inputs["input_ids"].masked_fill(inputs["completion_mask"] == 0, IGNORED)
    told = model(**words, labels=labels, use_cache=False, fused_lm_head=True)
    total: Tensor = told.log_probs.sum(dim=1)
    return total
