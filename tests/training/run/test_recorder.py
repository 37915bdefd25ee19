"""The lines that curves are drawn from."""

import json
import math

import pytest
from transformers import TrainerControl, TrainerState, TrainingArguments

from training.run.recorder import Recorder

pytestmark = pytest.mark.slow


@pytest.fixture
def args(tmp_path):
    words = {"report_to": "none", "use_cpu": True, "dataloader_pin_memory": False}
    return TrainingArguments(str(tmp_path / "run"), **words)


def make_state(step=0, max_steps=100):
    return TrainerState(global_step=step, max_steps=max_steps, epoch=0.5)


def read_lines(folder):
    return [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]


def test_a_logged_step_is_a_line_with_its_speed(tmp_path, args):
    times = iter([0.0, 2.0, 2.0, 4.0, 4.0])
    recorder = Recorder(tmp_path, loss_share=0.25, clock=lambda: next(times))
    recorder.on_train_begin(args, make_state(), TrainerControl())
    logs = {"loss": 2.0, "learning_rate": 1e-3, "grad_norm": 1.0, "num_tokens": 200.0}
    recorder.on_log(args, make_state(10), TrainerControl(), logs)
    recorder.on_log(args, make_state(20), TrainerControl(), logs | {"num_tokens": 600.0})
    first, second = read_lines(tmp_path)
    assert (first["step"], first["n_steps"], first["tokens_per_s"]) == (10, 100, 100.0)
    assert (second["tokens_per_s"], second["loss_tokens_per_s"]) == (200.0, 50.0)
    assert second["left_s"] == pytest.approx(16.0)  # 20 steps took 4 s, 80 are left


@pytest.mark.parametrize(("step", "logs"), [(13, False), (14, True)])
def test_the_last_step_is_logged_whatever_the_interval(tmp_path, args, step, logs):
    control = TrainerControl()
    Recorder(tmp_path, 1.0).on_step_end(args, make_state(step, 14), control)
    assert control.should_log == logs


def test_a_line_that_a_kill_has_torn_costs_no_other(tmp_path, args):
    (tmp_path / "metrics.jsonl").write_text('{"step": 5, "loss": 2.0}\n{"step": 6, "lo')
    recorder = Recorder(tmp_path, 1.0)
    recorder.on_train_begin(args, make_state(5), TrainerControl())
    recorder.on_log(args, make_state(6), TrainerControl(), {"loss": 1.0})
    _, torn, whole = (tmp_path / "metrics.jsonl").read_text().splitlines()
    assert (torn, json.loads(whole)["step"]) == ('{"step": 6, "lo', 6)


def test_a_number_that_is_none_is_null(tmp_path, args):
    recorder = Recorder(tmp_path, 1.0)
    recorder.on_train_begin(args, make_state(), TrainerControl())
    recorder.on_log(args, make_state(1), TrainerControl(), {"loss": math.nan})
    assert read_lines(tmp_path)[0]["loss"] is None


def test_a_look_at_held_out_rows_is_a_line_too(tmp_path, args):
    recorder = Recorder(tmp_path, 1.0)
    recorder.on_log(args, make_state(8), TrainerControl(), {"eval_loss": 1.5, "epoch": 1.0})
    recorder.on_log(args, make_state(8), TrainerControl(), {"train_runtime": 3.0})
    (line,) = read_lines(tmp_path)
    assert (line["step"], line["eval_loss"]) == (8, 1.5)
