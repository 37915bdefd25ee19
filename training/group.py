"""All processes of one job: started together, found again, ended for certain.

A launcher's children outlive it, and take sessions of their own where they like. So there are
three nets: the process group; whoever descends from us, for orphans come back to us (Linux); and
a mark in the environment, by which a watchman ends what is left when we are killed ourselves.
"""

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

import psutil

from training.launch import MARK
from training.states import open_log

PR_SET_CHILD_SUBREAPER = 36
BIRTH_S = 0.1  # it is told in hundredths of a second
STAT = "/proc/{}/stat"
BORN = 19  # where it stands behind a process's name, in ticks since the machine started
ROUND_S = 0.05
END_S = 5.0
GONE = (psutil.NoSuchProcess, psutil.AccessDenied, psutil.ZombieProcess)


class Group:
    """A trainer's processes, as their supervisor sees them."""

    def __init__(self, words: Sequence[str], environment: Mapping[str, str], log: Path) -> None:
        """Start them in a session of their own; what they print is added to `log`.

        Errors: OSError when they can't be started.
        """
        adopt_orphans()
        self._mark = environment[MARK]
        self._watchman, self._leash = post_watchman(self._mark)
        opened = -1
        try:
            opened = open_log(log.parent)
            self._launcher = subprocess.Popen(  # noqa: S603 - a list of words of ours, no shell
                list(words),
                stdin=subprocess.DEVNULL,
                stdout=opened,
                stderr=subprocess.STDOUT,
                cwd=log.parent,
                env=dict(environment),
                start_new_session=True,
            )
        except OSError:
            self.dismiss()
            raise
        finally:
            if opened >= 0:
                os.close(opened)

    def poll(self) -> int | None:
        """Return how the launcher ended, or None while it runs."""
        return self._launcher.poll()

    def list_left(self) -> list[psutil.Process]:
        """Return the processes that are still there; those that have ended are buried."""
        return [one for one in self._find_kin() if not bury(one, self._launcher.pid)]

    def ask(self) -> None:
        """Ask them to end. The launcher ends with those it waits for, and says less then."""
        kin = self._find_kin()
        trainers = [one for one in kin if one.pid != self._launcher.pid]
        for one in trainers or kin:
            signal_one(one, signal.SIGTERM)

    def kill(self) -> None:
        """Send all of them the signal that can't be refused."""
        for one in self._find_kin():
            signal_one(one, signal.SIGKILL)
        with suppress(ProcessLookupError, PermissionError):  # where orphans don't come back to us
            os.killpg(self._launcher.pid, signal.SIGKILL)

    def end(self) -> int:
        """End all of them for certain, and return how the launcher ended."""
        deadline = time.monotonic() + END_S
        self.kill()
        while self.list_left() and time.monotonic() < deadline:
            self.kill()
            time.sleep(ROUND_S)
        code = self._launcher.wait()
        self.dismiss()
        return code

    def dismiss(self) -> None:
        """Let the watchman go: he ends whatever is left, and himself."""
        if self._leash >= 0:
            os.close(self._leash)
            os.waitpid(self._watchman, 0)
            self._leash = -1

    def _find_kin(self) -> list[psutil.Process]:
        with suppress(*GONE):
            kin = psutil.Process().children(recursive=True)
            return [one for one in kin if one.pid != self._watchman]
        return []


def bury(process: psutil.Process, launcher: int) -> bool:
    """Say whether a process has ended; the launcher's end is left for who asks for its code."""
    try:
        if process.status() != psutil.STATUS_ZOMBIE:
            return False
    except psutil.NoSuchProcess:
        return True
    except psutil.AccessDenied:
        return False
    if process.pid != launcher:
        with suppress(ChildProcessError):
            os.waitpid(process.pid, os.WNOHANG)
    return True


def adopt_orphans() -> None:
    """Become the parent of whoever descends from us and loses its own; only Linux can."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def post_watchman(mark: str) -> tuple[int, int]:
    """Start a process that ends all that bear the mark when we end, however that comes.

    Returns its id, and the pipe's end that must stay open as long as he is to wait.
    """
    reading, writing = os.pipe()
    child = os.fork()
    if child:
        os.close(reading)
        return child, writing
    try:
        os.setsid()
        os.close(writing)
        for number in (0, 1, 2):
            os.close(number)
        os.read(reading, 1)
        end_marked(mark)
    finally:
        os._exit(0)


def find_marked(mark: str) -> Iterator[psutil.Process]:
    """Yield the processes that bear a job's mark."""
    for process in psutil.process_iter():
        with suppress(*GONE, OSError):
            if process.environ().get(MARK) == mark and process.pid != os.getpid():
                yield process


def end_marked(mark: str, within_s: float = END_S) -> int:
    """End all processes that bear a job's mark; return how many there were."""
    ended: set[int] = set()
    deadline = time.monotonic() + within_s
    while (found := list(find_marked(mark))) and time.monotonic() < deadline:
        for process in found:
            ended.add(process.pid)
            signal_one(process, signal.SIGKILL)
        time.sleep(ROUND_S)
    return len(ended)


def signal_one(process: psutil.Process, number: int) -> None:
    """Send a signal to a process, unless it is gone."""
    with suppress(*GONE):
        process.send_signal(number)


def tell_birth(pid: int) -> float:
    """Return when a process began, in seconds; 0 where there is none.

    Edge: on Linux since the machine started, so that a clock that is set, as after a laptop has
    slept, changes nothing; elsewhere since 1970.
    """
    with suppress(*GONE, OSError):
        process = psutil.Process(pid)
        if process.status() == psutil.STATUS_ZOMBIE:
            return 0.0
        if sys.platform != "linux":
            return process.create_time()
        ticks = Path(STAT.format(pid)).read_bytes().rpartition(b")")[2].split()[BORN]
        return int(ticks) / os.sysconf("SC_CLK_TCK")
    return 0.0


def has_word(pid: int, word: str) -> bool:
    """Say whether a process was started with a word among its words."""
    with suppress(*GONE):
        return word in psutil.Process(pid).cmdline()
    return False


def is_same(pid: int, born: float) -> bool:
    """Say whether a process still runs, and is not a later one of its number."""
    return pid > 0 and abs(tell_birth(pid) - born) < BIRTH_S
