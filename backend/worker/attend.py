"""Looks after one request while its answers are made, and lets go of them when nobody waits.

Whatever ends a request early (the client has gone, time is over, the worker is being stopped) ends
its generations in the engine within one step: closing an engine's generator cancels its request.
"""

import asyncio
import time
from collections.abc import (
    Awaitable,
    Callable,
    Coroutine,
    Sequence,
)
from contextlib import aclosing
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, TypeVar

from starlette.types import Receive

from backend.dialogue import Sampling
from backend.errors import CamelidError
from backend.worker.faults import Fault
from backend.worker.meters import Meters
from backend.worker.shapes import Choice

if TYPE_CHECKING:  # it takes torch; these routes don't
    from backend.worker.engine import Engine
    from backend.worker.feeds import Piece

Result = TypeVar("Result")


Take = Callable[[int, "Piece"], Awaitable[None]]


class Gone(Exception):
    """The client has left: nobody waits for an answer."""


@dataclass(frozen=True, slots=True)
class Job:
    """One answer to be made."""

    ids: list[int]
    sampling: Sampling
    stop_ids: tuple[int, ...] = ()
    lead: str = ""


class Beginning:
    """Takes from an answer what its format has between prompt and answer, in whatever parts."""

    def __init__(self, lead: str) -> None:
        """Look out for it once, at the very start."""
        self.lead = lead
        self.held = ""

    def push(self, piece: "Piece") -> "Piece":
        """Return a piece without it; what may become it is held back."""
        if not self.lead:
            return piece
        self.held += piece.text
        if self.lead.startswith(self.held) and not piece.finish:
            return replace(piece, text="")
        text, self.held = self.held.removeprefix(self.lead), ""
        self.lead = ""
        return replace(piece, text=text)


class Run:
    """The generations of one request, all at the same time in the engine."""

    def __init__(
        self, engine: "Engine", meters: Meters, jobs: Sequence[Job], n_prompt: int
    ) -> None:
        """Take what is to be made; `n_prompt` counts the tokens of every prompt once."""
        self.engine = engine
        self.meters = meters
        self.jobs = jobs
        self.n_prompt = n_prompt
        self.choices = [Choice() for _ in jobs]
        self.begun = time.monotonic()
        self.first = True

    async def generate(self, take: Take) -> None:
        """Hand on every piece, with its choice's place, as it comes.

        Errors: Fault as soon as one generation fails; the others are cancelled.
        """
        self.meters.n_prompt_tokens += self.n_prompt
        if len(self.jobs) == 1:
            await self.generate_choice(0, take)
            return
        faults: list[Fault] = []
        try:
            async with asyncio.TaskGroup() as group:
                for place in range(len(self.jobs)):
                    group.create_task(self.generate_choice(place, take))
        except* Fault as raised:
            faults += [error for error in raised.exceptions if isinstance(error, Fault)]
        if faults:
            raise faults[0]

    async def generate_choice(self, place: int, take: Take) -> None:
        """Hand on the pieces of one choice, and count how it ended."""
        choice, job = self.choices[place], self.jobs[place]
        beginning = Beginning(job.lead)
        outcome = "aborted"
        try:
            answer = self.engine.generate(job.ids, job.sampling, job.stop_ids)
            async with aclosing(answer) as pieces:
                async for piece in pieces:
                    self.note(choice, piece)
                    await take(place, beginning.push(piece))
            if not choice.finish:
                raise failed("it ended in the middle")
            outcome = choice.finish
        except CamelidError as error:
            outcome = "failed"
            raise error if isinstance(error, Fault) else failed(str(error)) from error
        finally:
            self.meters.outcomes[outcome] += 1

    def note(self, choice: Choice, piece: "Piece") -> None:
        """Count a piece. Errors: Fault when it says that the generation failed."""
        if self.first:
            self.first = False
            self.meters.time_first(time.monotonic() - self.begun)
        self.meters.n_tokens += piece.n_tokens - choice.n_tokens
        choice.n_tokens = piece.n_tokens
        if piece.finish == "failed":
            raise failed(piece.detail)
        choice.finish = piece.finish

    async def gather(self) -> list[Choice]:
        """Return all choices when they are there."""
        texts: list[list[str]] = [[] for _ in self.jobs]

        async def keep(place: int, piece: "Piece") -> None:
            texts[place].append(piece.text)

        await self.generate(keep)
        for choice, parts in zip(self.choices, texts, strict=True):
            choice.text = "".join(parts)
        return self.choices


def failed(detail: str) -> Fault:
    """Return the fault of a generation that broke."""
    why = detail.strip().rstrip(".") or "no reason was given"
    return Fault(f"The generation failed: {why}.", 500, code="generation_failed")


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a request is attended to. Units: `limit_s` in seconds of the clock."""

    limit_s: float
    closing: "asyncio.Future[None]"

    async def attend(self, work: Coroutine[Any, Any, Result], receive: Receive) -> Result:
        """Return the work's result, or cancel it and wait until it has let go.

        Errors: Gone when the client left, Fault when time is over or the worker is stopped.
        """
        task = asyncio.ensure_future(work)
        gone = asyncio.ensure_future(wait_until_gone(receive))
        try:
            waited: set[asyncio.Future[Any]] = {task, gone, self.closing}
            await asyncio.wait(
                waited,
                timeout=self.limit_s,
                return_when=asyncio.FIRST_COMPLETED,
            )
            if task.done():
                return task.result()
        finally:
            await drop(gone, task)
        if gone.done() and not gone.cancelled():
            raise Gone
        raise self.explain()

    def explain(self) -> Fault:
        """Return why a request is cut off."""
        if self.closing.done():
            return Fault("This worker is being stopped.", 503, code="shutting_down")
        said = f"The answer took more than {self.limit_s:g} seconds; ask for fewer tokens."
        return Fault(said, 504, code="timeout")


async def wait_until_gone(receive: Receive) -> None:
    """Return when the client has closed the connection."""
    while (await receive())["type"] != "http.disconnect":
        pass


async def drop(*tasks: "asyncio.Task[Any]") -> None:
    """Cancel what still runs, and wait until it has ended; how is of no interest any more."""
    open_tasks = [task for task in tasks if not task.done()]
    for task in open_tasks:
        task.cancel()
    if open_tasks:
        await asyncio.wait(open_tasks)
    for task in tasks:
        if not task.cancelled():
            task.exception()  # asked for, so that nobody reports it as forgotten
