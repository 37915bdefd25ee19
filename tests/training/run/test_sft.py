"""A toy is trained, stopped, killed, gone on with, and shared by two processes."""

import json
import os
import resource
import shutil
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from transformers import TrainerCallback

from backend.errors import InputError
from backend.registry import list_cards
from backend.worker.weights import load_weights
from tests.training.sharding import train_sharded
from tests.training.toys import ROWS, TOY, make_job
from training.devices import Machine, read_machine
from training.jobs import read_job
from training.launch import build_command, build_environment, write_config
from training.recipe import Tiny
from training.run import sft
from training.run.__main__ import QUIET
from training.run.ending import NotFinite, Stopped, name_end
from training.run.frame import train_and_save
from training.run.keeping import find_newest, list_whole
from training.run.load import find_base, open_tokenizer
from training.run.prepare import prepare
from training.states import read_metrics

pytestmark = pytest.mark.slow

MODULE = "tests.training.run.test_sft"
PACKED = TOY.model_copy(
    update={
        "packing": True,
        "max_length": 512,
        "tiny": Tiny(hidden=32, layers=1, heads=2, context=512, vocabulary=300),
        "epochs": 12,
    }
)


@pytest.fixture(scope="module", autouse=True)
def one_thread():
    """Two tests' threads would only wait for one another."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def unbroken(tmp_path_factory):
    """A toy that was trained from beginning to end, with two rows of three held out."""
    job = make_job(tmp_path_factory.mktemp("unbroken"))
    return job, sft.run(job, TOY)


def read_losses(job):
    return {point["step"]: point["loss"] for point in read_metrics(job) if "loss" in point}


def build(job, recipe, *callbacks):
    """Return a job's trainer with more to watch it, and its base."""
    base = find_base(job, recipe)
    tokenizer = open_tokenizer(base)
    prepared = prepare(job.folder, recipe, tokenizer)
    trainer = sft.build_trainer(job, recipe, base, tokenizer, prepared)
    for callback in callbacks:
        trainer.add_callback(callback)
    return trainer, base


class At(TrainerCallback):
    """Does something after one step."""

    def __init__(self, step, act):
        self.step, self.act = step, act

    def on_step_begin(self, args, state, control, **words):
        if state.global_step == self.step:
            self.act(words["model"])


def test_the_curve_falls_and_every_step_is_a_line(unbroken):
    job, _ = unbroken
    losses = read_losses(job)
    assert list(losses) == list(range(1, 13))
    assert losses[12] < 0.7 * losses[1]
    assert {"learning_rate", "grad_norm", "tokens_per_s", "loss_tokens_per_s", "memory_mb"} <= set(
        read_metrics(job)[-1]
    )


def test_the_checkpoint_is_on_the_shelf_and_the_worker_loads_it(unbroken):
    job, folder = unbroken
    data = folder.parents[1]
    (known,) = [one for one in list_cards(data) if one.origin == "checkpoint"]
    assert (known.name, known.fault, known.card.template) == ("toy", "", "alpaca")
    assert known.facts["data_sha256"] == job.data_sha256
    assert load_weights(folder).context == 128


def test_the_checkpoint_holds_nothing_that_could_run(unbroken):
    _, folder = unbroken
    names = {path.name for path in folder.iterdir()}
    assert {"model.safetensors", "tokenizer.json", "chat_template.jinja", "model.json"} <= names
    assert not [name for name in names if name.endswith((".bin", ".pt", ".pth", ".py"))]


def test_only_the_newest_checkpoints_under_way_are_kept(unbroken):
    job, _ = unbroken
    kept = [path.name for path in list_whole(job.folder / "run")]
    assert kept == ["checkpoint-10", "checkpoint-12"]


def test_a_stopped_run_goes_on_where_it_was_and_its_curve_joins(unbroken, tmp_path):
    job = stop_at_seven(tmp_path)
    sft.run(job, TOY)
    assert read_losses(job) == pytest.approx(read_losses(unbroken[0]), rel=1e-4)


def test_another_order_of_the_data_would_be_seen_in_the_curve(unbroken, tmp_path):
    job = stop_at_seven(tmp_path)
    sft.run(job, TOY.model_copy(update={"seed": 7}))
    assert read_losses(job) != pytest.approx(read_losses(unbroken[0]), rel=1e-4)


def stop_at_seven(data):
    """Return a job that a person has stopped after its seventh step, ready to go on."""
    job = make_job(data)
    trainer, base = build(job, TOY, At(6, lambda _: (job.folder / "stop").write_text("save\n")))
    with pytest.raises(Stopped, match="checkpoint-7 is kept") as stopped:
        train_and_save(trainer, job, TOY, base)
    assert name_end(stopped.value)[0] == "cancelled"
    (job.folder / "stop").unlink()
    return job


def test_sigterm_saves_and_says_that_nobody_pressed_stop(tmp_path):
    job = make_job(tmp_path)
    trainer, base = build(job, TOY, At(2, lambda _: signal.raise_signal(signal.SIGTERM)))
    with pytest.raises(Stopped) as stopped:
        train_and_save(trainer, job, TOY, base)
    assert name_end(stopped.value)[0] == "interrupted"
    assert find_newest(job.folder / "run").name == "checkpoint-3"


def test_a_run_killed_between_its_last_step_and_its_model_only_saves(tmp_path):
    """Whole epochs end by themselves; in the middle of one, a step too many would follow."""
    recipe = TOY.model_copy(update={"epochs": 1.5, "schedule": "constant_with_warmup"})
    job = make_job(tmp_path, recipe)
    first = (sft.run(job, recipe) / "model.safetensors").read_bytes()
    shutil.rmtree(tmp_path / "checkpoints")
    again = sft.run(job, recipe)
    assert (again / "model.safetensors").read_bytes() == first
    assert max(read_losses(job)) == 6
    assert json.loads((again / "model.json").read_text())["metrics"]["n_steps"] == 6


def start(job, recipe, machine, words=None):
    """Start a job as the supervisor does, or its trainer alone."""
    write_config(job, recipe, machine)
    environment = {**os.environ, **QUIET, **build_environment(job, recipe, machine)}
    with (job.folder / "log.txt").open("ab") as log:
        return subprocess.Popen(
            words or build_command(job, machine),
            env=environment | {"OMP_NUM_THREADS": "1"},
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )


class Dies(TrainerCallback):
    """Kills its process when a checkpoint is written and not marked as whole yet."""

    def __init__(self, step):
        self.step = step

    def on_save(self, args, state, control, **_):
        if state.global_step == self.step:
            os.kill(os.getpid(), signal.SIGKILL)


def note_databases(path):
    """Write down from now on which databases this process opens; the first shows that it does."""

    def hear(event, words):
        if event == "sqlite3.connect":
            with path.open("a") as file:
                file.write(f"{words[0]}\n")

    sys.addaudithook(hear)
    sqlite3.connect(":memory:").close()


def train_and_die(folder, step):
    """Train a job in this process, which ends while a step is saved; it notes its databases."""
    job = read_job(Path(folder))
    note_databases(job.folder / "databases")
    trainer, base = build(job, TOY)
    trainer.callback_handler.callbacks.insert(0, Dies(step))
    train_and_save(trainer, job, TOY, base)


def test_a_killed_run_goes_on_from_its_last_checkpoint_and_its_curve_joins(unbroken, tmp_path):
    job = make_job(tmp_path)
    code = f"from {MODULE} import train_and_die as train; train({str(job.folder)!r}, 10)"
    process = start(job, TOY, Machine(n_cores=1), [sys.executable, "-c", code])
    assert process.wait(400) == -signal.SIGKILL, (job.folder / "log.txt").read_text()[-3000:]
    assert max(read_losses(job)) == 10 and (job.folder / "run/checkpoint-10").is_dir()
    assert find_newest(job.folder / "run").name == "checkpoint-5"
    assert (job.folder / "databases").read_text() == ":memory:\n"  # training opens none
    sft.run(job, TOY)
    assert read_losses(job) == pytest.approx(read_losses(unbroken[0]), rel=1e-3)


def test_two_processes_give_the_curve_of_one(unbroken, tmp_path):
    shared = TOY.model_copy(update={"device_batch": 2, "parallel": "ddp"})
    job = make_job(tmp_path, shared, n_processes=2)
    process = start(job, shared, Machine(n_cores=2))
    assert process.wait(400) == 0, (job.folder / "log.txt").read_text()[-3000:]
    assert json.loads((job.folder / "outcome.json").read_text())["end"] == "done"
    assert read_losses(job) == pytest.approx(read_losses(unbroken[0]), rel=1e-3)


def test_numbers_gone_wild_end_the_run_and_leave_the_last_good_checkpoint(tmp_path):
    job = make_job(tmp_path)

    def poison(model):
        model.lm_head.weight.data[0, 0] = torch.nan

    trainer, base = build(job, TOY, At(7, poison))
    with pytest.raises(NotFinite, match="step 8"):
        train_and_save(trainer, job, TOY, base)
    newest = find_newest(job.folder / "run")
    assert newest.name == "checkpoint-5"
    kept = load_weights(newest).model.lm_head.weight
    assert bool(torch.isfinite(kept).all())


def test_a_full_disk_is_seen_at_the_first_step_of_a_long_run(tmp_path):
    recipe = TOY.model_copy(update={"epochs": 100, "save_steps": 1000})
    job = make_job(tmp_path, recipe)
    trainer, base = build(job, recipe)
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (120_000, before[1]))  # the optimiser's file is more
    try:
        with pytest.raises(Exception) as full:
            train_and_save(trainer, job, recipe, base)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert name_end(full.value)[0] == "disk_full"
    assert max(read_losses(job)) == 1
    assert not (tmp_path / "checkpoints").exists()


def test_packing_takes_fewer_steps_and_learns_too(tmp_path):
    job = make_job(tmp_path, PACKED)
    sft.run(job, PACKED)
    losses = read_losses(job)
    assert max(losses) == 12  # sixteen answers are four rows: one step an epoch
    assert losses[12] < 0.7 * losses[1]


def measure_tokens(folder, job, recipe):
    """A model's loss on the held-out rows, all their tokens alike, with no trainer at hand."""
    rows = prepare(job.folder, recipe, open_tokenizer(find_base(job, recipe))).held_out
    model, found = load_weights(folder).model, []
    for row in rows:
        ids, mask = (torch.tensor(row[name]) for name in ("input_ids", "assistant_masks"))
        told = model(ids[None]).logits[0].log_softmax(-1)[:-1].gather(1, ids[1:, None])[:, 0]
        found += told[mask[1:] == 1].tolist()
    return -sum(found) / len(found)


def test_held_out_tokens_are_measured_after_each_epoch_and_weigh_the_same(tmp_path):
    told = {"eval_share": 0.25, "epochs": 2, "activation_checkpointing": True, "device_batch": 1}
    recipe = TOY.model_copy(update=told)
    rows = [row | {"output": "so " * 3 ** (n % 4)} for n, row in enumerate(ROWS)]
    job = make_job(tmp_path, recipe, rows)
    folder = sft.run(job, recipe)
    looked = [point["eval_loss"] for point in read_metrics(job) if "eval_loss" in point]
    assert len(looked) == 2
    assert looked[-1] == pytest.approx(measure_tokens(folder, job, recipe), rel=1e-4)
    told = json.loads((folder / "model.json").read_text())["metrics"]
    assert told["eval_loss"] == looked[-1]
    assert set(told) == {"loss", "eval_loss", "n_steps", "epochs"}  # no mean of batches' means


def test_data_with_nothing_to_learn_never_starts(tmp_path):
    recipe = TOY.model_copy(update={"max_length": 16, "overflow": "truncate"})
    job = make_job(tmp_path, recipe, rows=ROWS)
    with pytest.raises(InputError) as fault:
        sft.run(job, recipe)
    assert name_end(fault.value)[0] == "bad_data"
    assert not (job.folder / "metrics.jsonl").exists()


def test_two_devices_that_share_the_weights_give_the_curve_and_the_model_of_one(unbroken, tmp_path):
    shared = TOY.model_copy(update={"device_batch": 2, "parallel": "fsdp", "precision": "bf16"})
    job = make_job(tmp_path, shared, devices=(0, 1))
    assert train_sharded(job) == ""
    assert read_losses(job) == pytest.approx(read_losses(unbroken[0]), rel=1e-4)
    whole, gathered = (
        load_file(folder / "model.safetensors")
        for folder in (unbroken[1], tmp_path / "checkpoints/toy")
    )
    torch.testing.assert_close(gathered, whole, rtol=1e-3, atol=1e-5)  # the words once, not twice
    names = {path.name for path in find_newest(job.folder / "run").iterdir()}
    assert {"pytorch_model_fsdp_0", "optimizer_0", "rng_state_1.pth"} <= names


@pytest.mark.skipif(torch.cuda.device_count() < 2, reason="a real launch needs two GPUs")
def test_two_gpus_train_on_shards_of_the_weights(tmp_path):
    recipe = TOY.model_copy(update={"device_batch": 2, "parallel": "fsdp", "precision": "bf16"})
    job = make_job(tmp_path, recipe, devices=(0, 1))
    process = start(job, recipe, read_machine())
    assert process.wait(300) == 0, (job.folder / "log.txt").read_text()[-3000:]
    assert load_weights(tmp_path / "checkpoints/toy").context == 128
