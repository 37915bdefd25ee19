"""Scores of answers: what a reward model is asked, and what its server says."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from backend.dialogue import Message, Outcome
from backend.faults import Fault, Peer
from backend.wire import Body, clean

PATH = "/score"


@dataclass(frozen=True, slots=True)
class Marks:
    """A reward model's numbers for the answers to one question, in their order; higher is better.

    Edge: `scores` is empty for every outcome but "ok", and `detail` then says why.
    """

    scores: tuple[float, ...]
    outcome: Outcome = "ok"
    detail: str = ""
    duration_s: float = 0.0
    retry_after_s: float | None = None


def build_scoring(question: Message, answers: Sequence[str], template: str = "") -> Body:
    """Return the request for the scores of answers to one question."""
    body: Body = {"prompt": clean(question.content), "answers": [clean(one) for one in answers]}
    if question.input:
        body["input"] = clean(question.input)
    return body | ({"template": template} if template else {})


def read_scores(told: object, n_answers: int, peer: Peer) -> tuple[float, ...]:
    """Return the scores that a server sent, in the answers' order.

    Errors: Fault when they are not one finite number for each answer.
    """
    rows = told.get("data") if isinstance(told, Mapping) else None
    told_of = [row for row in rows if isinstance(row, Mapping)] if isinstance(rows, list) else []
    found = {row["index"]: read_number(row.get("score")) for row in told_of if is_place(row)}
    scores = [score for place in range(n_answers) if (score := found.get(place)) is not None]
    if not len(scores) == len(told_of) == n_answers:
        said = f"{peer.name}: {peer.host} did not send one number for each of {n_answers} answers."
        raise Fault("malformed", said)
    return tuple(scores)


def is_place(row: Mapping[str, object]) -> bool:
    """Say whether a row tells which answer it is about."""
    return isinstance(row.get("index"), int)


def read_number(value: object) -> float | None:
    """Return a finite number, or None for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if math.isfinite(number) else None
