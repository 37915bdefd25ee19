"""What a worker is told at its start: the command line, and its key from the environment."""

import argparse
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from backend.errors import SettingsError
from backend.templates import read_template
from backend.worker.gate import is_loopback

DEVICE = re.compile(r"auto|cpu|cuda(:\d{1,3})?")
KEY = "CAMELID_WORKER_KEY"


@dataclass(frozen=True, slots=True)
class Options:
    """How to serve one model. Units: `context` in tokens, 0 the model's own; `max_s` seconds."""

    model: Path
    name: str
    template: str
    host: str
    port: int
    dtype: str
    device: str
    quantisation: str
    context: int
    state: Path | None
    follow_stdin: bool
    max_s: float
    key: str = field(repr=False)


def read_options(words: Sequence[str], environ: Mapping[str, str]) -> Options:
    """Return what was asked for; wrong words end the process with an explanation and code 2."""
    told = build_parser().parse_args(words)
    model = Path(told.model)
    return Options(
        model=model,
        name=told.name or model.resolve().name,
        template=told.template,
        host=told.host,
        port=told.port,
        dtype=told.dtype,
        device=told.device,
        quantisation=told.quantisation,
        context=told.context,
        state=Path(told.state) if told.state else None,
        follow_stdin=told.follow_stdin,
        max_s=told.max_seconds,
        key=environ.get(KEY, ""),
    )


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m backend.worker", description="Serve one local model, as OpenAI does."
    )
    add = parser.add_argument
    add("--model", required=True, help="folder with the weights")
    add("--name", default="", help="what requests call it; the folder's name")
    add("--template", default="", help="a built-in chat template; empty: the tokenizer's own")
    add("--host", default="127.0.0.1", help=f"address to listen on; others need {KEY}")
    add("--port", type=int, default=0, choices=range(65536), metavar="PORT", help="0: a free one")
    add("--dtype", default="auto", choices=("auto", "bfloat16", "float16", "float32"))
    add("--device", default="auto", help="auto, cpu, cuda or cuda:N")
    add("--quantisation", default="none", choices=("none", "8bit", "4bit"))
    add("--context", type=int, default=0, help="tokens; 0: the model's own")
    add("--max-seconds", type=float, default=600.0, help="longest that one answer may take")
    add("--state", default="", help="file that always says how it stands, as JSON")
    add("--follow-stdin", action="store_true", help="end when standard input ends")
    return parser


def check_options(options: Options) -> None:
    """Refuse what would be open to others, or makes no sense.

    Errors: SettingsError, or NotFound for a template that isn't there.
    """
    if not is_loopback(options.host) and not options.key:
        raise SettingsError(
            f"The worker would answer anybody who reaches {options.host}. "
            f"Set {KEY} to a secret, or listen on 127.0.0.1."
        )
    if not options.key.isascii():
        raise SettingsError(f"{KEY} must be plain ASCII: a header can't hold anything else.")
    if not DEVICE.fullmatch(options.device):
        raise SettingsError(f"--device is {options.device!r}; it must be auto, cpu or cuda:0.")
    if options.template:
        read_template(options.template)
    if options.context < 0:
        raise SettingsError(f"--context is {options.context}; it must be 0 or more.")
    if not 0 < options.max_s < 1e9:
        raise SettingsError(f"--max-seconds is {options.max_s:g}; it must be above 0.")
