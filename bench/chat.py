"""Many chats with one local model at the same time: our worker against a thread for each request.

Measured: N people ask the same model over HTTP at the same moment, each something else in Alpaca's
format, and read their answers as streams; every answer has exactly --tokens tokens. First token:
from the request to the first text. Tokens a second: all answers together, from the first request to
the last token. Both servers are processes of their own and run all the time; whose turn it is
alternates, and medians are shown. The model is a LLaMA of 12.7 million random parameters. Who asks
takes CPU from the same cores.

With a GPU, a LLaMA 7B of random weights is measured as well, inside one process, with the share of
the limit that its memory's bandwidth sets for one stream.

Goals, ours divided by the peer's: at 16 streams 5 times the tokens a second, at 4 1.3, at 1 0.85;
the first token at 16 in half the time.

    python -m bench.chat [--rounds 3] [--streams 1 4 16 32] [--tokens 96] [--out FILE]
"""

import argparse
import asyncio
import json
import tempfile
import time
from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from statistics import median

import httpx
import torch
from transformers.utils.logging import disable_progress_bar

from bench.chatdevice import measure_device
from bench.chatmodel import LARGE, SMALL, make_prompt, write_model
from bench.process import Server, read_cpu, run_server
from bench.report import Row, describe_machine, make_parser, report

TEMPLATE = "alpaca"
PROMPT_WORDS = 32
PATIENCE_S = 600.0
OURS, THEIRS = "Camelid", "a thread each"


@dataclass
class Told:
    """One answer as its reader saw it. Units: seconds since the request."""

    first_s: float = 0.0
    n_events: int = 0
    n_tokens: int = 0
    text: list[str] = field(default_factory=list)


@dataclass
class Load:
    """What one round of one server gave."""

    tokens_per_s: float
    first_s: list[float]
    cpu_s_per_token: float
    n_events: float


async def ask(http: httpx.AsyncClient, prompt: str, n_tokens: int) -> Told:
    """Ask once and read the stream. Errors: RuntimeError when the answer is not whole."""
    told, start = Told(), time.perf_counter()
    body = {
        "model": "bench",
        "messages": [{"role": "user", "content": prompt}],
        "max_tokens": n_tokens,
        "temperature": 0.7,
        "stream": True,
        "stream_options": {"include_usage": True},
    }
    async with http.stream("POST", "/v1/chat/completions", json=body) as answer:
        if answer.status_code != 200:
            raise RuntimeError(f"{answer.status_code}: {(await answer.aread()).decode()[:300]}")
        async for line in answer.aiter_lines():
            if line.startswith("data: {"):
                take(told, json.loads(line[6:]), time.perf_counter() - start)
    if told.n_tokens != n_tokens:
        raise RuntimeError(f"{told.n_tokens} tokens came, {n_tokens} were asked for.")
    return told


def take(told: Told, event: Row, now_s: float) -> None:
    """Note what an event says."""
    if event.get("usage"):
        told.n_tokens = event["usage"]["completion_tokens"]
    for choice in event["choices"]:
        if choice["delta"].get("content"):
            told.first_s = told.first_s or now_s
            told.n_events += 1


async def load_server(server: Server, n_streams: int, n_tokens: int, number: int) -> Load:
    """Let so many people ask at the same moment."""
    limits = httpx.Limits(max_connections=None)
    async with httpx.AsyncClient(
        base_url=server.url, timeout=PATIENCE_S, limits=limits, trust_env=False
    ) as http:
        cpu_s, start = read_cpu(server.pid), time.perf_counter()
        prompts = [make_prompt(PROMPT_WORDS, 97 * number + place) for place in range(n_streams)]
        told = await asyncio.gather(*(ask(http, prompt, n_tokens) for prompt in prompts))
        took = time.perf_counter() - start
    n_all = n_streams * n_tokens
    return Load(
        n_all / took,
        [one.first_s for one in told],
        (read_cpu(server.pid) - cpu_s) / n_all,
        sum(one.n_events for one in told) / n_all,
    )


def alternate(servers: dict[str, Server], asked: argparse.Namespace) -> list[Row]:
    """Return the rows of all numbers of streams, the servers in turn."""
    for server in servers.values():
        asyncio.run(load_server(server, 2, asked.tokens, 0))
    rows = []
    for n_streams in asked.streams:
        loads: dict[str, list[Load]] = {name: [] for name in servers}
        for turn in range(asked.rounds):
            names = list(servers) if turn % 2 == 0 else list(servers)[::-1]
            for name in names:
                load = load_server(servers[name], n_streams, asked.tokens, turn)
                loads[name].append(asyncio.run(load))
        rows += compare(n_streams, {name: summarise(of) for name, of in loads.items()})
    return rows


def summarise(loads: Sequence[Load]) -> Row:
    """Return the medians of a server's rounds, and how far its rounds lie apart."""
    speeds = [load.tokens_per_s for load in loads]
    firsts = [first for load in loads for first in load.first_s]
    return {
        "tokens_per_s": round(median(speeds), 1),
        "from_to": f"{min(speeds):.0f}-{max(speeds):.0f}",
        "first_token_ms": round(1000 * median(firsts), 1),
        "cpu_ms_per_token": round(1000 * median(load.cpu_s_per_token for load in loads), 2),
        "events_per_token": round(median(load.n_events for load in loads), 2),
    }


def compare(n_streams: int, parts: dict[str, Row]) -> list[Row]:
    """Return a row for each server, and one with ours divided by theirs."""
    rows = [{"server": name, "streams": n_streams} | part for name, part in parts.items()]
    ours, theirs = parts.values()
    ratios = {
        name: round(ours[name] / theirs[name], 2)
        for name in ("tokens_per_s", "first_token_ms", "cpu_ms_per_token")
        if ours.get(name) and theirs.get(name)
    }
    return [*rows, {"server": "ratio", "streams": n_streams} | ratios]


def run_worker(folder: Path) -> AbstractContextManager[Server]:
    """Start our worker."""
    words = ["--model", str(folder), "--name", "bench", "--template", TEMPLATE]
    return run_server(["-m", "backend.worker", *words])


def run_peer(folder: Path) -> AbstractContextManager[Server]:
    """Start the peer."""
    return run_server(["-m", "bench.chatpeer", "--model", str(folder), "--template", TEMPLATE])


def measure_servers(asked: argparse.Namespace) -> list[Row]:
    """Return the rows of both servers."""
    with tempfile.TemporaryDirectory() as name:
        folder = write_model(Path(name) / "bench", SMALL)
        with run_worker(folder) as ours, run_peer(folder) as theirs:
            return alternate({OURS: ours, THEIRS: theirs}, asked)


def measure_gpu(asked: argparse.Namespace) -> list[Row]:
    """Return the rows of a large model, where there is a GPU."""
    if not torch.cuda.is_available():
        return []
    found = measure_device(LARGE, "cuda:0", asked)
    rows = []
    for n_streams, parts in found.loads.items():
        rows += compare(n_streams, parts)
    named = [row | {"server": f"7B, {row['server']}"} for row in rows]
    return [*named, {"server": "7B, limits"} | found.limits]


def main(words: Sequence[str] | None = None) -> list[Row]:
    """Measure both, and show the table."""
    parser = make_parser(__doc__)
    parser.add_argument("--rounds", type=int, default=3, help="turns of each server")
    parser.add_argument("--streams", type=int, nargs="+", default=[1, 4, 16, 32])
    parser.add_argument("--tokens", type=int, default=96, help="new tokens of each answer")
    asked = parser.parse_args(words)
    disable_progress_bar()
    machine = describe_machine() | {name: version(name) for name in ("torch", "transformers")}
    rows = measure_servers(asked) + measure_gpu(asked)
    note = "The load is generated on the same cores; cpu_ms_per_token is the server's own CPU."
    report(asked, rows, machine, note)
    return rows


if __name__ == "__main__":
    main()
