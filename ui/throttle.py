"""How often one address may try something."""

import time
from collections import deque
from collections.abc import Callable

MAX_ADDRESSES = 10_000


class Throttle:
    """Counts tries by address in a sliding window. Units: `window_s` in seconds."""

    def __init__(
        self, limit: int, window_s: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Allow `limit` tries by address in any window."""
        self.limit = limit
        self.window_s = window_s
        self.clock = clock
        self._tries: dict[str, deque[float]] = {}

    def wait_s(self, address: str) -> int:
        """Return the whole seconds that this address has to wait, 0 when it may try."""
        tries = self._forget_old(address)
        if len(tries) < self.limit:
            return 0
        return max(1, round(tries[0] + self.window_s - self.clock()))

    def count(self, address: str) -> None:
        """Count one try of this address."""
        if len(self._tries) >= MAX_ADDRESSES:  # drop the addresses that were quiet longest
            for old in list(self._tries)[: MAX_ADDRESSES // 10]:
                del self._tries[old]
        self._forget_old(address)
        self._tries.setdefault(address, deque()).append(self.clock())

    def _forget_old(self, address: str) -> deque[float]:
        tries = self._tries.get(address, deque())
        while tries and tries[0] <= self.clock() - self.window_s:
            tries.popleft()
        if not tries:
            self._tries.pop(address, None)
        return tries
