"""The nouns of training data: a conversation to learn, and a pair of which one was preferred."""

from dataclasses import dataclass

from backend.dialogue import Message


@dataclass(frozen=True, slots=True)
class Example:
    """A conversation that ends with an answer; every assistant turn carries loss.

    Units: `line` is the row's place in its file, counted from 1. `item` is what a split keeps
    together; empty where the file names none.
    """

    messages: tuple[Message, ...]
    line: int
    item: str = ""


@dataclass(frozen=True, slots=True)
class Pair:
    """Two answers to one prompt, of which the first was preferred.

    Units: `margin` is the difference of scores, or of votes, in the unit of its source; None where
    the file says none. Edge: `prompt` ends with a user's turn.
    """

    prompt: tuple[Message, ...]
    chosen: str
    rejected: str
    line: int
    item: str = ""
    margin: float | None = None
