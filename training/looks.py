"""A look at a job's data before its start: a short program, run to its end and no longer."""

import os
import signal
import subprocess
from contextlib import suppress
from pathlib import Path

from backend.child import Traces
from backend.errors import CamelidError, InputError
from training.outcomes import read_outcome
from training.queue import CHILD, Environment

LOOK_LOG = "look.log"
MOST_LOG = 4000  # characters


def run_child(words: list[str], environment: Environment, folder: Path, within_s: float) -> None:
    """Run a short program in a job's folder to its end.

    Errors: InputError with what it said is wrong; CamelidError when it takes too long.
    """
    with (folder / LOOK_LOG).open("wb") as log:
        child = subprocess.Popen(  # noqa: S603 - a list of words of ours, no shell
            words,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            cwd=folder,
            env=environment({**CHILD, "TOKENIZERS_PARALLELISM": "false"}),
            start_new_session=True,
        )
        try:
            code = child.wait(within_s)
        except subprocess.TimeoutExpired as error:
            raise CamelidError(f"Looking at the data took over {within_s:.0f} s.") from error
        finally:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(child.pid, signal.SIGKILL)
            child.wait()
    if code:
        raise InputError(explain_look(folder, code))


def explain_look(folder: Path, code: int) -> str:
    """Return why a look at the data failed, in the words of who looked."""
    word = read_outcome(folder)
    if word and word.message:
        return word.message
    log = (folder / LOOK_LOG).read_text("utf-8", errors="replace").strip()
    if log and "Traceback" not in log:
        return log[-MOST_LOG:]
    last = Traces(folder / "none", folder / LOOK_LOG).read_last_line()
    return f"The data can't be looked at (code {code}). {last}".strip()
