"""Trains a reward model: one number a text, the higher the more a text was preferred.

TRL's RewardTrainer lowers −log σ(r_chosen − r_rejected), the mean over pairs; here is what goes
into it (our tokens, every pair of a prompt a row of its own) and what is measured on held-out
pairs. The number is read at the last token, the answer's end mark, in training as in the worker.
"""

from collections.abc import Set as AbstractSet
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from transformers import PreTrainedModel, PreTrainedTokenizerBase, Trainer
from trl.trainer.reward_config import RewardConfig
from trl.trainer.reward_trainer import RewardTrainer

from backend.errors import InputError
from training.orders import Job
from training.recipe import Recipe
from training.run.frame import train_and_save
from training.run.load import find_base
from training.run.parts import Parts, gather_parts
from training.run.scoring import Inputs, measure_held_out

COLUMNS = ("chosen_ids", "rejected_ids")
RATES = ("dropout", "attention_dropout", "activation_dropout", "layerdrop")


def run(job: Job, recipe: Recipe) -> Path | None:
    """Train a job's reward model and save it; return its folder.

    Errors: CamelidError for what a person can do something about; Stopped when asked to end.
    """
    base = find_base(job, recipe)
    trainer = build_trainer(gather_parts(job, recipe, base))
    return train_and_save(trainer, job, recipe, base, measure_reward)


def build_trainer(parts: Parts) -> RewardTrainer:
    """Return the trainer. Errors: InputError when nothing can pad."""
    last = {row[column][-1] for row in (*parts.rows, *parts.held_out) for column in COLUMNS}
    parts.tokenizer.pad_token = choose_pad(parts.tokenizer, last)
    stop_dropout(parts.model)
    return RewardTrainer(args=RewardConfig(**parts.settings), **parts.list_words(COLUMNS))


def choose_pad(tokenizer: PreTrainedTokenizerBase, last: AbstractSet[int]) -> str:
    """Return a token to pad with that ends no row; `last` are the tokens that do.

    transformers' reward models give the number at the last token that isn't the padding one. Where
    the end token pads (LLaMA's usual way out), that is one token before the end, and a server that
    counts the real tokens gives another number.
    Errors: InputError when every special token ends a row.
    """
    for token in (tokenizer.pad_token, tokenizer.unk_token, tokenizer.bos_token):
        if token and tokenizer.convert_tokens_to_ids(token) not in last:
            return str(token)
    raise InputError(
        "The tokenizer has no special token that could pad: each one it has ends an answer. Give "
        "it a pad_token of its own."
    )


def stop_dropout(model: PreTrainedModel) -> None:
    """Let nothing be left out by chance: noise in either score of a pair is noise in its loss.

    Edge: TRL does that for layers of dropout, an adapter's among them; OPT keeps its rates as plain
    numbers, where TRL does not look.
    """
    for module in model.modules():
        for name in RATES:
            if isinstance(getattr(module, name, None), float):
                setattr(module, name, 0.0)


def measure_reward(trainer: Trainer) -> dict[str, object]:
    """Return accuracy, margin and the rewards' distribution on the held-out pairs."""
    return measure_held_out(trainer, read_rewards)


def read_rewards(model: Any, inputs: Inputs) -> tuple[Tensor, Tensor]:  # noqa: ANN401
    """Return the rewards of a batch of pairs, whose first half are the preferred answers.

    Shapes: ids (2 × pair, longest); both results (pair,).
    """
    words = {"input_ids": inputs["input_ids"], "attention_mask": inputs["attention_mask"]}
    high, low = torch.chunk(model(**words, use_cache=False).logits.squeeze(-1), 2)
    return high, low
