"""Which files of a model's folder are weights, which are words, and how much room they take."""

import re
import shutil
from collections.abc import Callable, Iterable
from pathlib import Path

from backend.errors import MissingTool

SAFE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
SAFETENSORS = re.compile(r"model(-\d+-of-\d+)?\.safetensors")
PICKLES = re.compile(r"pytorch_model(-\d+-of-\d+)?\.bin")
INDEXES = re.compile(r".*\.index\.json")
WORDS = re.compile(r".*\.(json|txt|jinja)|(tokenizer|spiece)\.model")  # settings and the tokenizer
SPARE_BYTES = 1_000_000_000  # what a machine needs to go on while weights fill its disk

Free = Callable[[Path], int]


def pick(names: Iterable[str], wanted: re.Pattern[str]) -> list[str]:
    """Return the names of that kind, in order; what looks like a path is never among them."""
    return sorted(name for name in names if SAFE.fullmatch(name) and wanted.fullmatch(name))


def measure_free(folder: Path) -> int:
    """Return how many bytes the disk of a folder has left."""
    return shutil.disk_usage(folder).free


def check_room(folder: Path, needed: int, free: Free = measure_free) -> None:
    """Hold what is to be written to what the disk has left.

    Errors: MissingTool with both numbers.
    """
    left = free(folder)
    if needed + SPARE_BYTES > left:
        raise MissingTool(
            f"{needed / 1e9:,.1f} GB are to be written, with 1 GB to spare; {folder.parent} has "
            f"{left / 1e9:,.1f} GB left. Make room and try again."
        )
