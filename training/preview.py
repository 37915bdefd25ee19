"""Rows of a job's data as the model will see them: their text, and which of it carries loss."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from itertools import groupby
from operator import itemgetter
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from backend.errors import InputError
from backend.registry.shelf import write_text

FILE = "preview.jsonl"


@dataclass(frozen=True, slots=True)
class PreviewRow:
    """One sequence of tokens. `segments` are its text in order, each with whether it carries loss.

    Units: `line` counts the rows from 1, on through all files of the job.
    Edge: `part` tells several sequences of a row apart: "2 of 3" of a chat that is split, "chosen"
    and "rejected" of a pair. `note` says why a row is not trained on, and is empty where it is.
    """

    line: int
    segments: tuple[tuple[str, bool], ...] = ()
    n_tokens: int = 0
    truncated: bool = False
    part: str = ""
    note: str = ""


ROW = TypeAdapter(PreviewRow)


def write_previews(folder: Path, rows: Iterable[PreviewRow]) -> None:
    """Write the rows that somebody asked for; those of an earlier look go."""
    told = (json.dumps(asdict(row), ensure_ascii=False) for row in rows)
    write_text(folder / FILE, "".join(f"{line}\n" for line in told))


def read_previews(folder: Path) -> list[PreviewRow]:
    """Return all rows that were looked at, in order; none where nobody has looked.

    Errors: InputError when the file is none of ours.
    """
    path = folder / FILE
    if not path.is_file():
        return []
    try:
        return [ROW.validate_json(line) for line in path.read_bytes().splitlines()]
    except ValidationError as error:
        fault = error.errors(include_url=False)[0]["msg"]
        raise InputError(f"{path} is no preview: {fault}. Look at the data again.") from error


def join_segments(parts: Iterable[tuple[str, int]]) -> Iterator[tuple[str, bool]]:
    """Yield texts with their loss, neighbours of one kind joined, and nothing that is empty."""
    told = ((text, bool(mask)) for text, mask in parts if text)
    for carries_loss, group in groupby(told, key=itemgetter(1)):
        yield "".join(text for text, _ in group), carries_loss
