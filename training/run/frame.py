"""The frame around every trainer: its arguments, what watches it, and what is saved at the end."""

import os
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import torch
from transformers import PrinterCallback, Trainer, TrainerCallback

from backend.errors import InputError
from training.orders import Job
from training.recipe import Recipe
from training.report import Report
from training.run.batches import plan_batch
from training.run.callbacks import Finished, Guard, Keeper, Shards, Watch, agree
from training.run.ending import Stopped
from training.run.keeping import drop_torn, find_newest
from training.run.load import Base
from training.run.recorder import Recorder
from training.run.saving import save_checkpoint

RUN = "run"
TOLD = ("loss", "eval_loss")  # all else that TRL logs is a mean of means, or counts one process

Measure = Callable[[Trainer], Mapping[str, object]]


def check_report(report: Report) -> None:
    """Refuse to train on what the report forbids. Errors: InputError with every fault."""
    if report.faults:
        raise InputError(" ".join(report.faults))


def make_arguments(job: Job, recipe: Recipe, report: Report | None = None) -> dict[str, Any]:
    """Return the arguments that SFTConfig, RewardConfig and DPOConfig share.

    Edge: the held-out rows are looked at after each epoch, where there are some. No
    older checkpoint is removed by the trainer: the Keeper does that, after the new one is whole.
    """
    return {
        "output_dir": str(job.folder / RUN),
        **make_batches(recipe, count_processes(os.environ)),
        **make_precision(recipe, gpu=torch.cuda.is_available()),
        "num_train_epochs": recipe.epochs,
        "max_steps": recipe.max_steps or -1,
        "learning_rate": recipe.learning_rate,
        "lr_scheduler_type": recipe.schedule,
        "warmup_steps": recipe.warmup,
        "weight_decay": recipe.weight_decay,
        "max_grad_norm": recipe.max_grad_norm,
        "activation_checkpointing": recipe.activation_checkpointing,
        "seed": recipe.seed,
        "data_seed": recipe.seed,
        "logging_steps": recipe.log_steps,
        "logging_first_step": True,
        "logging_nan_inf_filter": False,
        "save_strategy": "steps",
        "save_steps": recipe.save_steps,
        "save_total_limit": None,
        "eval_strategy": "epoch" if report and report.n_held_out else "no",
        "report_to": "none",
        "push_to_hub": False,
        "disable_tqdm": True,
        "log_level": "warning",
    }


def count_processes(environ: Mapping[str, str]) -> int:
    """Return how many processes train together, as the launcher has told this one."""
    return int(environ.get("WORLD_SIZE", "1"))


def is_sharded(environ: Mapping[str, str]) -> bool:
    """Return whether the launcher has the weights sharded."""
    return environ.get("ACCELERATE_USE_FSDP", "false").lower() == "true"


def make_batches(recipe: Recipe, n_processes: int) -> dict[str, int]:
    """Return how a global batch is cut: a device takes so many rows at a time, so many times."""
    batch = plan_batch(recipe, n_processes)
    return {
        "per_device_train_batch_size": batch.device_batch,
        "per_device_eval_batch_size": recipe.device_batch,
        "gradient_accumulation_steps": batch.accumulation,
    }


def make_precision(recipe: Recipe, *, gpu: bool) -> dict[str, Any]:
    """Return the number formats: those of the recipe on a GPU, fp32 on a CPU."""
    if not gpu:
        alone = count_processes(os.environ) == 1
        words: dict[str, Any] = {"use_cpu": True, "bf16": False, "fp16": False}
        return words if alone else words | {"ddp_backend": "gloo"}
    half = {"bf16": recipe.precision == "bf16", "fp16": recipe.precision == "fp16"}
    return half | ({"tf32": True} if recipe.tf32 else {})


def make_callbacks(job: Job, recipe: Recipe, report: Report | None = None) -> list[TrainerCallback]:
    """Return what watches a trainer, in this order: a number is recorded before it is judged."""
    share = report.n_loss_tokens / report.n_tokens if report and report.n_tokens else 0.0
    watchers = [Recorder(job.folder, share), Guard(), Watch(job.folder), Keeper(recipe.keep)]
    return [*watchers, Shards()] if is_sharded(os.environ) else watchers


def train_and_save(
    trainer: Trainer, job: Job, recipe: Recipe, base: Base, measure: Measure | None = None
) -> Path | None:
    """Train from the newest whole checkpoint, or from the start; save what came of it.

    `measure` is asked for more of the checkpoint's metrics once the training is done.
    Edge: only the first process saves and returns where; the others return None.
    Errors: Stopped when it was asked to end before its last step; NotFinite.
    """
    watch = next(one for one in trainer.callback_handler.callbacks if isinstance(one, Watch))
    trainer.remove_callback(PrinterCallback)  # the Recorder says it shorter
    run = Path(str(trainer.args.output_dir))
    newest = choose_start(trainer, run)
    try:
        with suppress(Finished):
            trainer.train(resume_from_checkpoint=str(newest) if newest else None)
    finally:
        watch.close()
    if watch.stopped:
        raise Stopped(explain_stop(trainer.state.global_step, run), asked=watch.asked)
    metrics = read_metrics(trainer) | dict(measure(trainer) if measure else {})
    return save_checkpoint(trainer, job, recipe, base, metrics)


def choose_start(trainer: Trainer, run: Path) -> Path | None:
    """Return the checkpoint to go on from, or None for the start; the log has what was damaged."""
    damaged = drop_torn(run) if trainer.is_world_process_zero() else []
    agree(False, trainer.args.device)
    newest = find_newest(run)
    for words in damaged:
        place = newest.name if newest else "the start, as no other is kept"
        sys.stdout.write(f"{words} It goes on from {place}.\n")
    return newest


def explain_stop(step: int, run: Path) -> str:
    """Return what is kept of a run that was stopped."""
    newest = find_newest(run)
    kept = f"; {newest.name} is kept, and the job can go on from it" if newest else ""
    return f"Stopped after step {step}{kept}."


def read_metrics(trainer: Trainer) -> dict[str, object]:
    """Return the last losses that the trainer has logged, and how far it has come."""
    found: dict[str, object] = {}
    for line in trainer.state.log_history:
        found |= {key: line[key] for key in TOLD if key in line}
    found["n_steps"] = trainer.state.global_step
    found["epochs"] = trainer.state.epoch
    return found
