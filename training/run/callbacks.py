"""What is watched at every step: a wish to stop, gradients gone wild, checkpoints, shards."""

import math
import signal
from collections.abc import Mapping
from pathlib import Path
from types import FrameType
from typing import Any

import torch
from torch import distributed, nn
from torch.distributed.tensor import DTensor
from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments

from backend.errors import MissingTool
from training.run.ending import NotFinite
from training.run.keeping import drop, drop_older, locate_checkpoint, mark_whole
from training.states import STOP

LONG = 20  # a run of more steps first shows that it can save


class Guard(TrainerCallback):
    """Ends a run whose loss or gradients are no numbers, before they reach the weights.

    Edge: with fp16 a gradient overflows now and then, and the scaler skips that step; there only
    the logged loss is looked at.
    """

    def on_pre_optimizer_step(
        self,
        args: TrainingArguments,
        state: TrainerState,
        control: TrainerControl,
        model: nn.Module | None = None,
        **_: object,
    ) -> None:
        """Look at the gradients. Errors: NotFinite."""
        if args.fp16 or model is None:
            return
        grads = [one.grad for one in model.parameters() if one.grad is not None]
        norm: Any = nn.utils.get_total_norm(grads)
        whole = norm.full_tensor() if hasattr(norm, "full_tensor") else norm
        if not bool(torch.isfinite(whole)):
            raise NotFinite(explain_wild("gradient", state.global_step + 1))

    def on_log(
        self,
        args: TrainingArguments,
        state: TrainerState,
        control: TrainerControl,
        logs: Mapping[str, Any] | None = None,
        **_: object,
    ) -> None:
        """Look at the loss. Errors: NotFinite."""
        if not math.isfinite((logs or {}).get("loss", 0.0)):
            raise NotFinite(explain_wild("loss", state.global_step))


class Shards(TrainerCallback):
    """Makes sure that weights which were to be sharded are: else each GPU trains a copy alone."""

    def on_step_begin(
        self,
        args: TrainingArguments,
        state: TrainerState,
        control: TrainerControl,
        model: nn.Module | None = None,
        **_: object,
    ) -> None:
        """Look at the weights before each step. Errors: MissingTool when none is a shard."""
        if model and not any(isinstance(one, DTensor) for one in model.parameters()):
            raise MissingTool(
                "The weights were to be sharded over the GPUs (FSDP), and they are not. Set "
                "parallel to ddp, or look at accelerate.yaml in the job's folder."
            )


def explain_wild(what: str, step: int) -> str:
    """Return what to do about numbers that are none."""
    return (
        f"The {what} is no finite number at step {step}; the last checkpoint before it is kept. "
        "Take a lower learning rate, a longer warm-up, or bf16 in place of fp16."
    )


class Finished(Exception):
    """The checkpoint that a run goes on from is of its last step: only saving is left to do."""


class Watch(TrainerCallback):
    """Ends a run when it is asked to: by a file in the job's folder, or by SIGTERM.

    All processes of a run end after the same step, or they would wait for one another for ever.
    Edge: the handler is there while the run trains, and gives way to the one before.
    """

    def __init__(self, folder: Path) -> None:
        """Watch a job's folder."""
        self.folder = folder
        self.told = False
        self.stopped = False
        self.before: Any = None

    @property
    def asked(self) -> bool:
        """Return whether a person pressed stop."""
        return (self.folder / STOP).exists()

    def on_train_begin(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: object
    ) -> None:
        """Listen for SIGTERM. Errors: Finished where the trainer would do one step too many."""
        if state.global_step >= state.max_steps:
            raise Finished
        self.before = signal.signal(signal.SIGTERM, self.hear)

    def on_train_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: object
    ) -> None:
        """Listen no longer."""
        self.close()

    def close(self) -> None:
        """Give the signal back to who had it."""
        if self.before is not None:
            signal.signal(signal.SIGTERM, self.before)
            self.before = None

    def hear(self, number: int, frame: FrameType | None) -> None:
        """Remember that the process was told to end."""
        self.told = True

    def on_step_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: object
    ) -> None:
        """Save and end after this step when any process was asked to."""
        if agree(self.told or self.asked, args.device) and state.global_step < state.max_steps:
            self.stopped = True
            control.should_save = True
            control.should_training_stop = True

    def on_epoch_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: object
    ) -> None:
        """Skip the look at held-out rows: who stops does not want to wait."""
        if self.stopped:
            control.should_evaluate = False


def agree(wish: bool, device: torch.device) -> bool:
    """Return whether any process of the run has the wish."""
    if not (distributed.is_available() and distributed.is_initialized()):
        return wish
    flag = torch.tensor(int(wish), device=device)
    distributed.all_reduce(flag, op=distributed.ReduceOp.MAX)
    return bool(flag.item())


class Keeper(TrainerCallback):
    """Marks checkpoints as whole, lets older ones go, and tries out saving at the first step."""

    def __init__(self, keep: int) -> None:
        """Keep so many checkpoints."""
        self.keep = keep
        self.tried = False

    def on_step_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: object
    ) -> None:
        """Have the first step of a long run saved: what can't be saved need not be trained."""
        if state.global_step == 1 and state.max_steps > LONG and not control.should_save:
            self.tried = True
            control.should_save = True

    def on_save(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: object
    ) -> None:
        """Mark what has just been saved; the try of the first step goes again."""
        agree(False, args.device)  # every process has written its part
        if not state.is_world_process_zero:
            return
        run = Path(str(args.output_dir))
        checkpoint = locate_checkpoint(run, state.global_step)
        if self.tried and not control.should_training_stop:
            drop(checkpoint)
        else:
            mark_whole(checkpoint)
            drop_older(run, self.keep)
        self.tried = False
