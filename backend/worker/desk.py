"""What all routes share: one model, what it counts, and how a request becomes work."""

import time
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

from starlette.requests import Request

from backend.errors import InputError
from backend.worker.attend import Job, Patience, Run
from backend.worker.faults import Fault, too_long, unknown_model
from backend.worker.meters import Meters
from backend.worker.prompts import Feed, Prompter
from backend.worker.protocol import MAX_TOTAL, Body, Generation, read_body

if TYPE_CHECKING:
    from backend.worker.engine import Engine

MAX_OPEN = 512  # answers at the same time, waiting ones too
Asked = TypeVar("Asked", bound=Body)
Score = Callable[[list[list[int]]], Coroutine[Any, Any, list[float]]]


@dataclass(frozen=True)
class Desk:
    """Everything that the routes need; `engine` answers, or `score` gives marks."""

    name: str
    prompter: Prompter
    context: int
    patience: Patience
    engine: "Engine | None" = None
    score: Score | None = None
    meters: Meters = field(default_factory=Meters)
    created: int = field(default_factory=lambda: int(time.time()))

    async def read(self, request: Request, shape: type[Asked]) -> Asked:
        """Return a request's body. Errors: Fault, also for another model's name."""
        asked = read_body(await request.body(), shape)
        if asked.model is not None and asked.model != self.name:
            raise unknown_model(asked.model, self.name)
        return asked

    def find_engine(self) -> "Engine":
        """Return the engine. Errors: Fault for a reward model, or one that is too busy."""
        if self.engine is None:
            said = f"{self.name} is a reward model: it gives scores, at /score, and no answers."
            raise Fault(said, 404, code="not_a_chat_model")
        counts = self.engine.count()
        if counts.n_running + counts.n_waiting >= MAX_OPEN:
            raise Fault("Too many requests at the same time; try later.", 503, code="busy")
        return self.engine

    def plan(self, engine: "Engine", asked: Generation, feeds: Sequence[Feed], param: str) -> Run:
        """Return the run that makes a request's answers. Errors: Fault when one can't fit."""
        if len(feeds) * asked.n_choices > MAX_TOTAL:
            said = f"{len(feeds)} prompts with {asked.n_choices} answers each are too many"
            raise Fault(f"{said}; {MAX_TOTAL} in all can be asked for.", param="n")
        jobs: list[Job] = []
        for feed in feeds:
            for _ in range(asked.n_choices):
                room = engine.limit - len(feed.ids)
                sampling = asked.choose_sampling(room, feed.stop, len(jobs))
                jobs.append(Job(feed.ids, sampling, feed.stop_ids, feed.lead))
            try:
                engine.check_fit(len(feed.ids), jobs[-1].sampling.max_tokens)
            except InputError as error:
                raise too_long(error, param) from None
        return Run(engine, self.meters, jobs, sum(len(feed.ids) for feed in feeds))
