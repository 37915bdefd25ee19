"""A job becomes a list of words: `accelerate launch` with a written configuration. All is pure.

The recipe and the order travel as files of the job's folder, never as words. The configuration is
a file of ours, so that one in a home directory has no say.

On several machines each runs its own share: the first under its supervisor, each other one by

    python -P -m training.nodes JOBDIR --rank 1
"""

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

import yaml

from training.devices import Machine, choose_devices, count_processes
from training.orders import Job
from training.recipe import Recipe
from training.states import write_whole

CONFIG = "accelerate.yaml"
ROOT = Path(__file__).resolve().parent.parent
MARK = "CAMELID_JOB"  # in the environment of all that a job starts, so that it can be found

Parallel = Literal["one", "ddp", "fsdp"]


def build_command(job: Job, machine: Machine) -> list[str]:
    """Return the words that train a job on one machine, or on its share of several."""
    words = [sys.executable, "-P", "-m", "accelerate.commands.launch"]
    words += ["--config_file", str(find_config(job, machine))]
    return [*words, "-m", "training.run", "train", str(job.folder)]


def build_look(job: Job, rows: tuple[int, ...] = ()) -> list[str]:
    """Return the words that count and preview a job's data."""
    words = [sys.executable, "-P", "-m", "training.run", "look", str(job.folder)]
    return [*words, "--rows", ",".join(str(int(row)) for row in rows)] if rows else words


def find_config(job: Job, machine: Machine) -> Path:
    """Return where the configuration of this machine's share is."""
    rank = machine.nodes.rank if machine.nodes else 0
    return job.folder / (f"accelerate-{int(rank)}.yaml" if rank else CONFIG)


def write_config(job: Job, recipe: Recipe, machine: Machine) -> Path:
    """Write the configuration that `build_command` names, and return where it is."""
    path = find_config(job, machine)
    text = yaml.safe_dump(build_config(job, recipe, machine), sort_keys=True)
    write_whole(path, text, sure=False)
    return path


def build_config(job: Job, recipe: Recipe, machine: Machine) -> dict[str, object]:
    """Return accelerate's configuration for one CPU or GPU, several, or several machines.

    Edge: precision is the trainer's; the loop that trains must not hear of it twice.
    """
    devices = choose_devices(job.order, recipe, machine)
    n_here = count_processes(job.order, devices)
    n_machines = machine.nodes.count if machine.nodes else 1
    parallel = choose_parallel(recipe, n_here * n_machines, on_gpu=bool(devices))
    n_here = 1 if parallel == "one" else n_here
    config: dict[str, object] = {
        "compute_environment": "LOCAL_MACHINE",
        "distributed_type": {"one": "NO", "ddp": "MULTI_GPU", "fsdp": "FSDP"}[parallel],
        "use_cpu": not devices,
        "gpu_ids": "all",  # of those that the environment shows
        "num_processes": n_here * n_machines,
        "num_machines": n_machines,
        "machine_rank": 0,
        "mixed_precision": "no",
        "main_training_function": "main",
        "rdzv_backend": "static",
        "same_network": True,
        "main_process_port": 0,
        "debug": False,
    }
    config |= build_nodes(machine)
    return config | ({"fsdp_config": build_fsdp(recipe)} if parallel == "fsdp" else {})


def build_nodes(machine: Machine) -> dict[str, object]:
    """Return what the configuration says of other machines."""
    if machine.nodes is None:
        return {}
    return {
        "machine_rank": machine.nodes.rank,
        "main_process_ip": machine.nodes.main_ip,
        "main_process_port": machine.nodes.main_port,
    }


def choose_parallel(recipe: Recipe, n_processes: int, *, on_gpu: bool) -> Parallel:
    """Return how the work is shared.

    Edge: left to itself, whole weights on several GPUs are sharded; adapters are small, and
    quantised weights can't be sharded: each GPU has them all.
    """
    if recipe.parallel == "none" or n_processes == 1:
        return "one"
    if not on_gpu or recipe.parallel == "ddp" or recipe.quantisation != "none":
        return "ddp"
    if recipe.parallel == "fsdp":
        return "fsdp"
    return "ddp" if recipe.lora else "fsdp"


def build_fsdp(recipe: Recipe) -> dict[str, object]:
    """Return how weights, gradients and moments are sharded: by layers, whole at no time.

    Edge: it is the trainer that computes activations twice. Where accelerate does it, chance is
    drawn anew the second time (dropout), and adapters are saved under names that fit no model.
    """
    return {
        "fsdp_version": 2,
        "fsdp_auto_wrap_policy": "TRANSFORMER_BASED_WRAP",
        "fsdp_reshard_after_forward": True,
        "fsdp_state_dict_type": "SHARDED_STATE_DICT",
        "fsdp_cpu_ram_efficient_loading": True,
        "fsdp_sync_module_states": True,
        "fsdp_offload_params": recipe.offload,
    }


def count_threads(recipe: Recipe, machine: Machine, n_processes: int) -> int:
    """Return how many threads a trainer computes with: its share of the cores, less one in all.

    Its threads wait for one another at every step, and others want a core too: with one thread too
    many, a tiny model on a busy machine took fourteen times as long. It gains nothing from a
    second one, and gets none.
    """
    return 1 if recipe.tiny else max((machine.n_cores - 1) // n_processes, 1)


def build_environment(job: Job, recipe: Recipe, machine: Machine) -> Mapping[str, str]:
    """Return what the trainer's environment has beside what every child is given."""
    devices = choose_devices(job.order, recipe, machine)
    n_processes = count_processes(job.order, devices)
    if recipe.parallel == "none":
        devices, n_processes = devices[:1], 1  # of several it would make copies by itself
    return {
        MARK: str(job.folder),
        "PYTHONPATH": str(ROOT),
        "PYTHONSAFEPATH": "1",  # no file of the job's folder is ever imported
        "CUDA_VISIBLE_DEVICES": ",".join(str(number) for number in devices),
        "CUDA_DEVICE_ORDER": "PCI_BUS_ID",  # as the tool counts them that told us their numbers
        "OMP_NUM_THREADS": str(count_threads(recipe, machine, n_processes)),
        "ACCELERATE_USE_CPU": str(not devices).lower(),
        "TOKENIZERS_PARALLELISM": "false",
    }
