"""Weights from .bin files to safetensors, in a process of its own: a .bin file is a pickle.

The child knows no key and nothing of the app, and its memory, time and files are limited. What it
writes counts once all is there; the original stays as it is.
"""

import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from backend.errors import Conflict, InputError, NotFound
from backend.registry.cards import NAME, LocalCard
from backend.registry.files import (
    INDEXES,
    PICKLES,
    WORDS,
    Free,
    check_room,
    measure_free,
    pick,
)
from backend.registry.readiness import WEIGHTS, find_weights
from backend.registry.shelf import add_card, find_known

HOME = Path(__file__).parents[2]  # where `-m backend.…` is found from
CHILD = "backend.worker.converting"
LIMIT_S = 2 * 60 * 60
SUFFIX = "-safetensors"

Run = Callable[[Path, Path, Mapping[str, str]], None]  # source, target, what the child is told


@dataclass(frozen=True, slots=True)
class Converted:
    """What a conversion made. `card` is the one that leads there now, if there is one."""

    source: Path
    folder: Path
    n_bytes: int
    card: LocalCard | None


def convert_weights(
    data: Path,
    wanted: str,
    *,
    environment: Mapping[str, str],
    free: Free = measure_free,
    run: Run | None = None,
) -> Converted:
    """Write the .bin weights of a card or a folder anew as safetensors, below data/weights.

    `environment` is all that the child is told; a card in the data folder leads to the new folder.
    Errors: NotFound, Conflict when it was done already, MissingTool without room, InputError when
    there is nothing to convert, or the files hold more than weights.
    """
    card, source = find_source(data, wanted)
    pickles = list_pickles(source)
    folder = data / WEIGHTS / f"{card.name if card else source.name}{SUFFIX}"
    if folder.exists():
        raise Conflict(f"{folder} is there already. Move it away to convert {wanted} again.")
    partial = folder.with_name(f".{folder.name}.part")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    try:
        check_room(partial, sum(path.stat().st_size for path in pickles), free)
        copy_words(source, partial)
        (run or run_child)(source, partial, environment)
        partial.rename(folder)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    if card:
        card = card.model_copy(update={"path": f"{WEIGHTS}/{folder.name}"})
        add_card(data, card)
    n_bytes = sum(path.stat().st_size for path in folder.glob("*.safetensors"))
    return Converted(source, folder, n_bytes, card)


def find_source(data: Path, wanted: str) -> tuple[LocalCard | None, Path]:
    """Return the card, if its path can be changed, and the folder with the weights.

    Errors: NotFound when it is neither a card nor a folder; InputError for a card without weights.
    """
    try:
        known = find_known(data, wanted)
    except NotFound:
        folder = Path(wanted).absolute()
        if not folder.is_dir():
            raise
        if not NAME.fullmatch(folder.name):
            message = f"The folder's name, {folder.name!r}, can't be a model's. Rename it."
            raise InputError(message) from None
        return None, folder
    if not isinstance(known.card, LocalCard):
        raise InputError(known.fault or f"{wanted} has no weights on this machine to convert.")
    folder = find_weights(known.card, data).absolute()
    return (None if known.origin == "checkpoint" else known.card), folder


def list_pickles(folder: Path) -> list[Path]:
    """Return the .bin weights of a folder.

    Errors: InputError when there are none, or when a file is a link to somewhere else.
    """
    paths = [folder / name for name in pick((path.name for path in folder.iterdir()), PICKLES)]
    if not paths:
        raise InputError(f"{folder} holds no pytorch_model*.bin; there is nothing to convert.")
    for path in paths:
        check_file(path)
    return paths


def check_file(path: Path) -> None:
    """Refuse a link, which could lead to any file of this machine."""
    if path.is_symlink() or not path.is_file():
        raise InputError(f"{path} is a link or no file. Put the file itself there (cp -L).")


def run_child(
    source: Path, target: Path, environment: Mapping[str, str], limit_s: float = LIMIT_S
) -> None:
    """Let a process of its own read the pickles and write safetensors.

    Errors: InputError with what the child said, or how it ended.
    """
    words = [sys.executable, "-m", CHILD, str(source.absolute()), str(target.absolute())]
    try:
        done = subprocess.run(  # noqa: S603 - words of ours and two folders, no shell
            words,
            cwd=HOME,
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=limit_s,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        message = f"Converting {source} took more than {limit_s:,.0f} s and was ended."
        raise InputError(message) from error
    if done.returncode:
        said = done.stderr.strip().splitlines() or [f"it ended with code {done.returncode}"]
        raise InputError(f"{source} was not converted: {said[-1]}")


def copy_words(source: Path, target: Path) -> None:
    """Copy settings and tokenizer; an index of .bin files would lead nowhere."""
    names = [path.name for path in source.iterdir()]
    for name in pick(names, WORDS):
        if not INDEXES.fullmatch(name):
            check_file(source / name)
            shutil.copyfile(source / name, target / name)
