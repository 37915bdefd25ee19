"""What is watched at a step, without a trainer."""

import math
import signal

import pytest
import torch
from torch import nn
from transformers import TrainerControl, TrainerState, TrainingArguments

from backend.errors import MissingTool
from training.run.callbacks import Guard, Keeper, Shards, Watch
from training.run.ending import NotFinite
from training.run.keeping import list_whole, locate_checkpoint

pytestmark = pytest.mark.slow


@pytest.fixture
def args(tmp_path):
    words = {"report_to": "none", "use_cpu": True, "dataloader_pin_memory": False}
    return TrainingArguments(str(tmp_path / "run"), **words)


def make_state(step=0, max_steps=100):
    return TrainerState(global_step=step, max_steps=max_steps, epoch=0.5)


@pytest.mark.parametrize("wild", [math.nan, math.inf])
def test_a_gradient_that_is_no_number_never_reaches_the_weights(args, wild):
    model = nn.Linear(2, 1)
    for parameter in model.parameters():
        parameter.grad = torch.ones_like(parameter)
    Guard().on_pre_optimizer_step(args, make_state(), TrainerControl(), model=model)
    model.bias.grad[0] = wild
    with pytest.raises(NotFinite, match="gradient is no finite number at step 1"):
        Guard().on_pre_optimizer_step(args, make_state(), TrainerControl(), model=model)


def test_a_loss_that_is_no_number_ends_the_run(args):
    Guard().on_log(args, make_state(3), TrainerControl(), {"loss": 1.0})
    with pytest.raises(NotFinite, match="loss is no finite number at step 3"):
        Guard().on_log(args, make_state(3), TrainerControl(), {"loss": math.inf})


def test_a_stop_file_saves_and_ends_after_the_step(tmp_path, args):
    watch, control = Watch(tmp_path), TrainerControl()
    watch.on_step_end(args, make_state(5), control)
    assert not control.should_training_stop
    (tmp_path / "stop").write_text("save\n")
    watch.on_step_end(args, make_state(6), control)
    assert (control.should_save, control.should_training_stop) == (True, True)
    assert (watch.stopped, watch.asked) == (True, True)


def test_a_run_at_its_last_step_is_done_not_stopped(tmp_path, args):
    (tmp_path / "stop").write_text("save\n")
    watch = Watch(tmp_path)
    watch.on_step_end(args, make_state(100), TrainerControl())
    assert not watch.stopped


def test_sigterm_is_heard_while_it_trains_and_only_then(tmp_path, args):
    before = signal.getsignal(signal.SIGTERM)
    watch = Watch(tmp_path)
    watch.on_train_begin(args, make_state(), TrainerControl())
    signal.raise_signal(signal.SIGTERM)
    watch.close()
    assert watch.told
    assert signal.getsignal(signal.SIGTERM) == before


@pytest.mark.parametrize(("n_steps", "tries"), [(100, True), (10, False)])
def test_a_long_run_shows_at_its_first_step_that_it_can_save(args, n_steps, tries):
    control = TrainerControl()
    Keeper(2).on_step_end(args, make_state(1, n_steps), control)
    assert control.should_save is tries


def test_the_try_is_removed_and_real_checkpoints_are_marked(tmp_path, args):
    keeper, control, run = Keeper(1), TrainerControl(), tmp_path / "run"
    for step in (1, 2, 3):
        locate_checkpoint(run, step).mkdir(parents=True)
        keeper.on_step_end(args, make_state(step), control)
        keeper.on_save(args, make_state(step), control)
    assert [path.name for path in list_whole(run)] == ["checkpoint-3"]
    assert not locate_checkpoint(run, 1).exists()


def test_whole_weights_are_refused_where_shards_were_asked_for(args):
    with pytest.raises(MissingTool, match="sharded"):
        Shards().on_step_begin(args, make_state(), TrainerControl(), model=nn.Linear(1, 1))
