"""How many cases a judge gets at a time: fewer when its server has enough, then more again."""

import asyncio
import random
import time
from collections.abc import Callable
from dataclasses import dataclass

LONGEST_BACKOFF_S = 30.0


@dataclass(frozen=True, slots=True)
class Load:
    """How hard the judge is worked now. Units: seconds.

    `n_parallel` may be asked at a time, `n_asked` are. While nobody may, since the server asked to
    wait, `parked_s` is how long still, and `note` the sentence about it.
    """

    n_parallel: int
    n_asked: int = 0
    parked_s: float = 0.0
    note: str = ""


class Closed(Exception):
    """Nothing more is to be asked; known inside a run only."""


class Throttle:
    """A door that lets in so many at a time, learns how many the server takes, and can be shut.

    A refusal halves the number, once for all who were inside together, and shuts the door for as
    long as the server asks. As many answers as the number itself let one more in.
    """

    def __init__(
        self,
        n_most: int,
        look: Callable[[Load], None] | None = None,
        backoff_s: float = 1.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Begin with as many as there may ever be.

        `backoff_s` is how long the door is shut where the server doesn't say; doubled each time.
        """
        self.n_most = max(1, n_most)
        self.limit = float(self.n_most)
        self.n_inside = 0
        self.now, self._backoff_s, self._look = clock, backoff_s, look
        self._open_at = self._cut_at = clock()
        self._n_refused = 0
        self._note = ""
        self._closed = False
        self._changed = asyncio.Event()

    @property
    def parked_s(self) -> float:
        """Return for how long nobody may go in."""
        return max(0.0, self._open_at - self.now())

    @property
    def load(self) -> Load:
        """Return how things stand."""
        parked_s = self.parked_s
        return Load(int(self.limit), self.n_inside, parked_s, self._note if parked_s else "")

    async def enter(self) -> float:
        """Wait for one's turn; return the time of it, which `leave` and `refuse` want back.

        Errors: Closed when the door was shut for good.
        """
        while not self._closed:
            parked_s = self.parked_s
            if not parked_s and self.n_inside < int(self.limit):
                self.n_inside += 1
                return self.now()
            changed = self._changed
            try:
                async with asyncio.timeout(parked_s or None):
                    await changed.wait()
            except TimeoutError:
                self._tell()
        raise Closed

    def leave(self, *, answered: bool) -> None:
        """Go out; an answer lets more in, by and by."""
        self.n_inside -= 1
        if answered:
            self._n_refused = 0
            self.limit = min(self.n_most, self.limit + 1 / self.limit)
        self._tell()

    def refuse(self, entered_at: float, wait_s: float | None, note: str) -> None:
        """Take in that the server has enough; whoever went in at `entered_at` is still inside.

        Edge: `wait_s` is None or 0 where the server doesn't say how long.
        """
        now = self.now()
        if entered_at >= self._cut_at:
            self._cut_at, self._n_refused = now, self._n_refused + 1
            self.limit = max(1.0, self.limit / 2)
        backoff_s = min(self._backoff_s * 2 ** max(0, self._n_refused - 1), LONGEST_BACKOFF_S)
        until = now + (wait_s or backoff_s) * random.uniform(1, 1.1)
        if until > self._open_at:
            self._open_at, self._note = until, note
        self._tell()

    def close(self) -> None:
        """Let nobody in any more."""
        self._closed = True
        self._tell()

    def _tell(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()
        if self._look is not None:
            self._look(self.load)
