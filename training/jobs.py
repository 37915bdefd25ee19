"""A job is a folder: what was ordered, what happens, what came of it.

    training/jobs/ID/
        job.json        the order, as it was given; written once
        recipe.yaml     the whole recipe, settings filled in; written once
        data/NAME       the training data, copied; read-only
        keep_running    there while the job may outlive the app
        stop            there when a person has asked it to end
        state.json      how it is; written by its supervisor, or by the queue while nobody runs it
        log.txt         all that the processes printed
        metrics.jsonl   a line a logged step
        accelerate.yaml how its processes are launched; written at each start
        base/           a tiny recipe's own base model, made on the spot
        report.json     what will happen, as counted before the start
        preview.jsonl   rows with their tokens, for a look
        outcome.json    the trainer's own word on how it ended
        notes.md        a person's notes
        run/            checkpoints under way: checkpoint-N

Its id says when it was ordered and what it makes. An id is no path: what is none is not looked for.
"""

import json
import re
import shutil
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, replace
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from secrets import token_hex
from types import NoneType

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from backend.errors import Conflict, InputError, NotFound, Refused
from backend.registry import list_cards
from backend.registry.shelf import CHECKPOINTS, is_vacant
from training.filling import explain_faults
from training.orders import FOLDER, NAMES, End, Job, JobState, Life, Order, Seconds
from training.recipe import Recipe
from training.recipes import dump_recipe
from training.states import (
    ask_stop,
    keep_running,
    read_log,
    read_metrics,
    read_notes,
    read_some,
    read_state,
    write_notes,
    write_state,
    write_whole,
)

__all__ = [
    "FOLDER",
    "End",
    "Job",
    "JobState",
    "Life",
    "Order",
    "ask_stop",
    "clone_order",
    "create_job",
    "find_job",
    "keep_running",
    "list_jobs",
    "read_job",
    "read_log",
    "read_metrics",
    "read_notes",
    "read_state",
    "remove_job",
    "suggest_name",
    "write_notes",
    "write_state",
]

JOBS, LOOKS = "jobs", "looks"
JOB, RECIPE, DATA = "job.json", "recipe.yaml", "data"
ID = re.compile(r"\d{8}-\d{6}-[A-Za-z0-9][A-Za-z0-9._-]{0,63}-[0-9a-f]{4}")
SECOND = len("20261122-153000")  # of an id; what follows does not tell which of two came first
FILE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}")
HOST = re.compile(r"[A-Za-z0-9][A-Za-z0-9.:-]{0,252}")
READ_ONLY = 0o400
ROOM_BYTES = 500_000_000  # what stays free beside the data that a job copies
CHUNK = 1 << 20
LEFT_S = 3600.0  # nothing is copied or looked at for so long
N_PART = 3  # letters of an id that can stand for it: nobody removes a job by a slip of one
N_NAMED = 3  # jobs that an error names
MOST_SAID = 1000  # characters of a setting
SCALARS = (str, int, float, NoneType)


class Written(BaseModel):
    """What job.json holds."""

    model_config = ConfigDict(extra="ignore")

    order: dict[str, object]
    created_at: Seconds
    data_sha256: dict[str, str]


ORDERS = TypeAdapter(Order)


def create_job(
    data: Path,
    order: Order,
    recipe: Recipe,
    files: Sequence[Path],
    *,
    shelf: str = JOBS,
    clock: Callable[[], float] = time.time,
) -> Job:
    """Make a job's folder, whole or not at all; the data files are copied and made read-only.

    Edge: an order without a name gets a free one like its recipe's. `shelf` is where the folder
    goes: only what is among the jobs is ever run.
    Errors: Conflict for a name that is taken; InputError for a name that is none, a file that
    can't be copied, and where there is no room.
    """
    name = order.name or suggest_name(data, recipe.name)
    check_order(data, replace(order, name=name), files, run=shelf == JOBS)
    now = clock()
    stamp = datetime.fromtimestamp(now, UTC).strftime("%Y%m%d-%H%M%S")
    folder = data.resolve() / FOLDER / shelf / f"{stamp}-{name}-{token_hex(2)}"
    order = replace(order, name=name, data=tuple(path.name for path in files))
    partial = folder.with_name(f".{folder.name}.part")
    try:
        job = fill_folder(Job(folder.name, folder, order, JobState(), now), partial, recipe, files)
        partial.rename(folder)
    except OSError as error:
        raise InputError(f"The job {folder.name} can't be made: {error}.") from error
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return job


def fill_folder(job: Job, partial: Path, recipe: Recipe, files: Sequence[Path]) -> Job:
    """Write all that a job begins with into a folder that nobody looks at yet."""
    (partial / DATA).mkdir(parents=True, mode=0o700)
    sums = {path.name: copy_file(path, partial / DATA / path.name) for path in files}
    state = JobState(queued_at=job.created_at)
    told = {"order": asdict(job.order), "created_at": job.created_at, "data_sha256": sums}
    write_whole(partial / RECIPE, dump_recipe(recipe))
    write_whole(partial / JOB, json.dumps(told, indent=2, ensure_ascii=False) + "\n")
    write_state(partial, state)
    if job.order.keep_running:
        keep_running(replace(job, folder=partial))
    return replace(job, state=state, data_sha256=sums)


def copy_file(source: Path, target: Path) -> str:
    """Copy a file, make the copy read-only, and return its sha256."""
    digest = sha256()
    with source.open("rb") as reading, target.open("xb") as writing:
        while chunk := reading.read(CHUNK):
            digest.update(chunk)
            writing.write(chunk)
    target.chmod(READ_ONLY)
    return digest.hexdigest()


def check_order(data: Path, order: Order, files: Sequence[Path], *, run: bool = True) -> None:
    """Look whether an order can become a job.

    Errors: InputError, Conflict; with what to do.
    """
    if not NAMES.fullmatch(order.name):
        raise InputError(
            f"{order.name[:80]!r} can't be a checkpoint's name. Use letters, digits, dots, dashes "
            "and underscores, 64 at most, with a letter or a digit first."
        )
    for path in files:
        if not FILE.fullmatch(path.name) or not path.is_file():
            raise InputError(f"{str(path)[-200:]!r} is no file of training data.")
    if order.n_machines > 1 and not HOST.fullmatch(order.main_ip):
        raise InputError(
            f"{order.main_ip[:80]!r} is no address at which {order.n_machines} machines can meet; "
            "give the one of this machine, as 10.0.0.1."
        )
    check_values(order)
    if len({path.name for path in files}) < len(files):
        raise InputError("Two files of training data have one name; rename one of them.")
    if run:
        check_name(data, order.name)
    needed, free = sum(path.stat().st_size for path in files), find_free(data)
    if free < needed + ROOM_BYTES:
        raise InputError(
            f"The job would copy {needed / 1e6:,.0f} MB of data, and {free / 1e6:,.0f} MB are "
            f"free; {ROOM_BYTES / 1e6:,.0f} MB have to stay so. Make room first."
        )


def check_name(data: Path, name: str) -> None:
    """Look whether a new model can have a name. Errors: Conflict, with one that is free."""
    if name in list_taken(data):
        other = suggest_name(data, name)
        raise Conflict(f"There is a model {name} already; call this one {other}, say.")


def check_values(order: Order) -> None:
    """Hold an order to what a job's file can say. Errors: InputError with every fault."""
    try:
        ORDERS.validate_python(asdict(order))
    except ValidationError as error:
        raise InputError(f"This can't be ordered: {'; '.join(explain_faults(error))}.") from error
    check_settings(order.settings)


def check_settings(settings: Mapping[str, object]) -> None:
    """Hold settings to what they are: names with a value, or a part of a recipe with such.

    Errors: InputError.
    """
    for key, value in settings.items():
        inner = value if isinstance(value, Mapping) else {"": value}
        for name, plain in inner.items():
            said = f"{key}{name}{plain if isinstance(plain, str) else ''}"
            if not isinstance(plain, SCALARS) or len(said) > MOST_SAID or not said.isprintable():
                raise InputError(f"The setting {ascii(key)[:80]} holds what can't be a value.")


def find_free(data: Path) -> int:
    """Return how many bytes are free where the data folder is."""
    data.mkdir(parents=True, exist_ok=True)
    return shutil.disk_usage(data).free


def list_taken(data: Path) -> set[str]:
    """Return the names that a new checkpoint can't have: of models, and of jobs not yet ended.

    Edge: a built-in card without weights is free, since that model is what may be trained here.
    """
    waiting = {job.order.name for job in list_jobs(data) if job.state.life != "ended"}
    made = {path.name for path in (data / CHECKPOINTS).glob("*")}
    shelf = {known.name for known in list_cards(data) if not is_vacant(known)}
    return shelf | made | waiting


def suggest_name(data: Path, base: str) -> str:
    """Return `base`, or `base-2`, `base-3`, …: the first that is free."""
    taken, name, n = list_taken(data), base, 1
    while name in taken:
        n += 1
        name = f"{base[:58]}-{n}"
    return name


def list_jobs(data: Path) -> list[Job]:
    """Return all jobs, the newest first; one whose folder is damaged is there as crashed."""
    jobs = [read_job(folder) for folder in list_folders(data)]
    return sorted(jobs, key=lambda job: (job.id[:SECOND], job.created_at), reverse=True)


def list_folders(data: Path) -> list[Path]:
    """Return the folders of all jobs. A link is none: what it leads to is not ours to run."""
    found = (path for path in (data / FOLDER / JOBS).glob("*") if ID.fullmatch(path.name))
    return [path for path in found if path.is_dir() and not path.is_symlink()]


def sweep(data: Path, now: float) -> None:
    """Remove what a kill has left of jobs being made and of looks at data."""
    places = [*(data / FOLDER / JOBS).glob(".*.part"), *(data / FOLDER / LOOKS).glob("*")]
    for path in places:
        with suppress(OSError):
            if now - path.lstat().st_mtime > LEFT_S:
                shutil.rmtree(path)


def find_job(data: Path, id: str) -> Job:
    """Return the job of that id, or the only one of whose id this is a part.

    Edge: less than three letters are no part. Errors: NotFound, also where several fit.
    """
    folder = data / FOLDER / JOBS / id if ID.fullmatch(id) else None
    if folder and not folder.is_symlink() and (folder / JOB).is_file():
        return read_job(folder)
    fitting = [job for job in list_jobs(data) if len(id) >= N_PART and id in job.id]
    if len(fitting) == 1:
        return fitting[0]
    if fitting:
        named = ", ".join(job.id for job in fitting[:N_NAMED])
        more = f" and {len(fitting) - N_NAMED:,} more" if len(fitting) > N_NAMED else ""
        raise NotFound(f"Several jobs fit {id[:80]!r}: {named}{more}. Give more of the id.")
    raise NotFound(f"There is no job {id[:80]!r}. `training list` shows all that there are.")


def read_job(folder: Path) -> Job:
    """Return the job that a folder holds; one that can't be read is there as crashed."""
    folder = folder.resolve()
    try:
        told = Written.model_validate_json(read_some(folder / JOB))
        order = ORDERS.validate_python(told.order)
        check_settings(order.settings)
    except (OSError, InputError, ValidationError) as error:
        state = JobState("ended", "crashed", f"{JOB} can't be read: {type(error).__name__}.")
        return Job(folder.name, folder, Order(folder.name, ""), state)
    return Job(folder.name, folder, order, read_state(folder), told.created_at, told.data_sha256)


def clone_order(job: Job, changes: Mapping[str, object], name: str = "") -> Order:
    """Return the order of a job again, with some settings changed, under another name."""
    return replace(job.order, name=name, settings={**job.order.settings, **changes}, parent=job.id)


def remove_job(job: Job) -> None:
    """Remove a job that has ended, with its log and the checkpoints that it had under way.

    Edge: the finished model is no part of it and stays.
    Errors: Refused while it may still run, and where the disk refuses it.
    """
    if job.state.life != "ended":
        raise Refused(f"{job.id} is {job.state.life}; stop it first.")
    gone = job.folder.with_name(f".{job.id}.part")  # whole or not at all; the rest is swept
    try:
        job.folder.rename(gone)
    except OSError as error:
        raise Refused(f"{job.id} can't be removed: {error}.") from error
    shutil.rmtree(gone, ignore_errors=True)


def list_data(job: Job) -> list[Path]:
    """Return where a job's training data lie."""
    return [job.folder / DATA / name for name in job.order.data]


def select_jobs(jobs: Iterable[Job], *lives: Life) -> list[Job]:
    """Return the jobs in one of these states, the one that waits longest first."""
    return sorted(
        (job for job in jobs if job.state.life in lives), key=lambda job: job.state.queued_at
    )
