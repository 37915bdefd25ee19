"""Two processes of a CPU that share a model's weights as two GPUs do.

accelerate shards on GPUs only: here a process says that it has one, and torch shards on the CPU all
the same. What the launcher tells a trainer is worked out by the launcher itself, from our own
configuration. Both are forked from one that has no other threads, so that all is imported once.
"""

import os
import signal
import subprocess
import sys
import traceback
from pathlib import Path

import torch
from accelerate.commands.launch import _validate_launch_command, launch_command_parser
from accelerate.state import PartialState
from accelerate.utils import DistributedType
from accelerate.utils.launch import prepare_multi_gpu_env
from torch import distributed

from training.devices import Gpu, Machine
from training.jobs import RECIPE, read_job
from training.launch import ROOT, build_command, build_environment, write_config
from training.recipes import open_recipe
from training.run import plan, sft
from training.run.__main__ import QUIET, main

TWO = Machine(gpus=(Gpu(0, "none", 1 << 30), Gpu(1, "none", 1 << 30)), n_cores=2)
TOLD = ("ACCELERATE_", "FSDP_")
MEET = "meet"
LIMIT_S = 100  # one that waits for the other in vain ends by then


def train_sharded(job):
    """Train a job on two such devices; return what both had to say where one has failed."""
    words = [sys.executable, "-m", "tests.training.sharding", str(job.folder)]
    run = subprocess.run(words, check=False, cwd=ROOT, capture_output=True, text=True, timeout=400)
    return run.stdout + run.stderr[-3000:] if run.returncode else ""


def fork_both(folder):
    """Train a job in two processes; return what both had to say where one has failed."""
    job, recipe = read_job(folder), open_recipe(folder / RECIPE)
    environment = {**QUIET, **tell_environment(job, recipe)}
    (job.folder / MEET).unlink(missing_ok=True)  # where two met before, nobody waits any more
    started = [fork_trainer(job, environment, rank) for rank in range(2)]
    codes = [os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) for pid in started]
    said = [find_log(job, rank).read_text()[-3000:] for rank in range(2)]
    return "\n".join(said) if any(codes) else ""


def tell_environment(job, recipe):
    """Return what the launcher tells each process of our configuration, and what we do."""
    write_config(job, recipe, TWO)
    words = build_command(job, TWO)
    words = words[words.index("accelerate.commands.launch") + 1 :]
    asked, _, _ = _validate_launch_command(launch_command_parser().parse_args(words))
    told = prepare_multi_gpu_env(asked).items()
    return {
        **build_environment(job, recipe, TWO),
        **{name: value for name, value in told if name.startswith(TOLD)},
        "ACCELERATE_TORCH_DEVICE": "cpu",
    }


def fork_trainer(job, environment, rank):
    """Start one of the two, and return its number."""
    pid = os.fork()
    if pid:
        return pid
    try:
        signal.alarm(LIMIT_S)
        torch.set_num_threads(1)
        os.environ |= environment | {"RANK": str(rank), "LOCAL_RANK": str(rank), "WORLD_SIZE": "2"}
        log = find_log(job, rank).open("ab")
        os.dup2(log.fileno(), 1), os.dup2(log.fileno(), 2)
        meet = f"file://{job.folder / MEET}"
        distributed.init_process_group("gloo", meet, rank=rank, world_size=2)
        PartialState._prepare_backend = lambda *_: ("gloo", DistributedType.MULTI_GPU)
        PartialState._shared_state.clear()
        plan.read_machine = lambda: TWO
        os._exit(main(["train", str(job.folder)]))
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(1)


def find_log(job, rank):
    """Return what a process writes to: Python's streams are the test's own, so say it here."""
    return job.folder / f"log-{rank}.txt"


if __name__ == "__main__":
    assert sft.run  # what a trainer imports, both have it from here
    sys.exit(fork_both(Path(sys.argv[1])) or 0)
