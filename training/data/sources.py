"""Training data that can be fetched, and what is held to from then on.

The sha256 of published files are not known in advance: the first fetch records it, and each later
one has to bring the same file.
"""

import json
from collections.abc import Mapping
from pathlib import Path

from backend.benchmarks import Download, find_download
from backend.benchmarks import fetch_file as download
from backend.errors import InputError
from backend.registry.shelf import write_text
from training.data.library import DataFile, find_file, inspect_file, locate_file, locate_files
from training.data.published import KNOWN

RECORD = ".fetched.json"


def fetch_file(data: Path, name: str, registry: Mapping[str, Download] = KNOWN) -> DataFile:
    """Return a known file of training data; it is fetched if it is not there yet.

    Edge: a file put there by hand counts, and is recorded as a fetched one would be.
    Errors: NotFound for an unknown name; MissingTool when it can't be fetched; InputError when the
    file is not the one that was recorded (it is left as it is), or is no training data.
    """
    entry = find_download(name, registry)
    path = locate_file(data, entry.file)
    record = read_record(data)
    if not path.is_file():
        path.parent.mkdir(parents=True, exist_ok=True)
        download(entry, path)
    found = inspect_file(path)
    if found.fault:
        raise InputError(
            f"{path} is no training data: {found.fault} Move it away and try again; it was left."
        )
    known = entry.sha256 or record.get(entry.name, found.sha256)
    if found.sha256 != known:
        raise InputError(
            f"{path} is not the file that {name} stands for (its sha256 is {found.sha256}, it was "
            f"{known} before). Move it away and try again; it was left as it is."
        )
    if entry.name not in record:
        told = json.dumps({**record, entry.name: known}, indent=2)
        write_text(locate_files(data) / RECORD, told + "\n")
    return find_file(data, entry.file)


def read_record(data: Path) -> dict[str, str]:
    """Return the sha256 of what was fetched before, by name.

    Errors: InputError when the record can't be read: then nothing could be verified.
    """
    path = locate_files(data) / RECORD
    if not path.exists():
        return {}
    try:
        told = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise InputError(f"{path} can't be read; it has the sha256 of what was fetched.") from error
    if not isinstance(told, dict):
        raise InputError(f"{path} is no record of what was fetched; move it away.")
    return {str(name): str(value) for name, value in told.items()}
