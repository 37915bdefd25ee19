"""The workshop: takes orders, looks at their data, and runs the queue where nobody else does.

There is one queue a data folder. Whoever holds its lock starts the jobs, the longest waiting
first: one at a time on the CPU, and one at a time on each GPU. Everybody else may order, stop and
look: all of that is files.
"""

import logging
import shutil
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from backend.errors import CamelidError, Conflict, InputError, Refused
from training.data.library import find_file
from training.devices import Machine, choose_devices, read_machine
from training.filling import fill_recipe, fit_shape
from training.jobs import (
    LOOKS,
    RECIPE,
    check_name,
    clone_order,
    create_job,
    find_job,
    list_data,
    list_jobs,
    list_taken,
    remove_job,
    sweep,
    write_notes,
)
from training.launch import build_look
from training.looks import run_child
from training.orders import Job, JobState, Order
from training.preview import PreviewRow, read_previews
from training.queue import Environment, Free, Queue, Words, build_supervisor
from training.recipe import Recipe
from training.recipes import open_recipe, read_recipe
from training.report import Report, read_report
from training.states import ask_stop, clear_traces, keep_running, write_state

TICK_S = 0.3
LOOK_S = 300.0
LOOK_PACE = 50_000  # bytes of data a second: a slow computer looks through more than that
LOW_DISK = 500_000_000
LOG = logging.getLogger("camelid")


@dataclass(frozen=True, slots=True)
class Look:
    """What will happen if an order is given, and some rows as the model will see them."""

    report: Report
    preview: tuple[PreviewRow, ...] = ()


@dataclass(frozen=True, slots=True)
class Tools:
    """What a workshop works with: other words stand in for the real programs in tests."""

    supervisor: Words = build_supervisor
    look: Callable[[Job, tuple[int, ...]], list[str]] = build_look
    machine: Callable[[], Machine] = read_machine
    look_s: float = LOOK_S
    tick_s: float = TICK_S


class Workshop:
    """All training of one data folder. Every method may be called from any thread."""

    def __init__(
        self,
        data: Path,
        environment: Environment,
        *,
        free_devices: Free | None = None,
        low_disk: int = LOW_DISK,
        tools: Tools | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """Work below `data`; `environment` makes a child's from what it has to hold besides.

        Units: `low_disk` in bytes: a job ends where less is free.
        Edge: `free_devices` is told which GPUs training has from now on, and why in words.
        """
        self.data = data.resolve()
        self._environment, self._tools, self._clock = environment, tools or Tools(), clock
        self._queue = Queue(
            self.data, environment, low_disk, supervisor=self._tools.supervisor, clock=clock
        )
        self._free_devices = free_devices
        self._machine: Machine | None = None
        self._lock = threading.RLock()  # of what changes a job's state from here
        self._closing, self._leaving = threading.Event(), threading.Event()
        self._thread: threading.Thread | None = None

    @property
    def holds_queue(self) -> bool:
        """Say whether jobs are started from here."""
        return self._queue.is_held

    @property
    def machine(self) -> Machine:
        """Return what this machine trains on; it is looked at once."""
        with self._lock:
            self._machine = self._machine or self._tools.machine()
            return self._machine

    def start(self) -> bool:
        """Run the queue from here on; say whether it could be taken at once.

        Edge: where another process holds it, it is taken over when that one ends. Jobs that were
        running when the machine or the app went down are told by then how they ended.
        """
        held = self._queue.take()
        if held:
            sweep(self.data, self._clock())
            self._queue.settle()
        self._thread = threading.Thread(target=self._run, name="training queue", daemon=True)
        self._thread.start()
        return held

    def stop_looks(self) -> None:
        """End the looks that are under way, and do none any more; an app that ends calls this."""
        self._leaving.set()

    def close(self) -> None:
        """Start nothing any more; jobs that may not outlive us are gone when this returns."""
        self.stop_looks()
        self._closing.set()
        if self._thread:
            self._thread.join()
            self._thread = None
        self._queue.release()

    def create(self, order: Order) -> Job:
        """Put an order into the queue.

        Errors: NotFound for a recipe or a file that is not known; InputError with all faults of
        the settings; Conflict for a name that is taken.
        """
        recipe, files = self._resolve(order)
        return self._create(order, recipe, files)

    def look(self, order: Order, rows: Sequence[int] = ()) -> Look:
        """Return what an order would come to, and `rows` of its data, counted from 1.

        Edge: takes as long as reading all of the data; nothing is started or kept.
        Errors: as `create`; InputError with what is wrong with the data.
        """
        recipe, files = self._resolve(order)
        if order.name:  # told before minutes of reading, not after
            check_name(self.data, order.name)
        return self._look(replace(order, name=order.name or recipe.name), recipe, files, rows)

    def find(self, id: str) -> Job:
        """Return a job by its id, or by a part of it. Errors: NotFound."""
        return find_job(self.data, id)

    def stop(self, id: str, *, now: bool = False) -> Job:
        """Ask a job to save a checkpoint and end; `now` ends it without waiting for that.

        Edge: nothing happens to a job that has ended.
        """
        job = self.find(id)
        if job.state.life != "ended":
            ask_stop(job, now=now)
            with self._lock:
                self._queue.drop_stopped(self.find(id))
        return self.find(id)

    def resume(self, id: str) -> Job:
        """Let a job go on from its last checkpoint, when its turn comes.

        Errors: Refused for one that is done, or whose data can't be trained on; Conflict where
        its name has been given away.
        """
        with self._lock:
            job = self.find(id)
            check_resumable(self.data, job)
            clear_traces(job.folder)
            now, state = self._clock(), job.state
            write_state(
                job.folder,
                JobState(queued_at=now, step=state.step, n_steps=state.n_steps),
            )
        return self.find(id)

    def clone(self, id: str, changes: Mapping[str, object], name: str = "") -> Job:
        """Order a job again with some settings changed: the same recipe, the same data.

        Errors: as `create`.
        """
        job = self.find(id)
        recipe = fill_recipe(read_own(job), changes)
        return self._create(clone_order(job, changes, name), recipe, list_data(job))

    def note(self, id: str, text: str) -> None:
        """Replace a job's notes."""
        write_notes(self.find(id), text)

    def keep(self, id: str, keep: bool) -> None:
        """Let a job outlive the app, or end with it."""
        keep_running(self.find(id), keep)

    def remove(self, id: str) -> None:
        """Remove a job that has ended, with its checkpoints under way; its model stays."""
        with self._lock:
            remove_job(self.find(id))

    def wait(self, id: str, timeout_s: float) -> Job:
        """Return a job when it has ended, or as it is when the time is up."""
        deadline = time.monotonic() + timeout_s
        while (job := self.find(id)).state.life != "ended" and time.monotonic() < deadline:
            time.sleep(self._tools.tick_s)
        return job

    def _resolve(self, order: Order) -> tuple[Recipe, list[Path]]:
        recipe = fill_recipe(read_recipe(order.recipe, self.data), order.settings)
        names = order.data or ((recipe.data,) if recipe.data else ())
        if not names:
            raise InputError(f"The recipe {recipe.name} names no data; choose a file to train on.")
        files = [find_file(self.data, name) for name in names]
        return fit_shape(recipe, [file.shape for file in files]), [file.path for file in files]

    def _create(self, order: Order, recipe: Recipe, files: list[Path]) -> Job:
        choose_devices(order, recipe, self.machine)  # a GPU that is not there is told now
        with self._lock:
            return create_job(self.data, order, recipe, files, clock=self._clock)

    def _look(
        self, order: Order, recipe: Recipe, files: Sequence[Path], rows: Sequence[int]
    ) -> Look:
        job = create_job(self.data, order, recipe, files, shelf=LOOKS, clock=self._clock)
        words = self._tools.look(job, tuple(rows))
        try:
            within_s = self._tools.look_s + sum(file.stat().st_size for file in files) / LOOK_PACE
            run_child(words, self._environment, job.folder, within_s, self._leaving)
            return Look(read_report(job.folder), tuple(read_previews(job.folder)))
        finally:
            shutil.rmtree(job.folder, ignore_errors=True)

    def _run(self) -> None:
        while not self._closing.wait(self._tools.tick_s):
            try:
                self._tick()
            except Exception:  # the outermost edge: a queue that stands still tells nobody
                LOG.exception("The training queue could not go on; it tries again.")

    def _tick(self) -> None:
        if not self._queue.take():
            return
        with self._lock:
            jobs = self._queue.settle()
            coming = self._queue.choose(jobs, self.machine)
            going = [job for job in jobs if job.state.life != "queued" or job in coming]
            if self._free_devices:
                self._free_devices(*self._queue.list_devices(going, self.machine))
            for job in coming:
                self._queue.launch(job)

    def list(self) -> list[Job]:
        """Return all jobs, the newest first."""
        return list_jobs(self.data)


def read_own(job: Job) -> Recipe:
    """Return the recipe that a job was ordered with, settings filled in."""
    return open_recipe(job.folder / RECIPE)


def find_kind(job: Job) -> str:
    """Return what kind of training a job is, or nothing where its folder is damaged."""
    try:
        return read_own(job).kind
    except CamelidError:
        return ""


def check_resumable(data: Path, job: Job) -> None:
    """Look whether a job can go on. Errors: Refused, Conflict; with what to do."""
    state = job.state
    if state.life != "ended":
        raise Refused(f"{job.id} is {state.life} already.")
    if state.end == "done":
        raise Refused(f"{job.id} is done. To train again, clone it with changes.")
    if state.end == "bad_data":
        raise Refused(f"{state.message} Mend the data or the settings and clone {job.id}.")
    if job.order.name in list_taken(data):
        raise Conflict(f"There is a model {job.order.name} by now: clone {job.id} instead.")
