"""Runs one job: starts its trainer, follows it, and ends it for certain. A process of its own.

    python -P -m training.supervise JOBDIR

Its stdin is a pipe that only the app holds open: when the app goes, so does the job, unless its
folder says that it may outlive the app. While it lives, nobody else writes the job's state.
"""

import argparse
import os
import select
import shutil
import signal
import sys
import time
from collections.abc import Callable, Mapping, MutableMapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from backend.errors import CamelidError
from backend.keyring import Keyring
from training.devices import join_nodes, read_machine
from training.follow import Progress, is_queue_held
from training.group import Group, tell_birth
from training.jobs import RECIPE, read_job
from training.launch import build_command, build_environment, write_config
from training.orders import Job, JobState
from training.outcomes import (
    N_TAIL,
    Outcome,
    Reason,
    Traces,
    count_killed,
    decide_end,
    read_outcome,
)
from training.recipes import open_recipe
from training.states import LOG, OUTCOME, may_outlive, read_stop, tail_log, write_state

STDIN = 0
LOW_DISK = 500_000_000
FULL_DISK = 1_000_000  # with less free, whatever could not be said was that
RESERVE, RESERVE_BYTES = ".reserve", 64 << 10  # room for the last word on a full disk

Plan = Callable[[Job], tuple[Sequence[str], Mapping[str, str]]]


@dataclass(frozen=True, slots=True)
class Patience:
    """How long things may take. Units: seconds.

    `save_s` is for a checkpoint that a person waits for; `grace_s` between the signal to end and
    the one that can't be refused: an app that goes leaves nothing behind for longer than 10 s.
    """

    poll_s: float = 0.2
    save_s: float = 600.0
    grace_s: float = 7.0
    disk_s: float = 2.0


class Supervise:
    """One job's life, from its start to its end."""

    def __init__(
        self,
        folder: Path,
        plan: Plan,
        *,
        low_disk: int = LOW_DISK,
        patience: Patience | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """Take charge of a job; `plan` says with which words and which environment it starts.

        Units: `low_disk` in bytes: with less free, the job is ended.
        """
        self._job, self._plan = read_job(folder), plan
        self._low_disk, self._patience, self._clock = low_disk, patience or Patience(), clock
        self._reason: Reason = ""
        self._term_at = self._kill_at = self._disk_at = float("inf")
        self._input: list[int] = [STDIN]
        self._told_to_end = False
        self._n_killed = count_killed()
        self._progress = Progress(self._job.folder)
        self._state = replace(
            self._job.state,
            life="starting",
            end="",
            message="The trainer is starting.",
            tail=(),
            started_at=clock(),
            ended_at=0.0,
            pid=os.getpid(),
            born=tell_birth(os.getpid()),
        )

    def run(self) -> Outcome:
        """See the job through; its last state is on the disk when this returns."""
        self._move(self._state)
        os.nice(max(self._job.order.nice, 0))
        signal.signal(signal.SIGTERM, self._hear_end)
        (self._job.folder / OUTCOME).unlink(missing_ok=True)
        with suppress(OSError):
            (self._job.folder / RESERVE).write_bytes(bytes(RESERVE_BYTES))
        try:
            outcome = self._refuse() or self._see_through()
        except CamelidError as error:
            outcome = Outcome("crashed", str(error))
        except OSError as error:
            outcome = Outcome("crashed", f"The trainer can't be started: {error}.")
        tail = tuple(tail_log(self._job.folder, N_TAIL))
        step, n_steps, _ = self._progress.read()
        (self._job.folder / RESERVE).unlink(missing_ok=True)
        self._move(
            replace(
                self._state,
                life="ended",
                end=outcome.end,
                message=outcome.message,
                tail=tail,
                ended_at=self._clock(),
                step=step or self._state.step,
                n_steps=n_steps or self._state.n_steps,
                left_s=None,
            )
        )
        return outcome

    def _refuse(self) -> Outcome | None:
        if read_stop(self._job.folder):
            return Outcome("cancelled", "It was stopped before it began.")
        if self._is_disk_low():
            return decide_end(None, "disk_low", Traces(0))
        return None

    def _see_through(self) -> Outcome:
        words, environment = self._plan(self._job)
        self._note(f"{self._job.id} starts.")
        group = Group(words, environment, self._job.folder / LOG)
        try:
            while group.poll() is None or (group.list_left() and not self._is_over(group)):
                self._follow()
                self._look_around(group)
                self._wait()
        finally:
            code = group.end()
        folder = self._job.folder
        traces = Traces(code, tail_log(folder, N_TAIL), count_killed() - self._n_killed)
        word = read_outcome(folder)
        if code and word is None and shutil.disk_usage(folder).free < FULL_DISK:
            return decide_end(None, self._reason or "disk_low", traces)
        return decide_end(word, self._reason, traces)

    def _is_over(self, group: Group) -> bool:
        """Ask what a launcher has left behind to end; say whether it was given its time."""
        if self._kill_at == float("inf"):
            self._end_at(group, time.monotonic())
        return time.monotonic() >= self._kill_at

    def _follow(self) -> None:
        step, n_steps, left_s = self._progress.read()
        state = replace(self._state, step=step, n_steps=n_steps, left_s=left_s)
        if n_steps and state.life == "starting":
            state = replace(state, life="running", message="It trains.")
        self._move(state)

    def _look_around(self, group: Group) -> None:
        self._judge()
        now = time.monotonic()
        if now >= self._term_at:
            self._end_at(group, now)
        if now >= self._kill_at:
            group.kill()

    def _judge(self) -> None:
        """Find a reason to end the job, and when; a stronger one takes a weaker one's place."""
        now, asked = time.monotonic(), read_stop(self._job.folder)
        if self._is_disk_low():
            self._decide("disk_low", "The disk is nearly full: it is ended.", kill_at=now)
        elif asked == "now" or self._told_to_end or self._is_left():
            why: Reason = "stopped_now" if asked == "now" else "app_ended"
            self._decide(why, "It is ended.", term_at=now)
        elif asked:
            save_at = now + self._patience.save_s
            self._decide("stopped", "It saves a checkpoint and ends.", term_at=save_at)

    def _decide(
        self,
        reason: Reason,
        message: str,
        term_at: float = float("inf"),
        kill_at: float = float("inf"),
    ) -> None:
        if self._reason == reason or self._reason not in ("", "stopped"):
            return
        self._reason, self._term_at = reason, term_at
        self._kill_at = min(self._kill_at, kill_at)
        self._move(replace(self._state, life="stopping", message=message))

    def _end_at(self, group: Group, now: float) -> None:
        """Ask all processes to end, and fix when they are no longer asked."""
        group.ask()
        self._term_at, self._kill_at = (
            float("inf"),
            min(self._kill_at, now + self._patience.grace_s),
        )

    def _is_left(self) -> bool:
        """Say whether the app has gone, and the job may not outlive it."""
        folder = self._job.folder
        return not self._input and not may_outlive(folder) and not is_queue_held(folder.parent)

    def _is_disk_low(self) -> bool:
        now = time.monotonic()
        if now < self._disk_at < float("inf"):
            return False
        self._disk_at = now + self._patience.disk_s
        return shutil.disk_usage(self._job.folder).free < self._low_disk

    def _wait(self) -> None:
        """Wait a moment; see whether the app has gone meanwhile."""
        readable, _, _ = select.select(self._input, [], [], self._patience.poll_s)
        if readable:
            with suppress(OSError):
                if os.read(STDIN, 4096):
                    return
            self._input = []

    def _hear_end(self, number: int, frame: object) -> None:
        self._told_to_end = True

    def _move(self, state: JobState) -> None:
        if state != self._state or state.life == "starting":
            self._state = state
            with suppress(OSError):  # a full disk ends the job by `_is_disk_low`, not by this
                write_state(self._job.folder, state)

    def _note(self, text: str) -> None:
        at = datetime.fromtimestamp(self._clock(), UTC).strftime("%Y-%m-%d %H:%M:%S")
        with (self._job.folder / LOG).open("a", encoding="utf-8") as file:
            file.write(f"[{at}] {text}\n")


def plan_trainer(
    job: Job, environ: MutableMapping[str, str] | None = None
) -> tuple[Sequence[str], Mapping[str, str]]:
    """Return the words and the environment that train a job on this machine.

    Edge: whatever in `environ` is named like a secret is taken out of it.
    """
    keyring = Keyring(os.environ if environ is None else environ)
    recipe = open_recipe(job.folder / RECIPE)
    machine = join_nodes(read_machine(), job.order, rank=0)
    write_config(job, recipe, machine)
    environment = keyring.child_environment(build_environment(job, recipe, machine))
    return build_command(job, machine), environment


def main(words: Sequence[str]) -> int:
    """Run the job of a folder."""
    parser = argparse.ArgumentParser(prog="training.supervise", description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--low-disk", type=int, default=LOW_DISK, help="in bytes")
    told = parser.parse_args(words)
    folder = told.folder.resolve()
    outcome = Supervise(folder, plan_trainer, low_disk=told.low_disk).run()
    return 0 if outcome.end == "done" else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
