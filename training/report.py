"""What will happen, as counted before a start: rows, tokens, steps, memory and disk.

The process that looks at the data writes it; the page and the terminal show it.
"""

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from backend.errors import InputError, NotFound
from backend.registry.shelf import write_text

FILE = "report.json"
GIGABYTE = 1e9
PART = "– "  # before the label of what is a part of the line above
Lines = Iterator[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Report:
    """What a job's data and recipe come to.

    Units: `n_tokens` and `n_loss_tokens` of one epoch, held-out rows not among them; `longest` and
    `context` (the base's, 0 where it tells none) in tokens; shares in [0, 1]; memory and disk in
    bytes, memory of one device; `flops` of the whole run. `n_sequences` is what a step counts in
    `effective_batch`: examples or pairs, or packed rows of several examples. A step sees
    `device_batch` × `accumulation` × `n_devices` of them.
    Edge: `n_examples` are the pieces that are trained on: a long chat that is split makes several.
    `n_truncated` and `n_masked` (no loss left, so left out) count pieces of all rows, `n_benchmark`
    rows that ask a benchmark's questions, `n_empty` chats that answer nothing at all. A job with
    `faults` can't start; each is a sentence that says what to do.
    """

    kind: str = "sft"
    n_rows: int = 0
    n_examples: int = 0
    n_held_out: int = 0
    n_items: int = 0
    n_tokens: int = 0
    n_loss_tokens: int = 0
    n_truncated: int = 0
    share_truncated: float = 0.0
    n_masked: int = 0
    n_benchmark: int = 0
    n_empty: int = 0
    skipped: dict[str, int] = field(default_factory=dict)
    longest: int = 0
    n_sequences: int = 0
    device_batch: int = 1
    accumulation: int = 1
    n_devices: int = 1
    effective_batch: int = 1
    n_steps: int = 0
    n_parameters: int = 0
    n_trained: int = 0
    context: int = 0
    flops: float = 0.0
    memory_bytes: int = 0
    memory_parts: dict[str, int] = field(default_factory=dict)
    offload_bytes: int = 0
    on_gpu: bool = False
    disk_bytes: int = 0
    free_bytes: int = 0
    faults: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


REPORT = TypeAdapter(Report)


def write_report(folder: Path, report: Report) -> None:
    """Write a job's report, whole or not at all. Errors: InputError when it can't be written."""
    write_text(folder / FILE, json.dumps(asdict(report), indent=1, ensure_ascii=False) + "\n")


def read_report(folder: Path) -> Report:
    """Return a job's report.

    Edge: what a later version may have added is left out.
    Errors: NotFound when nobody has looked yet; InputError when the file is no report.
    """
    path = folder / FILE
    if not path.is_file():
        raise NotFound(f"The job {folder.name} has no report yet: look at its data first.")
    try:
        return REPORT.validate_json(path.read_bytes())
    except ValidationError as error:
        fault = error.errors(include_url=False)[0]["msg"]
        raise InputError(f"{path} is no report: {fault}. Look at the data again.") from error


def lines(report: Report) -> list[tuple[str, str]]:
    """Return the report as people read it: a label and its words, in the order of the questions."""
    return [*tell_data(report), *tell_steps(report), *tell_room(report)]


def tell_data(report: Report) -> Lines:
    """Yield what became of the rows."""
    what = "pairs" if report.kind != "sft" else "examples"
    yield "Rows", f"{report.n_rows:,}"
    yield what.capitalize(), f"{report.n_examples:,} to train on"
    if report.n_held_out:
        n, held = report.n_held_out, what[:-1] if report.n_held_out == 1 else what
        yield "Held out", f"{n:,} {held} of other items, only measured"
    yield "Tokens", f"{report.n_tokens:,} an epoch; {tell_loss(report)}; longest {report.longest:,}"
    yield (
        "Cut off",
        f"{report.n_truncated:,} ({report.share_truncated:.1%}) end at the length limit",
    )
    yield "Nothing to learn", f"{report.n_masked:,} have no answer left and are left out"
    for reason, n in sorted(report.skipped.items()):
        yield "Left out", f"{n:,}: {reason}"


def tell_loss(report: Report) -> str:
    """Return how many tokens carry loss."""
    share = f" ({report.n_loss_tokens / report.n_tokens:.0%})" if report.n_tokens else ""
    return f"{report.n_loss_tokens:,}{share} carry loss"


def tell_steps(report: Report) -> Lines:
    """Yield what a step is, and how many there are."""
    parts = f"{report.device_batch} × {report.accumulation} × {report.n_devices}"
    yield "Batch", f"{report.effective_batch:,} a step ({parts}: a device × accumulated × devices)"
    if report.kind == "sft" and report.n_sequences != report.n_examples:
        each = report.n_examples / report.n_sequences if report.n_sequences else 0
        yield "Packing", f"a row holds {each:.1f} examples"
    yield "Steps", f"{report.n_steps:,}"


def tell_room(report: Report) -> Lines:
    """Yield what it takes of the machine."""
    trained = f", {report.n_trained:,} of them trained" if report.n_trained else ""
    yield "Parameters", f"{report.n_parameters:,}{trained}"
    yield "Memory of a device", f"about {tell_bytes(report.memory_bytes)}"
    for part, n in report.memory_parts.items():
        yield f"{PART}{part}", tell_bytes(n)
    yield "Disk", f"{tell_bytes(report.disk_bytes)} at most; {tell_bytes(report.free_bytes)} free"


def tell_bytes(n: int) -> str:
    """Return a size as people read it."""
    return f"{n / GIGABYTE:,.1f} GB" if n >= GIGABYTE else f"{n / 1e6:,.1f} MB"
