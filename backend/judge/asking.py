"""How cases are put to a judge, and how its replies are read."""

from collections.abc import Coroutine, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal
from typing import Protocol as Shape

from backend.call import Patience
from backend.dialogue import Message, Reply, Sampling
from backend.judge.protocols import Protocol, build_messages, make_boundary
from backend.judge.records import Case, Reading
from backend.judge.verdicts import read_pair, read_schema

Form = Literal["text", "schema"]


class Asker(Shape):
    """Whoever can be asked: a client of `backend.client`, or a test's queue of replies."""

    @property
    def patience(self) -> Patience:
        """Return how long it waits and how often it tries."""

    def ask(
        self,
        messages: Sequence[Message],
        sampling: Sampling,
        *,
        schema: Mapping[str, object] | None = None,
        patience: Patience | None = None,
    ) -> Coroutine[Any, Any, Reply]:
        """Return how one answer ended; a fault is an outcome, never raised."""
        ...


@dataclass(frozen=True, slots=True)
class Asking:
    """How every case is put to the judge; what is None is as the case's rubric says.

    `n_parallel` is how many are under way at a time, at most.
    """

    protocol: Protocol
    form: Form = "text"
    temperature: float | None = None
    max_tokens: int | None = None
    seed: int | None = None
    n_parallel: int = 8


def plan_sampling(asking: Asking, case: Case) -> Sampling:
    """Return how the judge chooses its words for a case."""
    rubric = asking.protocol.find_rubric(case.item.app)
    return Sampling(
        temperature=rubric.temperature if asking.temperature is None else asking.temperature,
        max_tokens=rubric.max_tokens if asking.max_tokens is None else asking.max_tokens,
        seed=asking.seed,
    )


def build_case_messages(asking: Asking, case: Case, boundary: str = "") -> tuple[Message, ...]:
    """Return what the judge is told of a case; without a boundary with one of its own."""
    return build_messages(asking.protocol, case, boundary or make_boundary(), asking.form)


def read_reply(reply: Reply, form: Form) -> Reading | None:
    """Return what a judge's whole reply says, or None where there is none or it can't be read.

    Edge: a server can pass over the schema; what looks like no object is read as text then.
    """
    if reply.outcome != "ok":
        return None
    if form == "text" or "{" not in reply.text:
        return read_pair(reply.text)
    return read_schema(reply.text)
