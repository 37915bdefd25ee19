"""What a machine can train on: its GPUs, by their own tool, and its cores."""

import os
import shutil
import subprocess
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace

from backend.errors import InputError
from training.orders import Order
from training.recipe import Recipe

GPU_WORDS = (
    "nvidia-smi",
    "--query-gpu=index,name,memory.total",
    "--format=csv,noheader,nounits",
)
GPU_S = 10
MIB = 1 << 20

Run = Callable[[list[str]], str]


@dataclass(frozen=True, slots=True)
class Gpu:
    """A GPU. Units: `memory_bytes` of all of it."""

    index: int
    name: str = ""
    memory_bytes: int = 0


@dataclass(frozen=True, slots=True)
class Nodes:
    """Several machines that train together; this one is number `rank`, the first is at `main_ip`.

    Edge: every machine has the job's folder at the same path, and as many GPUs.
    """

    count: int
    rank: int
    main_ip: str
    main_port: int = 29500


@dataclass(frozen=True, slots=True)
class Machine:
    """What a machine trains on; several `nodes` where it is one of them."""

    gpus: tuple[Gpu, ...] = ()
    n_cores: int = 1
    nodes: Nodes | None = None


def read_machine(run: Run | None = None) -> Machine:
    """Return what this machine has. Nothing heavy is imported for that."""
    told = (run or ask_tool)(list(GPU_WORDS))
    gpus = [read_gpu(line) for line in told.splitlines()]
    return Machine(tuple(gpu for gpu in gpus if gpu), count_cores())


def join_nodes(machine: Machine, order: Order, rank: int) -> Machine:
    """Return a machine as one of those that an order is for; the first has rank 0.

    Errors: InputError for a rank that the order has no machine for.
    """
    if not 0 <= rank < order.n_machines:
        last = order.n_machines - 1
        raise InputError(f"There is no machine of rank {rank}: this job has ranks 0 to {last}.")
    if order.n_machines == 1:
        return machine
    nodes = Nodes(order.n_machines, rank, order.main_ip, order.main_port)
    return replace(machine, nodes=nodes)


def ask_tool(words: list[str]) -> str:
    """Return what a program prints; nothing where it is missing or fails."""
    tool = shutil.which(words[0])
    if tool is None:
        return ""
    with suppress(OSError, subprocess.SubprocessError):
        return subprocess.run(  # noqa: S603 - words of ours, a program found on the path
            [tool, *words[1:]], capture_output=True, text=True, timeout=GPU_S, check=True
        ).stdout
    return ""


def read_gpu(line: str) -> Gpu | None:
    """Return the GPU that a line tells of."""
    index, _, rest = line.partition(",")
    name, _, mebibytes = rest.rpartition(",")
    with suppress(ValueError):
        return Gpu(int(index), name.strip(), int(float(mebibytes) * MIB))
    return None


def count_cores() -> int:
    """Return how many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def choose_devices(order: Order, recipe: Recipe, machine: Machine) -> tuple[int, ...]:
    """Return the GPUs that a job trains on; none is the CPU.

    Edge: an order that names none gets all GPUs, but for a tiny model, which leaves them to the
    chat.
    Errors: InputError for a GPU that is not there, or named twice.
    """
    there = tuple(gpu.index for gpu in machine.gpus)
    wrong = [number for number in order.devices if number not in there]
    if wrong:
        found = f"GPUs {', '.join(map(str, there))}" if there else "no GPU"
        raise InputError(f"There is no GPU {wrong[0]} on this machine; it has {found}.")
    if len(set(order.devices)) < len(order.devices):
        raise InputError(f"A GPU is named twice: {', '.join(map(str, order.devices))}.")
    if order.devices:
        return order.devices
    return () if recipe.tiny else there


def count_processes(order: Order, devices: tuple[int, ...]) -> int:
    """Return how many processes train on one machine: one a GPU, or as many as ordered."""
    return len(devices) or max(order.n_processes, 1)
