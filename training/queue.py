"""The queue of one data folder: who holds it, whose turn it is, and what became of who ran.

A job's state is written here only while no supervisor lives: to queue, start and bury it.
"""

import fcntl
import logging
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import IO

from backend.errors import CamelidError
from training.devices import Machine, choose_devices
from training.follow import find_lock, is_queue_held
from training.group import end_marked, has_word, is_same
from training.jobs import JOBS, RECIPE, list_folders, read_job, select_jobs
from training.launch import ROOT
from training.orders import FOLDER, Job
from training.outcomes import DISK, N_TAIL, RESUME, Outcome, read_outcome
from training.recipes import open_recipe
from training.states import (
    STATE,
    may_outlive,
    open_log,
    read_state,
    read_stop,
    tail_log,
    write_state,
)

Environment = Callable[[Mapping[str, str]], dict[str, str]]
Free = Callable[[tuple[int, ...], str], None]
Words = Callable[[Job, int], list[str]]

CPU = -1  # the place of all jobs that train on no GPU
START_S = 10.0  # a supervisor says who it is within this
CLOSE_S = 10.0
POLL_S = 0.05
CHILD = {"PYTHONPATH": str(ROOT), "PYTHONSAFEPATH": "1"}
NEWS = logging.getLogger("camelid")


class Queue:
    """The jobs that wait and run, and the supervisors that were started from here."""

    def __init__(
        self,
        data: Path,
        environment: Environment,
        low_disk: int,
        *,
        supervisor: Words,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """Work on the jobs below `data`; `supervisor` says with which words one starts."""
        self._data, self._folder = data, data / FOLDER / JOBS
        self._environment, self._low_disk = environment, low_disk
        self._supervisor, self._clock = supervisor, clock
        self._file: IO[bytes] | None = None
        self._children: dict[str, subprocess.Popen[bytes]] = {}
        self._ended: dict[str, int] = {}  # when the states were written that can't change
        self._places: dict[str, set[int]] = {}

    @property
    def is_held(self) -> bool:
        """Say whether the queue is held by us."""
        return self._file is not None

    def take(self) -> bool:
        """Hold the queue, if nobody else does; say whether we do."""
        if self._file:
            return True
        path = find_lock(self._data)
        path.parent.mkdir(parents=True, exist_ok=True)
        file = path.open("ab")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.close()
            return False
        self._file = file
        return True

    def release(self) -> None:
        """Let go of the queue and of all supervisors; wait for those that end with us."""
        ending = self._list_ending() if self._file else []
        children = [one for id, one in self._children.items() if not may_outlive(self._folder / id)]
        if self._file:
            self._file.close()
            self._file = None
        for child in self._children.values():
            let_go(child)
        wait_until(
            lambda: not any(map(is_up, children)) and not any(map(self._is_alive, ending)), CLOSE_S
        )
        for job in ending:
            if self._is_alive(job) and not is_queue_held(self._folder):
                kill_one(job.state.pid)  # its watchman ends what it had started
        for child in self._children.values():
            child.returncode = child.poll() or 0  # who goes on is not to be waited for
        self._children.clear()

    def _list_ending(self) -> list[Job]:
        """Return the jobs that run and may not outlive us: our own, and those found running."""
        jobs = [job for job in self._list_open() if job.state.life != "queued"]
        return [job for job in jobs if not may_outlive(job.folder)]

    def settle(self) -> list[Job]:
        """Bury the jobs whose supervisors are gone, and those that were stopped as they waited.

        Returns the jobs that are left: those that run, and then those that wait, in their order.
        """
        for id, child in list(self._children.items()):
            if child.poll() is not None:
                let_go(child)
                del self._children[id]
        for job in self._list_open():
            if job.state.life == "queued":
                self.drop_stopped(job)
            elif not self._is_alive(job):
                with suppress(OSError):  # on a full disk; it is tried again
                    self._bury(job)
        jobs = self._list_open()
        running = select_jobs(jobs, "starting", "running", "stopping")
        return [*running, *select_jobs(jobs, "queued")]

    def _list_open(self) -> list[Job]:
        return [read_job(path) for path in list_folders(self._data) if not self._is_over(path)]

    def _is_over(self, folder: Path) -> bool:
        """Say whether a job has ended; a state is read again only when it was written again."""
        try:
            written = (folder / STATE).stat().st_mtime_ns
        except OSError:
            return not folder.is_dir()
        if self._ended.get(folder.name) == written:
            return True
        if read_state(folder).life != "ended":
            return False
        self._ended[folder.name] = written
        return True

    def drop_stopped(self, job: Job) -> None:
        """End a job that was stopped before its turn came."""
        if job.state.life == "queued" and read_stop(job.folder):
            self._end(job, Outcome("cancelled", "It was stopped before its turn came."))

    def choose(self, jobs: list[Job], machine: Machine) -> list[Job]:
        """Return the jobs whose turn it is: those that need nothing that an earlier one needs."""
        taken: set[int] = set()
        chosen: list[Job] = []
        for job in jobs:
            places = self._find_places(job, machine)
            if job.state.life == "queued" and not places & taken and job.id not in self._children:
                chosen.append(job)
            taken |= places
        return chosen

    def list_devices(self, jobs: list[Job], machine: Machine) -> tuple[tuple[int, ...], str]:
        """Return the GPUs that these jobs train on, and why they can't be had, in words."""
        there = {job.order.name: self._find_places(job, machine) - {CPU} for job in jobs}
        names = [name for name, gpus in there.items() if gpus]
        gpus = sorted(set().union(*there.values()))
        verb = "are" if len(names) > 1 else "is"
        return tuple(gpus), f"{' and '.join(names)} {verb} being trained on it" if gpus else ""

    def launch(self, job: Job) -> None:
        """Start a job's supervisor."""
        state = replace(job.state, life="starting", started_at=self._clock(), pid=0, born=0.0)
        write_state(job.folder, state)
        opened = -1
        try:
            opened = open_log(job.folder)
            self._children[job.id] = subprocess.Popen(  # noqa: S603 - words of ours, no shell
                self._supervisor(job, self._low_disk),
                stdin=subprocess.PIPE,
                stdout=opened,
                stderr=subprocess.STDOUT,
                cwd=job.folder,
                env=self._environment(CHILD),
                start_new_session=True,
            )
        except OSError as error:
            self._end(job, Outcome("crashed", f"It could not be started: {error}."))
        finally:
            if opened >= 0:
                os.close(opened)

    def _find_places(self, job: Job, machine: Machine) -> set[int]:
        """Return where a job trains; nowhere, where that can't be said: its start will tell."""
        if job.id not in self._places:
            try:
                recipe = open_recipe(job.folder / RECIPE)
                self._places[job.id] = set(choose_devices(job.order, recipe, machine)) or {CPU}
            except (CamelidError, OSError):
                self._places[job.id] = {CPU}
        return self._places[job.id]

    def _is_alive(self, job: Job) -> bool:
        child = self._children.get(job.id)
        if child:
            return child.poll() is None
        if not job.state.pid:  # started by an app that ended at that moment
            return abs(self._clock() - job.state.started_at) < START_S  # the clock may be set
        return is_supervisor(job)

    def _bury(self, job: Job) -> None:
        """End what a dead supervisor may have left, and write how its job ended."""
        job = read_job(job.folder)  # it may have written its end meanwhile
        if job.state.life == "ended":
            return
        end_marked(str(job.folder))
        word = read_outcome(job.folder)
        gone = Outcome("interrupted", f"The process that watched it has gone. {RESUME}")
        if DISK.search("\n".join(tail_log(job.folder, N_TAIL))):  # nor could that process say so
            gone = Outcome("disk_full", f"The disk was full. Make room first. {RESUME}")
        self._end(job, word if word and word.end != "cancelled" else gone)

    def _end(self, job: Job, outcome: Outcome) -> None:
        state = replace(
            job.state,
            life="ended",
            end=outcome.end,
            message=outcome.message,
            tail=tuple(tail_log(job.folder, N_TAIL)),
            ended_at=self._clock(),
            left_s=None,
        )
        write_state(job.folder, state)
        NEWS.info("%s: %s. %s", job.id, outcome.end, outcome.message)


def is_supervisor(job: Job) -> bool:
    """Say whether the process that a state names is the job's own, whatever else bears its number.

    Edge: a state is a file, and files are copied and edited; nobody else's process is ever ended.
    """
    return is_same(job.state.pid, job.state.born) and has_word(job.state.pid, str(job.folder))


def let_go(child: "subprocess.Popen[bytes]") -> None:
    """Close the pipe that tells a supervisor that we are there."""
    if child.stdin:
        with suppress(OSError):
            child.stdin.close()


def is_up(child: "subprocess.Popen[bytes]") -> bool:
    """Say whether a supervisor still runs."""
    return child.poll() is None


def wait_until(condition: Callable[[], bool], within_s: float) -> None:
    """Wait until something is so, or the time is up."""
    deadline = time.monotonic() + within_s
    while not condition() and time.monotonic() < deadline:
        time.sleep(POLL_S)


def kill_one(pid: int) -> None:
    """End a process for certain, if there is one."""
    if pid > 0:
        with suppress(ProcessLookupError, PermissionError):
            os.kill(pid, signal.SIGKILL)


def build_supervisor(job: Job, low_disk: int) -> list[str]:
    """Return the words that start a job's supervisor."""
    words = [sys.executable, "-P", "-m", "training.supervise", str(job.folder)]
    return [*words, "--low-disk", str(int(low_disk))]
