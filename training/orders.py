"""The nouns of a job: what was ordered, how it is, how it ended."""

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from training.recipe import MOST, NAME

FOLDER = "training"
MOST_PROCESSES, MOST_MACHINES = 64, 1024
NAMES = re.compile(NAME.strip("^$"))

# What a file may say, so that nothing that was copied or edited is taken for more than it is.
Count = Annotated[int, Field(ge=0, le=MOST)]
Seconds = Annotated[float, Field(ge=0, le=1e11, allow_inf_nan=False)]
Name = Annotated[str, Field(pattern=NAME)]
File = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$")]
Words = Annotated[str, Field(pattern=r"^[^\x00-\x1f\x7f-\x9f]{0,200}$")]

Life = Literal["queued", "starting", "running", "stopping", "ended"]
# How a job ended. Only "done" has a checkpoint that chat offers.
End = Literal[
    "",
    "done",
    "cancelled",  # a person stopped it; its last checkpoint is kept
    "interrupted",  # the app or the machine went down
    "bad_data",  # what was looked at before the start can't be trained on
    "out_of_memory",
    "disk_full",
    "not_finite",  # loss or gradient is no number any more
    "crashed",
]


@dataclass(frozen=True, slots=True)
class JobState:
    """How a job is at one moment.

    Units: times in seconds since 1970, 0 where it has not come to that; `left_s` in seconds, None
    while nobody knows. `pid` and `born` (its start, see `tell_birth`) tell the supervisor's process
    apart from a later one of its number.
    Edge: `message` is a sentence: what it does, or why it ended so; `tail` the log's last lines.
    """

    life: Life = "queued"
    end: End = ""
    message: str = ""
    tail: tuple[str, ...] = ()
    queued_at: Seconds = 0.0
    started_at: Seconds = 0.0
    ended_at: Seconds = 0.0
    step: Count = 0
    n_steps: Count = 0
    left_s: Seconds | None = None
    pid: Count = 0
    born: Seconds = 0.0


@dataclass(frozen=True, slots=True)
class Order:
    """What a person wants trained. `name` is the checkpoint's, and its model card's.

    Edge: `data` are names of files in the job's data folder; `devices` are GPU numbers, none for
    the machine's default; `parent` is the job this one was cloned from or goes on from. Several
    machines have the job's folder at one path and as many GPUs; `main_ip` is where the one is that
    the order was given on, as the others reach it.
    """

    name: Name
    recipe: Name
    settings: dict[Words, object] = field(default_factory=dict)
    data: tuple[File, ...] = ()
    devices: tuple[Count, ...] = ()
    n_processes: Annotated[int, Field(ge=1, le=MOST_PROCESSES)] = 1
    actor: Words = ""
    parent: Words = ""
    force_benchmarks: bool = False
    keep_running: bool = False
    nice: Annotated[int, Field(ge=0, le=19)] = 0
    n_machines: Annotated[int, Field(ge=1, le=MOST_MACHINES)] = 1
    main_ip: Annotated[str, Field(pattern=r"^([A-Za-z0-9][A-Za-z0-9.:-]{0,252})?$")] = ""
    main_port: Annotated[int, Field(ge=1, le=65535)] = 29500


@dataclass(frozen=True, slots=True)
class Job:
    """A job as its folder tells it."""

    id: str
    folder: Path
    order: Order
    state: JobState
    created_at: float = 0.0
    data_sha256: dict[str, str] = field(default_factory=dict)
