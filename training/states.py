"""What a job's folder says while it lives: its state, curve, log, notes, and what was asked of it.

The state has one writer at a time: the job's supervisor while it lives, else the queue. It is
replaced whole, so that no reader sees a half of it.
"""

import errno
import json
import os
import re
import stat
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import asdict, replace
from itertools import islice
from pathlib import Path
from secrets import token_hex
from typing import IO

from pydantic import TypeAdapter, ValidationError

from backend.errors import InputError
from training.orders import Job, JobState

STATE, METRICS, LOG, NOTES = "state.json", "metrics.jsonl", "log.txt", "notes.md"
STOP, KEEP_RUNNING, OUTCOME = "stop", "keep_running", "outcome.json"
STOP_WORDS = {False: "save\n", True: "now\n"}
TAIL_BYTES = 1_000_000
CURVE_BYTES = 100_000_000
MOST_POINTS = 5_000  # of a curve: no screen shows more, and each takes a moment to parse
LAST_BYTES = 4_096  # hold the last lines of a curve
MOST_BYTES = 1_000_000  # of a file that says something in a few words
MOST_NUMBER = 10**18  # on a curve
NUMBERS = (int, float, type(None))
MOST_NOTES = 20_000  # characters
MOST_LINE = 2_000  # characters of a log line that a page has to show

CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")  # all but tabs and line ends

Point = dict[str, float | int | None]
STATES = TypeAdapter(JobState)


def read_some(path: Path, most: int = MOST_BYTES, *, end: bool = False) -> bytes:
    """Return the first bytes of a plain file, or the last ones; what is none is not waited for.

    Errors: OSError, also for a link, a pipe and a device.
    """
    with open_plain(path) as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(max(0, size - most) if end else 0)
        return file.read(most)


def open_plain(path: Path) -> IO[bytes]:
    """Open a plain file to read. Errors: OSError, also for a link, a pipe and a device."""
    file = os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK), "rb")
    if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
        file.close()
        raise OSError(errno.EINVAL, "it is no plain file")
    return file


def open_log(folder: Path) -> int:
    """Open a job's log, to add to it. Errors: OSError for what is no plain file."""
    how = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW | os.O_NONBLOCK
    return os.open(folder / LOG, how, 0o600)


def read_state(folder: Path) -> JobState:
    """Return how a job is; one that nobody has touched is queued.

    Edge: a file that can't be read, as on a disk that failed, is a job that crashed.
    """
    try:
        state = STATES.validate_json(read_some(folder / STATE))
        tail = tuple(clean_line(line) for line in state.tail)
        return replace(state, message=clean_words(state.message), tail=tail)
    except FileNotFoundError:
        return JobState()
    except (OSError, ValidationError) as error:
        message = f"{folder / STATE} can't be read: {error}"
        return JobState("ended", "crashed", clean_words(message))


def write_state(folder: Path, state: JobState) -> None:
    """Replace a job's state, whole or not at all; an end is on the disk when this returns."""
    write_whole(folder / STATE, json.dumps(asdict(state)), sure=state.life == "ended")


def write_whole(path: Path, text: str, *, sure: bool = True) -> None:
    """Write a file that is there whole or not at all; `sure` waits for the disk."""
    partial = path.with_name(f".{path.name}.{token_hex(4)}.part")
    try:
        with partial.open("x", encoding="utf-8") as file:
            file.write(text)
            if sure:
                file.flush()
                os.fsync(file.fileno())
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def ask_stop(job: Job, *, now: bool = False) -> None:
    """Ask a job to end: to save a checkpoint first, or `now` to end at once."""
    write_whole(job.folder / STOP, STOP_WORDS[now])


def read_stop(folder: Path) -> str:
    """Return what was asked: nothing, "save" or "now"."""
    try:
        said = read_some(folder / STOP).decode("utf-8", "replace").strip()
        return "now" if said == "now" else "save"
    except OSError:
        return ""


def keep_running(job: Job, keep: bool = True) -> None:
    """Let a job outlive the app, or let it end with the app, from now on."""
    if keep:
        write_whole(job.folder / KEEP_RUNNING, "")
    else:
        (job.folder / KEEP_RUNNING).unlink(missing_ok=True)


def may_outlive(folder: Path) -> bool:
    """Say whether a job goes on when the app ends."""
    return (folder / KEEP_RUNNING).exists()


def clear_traces(folder: Path) -> None:
    """Forget how a job ended and what was asked of it, before it goes on."""
    for name in (STOP, OUTCOME):
        (folder / name).unlink(missing_ok=True)


def read_notes(job: Job) -> str:
    """Return a person's notes."""
    with suppress(OSError):
        text = read_some(job.folder / NOTES).decode("utf-8", "replace")[:MOST_NOTES]
        return CONTROL.sub("", text)
    return ""


def write_notes(job: Job, text: str) -> None:
    """Replace the notes.

    Errors: InputError for too long a text.
    """
    if len(text) > MOST_NOTES:
        raise InputError(f"Notes have {MOST_NOTES:,} characters at most; these are {len(text):,}.")
    write_whole(job.folder / NOTES, text.encode("utf-8", "replace").decode("utf-8"))


def read_log(job: Job, n: int = 200) -> list[str]:
    """Return the last `n` lines of all that the job's processes printed."""
    return tail_log(job.folder, n)


def tail_log(folder: Path, n: int) -> list[str]:
    """Return the last `n` lines of a folder's log that say anything, fit to be shown."""
    try:
        text = read_some(folder / LOG, TAIL_BYTES, end=True).decode(errors="replace")
    except OSError:
        return []
    lines = text.replace("\r\n", "\n").split("\n")
    shown = (clean_line(line) for line in map(cut_overwritten, reversed(lines)) if line.strip())
    return list(islice(shown, max(n, 0)))[::-1]


def cut_overwritten(line: str) -> str:
    """Return what a terminal shows of a line that was written over, as progress bars are."""
    return line.rpartition("\r")[2]


def clean_line(line: str) -> str:
    """Return a line without what would steer a terminal."""
    return "".join(letter for letter in line[:MOST_LINE] if letter.isprintable() or letter == "\t")


def clean_words(text: str) -> str:
    """Return a message as one line without what would steer a terminal."""
    return clean_line(" ".join(text.split()))


def read_metrics(job: Job) -> list[Point]:
    """Return a job's curve: one point a logged step, in the order of steps.

    Edge: of a long run only some steps are read, evenly, with the last one and all that were
    measured on held-out rows. A torn last line is left out. Lines of one step are one point. A job
    that went on from an earlier step has its curve cut there: what came after it was done again.
    """
    try:
        text = read_some(job.folder / METRICS, CURVE_BYTES, end=True)
    except OSError:
        return []
    return join_lines(choose_lines(text.splitlines()))


def join_lines(lines: Iterable[bytes]) -> list[Point]:
    """Return the points that lines tell."""
    points: list[Point] = []
    for line in lines:
        point = read_point(line)
        if point:
            join_point(points, point)
    return points


def choose_lines(lines: list[bytes]) -> Iterator[bytes]:
    """Yield the lines of a curve that are worth parsing: all, or some of very many."""
    every = 1 + len(lines) // MOST_POINTS
    near_end = len(lines) - 2  # the last line may be torn
    for place, line in enumerate(lines):
        if place % every == 0 or place >= near_end or b'"eval_' in line:
            yield line


def read_last(path: Path) -> Point:
    """Return the last point of a curve; the file may be long, so only its end is read.

    Edge: nothing where there is none; a line without its end is not read yet.
    """
    try:
        whole = read_some(path, LAST_BYTES, end=True).split(b"\n")[:-1]
    except OSError:
        return {}
    points = join_lines(whole)
    return points[-1] if points else {}


def read_point(line: bytes) -> Point:
    """Return the numbers of a line; nothing where it tells no step. A number that is none is None.

    Edge: a line may be torn, and a file is no promise: only what can be a number stays.
    """
    try:
        told = json.loads(line, parse_constant=lambda _: None)
    except (ValueError, RecursionError):
        return {}
    if not isinstance(told, Mapping) or type(told.get("step")) is not int:
        return {}
    point = {key: tell_number(told[key]) for key in told if type(told[key]) in NUMBERS}
    step = point["step"]
    return point if step is not None and step >= 0 else {}


def tell_number(value: float | None) -> float | int | None:
    """Return a number of a size that can be, or None."""
    return value if value is not None and -MOST_NUMBER <= value <= MOST_NUMBER else None


def join_point(points: list[Point], point: Point) -> None:
    """Put one line's numbers where they belong on a curve."""
    step = point["step"] or 0
    while points and (points[-1]["step"] or 0) > step:
        points.pop()
    if points and points[-1]["step"] == step:
        points[-1] |= point
    else:
        points.append(dict(point))
