"""The meter: how the app is doing since it started. Kept in memory, shown to the operator."""

import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

N_KEPT = 1000  # the last saves, from which percentiles are told
REFUSED = (401, 403, 413, 429)


@dataclass(frozen=True, slots=True)
class Reading:
    """What the meter says at one moment. Units: seconds. Edge: no saves, no percentiles."""

    uptime_s: float
    n_saves: int
    p50_s: float | None
    p95_s: float | None
    refused: Mapping[int, int]


class Meter:
    """Counts refused requests and times saves; safe to use from many threads."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """Start the clock."""
        self._clock = clock
        self._started = clock()
        self._mutex = threading.Lock()
        self._saves: deque[float] = deque(maxlen=N_KEPT)
        self._refused: Counter[int] = Counter()

    @contextmanager
    def time_save(self) -> Iterator[None]:
        """Time what happens inside; a save that fails is not counted."""
        start = self._clock()
        yield
        with self._mutex:
            self._saves.append(self._clock() - start)

    def count_answer(self, status: int) -> None:
        """Count an answer that refused something; others are none of our business."""
        if status in REFUSED:
            with self._mutex:
                self._refused[status] += 1

    def read(self) -> Reading:
        """Return what is known now."""
        with self._mutex:
            saves, refused = sorted(self._saves), dict(self._refused)
        return Reading(
            self._clock() - self._started,
            len(saves),
            find_quantile(saves, 0.5),
            find_quantile(saves, 0.95),
            {status: refused.get(status, 0) for status in REFUSED},
        )


def find_quantile(ordered: list[float], share: float) -> float | None:
    """Return the value that this share of an ordered list doesn't exceed, None for none."""
    if not ordered:
        return None
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]
