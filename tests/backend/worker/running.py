"""Real workers: processes of their own, on free ports, with a tiny model."""

import json
import os
import re
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import httpx

ROOT = Path(__file__).parents[3]
READY = re.compile(r"Serving (\S+) on (http://\S+)/v1")
START_S = 120


class Worker:
    """A worker's process: `url` is where it answers, `said` what it printed until then."""

    def __init__(self, process):
        self.process = process
        self.said = ""
        self.url = None

    def wait_ready(self):
        """Read what it prints until it serves."""
        for line in self.process.stdout:
            self.said += line
            if found := READY.search(line):
                self.url = found[2]
                return self
        raise AssertionError(f"the worker ended with {self.process.wait()}: {self.said}")

    def metrics(self):
        """Return the numbers of /metrics by name."""
        text = httpx.get(f"{self.url}/metrics", timeout=60).text
        lines = [line.rsplit(" ", 1) for line in text.splitlines() if not line.startswith("#")]
        return {name: float(value) for name, value in lines}

    def post(self, path, body, **more):
        return httpx.post(f"{self.url}{path}", json=body, timeout=60, **more)


@contextmanager
def spawn_worker(folder, *words, environ=None):
    """Start a worker and end it for certain; it may not be ready yet."""
    process = subprocess.Popen(
        [sys.executable, "-m", "backend.worker", "--model", str(folder), *words],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={**os.environ, "HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": "1", **(environ or {})},
    )
    try:
        yield Worker(process)
    finally:
        process.kill()
        process.wait()
        process.stdin.close()
        process.stdout.close()


@contextmanager
def run_worker(folder, *words, environ=None):
    """A worker that answers."""
    with spawn_worker(folder, *words, environ=environ) as worker:
        yield worker.wait_ready()


def read_state(path):
    """Return what a state file says."""
    return json.loads(Path(path).read_text())


def wait_until(true, seconds=60.0):
    """Wait until something is so; say whether it came to be."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if true():
            return True
        time.sleep(0.02)
    return bool(true())
