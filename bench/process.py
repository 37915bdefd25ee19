"""Servers in processes of their own, and what they cost. Linux only: it reads /proc."""

import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent
ADDRESS = re.compile(r"http://127\.0\.0\.1:\d+")
QUIET = {
    "PYTHONUNBUFFERED": "1",
    "GRADIO_ANALYTICS_ENABLED": "False",
    "HF_HUB_OFFLINE": "1",
    "CAMELID_DEMO_MODELS": "false",  # a training run beside a measurement spoils it
}


@dataclass(frozen=True)
class Server:
    """A process that answers at `url`."""

    url: str
    pid: int


@contextmanager
def run_server(words: Sequence[str]) -> Iterator[Server]:
    """Run `python WORDS` until the block ends; it has to print its address when it answers."""
    process = subprocess.Popen(
        [sys.executable, *words],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={**os.environ, **QUIET},
    )
    try:
        url = find_address(process.stdout)
        reader = threading.Thread(target=process.stdout.read)  # keeps the pipe empty
        reader.start()
        try:
            yield Server(url, process.pid)
        finally:
            stop_process(process)
            reader.join()
    finally:
        stop_process(process)
        process.stdout.close()


def stop_process(process: subprocess.Popen[str]) -> None:
    """Ask a process to stop, then make it stop."""
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(15)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def find_address(said: Iterator[str]) -> str:
    """Return the address that a server prints. Errors: RuntimeError with what it did print."""
    lines = []
    for line in said:
        lines.append(line)
        if found := ADDRESS.search(line):
            return found[0]
    raise RuntimeError(f"The server did not start:\n{''.join(lines)}")


def read_cpu(pid: int) -> float:
    """Return the seconds of CPU that a process has used, its threads among them."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def read_rss(pid: int) -> int:
    """Return the memory that a process holds, in MB."""
    status = Path(f"/proc/{pid}/status").read_text()
    found = re.search(r"^VmRSS:\s+(\d+) kB", status, re.M)
    return round(int(found[1]) / 1000) if found else 0
