"""How a job ended: the trainer's own word where it left one, else what its end tells."""

import re
import signal
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

from pydantic import BaseModel, ValidationError

from backend.child import name_signal
from training.orders import End
from training.states import OUTCOME, clean_words, read_some

# Why a supervisor ended its job: a person's word, the app's end, too little disk.
Reason = Literal["", "stopped", "stopped_now", "app_ended", "disk_low"]

N_TAIL = 20  # lines of the log that an end quotes
RESUME = "Resume goes on from its last checkpoint, or from the start if it had none."
MEMORY = re.compile(
    r"out of memory|OutOfMemoryError|\bMemoryError\b|DefaultCPUAllocator"
    r"|memory allocation of \d+ bytes failed"
)
DISK = re.compile(r"No space left on device|Disk quota exceeded|os error 28\b")
# How launchers tell that the process they had started was killed: 9 is nobody's own choice.
KILLED = re.compile(r"Signals\.SIGKILL|[Ss]ignal 9\b|exitcode\s*:\s*-9\b")
ENDS: frozenset[str] = frozenset(get_args(End)) - {""}


@dataclass(frozen=True, slots=True)
class Outcome:
    """How it ended, in a word and in a sentence."""

    end: End
    message: str


@dataclass(frozen=True, slots=True)
class Traces:
    """What is left of a trainer. `n_killed` is how many processes the system ended meanwhile."""

    code: int
    tail: Sequence[str] = ()
    n_killed: int = 0


class Word(BaseModel):
    """What outcome.json holds."""

    end: End
    message: str = ""


def read_outcome(folder: Path) -> Outcome | None:
    """Return the trainer's own word on how it ended, or None where it left none."""
    try:
        word = Word.model_validate_json(read_some(folder / OUTCOME))
    except (OSError, ValidationError):
        return None
    return Outcome(word.end, clean_words(word.message)) if word.end in ENDS else None


def decide_end(word: Outcome | None, reason: Reason, traces: Traces) -> Outcome:
    """Return how a job ended.

    Edge: a job that was done before it could be stopped is done. What was ended from outside is
    told by who ended it, whatever the trainer made of that.
    """
    if word and word.end == "done":
        return word
    if reason in ("stopped", "stopped_now"):
        return tell_stopped(word, reason)
    if reason == "app_ended":
        return Outcome("interrupted", f"The app ended, and this job with it. {RESUME}")
    if reason == "disk_low":
        return Outcome("disk_full", f"The disk was nearly full. Make room first. {RESUME}")
    return word or guess_end(traces)


def tell_stopped(word: Outcome | None, reason: Reason) -> Outcome:
    """Return the end of a job that a person has stopped."""
    if word and word.end != "cancelled":
        return word  # it had ended by itself at that moment
    if word or reason == "stopped_now":
        return Outcome("cancelled", (word and word.message) or f"It was stopped. {RESUME}")
    return Outcome("cancelled", f"It was stopped before it could save. {RESUME}")


def guess_end(traces: Traces) -> Outcome:
    """Return what a job died of that said nothing."""
    text = "\n".join(traces.tail)
    if DISK.search(text):
        return Outcome("disk_full", f"The disk is full. Make room first. {RESUME}")
    if MEMORY.search(text):
        return Outcome("out_of_memory", "It ran out of memory. Make device_batch smaller.")
    if traces.code in (-signal.SIGKILL, 128 + signal.SIGKILL) or KILLED.search(text):
        return tell_killed(traces.n_killed)
    how = f"code {traces.code}"
    if traces.code < 0:
        how = f"signal {-traces.code} ({name_signal(-traces.code)})"
    return Outcome("crashed", f"It ended with {how} and did not say why; see its log. {RESUME}")


def tell_killed(n_killed: int) -> Outcome:
    """Return the end of a job that was killed by signal 9."""
    if n_killed:
        message = "The system ended it because memory ran out. Make device_batch smaller."
        return Outcome("out_of_memory", message)
    message = "It was killed by signal 9, as the system does when memory runs out"
    return Outcome("crashed", f"{message}. {RESUME}")


def count_killed(source: Path = Path("/proc/vmstat")) -> int:
    """Return how many processes the system has ended for want of memory; only Linux tells."""
    try:
        found = re.search(r"^oom_kill (\d+)$", source.read_text("ascii"), re.MULTILINE)
    except OSError:
        return 0
    return int(found[1]) if found else 0
