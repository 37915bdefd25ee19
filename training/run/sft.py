"""Trains a model to answer: every token of an answer, and its end mark, carries loss.

Read it from top to bottom: the base, its tokens, the rows, TRL's trainer, and what is saved.
"""

from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from transformers.trainer_utils import EvalLoopOutput
from trl.trainer.sft_config import SFTConfig
from trl.trainer.sft_trainer import SFTTrainer

from training.orders import Job
from training.recipe import Recipe
from training.report import write_report
from training.run.frame import check_report, make_arguments, make_callbacks, train_and_save
from training.run.load import Base, find_base, make_lora, open_model, open_tokenizer
from training.run.parts import make_table
from training.run.prepare import Prepared, prepare

COLUMNS = ("input_ids", "assistant_masks")
IGNORED = -100  # a label that carries no loss


class AnswerTrainer(SFTTrainer):
    """TRL's trainer, whose look at held-out rows gives each token the same weight, as its steps do.

    The mean over batches, which transformers would give, lets a token of a short answer count for
    more than one of a long answer, and changes with the size of a batch.
    Edge: where rows don't fill the last batch of several devices, a few of them count twice.
    """

    def prediction_step(self, model: Any, inputs: Any, *words: Any, **more: Any) -> Any:  # noqa: ANN401
        """Take a batch's loss, and how many tokens it is the mean of."""
        n_tokens = (inputs["labels"][:, 1:] != IGNORED).sum()
        told = super().prediction_step(model, inputs, *words, **more)
        loss: Tensor = told[0].detach().cpu().double()
        self.looked += torch.stack([loss * n_tokens.cpu(), n_tokens.cpu().double()])
        return told

    def evaluation_loop(self, *words: Any, **more: Any) -> EvalLoopOutput:  # noqa: ANN401
        """Go through the held-out rows; the loss is that of their tokens, of all devices."""
        self.looked = torch.zeros(2, dtype=torch.float64)
        told: EvalLoopOutput = super().evaluation_loop(*words, **more)
        both = self.accelerator.reduce(self.looked.to(self.args.device), "sum")
        return told._replace(metrics=(told.metrics or {}) | {"eval_loss": float(both[0] / both[1])})


def run(job: Job, recipe: Recipe) -> Path | None:
    """Train a job's model and save it; return its folder.

    Errors: CamelidError for what a person can do something about; Stopped when asked to end.
    """
    base = find_base(job, recipe)
    tokenizer = open_tokenizer(base)
    prepared = prepare(job.folder, recipe, tokenizer)
    write_report(job.folder, prepared.report)
    check_report(prepared.report)
    trainer = build_trainer(job, recipe, base, tokenizer, prepared)
    return train_and_save(trainer, job, recipe, base)


def build_trainer(
    job: Job,
    recipe: Recipe,
    base: Base,
    tokenizer: Any,  # noqa: ANN401
    prepared: Prepared,
) -> AnswerTrainer:
    """Return TRL's trainer on rows that are tokens already.

    Edge: packing puts whole examples into rows of max_length, none cut; attention stays within
    each. Rows are no longer than max_length, so that the trainer cuts nothing.
    """
    config = SFTConfig(
        **make_arguments(job, recipe, prepared.report),
        max_length=recipe.max_length,
        packing=recipe.packing,
        packing_strategy="bfd",
        assistant_only_loss=False,  # the masks say it; TRL would want to render them itself
    )
    return AnswerTrainer(
        model=open_model(base, recipe),
        args=config,
        train_dataset=make_table(prepared.rows, COLUMNS),
        eval_dataset=make_table(prepared.held_out, COLUMNS) if prepared.held_out else None,
        processing_class=tokenizer,
        callbacks=make_callbacks(job, recipe, prepared.report),
        peft_config=make_lora(recipe),
    )
