"""A tokenizer's own chat template comes from anywhere: it is filled in by a process of its own.

The sandbox keeps a template from reaching anything; it doesn't keep it from running for ever or
from filling the memory. Here it may take so long and so much, and the process is gone if it takes
more. The two ends speak in lines of JSON over the child's standard input and output; the child ends
with its input, and an alarm ends it in mid-template even when nobody is left to wait for it.
"""

import json
import resource
import selectors
import signal
import subprocess
import sys
import threading
import weakref
from collections.abc import Callable, Mapping
from pathlib import Path
from time import monotonic

from backend.errors import InputError
from backend.templates.rendering import compile_template, fill_template

ROOT = Path(__file__).parents[2]
START_S = 60  # a busy machine may take this long to start Python
GRACE_S = 2  # how long after its alarm a child that still says nothing is given up
MEMORY = 512 * 2**20
LONGEST = 4 * 2**20


class Isolation:
    """Fills in one template in a child process, which starts when it is needed.

    Units: `timeout_s` for one filling; MEMORY in bytes, LONGEST in characters of source or text.
    Edge: the child ends with this object, and with this process.
    """

    def __init__(self, source: str, *, timeout_s: float = 5.0) -> None:
        """Take the template. Errors: InputError when its source is absurdly long."""
        if len(source) > LONGEST:
            raise InputError(f"The chat template is longer than {LONGEST} characters.")
        self.source = source
        self.timeout_s = timeout_s
        self._lock = threading.Lock()
        self._child: subprocess.Popen[bytes] | None = None
        self._end: Callable[[], object] = bool

    def fill(self, variables: Mapping[str, object]) -> str:
        """Return the text.

        Errors: InputError when the template fails, or takes too long or too much.
        """
        with self._lock:
            try:
                if self._child is None or self._child.poll() is not None:
                    self._start()
                return self._ask(variables, self.timeout_s + GRACE_S)
            except (OSError, EOFError):
                self._stop()
                raise InputError(
                    f"The tokenizer's own chat template was stopped: it took more than "
                    f"{self.timeout_s:g} s or {MEMORY // 2**20} MB. Choose a template by name."
                ) from None

    def close(self) -> None:
        """End the child."""
        with self._lock:
            self._stop()

    def _start(self) -> None:
        """Start a child and give it the template."""
        self._stop()
        self._child = subprocess.Popen(  # noqa: S603 - words of ours, and this Python
            [sys.executable, "-m", __name__, str(self.timeout_s)],
            cwd=ROOT,
            env={"PYTHONUTF8": "1"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        self._end = weakref.finalize(self, stop_child, self._child)
        try:
            self._ask(self.source, START_S)
        except InputError:
            self._stop()
            raise

    def _stop(self) -> None:
        """End the child where there is one."""
        self._end()
        self._child = None

    def _ask(self, told: object, timeout_s: float) -> str:
        """Send a line, return the text that comes back.

        Errors: OSError or EOFError when none comes in time; InputError when an error does.
        """
        if self._child is None or self._child.stdin is None:
            raise BrokenPipeError
        self._child.stdin.write(json.dumps(told).encode() + b"\n")
        self._child.stdin.flush()
        answer = json.loads(read_line(self._child, timeout_s))
        if "error" in answer:
            raise InputError(answer["error"])
        return str(answer["text"])


def read_line(child: "subprocess.Popen[bytes]", timeout_s: float) -> bytes:
    """Return the next line of a child's output.

    Errors: EOFError when it ends without one, TimeoutError when it takes too long.
    """
    until = monotonic() + timeout_s
    pieces: list[bytes] = []
    with selectors.DefaultSelector() as selector:
        selector.register(child.stdout, selectors.EVENT_READ)  # type: ignore[arg-type]
        while not (pieces and pieces[-1].endswith(b"\n")):
            if not selector.select(max(0, until - monotonic())):
                raise TimeoutError
            pieces.append(child.stdout.read1())  # type: ignore[union-attr]
            if not pieces[-1]:
                raise EOFError
    return b"".join(pieces)


def stop_child(child: "subprocess.Popen[bytes]") -> None:
    """Kill a child and wait until it is gone."""
    child.kill()
    child.communicate()


def answer_lines(timeout_s: float) -> None:
    """Be the child: compile the template of the first line, fill it in for each further one."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    compiled = None
    for line in sys.stdin:
        signal.setitimer(signal.ITIMER_REAL, timeout_s)
        try:
            told = json.loads(line)
            if compiled is None:
                compiled, text = compile_template(told, strict=False), ""
            else:
                text = fill_template(compiled, told)
            answer = {"text": text}
            if len(text) > LONGEST:
                answer = {"error": f"The chat template wrote more than {LONGEST} characters."}
        except InputError as error:
            answer = {"error": str(error)}
        signal.setitimer(signal.ITIMER_REAL, 0)
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    answer_lines(float(sys.argv[1]))
