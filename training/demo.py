"""The demo's models: two tiny ones, which learn the demo's own answers when the app first starts.

They take the way of every training job, so they stand in the list of jobs, and in the chat once
they are done. What they can say is 30 answers; whatever else they are asked, they say nonsense.
"""

import json
import logging
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import backend
from backend.errors import CamelidError
from backend.registry.shelf import write_text
from training.data.library import locate_files
from training.orders import Order
from training.workshop import Workshop

ANSWERS = Path(backend.__file__).parent / "demo"
ACTOR = "demo"
NICE = 10  # people on the pages come first


@dataclass(frozen=True, slots=True)
class Demo:
    """One of the demo's models: its name, recipe, training data, and whose answers it learns."""

    name: str
    recipe: str
    file: str
    system: str


DEMOS = (
    Demo("demo-alpaca-1m", "tiny-alpaca", "demo_alpaca.json", "alpaca-demo"),
    Demo("demo-llama-gpt4-1m", "tiny-llama-gpt4", "demo_llama_gpt4.json", "llama-gpt4-demo"),
)


def order_demos(workshop: Workshop, data: Path, *, fresh: bool) -> None:
    """Order the demo's models when the data folder is fresh; go on with those that were cut short.

    Edge: a model that was ordered once and has ended in any other way is left as it is. What goes
    wrong is told in the log: the app works without these models.
    """
    try:
        jobs = {job.order.name: job for job in workshop.list() if job.order.actor == ACTOR}
        for demo in DEMOS:
            job = jobs.get(demo.name)
            if job is None and fresh:
                write_rows(locate_files(data) / demo.file, list_rows(demo.system))
                order = Order(demo.name, demo.recipe, data=(demo.file,), actor=ACTOR, nice=NICE)
                workshop.create(order)
            elif job is not None and job.state.end == "interrupted":
                workshop.resume(job.id)
    except CamelidError as error:
        logging.getLogger(__name__).warning("No demo models: %s", error)


def list_rows(system: str) -> Iterator[dict[str, str]]:
    """Yield the demo's tasks with a system's answers, as rows in Alpaca's shape.

    A task with an input comes twice: with the input in its own field, as `answers generate` asks,
    and under the instruction, as people type it in the chat.
    """
    answers = {row["item_id"]: row["answer"] for row in read_lines(ANSWERS / f"{system}.jsonl")}
    for task in read_lines(ANSWERS / "instructions.jsonl"):
        asked, more = task["instruction"], task["instances"][0]["input"]
        forms = [(asked, more), (f"{asked}\n\n{more}", "")] if more else [(asked, "")]
        for instruction, text in forms:
            yield {"instruction": instruction, "input": text, "output": answers[task["id"]]}


def read_lines(path: Path) -> Iterator[dict[str, Any]]:
    """Yield the objects of a file with one a line."""
    with path.open(encoding="utf-8") as lines:
        yield from map(json.loads, lines)


def write_rows(path: Path, rows: Iterator[dict[str, str]]) -> None:
    """Write rows as a JSON array; a file that is there stays. Errors: InputError."""
    if not path.exists():
        write_text(path, json.dumps(list(rows), indent=1, ensure_ascii=False))
