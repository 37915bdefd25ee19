"""Starts, watches and stops the workers of local models: one process for each card.

Every method may be called from any thread. A worker's life is told in its `WorkerState`; a
thread for each worker follows it and sees at once when it dies.
"""

import asyncio
import json
import os
import secrets
import signal
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

from pydantic import SecretStr

from backend.child import POLL_S, Child, Told, Traces, explain_end
from backend.errors import CamelidError, Refused
from backend.health import ask_health
from backend.loans import Loan
from backend.registry import find_weights
from backend.registry.cards import LocalCard

Life = Literal["stopped", "loading", "ready", "stopping", "failed"]
Environment = Callable[[str], dict[str, str]]
Command = Callable[[LocalCard, Path, Path], list[str]]
OnState = Callable[["WorkerState"], None]

FOLDER = "workers"
ROOT = Path(__file__).resolve().parent.parent
HOST = "127.0.0.1"
GRACE_S = 5.0
TOLD_S = 1.0  # how often a waiting caller is told that it still loads
DYING_S = 2.0  # between a process's last byte and its end
# Which life can follow which: what a person stopped does not become ready by a late word.
FOLLOWS: dict[Life, frozenset[Life]] = {
    "loading": frozenset({"loading"}),
    "ready": frozenset({"loading", "ready"}),
    "stopping": frozenset({"loading", "ready"}),
    "stopped": frozenset({"stopping", "failed"}),
    "failed": frozenset({"loading", "ready"}),
}
UP: tuple[Life, ...] = ("loading", "ready")
MAX_FAILURES = 3
WITHIN_S = 60.0


@dataclass(frozen=True, slots=True)
class WorkerState:
    """How a worker is at one moment.

    Units: `since` in seconds since 1970; 0 where it never ran.
    Edge: `message` is a sentence: what it does while it loads, and why where it has failed.
    """

    name: str
    state: Life
    since: float
    log_path: Path
    pid: int | None = None
    base_url: str = ""
    message: str = ""
    key: SecretStr = field(default=SecretStr(""), repr=False)


class Worker:
    """A child process that serves one card; `state` is replaced, never changed."""

    def __init__(self, card: LocalCard, child: Child, state: WorkerState) -> None:
        self.card, self.child, self.state = card, child, state
        self.watcher: threading.Thread | None = None

    @property
    def up(self) -> bool:
        """Say whether it serves or is about to."""
        return self.state.state in UP

    def see_end(self, within_s: float) -> None:
        """Wait until its end has been noticed, where it is about to end."""
        deadline = time.monotonic() + within_s
        while not self.child.has_ended() and time.monotonic() < deadline:
            time.sleep(POLL_S / 5)
        if self.watcher and self.child.has_ended():
            self.watcher.join()


class Supervisor:
    """All workers of one app."""

    def __init__(
        self,
        data: Path,
        environment: Environment,
        *,
        command: Command | None = None,
        clock: Callable[[], float] = time.time,
        grace_s: float = GRACE_S,
    ) -> None:
        """Keep workers' logs below `data`; `environment` makes a child's from its key."""
        self._data = data.resolve()
        self._folder = self._data / FOLDER
        self._environment, self._command = environment, command or build_command
        self._clock, self._grace_s = clock, grace_s
        self._lock = threading.Lock()  # of the three below, held for moments
        self._workers: dict[str, Worker] = {}
        self._failures: dict[str, list[float]] = defaultdict(list)
        self._gates: dict[str, threading.RLock] = defaultdict(threading.RLock)  # one act a card
        self._closed = False
        self._loan = Loan()
        clear_stale(self._folder)

    def look(self, name: str) -> WorkerState:
        """Return how a worker is."""
        with self._lock:
            worker = self._workers.get(name)
        return worker.state if worker else WorkerState(name, "stopped", 0.0, self._trace(name)[1])

    def list(self) -> list[WorkerState]:
        """Return how all workers are that have run since the app started."""
        with self._lock:
            return [worker.state for _, worker in sorted(self._workers.items())]

    def start(self, card: LocalCard) -> None:
        """Start a worker, as a person asks for it: earlier failures are forgotten.

        Edge: nothing happens while it loads or serves, unless its card has changed.
        Errors: MissingTool without weights.
        """
        with self._lock:
            self._failures.pop(card.name, None)
        self._provide(card)

    def stop(self, name: str) -> None:
        """End a worker; returns when it is gone, after `grace_s` at the latest."""
        with self._find_gate(name):
            with self._lock:
                worker = self._workers.get(name)
                self._failures.pop(name, None)
            if worker:
                self._end(worker)
                self._move(worker, "stopped")

    def lend(self, loan: Loan) -> None:
        """Leave GPUs to somebody else from now on, in place of those that were lent before.

        Edge: workers on them are gone when this returns; their state says why.
        """
        with self._lock:
            if loan == self._loan:
                return
            self._loan = loan
            names = list(self._gates)
        for name in names:
            with self._find_gate(name):
                worker = self._workers.get(name)
                why = loan.explain(worker.card) if worker else ""
                if worker and worker.up and why:
                    self._end(worker, why)

    def close(self) -> None:
        """End all workers, and start none any more."""
        with self._lock:
            self._closed = True
            workers = list(self._workers.values())
        for worker in workers:  # all at once, so that the slowest one takes the time of one
            self._move(worker, "stopping")
            worker.child.send(signal.SIGTERM)
        for name in list(self._gates):
            self.stop(name)

    async def wait(self, card: LocalCard, on_state: OnState | None = None) -> WorkerState:
        """Return a worker's state when it serves; it is started where it doesn't.

        Edge: `on_state` is called at each change and once a second. Who stops waiting stops no
        worker: others may wait for it.
        Errors: CamelidError with the reason when it fails; MissingTool without weights.
        """
        worker = await asyncio.to_thread(self._provide, card)
        told, told_at = None, 0.0
        while True:
            state = worker.state
            if on_state and (state != told or time.monotonic() - told_at >= TOLD_S):
                told, told_at = state, time.monotonic()
                on_state(state)
            if state.state == "ready":
                return state
            if state.state not in UP:  # as it was told: it may have changed since
                raise CamelidError(explain_failure(state))
            await asyncio.sleep(POLL_S)

    def _provide(self, card: LocalCard) -> Worker:
        with self._find_gate(card.name):
            with self._lock:
                worker, why = self._workers.get(card.name), self._loan.explain(card)
            if why:
                raise Refused(why)
            if worker and self._serves(worker, card):
                return worker
            weights = find_weights(card, self._data)
            if worker:
                self._end(worker)
            self._check_failures(card.name)
            return self._spawn(card, weights.resolve())

    def _serves(self, worker: Worker, card: LocalCard) -> bool:
        state = worker.state
        if state.state not in ("loading", "ready") or worker.card.sha256 != card.sha256:
            return False
        if state.state == "loading":
            return True
        health = ask_health(state.base_url, state.key)
        if health == "gone":
            worker.see_end(DYING_S)
            self._fail(worker, f"{card.name} takes no more connections.")
        elif health == "sick":
            self._fail(worker, f"{card.name} says at /health that it is not well.")
        return health == "well"

    def _spawn(self, card: LocalCard, weights: Path) -> Worker:
        key = secrets.token_urlsafe(32)
        traces = Traces(*self._trace(card.name))
        words = self._command(card, weights, traces.state_path)
        environment = self._environment(key) | {"PYTHONPATH": str(ROOT)}
        with self._lock:
            if self._closed:
                raise Refused(f"The app is closing: {card.name} was not started.")
            try:
                child = Child(words, environment, traces)
            except OSError as error:
                raise CamelidError(f"{card.name} can't be started: {error}.") from error
            state = WorkerState(
                card.name,
                "loading",
                self._clock(),
                traces.log_path,
                pid=child.pid,
                key=SecretStr(key),
            )
            worker = self._workers[card.name] = Worker(card, child, state)
        worker.watcher = threading.Thread(
            target=self._watch, args=(worker,), name=f"worker {card.name}", daemon=True
        )
        worker.watcher.start()
        return worker

    def _watch(self, worker: Worker) -> None:
        while not worker.child.has_ended():
            self._follow(worker, worker.child.traces.read_state())
            time.sleep(POLL_S)
        self._follow(worker, worker.child.traces.read_state())
        code, last_line = worker.child.reap(), worker.child.traces.read_last_line()
        said = worker.state.message
        if worker.state.state != "stopping" or not self._move(worker, "stopped", said):
            self._fail(worker, f"{worker.card.name} {explain_end(code, last_line)}")

    def _follow(self, worker: Worker, told: Told | None) -> None:
        if told is None:
            return
        if told.state == "failed":
            self._fail(worker, told.message)
        elif told.state == "ready" and told.port:
            self._move(worker, "ready", told.message, f"http://{HOST}:{told.port}/v1")
        else:
            self._move(worker, "loading", told.message)

    def _fail(self, worker: Worker, message: str) -> None:
        if self._move(worker, "failed", message):
            self._note_failure(worker.card.name)

    def _move(self, worker: Worker, life: Life, message: str = "", base_url: str = "") -> bool:
        with self._lock:
            old = worker.state
            if old.state not in FOLLOWS[life]:
                return False
            since = old.since if old.state == life else self._clock()
            pid = None if life in ("stopped", "failed") else old.pid
            worker.state = replace(
                old, state=life, since=since, message=message, base_url=base_url, pid=pid
            )
            return True

    def _end(self, worker: Worker, why: str = "") -> None:
        self._move(worker, "stopping", why)
        worker.child.stop(self._grace_s)
        if worker.watcher:
            worker.watcher.join()

    def _note_failure(self, name: str) -> None:
        with self._lock:
            self._failures[name].append(self._clock())

    def _check_failures(self, name: str) -> None:
        with self._lock:
            recent = [at for at in self._failures[name] if self._clock() - at < WITHIN_S]
            self._failures[name] = recent
        if len(recent) >= MAX_FAILURES:
            state = self.look(name)
            raise CamelidError(
                f"{name} failed {len(recent)} times within a minute and is not started again by "
                f"itself. {explain_failure(state)} When that is mended, stop it and start it."
            )

    def _find_gate(self, name: str) -> threading.RLock:
        with self._lock:
            return self._gates[name]

    def _trace(self, name: str) -> tuple[Path, Path]:
        return self._folder / f"{name}.state", self._folder / f"{name}.log"


def build_command(card: LocalCard, weights: Path, state_path: Path) -> list[str]:
    """Return the words that start a worker for a card."""
    words = [sys.executable, "-P", "-m", "backend.worker", "--model", str(weights)]
    words += ["--name", card.name, "--port", "0", "--host", HOST]
    words += ["--dtype", card.dtype, "--device", card.device, "--quantisation", card.quantisation]
    words += ["--context", str(card.context)] if card.context else []
    words += ["--template", card.template] if card.template else []
    return [*words, "--state", str(state_path), "--follow-stdin"]


def explain_failure(state: WorkerState) -> str:
    """Return why a worker does not serve, and where to read on."""
    if state.state in ("stopped", "stopping"):
        return state.message or f"{state.name} was stopped while it was loading."
    return f"{state.message} The whole log is {state.log_path}."


def clear_stale(folder: Path) -> None:
    """Remove the state files of workers that are no more, as a killed app leaves them."""
    for path in folder.glob("*.state"):
        try:
            os.kill(json.loads(path.read_bytes())["pid"], 0)
        except (OSError, ValueError, KeyError, TypeError):
            path.unlink(missing_ok=True)
