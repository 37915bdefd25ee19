"""A stand-in for a model's worker: the same process, signals and files, and no model.

Run as `python -m tests.standin LIFE --state FILE [--follow-stdin]`; the words in LIFE say how it
behaves: ready, loading (for ever), failing, crashing, stubborn (takes no SIGTERM), parent (has a
child of its own), sick (says so at /health), slow (a word a second).
"""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

from tests.upstream import Scene, serve

TEXT = "word " * 60


def write_state(path, state, port=None, message=""):
    """Write what the supervisor reads, whole or not at all."""
    told = {"state": state, "port": port, "pid": os.getpid(), "message": message, "since": 0}
    draft = path.with_suffix(".tmp")
    draft.write_text(json.dumps(told))
    draft.replace(path)


def follow_input():
    """End when whoever started this has gone."""

    def follow():
        while os.read(0, 4096):
            pass
        os._exit(0)

    threading.Thread(target=follow, daemon=True).start()


def live(life, state):
    """Behave as told."""
    if "failing" in life:
        write_state(state, "failed", message="The folder holds no weights.")
        sys.exit(1)
    if "crashing" in life:
        sys.exit("Traceback: it all went wrong")
    if "stubborn" in life:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    message = "All is well."
    if "parent" in life:
        message = str(subprocess.Popen(["sleep", "60"]).pid)
    if "loading" in life:
        write_state(state, "loading", message="Loading.")
        time.sleep(60)
    health = Scene(status=503 if "sick" in life else 200, raw=b"{}")
    with serve(
        lambda body: Scene(TEXT, pace_s=1.0 if "slow" in life else 0.02) if body else health
    ) as upstream:
        write_state(state, "ready", int(upstream.url.split(":")[2].split("/")[0]), message)
        time.sleep(60)


if __name__ == "__main__":
    words = sys.argv[1:]
    if "--follow-stdin" in words:
        follow_input()
    live(words[0].split("+"), Path(words[words.index("--state") + 1]))
