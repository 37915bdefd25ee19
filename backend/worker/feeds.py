"""One request's way from the manager to its reader."""

import asyncio
from dataclasses import dataclass
from typing import Literal

import torch
from transformers.generation.continuous_batching.requests import GenerationOutput, RequestStatus

from backend.worker.decoding import Reading
from backend.worker.weights import first_line

Finish = Literal["", "stop", "length", "failed"]

STOPPED = "The model has stopped working. Start it again."
OUT_OF_MEMORY = (
    "The model ran out of memory. Try again in a moment, with fewer or shorter answers at once."
)
NO_MEMORY = ("out of memory", "can't allocate memory")


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of an answer; the last one has a `finish`.

    Units: `n_tokens` are all new tokens so far, an end-of-sequence among them.
    Edge: `text` may be empty; `detail` says why an answer has "failed".
    """

    text: str
    n_tokens: int
    finish: Finish = ""
    detail: str = ""


class Feed:
    """Where one request's newest result lies until its reader comes; a late reader gets more."""

    __slots__ = ("arrived", "cause", "latest", "n_read", "name", "over")

    def __init__(self, name: str) -> None:
        """Wait for the results of one request."""
        self.name = name
        self.arrived = asyncio.Event()
        self.latest: GenerationOutput | None = None
        self.cause = ""  # why it has failed
        self.over = False  # nothing more will come
        self.n_read = 0  # tokens that the reader has seen

    def take(self, output: GenerationOutput) -> None:
        """Keep a result: each holds all tokens so far, so the newest is enough."""
        self.latest = output
        if output.status == RequestStatus.FAILED:
            self.cause = explain(output.error)
        self.over = self.over or output.is_finished()
        self.arrived.set()

    def read(self, reading: Reading) -> Piece:
        """Return what is new since the last call."""
        ids = self.latest.generated_tokens if self.latest else []
        text = reading.read(ids[self.n_read :], is_last=self.over)
        self.n_read = max(self.n_read, reading.n_read)
        if reading.stopped:
            return Piece(text, self.n_read, "stop")
        if self.cause:
            return Piece(text, self.n_read, "failed", self.cause)
        return Piece(text, self.n_read, "length" if self.over else "")

    def fail(self, cause: str) -> None:
        """End the request, unless it has ended already."""
        if not self.over:
            self.cause, self.over = cause, True
            self.arrived.set()


def explain(error: BaseException | str | None) -> str:
    """Return why requests have failed, to a person."""
    if is_out_of_memory(error):
        return OUT_OF_MEMORY
    said = first_line(str(error or ""))
    return f"{STOPPED} The cause: {said}" if said else STOPPED


def is_out_of_memory(error: BaseException | str | None) -> bool:
    """Say whether memory was the cause; on a CPU torch says so in words only."""
    if isinstance(error, torch.OutOfMemoryError | MemoryError):
        return True
    return any(words in str(error).lower() for words in NO_MEMORY)
