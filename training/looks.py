"""A look at a job's data before its start: a short program, run to its end and no longer."""

import os
import signal
import subprocess
import threading
import time
from contextlib import suppress
from pathlib import Path

from backend.child import Traces
from backend.errors import CamelidError, InputError
from training.outcomes import MEMORY, read_outcome
from training.queue import CHILD, Environment

LOOK_LOG = "look.log"
MOST_LOG = 4000  # characters
POLL_S = 0.05
SWELLS = (
    "Looking at the data takes over half of this machine's memory. Take fewer rows (max_rows), or "
    "another base: its tokenizer may be broken."
)


def run_child(
    words: list[str],
    environment: Environment,
    folder: Path,
    within_s: float,
    leaving: threading.Event,
) -> None:
    """Run a short program in a job's folder to its end, or until we are `leaving`.

    Edge: its stdin is a pipe that only we hold open: it ends when we are killed.
    Errors: InputError with what it said is wrong; CamelidError when it takes too long.
    """
    with (
        (folder / LOOK_LOG).open("wb") as log,
        subprocess.Popen(  # noqa: S603 - a list of words of ours, no shell
            words,
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=subprocess.STDOUT,
            cwd=folder,
            env=environment({**CHILD, "TOKENIZERS_PARALLELISM": "false"}),
            start_new_session=True,
        ) as child,
    ):
        try:
            code = wait_for_end(child, within_s, leaving)
        finally:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(child.pid, signal.SIGKILL)
    if code:
        raise InputError(explain_look(folder, code))


def wait_for_end(
    child: "subprocess.Popen[bytes]", within_s: float, leaving: threading.Event
) -> int:
    """Return how a program ended. Errors: CamelidError when it is not waited for any longer."""
    deadline = time.monotonic() + within_s
    while (code := child.poll()) is None:
        if time.monotonic() > deadline:
            raise CamelidError(f"Looking at the data took over {within_s:.0f} s.")
        if leaving.wait(POLL_S):
            raise CamelidError("The app is ending. Look at the data again when it runs.")
    return code


def explain_look(folder: Path, code: int) -> str:
    """Return why a look at the data failed, in the words of who looked."""
    word = read_outcome(folder)
    if word and word.message:
        return word.message
    log = (folder / LOOK_LOG).read_text("utf-8", errors="replace").strip()
    if MEMORY.search(log):
        return SWELLS
    if log and "Traceback" not in log:
        return log[-MOST_LOG:]
    last = Traces(folder / "none", folder / LOOK_LOG).read_last_line()
    return f"The data can't be looked at (code {code}). {last}".strip()
