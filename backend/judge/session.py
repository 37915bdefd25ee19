"""A judge's session: many cases at a time, as many as its server takes, until all are judged.

Nothing here knows a database or a screen: each verdict is handed to whoever wants to keep it.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import suppress

from backend.crew import FATAL, cancel, find_first
from backend.judge.asking import Asker, Asking
from backend.judge.hearing import Hearing
from backend.judge.records import Case, Verdict
from backend.judge.throttle import Closed, Load, Throttle

Keep = Callable[[Case, Verdict], Awaitable[None]]

MAX_FAILED = 8  # so many in a row beyond those under way at a time, and the run ends
MAX_PARK_S = 3600.0  # a server that asks for a longer rest is asked again another day
FINISH_S = 5.0  # how long what is under way may still take when a run is stopped


async def judge_cases(
    client: Asker,
    cases: Sequence[Case],
    asking: Asking,
    keep: Keep,
    stop: asyncio.Event,
    *,
    look: Callable[[Load], None] | None = None,
) -> str:
    """Put all cases to a judge; return why the run ended early, or nothing.

    `keep` is awaited for each verdict, failures too, and never cut off by `stop`; no more cases are
    under way or being kept than are asked at a time. `look` is told whenever the load changes.
    Edge: after `stop` nothing new is asked; what is under way has five seconds to come, and is
    cancelled and not kept then. A case whose server has no time for it is asked again.
    Errors: what `keep` raises ends the run and is raised again.
    """
    throttle = Throttle(asking.n_parallel, look, client.patience.backoff_s)
    bench = Bench(client, asking, keep, throttle)
    follow = asyncio.create_task(bench.follow(stop))
    try:
        async with asyncio.TaskGroup() as group:
            queue = iter(cases)
            for _ in range(asking.n_parallel):
                group.create_task(bench.work(queue))
    except BaseExceptionGroup as errors:
        raise find_first(errors) from None
    finally:
        follow.cancel()
    return bench.reason


class Bench:
    """Takes one case after another from one queue, and asks as many at a time as it may."""

    def __init__(self, client: Asker, asking: Asking, keep: Keep, throttle: Throttle) -> None:
        """Sit down."""
        self.client, self.asking, self.keep = client, asking, keep
        self.throttle = throttle
        self.reason = ""
        self.ended = asyncio.Event()
        self._n_failed = 0

    async def follow(self, stop: asyncio.Event) -> None:
        """End when `stop` is set."""
        await stop.wait()
        self.end()

    def end(self, reason: str = "") -> None:
        """Ask nothing more."""
        self.reason = self.reason or reason
        self.ended.set()
        self.throttle.close()

    async def work(self, queue: Iterator[Case]) -> None:
        """Judge what is next in the queue until it is empty or the run has ended."""
        while not self.ended.is_set():
            case = next(queue, None)
            if case is None:
                return
            verdict = await self.hear(case)
            if verdict is None:
                return
            self.weigh(verdict)
            await self.keep(case, verdict)

    async def hear(self, case: Case) -> Verdict | None:
        """Return the verdict on one case, or None when the run ended first."""
        hearing = asyncio.create_task(self._open(case).judge())
        ended = asyncio.create_task(self.ended.wait())
        try:
            await asyncio.wait({hearing, ended}, return_when=asyncio.FIRST_COMPLETED)
            await asyncio.wait({hearing}, timeout=FINISH_S)
            with suppress(Closed):
                return hearing.result() if hearing.done() else None
            return None
        finally:
            ended.cancel()
            await cancel(hearing)

    def _open(self, case: Case) -> Hearing:
        return Hearing(self.client, self.asking, case, self.throttle)

    def weigh(self, verdict: Verdict) -> None:
        """End the run after a verdict that promises nothing better for the next case."""
        failed = verdict.outcome == "api_error" and verdict.fault != "too_long"
        self._n_failed = self._n_failed + 1 if failed else 0
        rests = (verdict.retry_after_s or 0) > MAX_PARK_S
        if verdict.fault in FATAL or rests or self._n_failed >= self._n_bearable:
            self.end(verdict.detail or verdict.outcome)

    @property
    def _n_bearable(self) -> int:
        return MAX_FAILED + self.asking.n_parallel
