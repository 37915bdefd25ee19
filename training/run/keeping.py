"""Checkpoints under way: which are whole, which is the newest, which may go.

The trainer writes a checkpoint file by file, and a kill can come between two of them. A checkpoint
counts from the moment its mark is there, which is written after everything else; and an older one
goes only after that. The mark says how long each file is, as a disk that fails may cut one later.
"""

import json
import os
import re
import shutil
from pathlib import Path

MARK = "whole"
PATTERN = re.compile(r"checkpoint-(\d+)")


def locate_checkpoint(run: Path, step: int) -> Path:
    """Return where the checkpoint of a step is."""
    return run / f"checkpoint-{step}"


def mark_whole(checkpoint: Path) -> None:
    """Say that all of a checkpoint is written, and on the disk."""
    for path in checkpoint.rglob("*"):
        if path.is_file():
            sync(path)
    mark = checkpoint / MARK
    mark.write_text(json.dumps(measure_files(checkpoint)))
    sync(mark)
    sync(checkpoint)


def measure_files(checkpoint: Path) -> dict[str, int]:
    """Return how long each file of a checkpoint is, by its path in it; the mark is none."""
    paths = (path for path in checkpoint.rglob("*") if path.is_file() and path.name != MARK)
    return {str(path.relative_to(checkpoint)): path.stat().st_size for path in paths}


def find_damage(checkpoint: Path) -> str:
    """Return what is wrong with a checkpoint that was whole once, in a few words, or nothing."""
    try:
        told, found = json.loads((checkpoint / MARK).read_bytes()), measure_files(checkpoint)
        for name, size in told.items():
            if found.get(name) != size:
                return f"{name} has {found.get(name, 0):,} bytes in place of {size:,}"
    except (OSError, ValueError, AttributeError) as error:
        return f"its mark can't be read ({type(error).__name__})"
    return ""


def sync(path: Path) -> None:
    """Wait until a file, or a folder's list of names, is on the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def list_whole(run: Path) -> list[Path]:
    """Return the checkpoints that can be gone on from, the oldest first."""
    found = [(int(match[1]), path) for path, match in list_all(run) if (path / MARK).is_file()]
    return [path for _, path in sorted(found)]


def list_all(run: Path) -> list[tuple[Path, re.Match[str]]]:
    """Return every checkpoint's folder, whole or not, with its step."""
    if not run.is_dir():
        return []
    pairs = ((path, PATTERN.fullmatch(path.name)) for path in run.iterdir())
    return [(path, match) for path, match in pairs if match and path.is_dir()]


def find_newest(run: Path) -> Path | None:
    """Return the newest whole checkpoint."""
    return next(reversed(list_whole(run)), None)


def drop_torn(run: Path) -> list[str]:
    """Remove checkpoints that a kill has left in pieces, and those that were damaged since.

    Returns a sentence for each of the latter, as they had been counted on.
    """
    said: list[str] = []
    for path, _ in sorted(list_all(run)):
        damage = find_damage(path)
        if (path / MARK).is_file() and damage:
            said.append(f"{path.name} is damaged and can't be gone on from: {damage}.")
        if damage:
            drop(path)
    return said


def drop_older(run: Path, keep: int) -> None:
    """Remove all whole checkpoints but the newest."""
    for path in list_whole(run)[:-keep]:
        drop(path)


def drop(checkpoint: Path) -> None:
    """Remove a checkpoint; from the first moment on it no longer counts as whole."""
    (checkpoint / MARK).unlink(missing_ok=True)
    shutil.rmtree(checkpoint)
