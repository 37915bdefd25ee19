"""One child process: started in a session of its own, followed by its files, ended for certain."""

import json
import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

POLL_S = 0.05
MAX_LINE = 300  # characters of a log's last line
TAIL_BYTES = 8192


@dataclass(frozen=True, slots=True)
class Told:
    """What a worker's state file says."""

    state: str
    port: int | None = None
    message: str = ""


@dataclass(frozen=True, slots=True)
class Traces:
    """Where a worker leaves its traces."""

    state_path: Path
    log_path: Path

    def clear(self) -> None:
        """Make room for a new process: no old state, and the old log beside the new one."""
        self.state_path.parent.mkdir(parents=True, exist_ok=True)
        self.state_path.unlink(missing_ok=True)
        if self.log_path.exists():
            self.log_path.replace(self.log_path.with_suffix(".log.1"))

    def read_state(self) -> Told | None:
        """Return what the worker says of itself, or None while it says nothing."""
        try:
            told = json.loads(self.state_path.read_bytes())
            state, port, message = told["state"], told.get("port"), told.get("message")
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            return None
        return Told(str(state), port if isinstance(port, int) else None, str(message or ""))

    def read_last_line(self) -> str:
        """Return the last line of the log that says anything, or nothing."""
        try:
            with self.log_path.open("rb") as file:
                file.seek(max(0, self.log_path.stat().st_size - TAIL_BYTES))
                tail = file.read().decode(errors="replace")
        except OSError:
            return ""
        lines = [line for line in tail.replace("\r", "\n").splitlines() if line.strip()]
        last = lines[-1].strip() if lines else ""
        return "".join(letter for letter in last if letter.isprintable())[:MAX_LINE]


class Child:
    """A running process that ends with us: its stdin is a pipe that only we hold open."""

    def __init__(
        self, words: Sequence[str], environment: Mapping[str, str], traces: Traces
    ) -> None:
        """Start it. What it prints goes to its log, which only we can read."""
        traces.clear()
        self.traces = traces
        opened = os.open(traces.log_path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        try:
            self._process = subprocess.Popen(  # noqa: S603 - a list of words of ours, no shell
                list(words),
                stdin=subprocess.PIPE,
                stdout=opened,
                stderr=subprocess.STDOUT,
                cwd=traces.log_path.parent,
                env=dict(environment),
                start_new_session=True,
            )
        finally:
            os.close(opened)

    @property
    def pid(self) -> int:
        """Return its process id, which is its group's as well."""
        return self._process.pid

    def has_ended(self) -> bool:
        """Say whether it has ended; until `reap`, its id stays its own."""
        if self._process.returncode is not None:
            return True
        with suppress(ChildProcessError):
            return os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None
        return True

    def send(self, number: int) -> None:
        """Send a signal to it and to all that it has started."""
        if self._process.returncode is None:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self.pid, number)

    def stop(self, grace_s: float) -> None:
        """Ask it to end, and end it where it doesn't. Returns when it is gone."""
        self.send(signal.SIGTERM)
        deadline = time.monotonic() + grace_s
        while not self.has_ended() and time.monotonic() < deadline:
            time.sleep(POLL_S)
        self.send(signal.SIGKILL)
        self._process.wait()

    def reap(self) -> int:
        """Return how it ended, and end whatever it has left behind."""
        self.send(signal.SIGKILL)
        code = self._process.wait()
        if self._process.stdin:
            with suppress(BrokenPipeError):
                self._process.stdin.close()
        self.traces.state_path.unlink(missing_ok=True)
        return code


def explain_end(code: int, last_line: str) -> str:
    """Return how a process ended that nobody had asked to, as the middle of a sentence."""
    if code == -signal.SIGKILL:
        how = "was killed by signal 9, as the system does when memory runs out"
    elif code < 0:
        how = f"was ended by signal {-code} ({name_signal(-code)})"
    else:
        how = f"ended by itself with code {code}"
    return f"{how}. Its log ends: {last_line}" if last_line else f"{how}; its log is empty."


def name_signal(number: int) -> str:
    """Return a signal's name, or its number where it has none here."""
    with suppress(ValueError):
        return signal.Signals(number).name
    return str(number)
