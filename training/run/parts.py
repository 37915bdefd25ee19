"""What trainers are put together from: the model, its tokens, the rows as tables, the frame."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from datasets import Dataset
from peft import LoraConfig
from transformers import PreTrainedModel, PreTrainedTokenizerBase, TrainerCallback

from training.orders import Job
from training.recipe import Recipe
from training.report import write_report
from training.run.frame import check_report, make_arguments, make_callbacks
from training.run.load import Base, make_lora, open_model, open_tokenizer
from training.run.prepare import prepare

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Parts:
    """What a trainer on pairs is made of.

    Shapes: a row has `chosen_ids` and `rejected_ids`, and `prompt_ids` where preferences are
    trained. `arguments` are what the trainers share.
    """

    model: PreTrainedModel
    tokenizer: PreTrainedTokenizerBase
    rows: Sequence[Row]
    held_out: Sequence[Row]
    arguments: Mapping[str, Any]
    callbacks: Sequence[TrainerCallback] = ()
    adapter: LoraConfig | None = None

    @property
    def settings(self) -> dict[str, Any]:
        """Return the arguments for pairs.

        Edge: no length is told, so that TRL neither cuts nor leaves out a pair on its own; that is
        done, and counted, before. Where nothing is held out, nothing is looked at on the way.
        """
        nothing = {} if self.held_out else {"eval_strategy": "no"}
        return {**self.arguments, **nothing, "max_length": None}

    def list_words(self, columns: Sequence[str]) -> dict[str, Any]:
        """Return what a trainer of TRL is given beside its settings."""
        return {
            "model": self.model,
            "train_dataset": make_table(self.rows, columns),
            "eval_dataset": make_table(self.held_out, columns) if self.held_out else None,
            "processing_class": self.tokenizer,
            "callbacks": list(self.callbacks),
            "peft_config": self.adapter,
        }


def gather_parts(job: Job, recipe: Recipe, base: Base) -> Parts:
    """Return the parts of a job's trainer, its data counted and its base loaded.

    Errors: CamelidError for what a person can do something about.
    """
    tokenizer = open_tokenizer(base)
    prepared = prepare(job.folder, recipe, tokenizer)
    write_report(job.folder, prepared.report)
    check_report(prepared.report)
    return Parts(
        model=open_model(base, recipe),
        tokenizer=tokenizer,
        rows=prepared.rows,
        held_out=prepared.held_out,
        arguments=make_arguments(job, recipe, prepared.report),
        callbacks=make_callbacks(job, recipe, prepared.report),
        adapter=make_lora(recipe),
    )


def make_table(rows: Sequence[Row], columns: Sequence[str]) -> Dataset:
    """Return rows as TRL reads them, with these columns and no other.

    Edge: a column too many can change the loss (TRL takes `margin` off every difference), so only
    what is asked for goes in.
    """
    return Dataset.from_dict({name: [list(row[name]) for row in rows] for name in columns})
