"""Folders of files, and files in any order: what others lean on goes in first."""

from collections.abc import Iterable
from pathlib import Path

from annotations.readers import Kind, read_rows, recognise_format
from backend.errors import InputError

ENDINGS = (".jsonl", ".json", ".csv")
# Answers need their items, reviews need answers, and votes need all of it.
ORDER: tuple[Kind, ...] = (
    "items", "models", "prompts", "reviewers", "answers", "predictions", "reviews", "judgments",
    "votes",
)  # fmt: skip


def sort_files(paths: Iterable[Path], max_bytes: int) -> tuple[list[Path], list[Path]]:
    """Return the files to import, in the order that they need, and those of folders to leave out.

    A folder stands for all files in it, at any depth, whose kind is seen from their content.
    Edge: a file that was named itself is never left out; if its kind is unknown it goes last, and
    its error is said then.
    Errors: InputError for a folder without any file that could be imported.
    """
    kinds: dict[Path, Kind | None] = {}
    left_out: list[Path] = []
    for path in paths:
        if not path.is_dir():
            kinds[path] = find_kind(path, max_bytes)
            continue
        inside = {file: find_kind(file, max_bytes) for file in list_inside(path)}
        known = {file: kind for file, kind in inside.items() if kind is not None}
        if not known:
            raise InputError(f"There is no file in {path} that can be imported.")
        kinds |= known
        left_out += [file for file in inside if file not in known]
    return sorted(kinds, key=lambda path: rank_kind(kinds[path])), left_out


def list_inside(folder: Path) -> list[Path]:
    """Return the files in a folder that could hold rows, by name; no hidden ones."""
    return sorted(
        path
        for path in folder.rglob("*")
        if path.suffix.lower() in ENDINGS
        and path.is_file()
        and not any(part.startswith(".") for part in path.relative_to(folder).parts)
    )


def find_kind(path: Path, max_bytes: int) -> Kind | None:
    """Return what a file holds by its first row, or None where that can't be told."""
    try:
        with path.open("rb") as file:
            data = file.read(max_bytes + 1)
        first = next(read_rows(data), None) if len(data) <= max_bytes else None
        return None if first is None else recognise_format(first).kind
    except (OSError, InputError):
        return None


def rank_kind(kind: Kind | None) -> int:
    """Return where a kind stands in the order of imports."""
    return len(ORDER) if kind is None else ORDER.index(kind)
