"""What a checkpoint has been asked while it was trained, as far as its data is still here.

Whoever is measured on questions that it has learned from is flattered: so they are told apart.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from backend.errors import CamelidError
from backend.registry.shelf import Known, list_cards
from training.data import list_files, read_examples, read_pairs
from training.data.benchmarks import hash_question, list_questions
from training.data.shapes import detect_shape
from training.rows import Example, Pair

LOST = "Its training data {names} is not here any more, so that it may have learned from more."


@dataclass(frozen=True, slots=True)
class Lessons:
    """The questions of the files that a model and its parents were trained on, by their hashes.

    Edge: what was held out of a file is among them. `lost` are names of files that are gone.
    """

    questions: frozenset[str] = frozenset()
    lost: tuple[str, ...] = ()

    def holds(self, question: str) -> bool:
        """Say whether a question is among them, however it is cased and punctuated."""
        return hash_question(question) in self.questions

    @property
    def words(self) -> str:
        """Return what can't be known, or nothing."""
        return LOST.format(names=", ".join(self.lost)) if self.lost else ""


def read_lessons(data: Path, name: str) -> Lessons | None:
    """Return what a model has learned from; None for one that was not trained here."""
    used = dict(list_data(list_cards(data), name))
    if not used:
        return None
    paths = {file.sha256: file.path for file in list_files(data)}
    found, lost = set[str](), []
    for sha256, named in used.items():
        try:
            found |= read_questions(paths[sha256], sha256)
        except (KeyError, CamelidError):
            lost.append(named)
    return Lessons(frozenset(found), tuple(lost))


def list_data(shelf: list[Known], name: str) -> Iterator[tuple[str, str]]:
    """Yield the sha256 and the name of each file that a checkpoint, or a parent, was trained on."""
    facts = {known.name: known.facts for known in shelf if known.origin == "checkpoint"}
    while told := facts.pop(name, None):  # each once: a model.json can name anybody as its parent
        files = told.get("data_sha256")
        if isinstance(files, Mapping):
            yield from ((str(sha256), str(file)) for file, sha256 in files.items())
        name = str(told.get("parent", ""))


@lru_cache(maxsize=4)
def read_questions(path: Path, sha256: str) -> frozenset[str]:
    """Return the hashes of all questions of a training file; other bytes are another file.

    Errors: InputError when it can't be read.
    """
    return frozenset(hash_question(text) for _, text in list_questions(read_all(path)))


def read_all(path: Path) -> list[Example] | list[Pair]:
    """Return the rows of a training file."""
    shape = detect_shape(path)
    if shape in ("comparison", "preference"):
        return read_pairs(path, shape).pairs
    return list(read_examples(path, shape))
