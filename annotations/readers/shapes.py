"""What a file can hold, once read: items, answers, predictions or outside votes."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, TypeVar

from annotations.readers.fields import Row
from backend.records import Answer, Item, Winner

Kind = Literal["items", "answers", "predictions", "votes"]


@dataclass(frozen=True, slots=True)
class ItemRow:
    """One item of a benchmark."""

    line: int
    item: Item

    @property
    def key(self) -> tuple[str, ...]:
        """Return what may occur only once in a file."""
        return ("item", self.item.item_id)


@dataclass(frozen=True, slots=True)
class AnswerRow:
    """One answer to an item that it names; `model` is None where the file doesn't say."""

    line: int
    model: str | None
    answer: Answer

    @property
    def key(self) -> tuple[str, ...]:
        """Return what may occur only once in a file."""
        sample = f"sample {self.answer.sample}"
        return (f"{self.model or 'an'} answer to item", self.answer.item_id, sample)


@dataclass(frozen=True, slots=True)
class PredictionRow:
    """One answer that names its item by the instruction; `input` is None where the row has none."""

    line: int
    instruction: str
    input: str | None
    text: str


@dataclass(frozen=True, slots=True)
class VoteRow:
    """One vote collected elsewhere; `winner` speaks of this row's own systems a and b."""

    line: int
    item_id: str
    system_a: str
    system_b: str
    annotator: str
    criterion: str
    winner: Winner


Shape = ItemRow | AnswerRow | PredictionRow | VoteRow
S = TypeVar("S", bound=Shape)


@dataclass(frozen=True, slots=True)
class Format:
    """How one kind of file is recognised, and how one row of it is read.

    `keys` have to be in the first row; `known` may be there; any others are reported as not read.
    """

    name: str
    kind: Kind
    keys: tuple[str, ...]
    known: tuple[str, ...]
    read: Callable[[Row], Sequence[Shape]]


@dataclass(frozen=True, slots=True)
class Document:
    """A file that was recognised and read whole; `unread` are keys that mean nothing to us."""

    format: Format
    rows: tuple[Shape, ...]
    unread: tuple[str, ...]

    def rows_of(self, shape: type[S]) -> list[S]:
        """Return the rows of one shape."""
        return [row for row in self.rows if isinstance(row, shape)]
