"""The nouns that everything else speaks of: frozen, and free of any database or screen."""

import hashlib
from dataclasses import dataclass
from typing import Literal

Choice = Literal["left", "tie", "right"]
Winner = Literal["a", "tie", "b"]
Status = Literal["draft", "open", "paused", "closed"]

CRITERIA: tuple[str, ...] = ("helpful", "honest", "harmless")
CHOICES: tuple[Choice, ...] = ("left", "tie", "right")
WINNERS: tuple[Winner, ...] = ("a", "b", "tie")  # the order of the published pies


def hash_text(*parts: str) -> str:
    """Return the sha256, in hex, of the parts, each ended by a NUL so that none runs on."""
    digest = hashlib.sha256()
    for part in parts:
        digest.update(part.encode() + b"\0")
    return digest.hexdigest()


@dataclass(frozen=True, slots=True)
class Item:
    """One instruction of a benchmark; `app` is its group (an app, or a category)."""

    item_id: str
    instruction: str
    input: str = ""
    reference: str = ""
    app: str = ""
    lang: str = "en"

    @property
    def sha256(self) -> str:
        """Return the hash of what an annotator is shown of the item."""
        return hash_text(self.instruction, self.input)


@dataclass(frozen=True, slots=True)
class Answer:
    """What one system said to one item; `sample` tells several answers of one system apart."""

    item_id: str
    text: str
    sample: int = 0

    @property
    def sha256(self) -> str:
        """Return the hash of the answer's text."""
        return hash_text(self.text)


@dataclass(frozen=True, slots=True)
class Study:
    """A question put to people: which of these systems answers this benchmark better.

    Units: `lease_s` in seconds; `quota` in pairs an annotator.
    """

    study_id: int
    name: str
    slug: str
    title: str
    benchmark: str
    systems: tuple[str, ...]
    status: Status
    enrolment: Literal["name", "invitation"]
    votes_per_pair: int
    quota: int
    seed: str
    lease_s: int
    wording_sha256: str
    created_at: str


@dataclass(frozen=True, slots=True)
class Annotator:
    """Somebody who votes in one study, known by a pseudonymous code."""

    annotator_id: int
    study_id: int
    code: str
    locale: str
    quota: int
    finished: bool


@dataclass(frozen=True, slots=True)
class Ballot:
    """One person's answers to all questions about one pair, in one revision of it."""

    choices: dict[str, Choice]
    comment: str = ""


@dataclass(frozen=True, slots=True)
class Task:
    """What an annotator is shown: one pair, blind, with the ticket that a ballot has to bring back.

    `ticket` is the server-made key of (assignment, revision shown).
    Edge: `revision` is -1 while there is no ballot yet.
    """

    ticket: str
    position: int
    item: Item
    left: str
    right: str
    revision: int
    ballot: Ballot | None


@dataclass(frozen=True, slots=True)
class Receipt:
    """What is known after a ballot was committed: it is on disk when this exists."""

    revision: int
    n_saved: int
    quota: int
    repeated: bool
    surplus: bool


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two systems of a study; `a` is the one named first."""

    a: str
    b: str


@dataclass(frozen=True, slots=True)
class VoteCount:
    """How the votes on one item, pair of systems and criterion fell.

    `a`, `tie` and `b` are votes that count in the primary tally; surplus votes are not among them.
    """

    item_id: str
    comparison: Comparison
    criterion: str
    a: int
    tie: int
    b: int
