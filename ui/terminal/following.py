"""Runs a training job from the terminal, or watches the app run it, until it ends."""

import os
import shutil
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from types import FrameType
from typing import TextIO

import typer

from backend.keyring import Keyring
from training.orders import Job
from training.report import PART, Report, lines
from training.states import METRICS, read_last, read_log
from training.workshop import Workshop, find_kind
from ui.terminal import find_settings, show_fields, tell_next
from ui.terminal.watching import say_left

PAUSE_S = 0.2  # between looks at a job
QUIET_S = 5.0  # between lines that go into a file
START_S = 20.0  # how long a detached job is waited for to start
N_TAIL = 20
STOPPING = "It saves a checkpoint and ends; Ctrl+C again ends it at once."


@contextmanager
def open_workshop(ctx: typer.Context) -> Iterator[Workshop]:
    """Lend the workshop of the data folder; what was started here, and may not stay, ends."""
    settings = find_settings(ctx)
    keyring = Keyring(os.environ)  # from here on no child of ours finds a key
    low_disk = settings.low_disk_megabytes * 1_000_000
    with closing(Workshop(settings.data, keyring.child_environment, low_disk=low_disk)) as workshop:
        yield workshop


def run_job(workshop: Workshop, job: Job, screen: TextIO, *, detach: bool = False) -> None:
    """Let a job run, here or in the app that holds the queue; say how it ends.

    Edge: `detach` comes back when it has started, and leaves it running.
    Errors: typer.Exit with code 1 where it didn't end well.
    """
    here = workshop.start()
    typer.echo(f"{job.order.name} is in the queue as {job.id}.", err=True)
    if detach:
        leave(workshop, job, here=here)
        return
    if not here:
        typer.echo("The queue is run by another process; it goes on there.", err=True)
    ended = follow(workshop, job.id, screen, ours=here)
    if ended.state.life == "ended":
        tell_end(ended)


def leave(workshop: Workshop, job: Job, *, here: bool) -> None:
    """Say where to find a job that nobody watches; one that we run has started by then."""
    deadline = time.monotonic() + START_S
    while here and workshop.find(job.id).state.life == "queued" and time.monotonic() < deadline:
        time.sleep(PAUSE_S)
    state = workshop.find(job.id).state
    if state.life == "ended":
        tell_end(workshop.find(job.id))
    elif here and state.life == "queued":
        typer.echo("Others are before it: it starts when the app runs.", err=True)
    tell_next(f"training show {job.id}", f"training stop {job.id}")


def follow(workshop: Workshop, id: str, screen: TextIO, *, ours: bool) -> Job:
    """Say how a job gets on until it ends; Ctrl+C stops it, and a second one at once.

    Edge: a job that another process runs is left alone by Ctrl+C, and returned as it is.
    """
    said, at = "", 0.0
    with counting_signals() as count:
        stopped = 0
        while (job := workshop.find(id)).state.life != "ended":
            if count() > stopped and not ours:
                break
            if count() > stopped:
                if not stopped:
                    print_words(screen, STOPPING, "\n" if screen.isatty() else "")
                stopped = count()
                workshop.stop(id, now=stopped > 1)
            words = say_job(job)
            if words != said and (screen.isatty() or time.monotonic() - at >= QUIET_S):
                print_words(screen, words)
                said, at = words, time.monotonic()
            time.sleep(PAUSE_S)
    if screen.isatty():
        print_words(screen, say_job(job), "\n")
    return job


@contextmanager
def counting_signals() -> Iterator[Callable[[], int]]:
    """Count SIGINT and SIGTERM in the block instead of ending by them."""
    n = 0

    def note(_number: int, _frame: FrameType | None) -> None:
        nonlocal n
        n += 1

    before = {number: signal.signal(number, note) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield lambda: n
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def print_words(screen: TextIO, words: str, end: str = "") -> None:
    """Write a line; on a screen it stands in place of the one before."""
    n = shutil.get_terminal_size().columns - 1
    screen.write(f"\r{words[:n]:<{n}}{end}" if screen.isatty() else f"{words}\n")
    screen.flush()


def say_job(job: Job) -> str:
    """Return how a job is, in a few words."""
    state = job.state
    if state.life == "ended":
        return f"{state.end}, {say_steps(job)}" if state.n_steps else state.end
    if not state.n_steps:
        return state.life
    going = state.life == "running" and state.left_s is not None
    left = f", {say_left(state.left_s or 0)} left" if going else ""
    return f"{state.life}, {say_steps(job)}{left}{say_point(job)}"


def say_steps(job: Job) -> str:
    """Return how many steps are done, of how many."""
    state = job.state  # only every few steps are told; one that is done has done them all
    step = state.n_steps if state.end == "done" else state.step
    return f"step {step:,} of {state.n_steps:,}"


def say_point(job: Job) -> str:
    """Return the last loss and speed that were logged."""
    last = read_last(job.folder / METRICS)
    loss, speed = last.get("loss"), last.get("tokens_per_s")
    parts = [f"loss {loss:.4f}"] if loss is not None else []
    parts += [f"{speed:,.0f} tokens/s"] if speed is not None else []
    return "".join(f", {part}" for part in parts)


def tell_end(job: Job) -> None:
    """Say how a job ended; anything but done ends the program with code 1.

    Errors: typer.Exit.
    """
    state = job.state
    if state.end == "done":
        what = "can score answers" if find_kind(job) == "reward" else "can be chatted with"
        typer.echo(f"{job.order.name} is done and {what}. {state.message}".strip())
        return
    typer.echo("\n".join(state.tail or read_log(job, N_TAIL)), err=True)
    typer.echo(f"{job.order.name} ended: {state.end}. {state.message}".strip(), err=True)
    if state.end in ("cancelled", "interrupted"):
        tell_next(f"training resume {job.id}")
    raise typer.Exit(1)


def show_report(report: Report) -> None:
    """Print what will happen; what forbids it ends the program with code 1.

    Errors: typer.Exit.
    """
    show_fields(list_lines(report))
    for warning in report.warnings:
        typer.echo(f"Note: {warning}", err=True)
    for fault in report.faults:
        typer.echo(f"This can't start: {fault}", err=True)
    if report.faults:
        raise typer.Exit(1)


def list_lines(report: Report) -> list[tuple[str, object]]:
    """Return a report's lines for a screen: the parts of a sum stand below it, labels and all."""
    return [
        ("", f"{words:>9}  {label.removeprefix(PART)}")
        if label.startswith(PART)
        else (label, words)
        for label, words in lines(report)
    ]
