"""`python -m training.run`: looks at a job's data, or trains it, and says in a file how it ended.

The heavy imports come late: a look is done in two seconds, and nothing here ever asks the internet.
"""

import argparse
import os
import resource
import stat
import sys
import threading
import traceback
import warnings
from collections.abc import Sequence
from contextlib import suppress
from importlib import import_module
from pathlib import Path

from backend.errors import CamelidError, InputError
from training.jobs import RECIPE, read_job
from training.recipe import Recipe
from training.recipes import open_recipe

# Nothing is fetched or told to anybody, and the log is for people.
QUIET = {
    "HF_HUB_OFFLINE": "1",
    "HF_DATASETS_OFFLINE": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "HF_HUB_DISABLE_PROGRESS_BARS": "1",
    "HF_DATASETS_DISABLE_PROGRESS_BARS": "1",
    "TRANSFORMERS_OFFLINE": "1",
    "TOKENIZERS_PARALLELISM": "false",
}
OLD_NAME = "`is_gradient_checkpointing` is deprecated"  # by which peft asks transformers
# What trains each kind of recipe: a module with run(job, recipe).
TRAINERS = {
    "sft": "training.run.sft",
    "reward": "training.run.reward",
    "preference": "training.run.preference",
}


def main(words: Sequence[str]) -> int:
    """Do what is asked; return the exit code."""
    told = build_parser().parse_args(words)
    folder = Path(told.folder).resolve()
    if told.verb == "train":
        return train(folder)
    try:
        from training.run.look import look  # noqa: PLC0415 - tokenizers take a second to import

        look(folder, rows=told.rows)
    except CamelidError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    parser = argparse.ArgumentParser(prog="python -m training.run", description="Train a job.")
    verbs = parser.add_subparsers(dest="verb", required=True)
    verbs.add_parser("train", help="train a job").add_argument("folder")
    look = verbs.add_parser("look", help="count what will happen, and show rows with their tokens")
    look.add_argument("folder")
    look.add_argument("--rows", type=read_rows, default=(), help="lines of the data, as in 3,57")
    return parser


def read_rows(text: str) -> tuple[int, ...]:
    """Return the lines that a person wants to see."""
    return tuple(int(part) for part in text.split(",") if part.strip())


def read_own(folder: Path) -> Recipe:
    """Return a job's own recipe.

    Errors: InputError when it is not there or broken, and where a link would lead what is written
    out of the folder.
    """
    link = next((path for path in folder.rglob("*") if path.is_symlink()), None)
    if link:
        raise InputError(f"{link} is a link, and a job's folder holds none. Order the job again.")
    try:
        return open_recipe(folder / RECIPE)
    except InputError as error:
        raise InputError(f"{folder / RECIPE}: {error}") from error


def train(folder: Path) -> int:
    """Train a job; return the exit code, and leave an outcome in the job's folder."""
    from training.run.ending import (  # noqa: PLC0415 - torch takes seconds to import
        Stopped,
        forget_outcome,
        name_end,
        write_outcome,
    )

    first = os.environ.get("RANK", "0") == "0"
    if first:
        forget_outcome(folder)
    try:
        recipe = read_own(folder)
        made = import_module(TRAINERS[recipe.kind]).run(read_job(folder), recipe)
    except Exception as error:  # the outermost edge: whoever waits must be told
        end, message = name_end(error)
        write_outcome(folder, end, message)
        if end == "crashed":
            traceback.print_exc()
        sys.stderr.write(f"{message}\n")
        return 0 if isinstance(error, Stopped) else 1
    if first:
        write_outcome(folder, "done", f"Saved as {made.name}." if made else "Done.")
    return 0


def end_with_parent() -> None:
    """End when whoever started us has gone: the other end of the pipe that is our stdin."""
    if stat.S_ISFIFO(os.fstat(0).st_mode):
        threading.Thread(target=lambda: os.read(0, 1) or os._exit(1), daemon=True).start()


def limit_memory() -> None:
    """Let this process have half of the machine's memory: files from anywhere may swell in it."""
    half = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2
    with suppress(OSError, ValueError):  # less is allowed already
        resource.setrlimit(resource.RLIMIT_DATA, (half, half))


def leave(code: int) -> None:
    """End this process at once when it failed: others may hang in a talk that nobody answers."""
    sys.stdout.flush()
    sys.stderr.flush()
    if code:
        os._exit(code)
    distributed = sys.modules.get("torch.distributed")
    if distributed and distributed.is_available() and distributed.is_initialized():
        distributed.destroy_process_group()


if __name__ == "__main__":
    os.environ.update(QUIET)
    warnings.filterwarnings("ignore", OLD_NAME, FutureWarning)
    if sys.argv[1:2] == ["look"]:
        end_with_parent()
        limit_memory()
        os.environ["TRANSFORMERS_NO_ADVISORY_WARNINGS"] = "1"  # that it won't find torch is meant
        sys.modules.setdefault("torch", None)  # type: ignore[arg-type]  # seconds, for nothing
    leave(main(sys.argv[1:]))
