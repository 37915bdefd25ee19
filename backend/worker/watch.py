"""How a worker tells how it stands, and how it notices that nobody needs it any more."""

import json
import os
import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Literal, NoReturn

Standing = Literal["loading", "ready", "failed"]
GRACE_S = 1.5  # between being asked to stop and the end, whatever goes on


class StateFile:
    """A file that always holds how the worker stands; without a path nothing is written."""

    def __init__(self, path: Path | None, clock: Callable[[], float] = time.time) -> None:
        """Name the file; `clock` gives seconds since 1970."""
        self.path = path
        self.clock = clock

    def write(self, state: Standing, message: str = "", port: int | None = None) -> None:
        """Replace the file: a reader sees the old one or the new one, whole."""
        if self.path is None:
            return
        told = {
            "state": state,
            "port": port,
            "pid": os.getpid(),
            "message": message,
            "since": self.clock(),
        }
        draft = self.path.with_name(f"{self.path.name}.{os.getpid()}.tmp")
        draft.write_text(json.dumps(told) + "\n", "utf-8")
        draft.replace(self.path)


def leave(code: int = 0) -> NoReturn:
    """End the process at once, from any thread, whatever the others do."""
    os._exit(code)


def follow_input(descriptor: int, end: Callable[[], object] = leave) -> threading.Thread:
    """Call `end` when an input ends: who started the worker has gone, however that happened."""

    def follow() -> None:
        try:
            while os.read(descriptor, 4096):
                pass
        except OSError:
            pass
        end()

    thread = threading.Thread(target=follow, name="follow-stdin", daemon=True)
    thread.start()
    return thread


class Stop:
    """What SIGTERM and SIGINT mean: leave at once while loading, in order while serving."""

    def __init__(self) -> None:
        """Nothing is served yet."""
        self.end: Callable[[], object] | None = None

    def listen(self) -> None:
        """Take the signals; only a main thread can."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self.take)

    def take(self, _number: int, _frame: FrameType | None) -> None:
        """End in order where there is something to end, and in any case soon."""
        if self.end is None:
            leave()
        timer = threading.Timer(GRACE_S, leave)
        timer.daemon = True
        timer.start()
        self.end()
