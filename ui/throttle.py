"""How often one address, or one person, may do something."""

import ipaddress
import time
from collections import deque
from collections.abc import Callable
from threading import Lock

MAX_KEYS = 10_000


class Throttle:
    """Counts tries by key in a sliding window; safe to use from any thread.

    Units: `window_s` in seconds.
    """

    def __init__(
        self, limit: int, window_s: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Allow `limit` tries by key in any window."""
        self.limit = limit
        self.window_s = window_s
        self.clock = clock
        self._tries: dict[str, deque[float]] = {}
        self._lock = Lock()

    def take(self, key: str) -> int:
        """Count a try and return 0, or return the whole seconds to wait until there is one.

        It counts before the try is made: tries side by side can't all slip in.
        """
        with self._lock:
            now = self.clock()
            tries = self._tries.pop(key, deque())
            while tries and tries[0] <= now - self.window_s:
                tries.popleft()
            self._tries[key] = tries  # at the end: the first ones were quiet longest
            if len(tries) >= self.limit:
                return max(1, round(tries[0] + self.window_s - now))
            tries.append(now)
            if len(self._tries) > MAX_KEYS:
                self._drop_quiet()
            return 0

    def give_back(self, key: str) -> None:
        """Take back the last try that was counted: it was none that should count."""
        with self._lock:
            if self._tries.get(key):
                self._tries[key].pop()

    def _drop_quiet(self) -> None:
        for key in list(self._tries)[: MAX_KEYS // 10]:
            del self._tries[key]


def find_network(host: str | None) -> str:
    """Return what stands for one place: an address, or of IPv6 the half that a household gets."""
    try:
        address = ipaddress.ip_address((host or "").partition("%")[0])
    except ValueError:
        return "unknown"
    if address.version == 6 and address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    if address.version == 6:
        return str(ipaddress.ip_network((address, 64), strict=False))
    return str(address)
