"""The numbers that curves are drawn from: one line a logged step, and one in the log for people."""

import json
import math
import sys
import time
from collections import deque
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import psutil
import torch
from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments

from training.states import METRICS

CURVES = ("loss", "learning_rate", "grad_norm")
RECENT = 20  # so many logged steps tell how fast it goes

Clock = Callable[[], float]


class Recorder(TrainerCallback):
    """Writes one line a logged step, which the page draws its curves from.

    `loss_share` is the share of all tokens that carry loss; the trainer counts only all of them.
    Units: rates in tokens a second over all devices, memory in MB of this device.
    """

    def __init__(self, folder: Path, loss_share: float, clock: Clock = time.time) -> None:
        """Write into a job's folder."""
        self.folder = folder
        self.loss_share = loss_share
        self.clock = clock
        self.marks: deque[tuple[float, int, float]] = deque(maxlen=RECENT)

    def on_train_begin(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: object
    ) -> None:
        """Begin to count the time; a line that a kill has torn gets its end."""
        self.marks.append((self.clock(), state.global_step, 0.0))
        if state.is_world_process_zero:
            end_line(self.folder / METRICS)

    def on_step_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: object
    ) -> None:
        """Ask for a line of the last step too, whatever is left over of the interval."""
        if state.global_step == state.max_steps:
            control.should_log = True

    def on_log(
        self,
        args: TrainingArguments,
        state: TrainerState,
        control: TrainerControl,
        logs: Mapping[str, Any] | None = None,
        **_: object,
    ) -> None:
        """Write a line where the log is of a step or of a look at held-out rows."""
        logs = logs or {}
        if not state.is_world_process_zero:
            return
        line: dict[str, Any] = {"step": state.global_step, "n_steps": state.max_steps}
        line["epoch"] = state.epoch
        if "loss" in logs:
            line |= {key: logs[key] for key in CURVES if key in logs}
            line |= self.measure_speed(state, float(logs.get("num_tokens", 0)))
        line |= {key: value for key, value in logs.items() if key.startswith("eval_")}
        if "loss" in logs or "eval_loss" in logs:
            self.write(line | {"memory_mb": measure_memory(args.device), "at": self.clock()})

    def measure_speed(self, state: TrainerState, n_tokens: float) -> dict[str, Any]:
        """Return tokens a second since the last line, and the seconds that are left."""
        now, (then, _, n_before) = self.clock(), self.marks[-1]
        rate = max(0.0, n_tokens - n_before) / max(now - then, 1e-6)
        first, step_first, _ = self.marks[0]
        self.marks.append((now, state.global_step, n_tokens))
        pace = (now - first) / max(state.global_step - step_first, 1)
        return {
            "tokens_per_s": rate,
            "loss_tokens_per_s": rate * self.loss_share,
            "left_s": pace * max(0, state.max_steps - state.global_step),
        }

    def write(self, line: Mapping[str, Any]) -> None:
        """Append a line, and say it in the log; a number that is none is null."""
        told = {key: tell(value) for key, value in line.items()}
        with (self.folder / METRICS).open("a", encoding="utf-8") as file:
            file.write(json.dumps(told, allow_nan=False) + "\n")
        words = [f"{key} {told[key]:.4g}" for key in ("loss", "eval_loss") if told.get(key)]
        rate = f", {told['tokens_per_s']:,.0f} tokens/s" if "tokens_per_s" in told else ""
        sys.stdout.write(f"step {line['step']} of {line['n_steps']}: {', '.join(words)}{rate}\n")
        sys.stdout.flush()


def end_line(path: Path) -> None:
    """End a file's last line where it has no end, so that the next one is a line of its own."""
    text = path.read_bytes() if path.is_file() else b""
    if text and not text.endswith(b"\n"):
        with path.open("a", encoding="utf-8") as file:
            file.write("\n")


def tell(value: object) -> object:
    """Return a number as JSON has it."""
    if isinstance(value, torch.Tensor):
        value = value.item()
    return None if isinstance(value, float) and not math.isfinite(value) else value


def measure_memory(device: torch.device) -> float:
    """Return the most that was used on a GPU, or what the process has now, in MB."""
    if device.type == "cuda":
        return float(torch.cuda.max_memory_allocated(device)) / 1e6
    return float(psutil.Process().memory_info().rss) / 1e6
