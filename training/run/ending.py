"""How a run ends: in its own words, so that nobody has to guess it from a log."""

import errno
import json
import os
import re
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import torch

from backend.errors import CamelidError, InputError, MissingTool, NotFound
from training.orders import End
from training.states import OUTCOME

FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
# safetensors and torch tell of a full disk in words only.
FULL_WORDS = re.compile(
    r"No space left on device|Disk quota exceeded|File too large|os error (28|122|27)\b"
    r"|PytorchStreamWriter failed|file write failed|unexpected pos \d+ vs \d+|iostream error"
)
MEMORY_WORDS = re.compile(
    r"out of memory|can't allocate memory|cannot allocate memory|bad_alloc|CUBLAS_STATUS_ALLOC",
    re.IGNORECASE,
)


class Stopped(CamelidError):
    """A person, or whoever watches this process, has asked it to end; a checkpoint is saved."""

    def __init__(self, message: str, *, asked: bool) -> None:
        """Say what is kept; `asked` is whether a person pressed stop."""
        super().__init__(message)
        self.asked = asked


class NotFinite(CamelidError):
    """The loss, or a gradient, is no number any more."""


def name_end(error: BaseException) -> tuple[End, str]:
    """Return how a run has ended that raised this, with a sentence for a person."""
    if isinstance(error, Stopped):
        return ("cancelled" if error.asked else "interrupted"), str(error)
    if isinstance(error, NotFinite):
        return "not_finite", str(error)
    causes = list(list_causes(error))
    if any(is_disk_full(cause) for cause in causes):
        return "disk_full", "The disk is full: what was to be saved does not fit. Make room."
    if any(is_memory_gone(cause) for cause in causes):
        return "out_of_memory", explain_memory(error)
    if isinstance(error, InputError | NotFound | MissingTool):
        return "bad_data", str(error)
    said = " ".join(str(error).split())[:500]
    return "crashed", f"{type(error).__name__}: {said}" if said else type(error).__name__


def list_causes(error: BaseException) -> Iterator[BaseException]:
    """Yield an error and all that it came from."""
    seen: set[int] = set()
    waiting = [error]
    while waiting:
        one = waiting.pop()
        if id(one) in seen:
            continue
        seen.add(id(one))
        yield one
        waiting += [cause for cause in (one.__cause__, one.__context__) if cause is not None]


def is_disk_full(error: BaseException) -> bool:
    """Return whether an error tells that nothing more can be written."""
    if isinstance(error, OSError) and error.errno in FULL:
        return True
    return not isinstance(error, CamelidError) and bool(FULL_WORDS.search(str(error)))


def is_memory_gone(error: BaseException) -> bool:
    """Return whether an error tells that no memory is left."""
    if isinstance(error, MemoryError | torch.OutOfMemoryError):
        return True
    return isinstance(error, RuntimeError) and bool(MEMORY_WORDS.search(str(error)))


def explain_memory(error: BaseException) -> str:
    """Return what to do when the memory has not been enough."""
    said = " ".join(str(error).split())[:200]
    return (
        "The memory is not enough. Take a smaller device_batch (the global batch stays), switch "
        f"activation_checkpointing on, or train a LoRA adapter. {said}"
    ).strip()


def write_outcome(folder: Path, end: End, message: str) -> None:
    """Write how the run ended, whole or not at all.

    Edge: of several processes the first that fails has the word; a disk that is full to the last
    byte leaves no outcome, and the supervisor reads the log instead.
    """
    partial = folder / f".{OUTCOME}.{os.getpid()}"
    try:
        with partial.open("w", encoding="utf-8") as file:
            json.dump({"end": end, "message": message}, file, ensure_ascii=False)
            file.flush()
            os.fsync(file.fileno())
        with suppress(OSError):  # some disks know no links; there the last one has the word
            os.link(partial, folder / OUTCOME)
        if not (folder / OUTCOME).exists():
            partial.replace(folder / OUTCOME)
    except OSError:
        return
    finally:
        partial.unlink(missing_ok=True)


def forget_outcome(folder: Path) -> None:
    """Take away what an earlier run of the job said; done before any process can fail anew."""
    (folder / OUTCOME).unlink(missing_ok=True)
