"""What a supervisor watches beside its trainer: the curve as it grows, and who holds the queue."""

import fcntl
from pathlib import Path

from training.orders import FOLDER
from training.recipe import MOST
from training.states import METRICS, Point, open_plain, read_point

LOCK = "queue.lock"
MOST_NEWS = 10_000_000  # bytes that are read at a time


class Progress:
    """Reads a curve as it grows, each line once."""

    def __init__(self, folder: Path) -> None:
        """Begin at the end of what is there: it was told by an earlier start."""
        self._path = folder / METRICS
        self._offset = self._path.stat().st_size if self._path.exists() else 0
        self._told: tuple[int, int, float | None] = (0, 0, None)

    def read(self) -> tuple[int, int, float | None]:
        """Return the last step, of how many, and the seconds that are left, as far as known."""
        try:
            with open_plain(self._path) as file:
                file.seek(self._offset)
                news = file.read(MOST_NEWS)
        except OSError:
            return self._told
        whole = news[: news.rfind(b"\n") + 1]
        self._offset += len(whole)
        for line in whole.splitlines():
            self._hear(read_point(line))
        return self._told

    def _hear(self, point: Point) -> None:
        _, n_before, left_before = self._told
        step, n_steps, left_s = (point.get(key) for key in ("step", "n_steps", "left_s"))
        if step is None or step > MOST:
            return
        known = isinstance(n_steps, int) and 0 <= n_steps <= MOST
        n_steps = n_steps if known else n_before
        left = left_before if left_s is None else min(max(0.0, float(left_s)), float(MOST))
        self._told = (int(step), int(n_steps or 0), left)


def find_lock(data: Path) -> Path:
    """Return where the queue's lock is."""
    return data / FOLDER / LOCK


def is_queue_held(jobs: Path) -> bool:
    """Say whether any process holds the queue that a folder of jobs belongs to."""
    try:
        with (jobs.parent / LOCK).open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False
