"""What a file can hold, once read: items, answers, votes, reviews, or what reviewers are told."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, TypeVar

from annotations.readers.fields import Row
from backend.judge.protocols import PromptText, Reviewer
from backend.judge.records import Slot
from backend.records import Answer, Item, Winner

Kind = Literal[
    "items", "answers", "predictions", "votes", "reviews", "judgments", "prompts", "reviewers",
    "models",
]  # fmt: skip


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
    """One answer to an item that it names; `model` is None where the file doesn't say.

    `name` is what the file calls the answer itself, if it does: reviews speak of it by that.
    """

    line: int
    model: str | None
    answer: Answer
    name: str = ""

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


@dataclass(frozen=True, slots=True)
class ReviewRow:
    """One review of a judge: of two answers in one order, or of one answer.

    The answers are told by their names (`answers`) or by who gave them (`systems`), in the order
    that the judge saw. `judge` is None where the row doesn't say; `stored` are the scores and
    `said` is the winner that the file brings along. Edge: a row about a later turn of a
    conversation has its `turn`.
    """

    line: int
    item_id: str
    text: str
    protocol: str
    ext_id: str = ""
    answers: tuple[str, ...] = ()
    systems: tuple[str, ...] = ()
    reference_slot: int | None = None
    judge: str | None = None
    reviewer: str = ""
    stored: tuple[float, ...] | None = None
    said: Slot | None = None
    turn: int = 1


@dataclass(frozen=True, slots=True)
class PromptRow:
    """One published prompt of a judge."""

    line: int
    prompt: PromptText


@dataclass(frozen=True, slots=True)
class ReviewerRow:
    """One published reviewer: which prompt it uses for which questions."""

    line: int
    reviewer: Reviewer


@dataclass(frozen=True, slots=True)
class ModelRow:
    """The name of one model, in a list of them."""

    line: int
    name: str


Shape = (
    ItemRow | AnswerRow | PredictionRow | VoteRow | ReviewRow | PromptRow | ReviewerRow | ModelRow
)
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
