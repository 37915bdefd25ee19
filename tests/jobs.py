"""A workshop whose trainers are stand-ins, and all that it needs to take an order."""

import json
import os
import sys
import time
from contextlib import contextmanager
from pathlib import Path

from backend.keyring import Keyring
from training.devices import Gpu, Machine
from training.jobs import create_job
from training.orders import Order
from training.recipe import Recipe, Tiny
from training.recipes import dump_recipe
from training.workshop import Tools, Workshop

ROWS = [{"instruction": f"Say {n}.", "input": "", "output": f"{n}"} for n in range(8)]
CPU = Machine(n_cores=2)
GPUS = Machine(gpus=tuple(Gpu(n, "A GPU", 80 << 30) for n in range(4)), n_cores=16)


def make_recipe(life="steps 10", **changed):
    """A recipe that says by its note how the stand-in lives."""
    told = {"name": "stand-in", "title": "A stand-in", "kind": "sft", "note": life}
    return Recipe(**{**told, "data": "rows.json", "tiny": Tiny(), "precision": "fp32", **changed})


def fill_house(data, life="steps 10", **changed):
    """Put the recipe and its data into a data folder."""
    for name in ("recipes", "files"):
        (data / "training" / name).mkdir(parents=True, exist_ok=True)
    (data / "training" / "files" / "rows.json").write_text(json.dumps(ROWS))
    recipe = make_recipe(life, **changed)
    (data / "training" / "recipes" / f"{recipe.name}.yaml").write_text(dump_recipe(recipe))


def make_job(data, order=None, recipe=None):
    """A job in its folder, that nobody runs."""
    recipe = recipe or make_recipe()
    fill_house(data)
    order = order or Order("model", recipe.name)
    return create_job(data, order, recipe, [data / "training" / "files" / "rows.json"])


def stand_in(job, low_disk):
    """The words that start the supervisor of a stand-in."""
    return [sys.executable, "-m", "tests.trainer", str(job.folder), "--low-disk", str(low_disk)]


def make_workshop(data, machine=CPU, **words):
    """A workshop that nobody has started."""
    environment = Keyring({"PATH": os.environ["PATH"]}).child_environment
    tools = Tools(supervisor=stand_in, machine=lambda: machine, tick_s=0.03)
    words = {"low_disk": 0, "tools": tools, **words}
    return Workshop(data, environment, **words)


@contextmanager
def open_workshop(data, life="steps 10", machine=CPU, **words):
    """A workshop that runs the queue, whose jobs live so."""
    fill_house(data, life)
    workshop = make_workshop(data, machine, **words)
    workshop.start()
    try:
        yield workshop
    finally:
        workshop.close()
        wait_for(lambda: not list_left(data))  # who has written its end may still be leaving


def order(workshop, name="model", **words):
    """Give an order for a stand-in."""
    return workshop.create(Order(name, "stand-in", **words))


def wait_for(condition, seconds=50):
    """Wait until something is so, and return it."""
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < deadline, "it did not come to that in time"
        time.sleep(0.02)
    return found


def wait_step(workshop, job, step=1):
    """Wait until a job has come so far."""
    wait_for(lambda: workshop.find(job.id).state.step >= step)
    return workshop.find(job.id)


def list_left(folder):
    """Return what runs whose command or working folder is below a folder, but for ourselves."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            words = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode()
            place = (entry / "cwd").readlink()
        except OSError:
            continue
        if int(entry.name) != os.getpid() and str(folder) in f"{words} {place}":
            found.append(words)
    return found


def main(data, *words):
    """Run the queue and one order, as an app does that is going to be killed."""
    workshop = make_workshop(Path(data))
    workshop.start()
    order(workshop, keep_running="keep" in words)
    time.sleep(60)


if __name__ == "__main__":
    main(*sys.argv[1:])
