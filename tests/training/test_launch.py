"""A job becomes words: always the same number of them, whatever it holds."""

import subprocess
import sys
from dataclasses import replace

import pytest
import yaml

from tests.hostile import list_hostile
from tests.jobs import CPU, GPUS, make_job, make_recipe
from training.devices import Nodes
from training.launch import (
    build_command,
    build_config,
    build_environment,
    build_look,
    choose_parallel,
    write_config,
)
from training.orders import Order
from training.recipe import Lora

BIG = {"tiny": None, "base": "llama-7b"}


@pytest.fixture
def job(tmp_path):
    return make_job(tmp_path)


def order(job, **words):
    return replace(job, order=replace(job.order, **words))


def test_command_is_a_list_of_our_own_words(job):
    words = build_command(job, CPU)
    assert words == [
        sys.executable, "-P", "-m", "accelerate.commands.launch", "--config_file",
        str(job.folder / "accelerate.yaml"), "-m", "training.run", "train", str(job.folder),
    ]  # fmt: skip


def test_look_is_told_rows_as_numbers(job):
    assert build_look(job)[-2:] == ["look", str(job.folder)]
    assert build_look(job, (3, 57))[-2:] == ["--rows", "3,57"]


@pytest.mark.parametrize(
    ("changed", "ordered", "machine", "parallel", "n"),
    [
        ({}, {}, CPU, "NO", 1),
        ({}, {"n_processes": 2}, CPU, "MULTI_GPU", 2),  # of gloo: the trainer takes the CPU
        ({}, {}, GPUS, "NO", 1),  # a tiny model leaves the GPUs to the chat
        (BIG, {}, GPUS, "FSDP", 4),
        (BIG, {"devices": (2,)}, GPUS, "NO", 1),
        (BIG, {"devices": (0, 1)}, GPUS, "FSDP", 2),
        (BIG | {"lora": Lora()}, {}, GPUS, "MULTI_GPU", 4),
        (BIG | {"lora": Lora(), "parallel": "fsdp"}, {}, GPUS, "FSDP", 4),
        (BIG | {"lora": Lora(), "quantisation": "4bit"}, {}, GPUS, "MULTI_GPU", 4),
        (BIG | {"parallel": "ddp"}, {}, GPUS, "MULTI_GPU", 4),
        (BIG | {"parallel": "none"}, {}, GPUS, "NO", 1),
    ],
)
def test_work_is_shared_as_it_fits(job, changed, ordered, machine, parallel, n):
    config = build_config(order(job, **ordered), make_recipe(**changed), machine)
    assert (config["distributed_type"], config["num_processes"]) == (parallel, n)
    assert config["use_cpu"] == ("base" not in changed)
    assert ("fsdp_config" in config) == (parallel == "FSDP")


def test_sharding_follows_the_recipe(job):
    recipe = make_recipe(**BIG, offload=True)
    fsdp = build_config(job, recipe, GPUS)["fsdp_config"]
    assert (fsdp["fsdp_version"], fsdp["fsdp_reshard_after_forward"]) == (2, True)
    assert fsdp["fsdp_offload_params"]


def test_several_machines_each_have_their_own_file(job):
    recipe = make_recipe(**BIG)
    machines = [replace(GPUS, nodes=Nodes(2, rank, "10.0.0.1", 29501)) for rank in (0, 1)]
    paths = [write_config(job, recipe, machine) for machine in machines]
    told = [yaml.safe_load(path.read_text()) for path in paths]
    assert [one["machine_rank"] for one in told] == [0, 1]
    assert {
        (one["num_processes"], one["num_machines"], one["main_process_ip"]) for one in told
    } == {(8, 2, "10.0.0.1")}
    assert str(paths[1]) in build_command(job, machines[1])


def test_two_machines_with_a_gpu_each_are_no_single_process():
    assert choose_parallel(make_recipe(**BIG), 2, on_gpu=True) == "fsdp"


@pytest.mark.slow  # imports torch
def test_accelerate_knows_every_key(job):
    from accelerate.commands.config.config_args import ClusterConfig  # noqa: PLC0415

    config = build_config(job, make_recipe(**BIG), replace(GPUS, nodes=Nodes(2, 1, "10.0.0.1")))
    assert set(config) <= set(ClusterConfig.__dataclass_fields__)


@pytest.mark.parametrize(
    ("changed", "devices", "machine", "visible", "threads"),
    [
        ({}, (), CPU, "", "1"),
        ({}, (1, 3), GPUS, "1,3", "1"),  # a tiny model gains nothing from a second thread
        (BIG, (1, 3), GPUS, "1,3", "7"),
        (BIG, (2,), GPUS, "2", "15"),
    ],
)
def test_trainer_sees_its_own_devices_only(job, changed, devices, machine, visible, threads):
    told = build_environment(order(job, devices=devices), make_recipe(**changed), machine)
    assert (told["CUDA_VISIBLE_DEVICES"], told["OMP_NUM_THREADS"]) == (visible, threads)
    assert told["PYTHONSAFEPATH"] == "1" and told["CAMELID_JOB"] == str(job.folder)
    assert told["CUDA_DEVICE_ORDER"] == "PCI_BUS_ID"  # else number 1 may be another GPU


def test_one_process_sees_one_gpu(job):
    told = build_environment(job, make_recipe(**BIG, parallel="none"), GPUS)
    assert told["CUDA_VISIBLE_DEVICES"] == "0"


def test_hostile_strings_are_no_words(job):
    """Whatever an order or a recipe holds: the same words, the same configuration."""
    calm = make_recipe()
    words, config = build_command(job, CPU), build_config(job, calm, CPU)
    environment = build_environment(job, calm, CPU)
    for text in list_hostile():
        bad = Order(text, text, {text: text}, (text,), actor=text, parent=text)
        recipe = calm.model_copy(update={"name": text, "title": text, "note": text, "base": text})
        hostile = replace(job, order=bad)
        assert build_command(hostile, CPU) == words
        assert build_config(hostile, recipe, CPU) == config
        assert build_environment(hostile, recipe, CPU) == environment


def test_words_that_took_a_value_in_would_change(job):
    """The control: with values as words, and a shell, the same strings do harm."""
    lengths = {len(f"train --name {text}".split()) for text in list_hostile()}
    shell = subprocess.run(
        f"echo {list_hostile()[0]}", shell=True, cwd=job.folder, capture_output=True, check=True
    )
    assert len(lengths) > 3 and shell and (job.folder / "canary").exists()
