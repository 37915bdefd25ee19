"""A stand-in for a job's supervisor and trainer: the same processes, signals and files, no torch.

Run as `python -m tests.trainer JOBDIR [--low-disk N]` it is the real supervisor, but that the words
it starts are of this file: a launcher, that starts a trainer and waits for it, as accelerate does.
How the trainer lives is said by the note of the job's recipe, in words:

    steps          logs a step each `PACE_S`; saves and ends when it is asked to, by file or signal
    stubborn       takes no SIGTERM, sees no stop file
    crash, silent, memory, disk, killed, lost    ends so
    far            has a child in a session of its own, whose parent has gone
    lone           its launcher ends at once and leaves it
    held           waits after step 12 until there is a file `go`
"""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

PACE_S = 0.02
MARK = "CAMELID_JOB"


def launch(job, life):
    """Start the trainer and wait for it, as a launcher does that knows of no signals."""
    child = subprocess.Popen([sys.executable, "-I", "-S", __file__, "train", job, life])
    while "lone" in life:
        if (Path(job) / "trainer.pid").exists():
            os._exit(0)
    code = child.wait()
    if code < 0:
        sys.exit(f"CalledProcessError: died with <Signals.{signal.Signals(-code).name}: {-code}>.")
    if code:
        sys.exit(f"Traceback: it ended with {code}")


def save(job, step):
    """Write a checkpoint, whole or not at all."""
    part = job / "run" / f".checkpoint-{step}"
    part.mkdir(parents=True, exist_ok=True)
    (part / "step").write_text(str(step))
    part.rename(job / "run" / f"checkpoint-{step}")


def find_start(job):
    """Return the step of the newest checkpoint."""
    return max([int(path.name[11:]) for path in job.glob("run/checkpoint-*")], default=0)


def tell_end(job, end, message):
    """Leave the trainer's own word."""
    (job / "outcome.json").write_text(json.dumps({"end": end, "message": message}))


def go_far(job):
    """Start a process that nobody would find by its group or its parent."""
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            (job / "far.pid").write_text(str(os.getpid()))
            time.sleep(600)
        os._exit(0)
    os.wait()


def train(job, life):
    """Behave as told."""
    asked = []
    if "stubborn" in life:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    else:
        signal.signal(signal.SIGTERM, lambda *_: asked.append(1))
    (job / "trainer.pid").write_text(str(os.getpid()))
    if "far" in life:
        go_far(job)
    n_steps = int(next((word for word in life if word.isdigit()), 100))
    with (job / "metrics.jsonl").open("a") as metrics:
        for step in range(find_start(job) + 1, n_steps + 1):
            time.sleep(PACE_S)
            while "held" in life and step == 13 and not (job / "go").exists():
                time.sleep(PACE_S)
            point = {"step": step, "n_steps": n_steps, "loss": 1 / step, "left_s": n_steps - step}
            metrics.write(json.dumps(point) + "\n")
            metrics.flush()
            if step % 5 == 0:
                save(job, step)
            if step == 3:
                die(job, life)
            if "stubborn" not in life and (asked or (job / "stop").exists()):
                save(job, step) if step % 5 else None
                tell_end(job, "cancelled", f"It was stopped; step {step} is kept.")
                return
    tell_end(job, "done", "The checkpoint is ready.")


def die(job, life):
    """End as told, if at all."""
    if "crash" in life:
        tell_end(job, "crashed", "KeyError: 'text'")
        sys.exit(1)
    if "silent" in life:
        sys.exit("something went wrong")
    if "memory" in life:
        sys.exit("torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.00 GiB")
    if "disk" in life:
        sys.exit("OSError: [Errno 28] No space left on device")
    if "killed" in life:
        os.kill(os.getpid(), signal.SIGKILL)


def plan(job):
    """Say with which words a job starts, and in which environment."""
    from training.jobs import RECIPE  # noqa: PLC0415 - the trainer itself needs nothing
    from training.recipes import load_recipe  # noqa: PLC0415

    life = load_recipe((job.folder / RECIPE).read_text()).note
    words = [sys.executable, "-I", "-S", __file__, "launch", str(job.folder), life]
    return words, {"PATH": os.environ["PATH"], MARK: str(job.folder)}


def supervise(words):
    """Run a job as the real supervisor does."""
    from training.jobs import RECIPE  # noqa: PLC0415
    from training.supervise import Patience, Supervise  # noqa: PLC0415

    low_disk = int(words[words.index("--low-disk") + 1])
    # who saves has time for it, however busy the machine is
    save_s = 2.0 if "stubborn" in (Path(words[0]) / RECIPE).read_text("utf-8", "replace") else 20.0
    patience = Patience(poll_s=0.05, save_s=save_s, grace_s=1.0, disk_s=0.1)
    Supervise(Path(words[0]), plan, low_disk=low_disk, patience=patience).run()


if __name__ == "__main__":
    if sys.argv[1] in ("launch", "train"):
        job = sys.argv[2]
        launch(job, sys.argv[3]) if sys.argv[1] == "launch" else train(
            Path(job), sys.argv[3].split()
        )
    else:
        supervise(sys.argv[1:])
