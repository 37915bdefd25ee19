"""The training files of a data folder, known by their names: what each is, and how one comes in.

What is counted of a file is kept beside it, in a hidden note that holds as long as the file's size
and time are the same: counting 50,000 rows takes a second, and listing must not.
"""

import hashlib
import json
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass
from difflib import get_close_matches
from pathlib import Path
from secrets import token_hex
from typing import Literal

from pydantic import TypeAdapter

from backend.errors import Conflict, InputError, NotFound
from backend.registry.files import Free, check_room, measure_free
from training.data.published import name_fetch
from training.data.rows import MOST_BYTES
from training.data.shapes import check_file
from training.orders import FOLDER
from training.recipe import Shape
from training.states import write_whole

FILES = "files"
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}")
CHUNK = 1 << 20


@dataclass(frozen=True, slots=True)
class DataFile:
    """A file of training data. Edge: where there is a `fault`, shape and rows are not known."""

    name: str
    path: Path
    shape: Shape | Literal[""]
    n_rows: int
    n_bytes: int
    sha256: str
    fault: str = ""


NOTED = TypeAdapter(DataFile)


def list_files(data: Path) -> list[DataFile]:
    """Return all files of training data by name, broken ones with their fault."""
    folder = locate_files(data)
    names = sorted(path.name for path in folder.glob("*")) if folder.is_dir() else []
    return [read_note(folder / name) for name in names if is_file(folder / name)]


def find_file(data: Path, name: str) -> DataFile:
    """Return the file of that name.

    Errors: NotFound that lists the nearest names; InputError when the file is broken.
    """
    path = locate_file(data, name)
    if not is_file(path):
        raise NotFound(f"There is no training data {name!r}. {suggest_files(data, name)}")
    found = read_note(path)
    if found.fault:
        raise InputError(f"{name} can't be trained on: {found.fault}")
    return found


def add_file(data: Path, source: Path, name: str = "", free: Free = measure_free) -> DataFile:
    """Copy a file into the training files, after every row of it has been read.

    Edge: the same file once more is the one that is there.
    Errors: InputError when it is no training data; Conflict when another file has its name;
    MissingTool when the disk is full.
    """
    path = locate_file(data, name or source.name)
    check_source(source)
    path.parent.mkdir(parents=True, exist_ok=True)
    check_room(path.parent, source.stat().st_size, free)
    folder = path.with_name(f".{token_hex(4)}.part")
    partial = folder / path.name
    try:
        folder.mkdir()
        copy_file(source, partial)
        found = inspect_file(partial)
        if found.fault:
            raise InputError(f"This is no training data. {found.fault}")
        settle(partial, path, found)
    except OSError as error:
        raise InputError(f"{source} can't be copied ({error.strerror}).") from error
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return read_note(path)


def settle(partial: Path, path: Path, found: DataFile) -> None:
    """Give a copy its name and its note, unless another file has the name. Errors: Conflict."""
    if not path.exists():
        partial.replace(path)
        write_note(locate_note(path), found, list(describe_state(path)))
    elif read_note(path).sha256 != found.sha256:
        raise Conflict(f"There is another file called {path.name}. Give this one another name.")


def locate_files(data: Path) -> Path:
    """Return the folder of training files."""
    return data / FOLDER / FILES


def locate_file(data: Path, name: str) -> Path:
    """Return where a training file is.

    Errors: InputError for a name that is none, so that no path leaves the folder.
    """
    if not NAME.fullmatch(name):
        raise InputError(
            f"{name[:80]!r} can't be the name of training data. Use letters, digits, dots, dashes "
            "and underscores, 128 at most, with a letter or a digit first."
        )
    return locate_files(data) / name


def is_file(path: Path) -> bool:
    """Say whether a path is a training file: no note, no copy under way, no link elsewhere."""
    return bool(NAME.fullmatch(path.name)) and path.is_file() and not path.is_symlink()


def check_source(source: Path) -> None:
    """Refuse what is no plain file of a size that can be. Errors: InputError."""
    if not source.is_file():
        raise InputError(f"There is no file {source}.")
    if source.stat().st_size > MOST_BYTES:
        raise InputError(f"{source} has {source.stat().st_size:,} bytes, which are too many.")


def copy_file(source: Path, target: Path) -> None:
    """Copy a file so that it is on the disk for certain."""
    with source.open("rb") as old, target.open("xb") as new:
        while block := old.read(CHUNK):
            new.write(block)
        new.flush()
        os.fsync(new.fileno())


def inspect_file(path: Path) -> DataFile:
    """Return what a file is, after every row of it has been read."""
    try:
        with path.open("rb") as file:
            sha256 = hashlib.file_digest(file, "sha256").hexdigest()
        size = path.stat().st_size
    except OSError as error:
        return DataFile(path.name, path, "", 0, 0, "", f"it can't be read ({error.strerror}).")
    try:
        shape, n_rows = check_file(path)
    except InputError as error:
        return DataFile(path.name, path, "", 0, size, sha256, str(error))
    return DataFile(path.name, path, shape, n_rows, size, sha256)


def read_note(path: Path) -> DataFile:
    """Return what is noted of a file, after looking again if it is not as it was."""
    note = locate_note(path)
    state = list(describe_state(path))
    try:
        told = json.loads(note.read_text("utf-8"))
        if told.pop("state") == state:
            return NOTED.validate_python({**told, "name": path.name, "path": path})
    except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
        pass  # no note, or none of ours: look again
    found = inspect_file(path)
    write_note(note, found, state)
    return found


def locate_note(path: Path) -> Path:
    """Return where it is kept what was counted of a file."""
    return path.with_name(f".{path.name}.note")


def write_note(note: Path, found: DataFile, state: list[int]) -> None:
    """Note what was counted; where that can't be written, it is counted again next time."""
    told = {key: value for key, value in asdict(found).items() if key not in ("name", "path")}
    with suppress(OSError):
        write_whole(note, json.dumps({**told, "state": state}), sure=False)


def describe_state(path: Path) -> Iterator[int]:
    """Yield what changes when a file does."""
    try:
        stat = path.stat()
    except OSError:
        return
    yield from (stat.st_size, stat.st_mtime_ns, stat.st_ino)


def suggest_files(data: Path, name: str) -> str:
    """Return what to do about a file that isn't there."""
    names = [file.name for file in list_files(data)]
    near = get_close_matches(name, names, n=5, cutoff=0.4) or names[:5]
    there = f"There are: {', '.join(near)}. " if near else ""
    fetched = name_fetch(name)
    fetch = f", or `training fetch {fetched}`" if fetched else ""
    return f"{there}Bring one in with `training add FILE`{fetch}."
