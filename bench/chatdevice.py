"""The part of bench/chat.py without HTTP: a model too large to be written to a disk and loaded.

It is made on its device and measured inside this process, first by our engine, then by a thread for
each request; and the device's memory is measured by copying, for the limit of a single stream: each
token reads all weights once.
"""

import argparse
import asyncio
import threading
import time
from dataclasses import dataclass, field
from statistics import median
from typing import Any

import torch

from backend.dialogue import Sampling
from backend.worker.engine import Engine
from backend.worker.sizes import GPU_PAGE, Sizes, choose_sizes
from backend.worker.weights import DTYPES, Weights, choose_attention, choose_dtype
from bench.chatmodel import make_model, make_prompt, make_tokenizer
from bench.chatpeer import Reply

PROMPT_TOKENS = 64
COPY_BYTES = 2**31
MEMORY_SHARE = 0.5  # the threads need room for their own caches
OURS, THEIRS = "Camelid", "a thread each"


@dataclass
class Found:
    """What was measured: a row for each number of streams and server, and the device's limits."""

    loads: dict[int, dict[str, dict[str, Any]]] = field(default_factory=dict)
    limits: dict[str, Any] = field(default_factory=dict)


def measure_device(
    shape: dict[str, int], device: str, asked: argparse.Namespace, copy_bytes: int = COPY_BYTES
) -> Found:
    """Return the figures of a model of this shape, made on this device."""
    weights = make_weights(shape, device)
    found = Found()
    sizes = choose_sizes(weights) if device == "cpu" else Sizes(GPU_PAGE, memory_share=MEMORY_SHARE)
    engine = Engine(weights, sizes=sizes)
    try:
        ask_engine(engine, 1, asked.tokens), ask_threads(weights, 1, asked.tokens)
        for n_streams in asked.streams:
            found.loads[n_streams] = take_turns(engine, n_streams, asked)
    finally:
        engine.close()
    alone = found.loads.get(1, {}).get(OURS, {}).get("tokens_per_s")
    found.limits = measure_limits(weights, alone, copy_bytes)
    return found


def make_weights(shape: dict[str, int], device: str) -> Weights:
    """Return random weights as load_weights would have loaded them."""
    dtype = choose_dtype("auto", device)
    model = make_model(shape, device, DTYPES[dtype])
    model.set_attn_implementation(choose_attention(dtype, device))
    tokenizer = make_tokenizer(shape["vocab_size"])
    return Weights(model, tokenizer, shape["max_position_embeddings"], device, dtype)


def take_turns(engine: Engine, n_streams: int, asked: argparse.Namespace) -> dict[str, Any]:
    """Return the medians of both, measured in turn."""
    seen: dict[str, list[tuple[float, list[float]]]] = {OURS: [], THEIRS: []}
    for _ in range(asked.rounds):
        seen[OURS].append(ask_engine(engine, n_streams, asked.tokens))
        seen[THEIRS].append(ask_threads(engine.weights, n_streams, asked.tokens))
    return {
        name: {
            "tokens_per_s": round(median(speed for speed, _ in turns), 1),
            "first_token_ms": round(1000 * median(s for _, all_s in turns for s in all_s), 1),
        }
        for name, turns in seen.items()
    }


def ask_engine(engine: Engine, n_streams: int, n_tokens: int) -> tuple[float, list[float]]:
    """Return tokens a second of all streams together, and each one's first token in seconds."""

    async def ask(number: int) -> float:
        start, first = time.perf_counter(), 0.0
        ids = engine.weights.tokenizer(make_prompt(PROMPT_TOKENS, number)).input_ids
        async for piece in engine.generate(ids, Sampling(max_tokens=n_tokens)):
            if piece.text:
                first = first or time.perf_counter() - start
        return first

    async def ask_all() -> list[float]:
        return await asyncio.gather(*(ask(number) for number in range(n_streams)))

    start = time.perf_counter()
    firsts = asyncio.run(ask_all())
    return n_streams * n_tokens / (time.perf_counter() - start), firsts


def ask_threads(weights: Weights, n_streams: int, n_tokens: int) -> tuple[float, list[float]]:
    """Return the same of a thread for each request."""
    firsts: list[float] = []

    def ask(number: int) -> None:
        start, first = time.perf_counter(), 0.0
        ids = weights.tokenizer(make_prompt(PROMPT_TOKENS, number)).input_ids
        for text in Reply(weights.model, weights.tokenizer, ids, n_tokens).read():
            if text:
                first = first or time.perf_counter() - start
        firsts.append(first)

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(n_streams)]
    start = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return n_streams * n_tokens / (time.perf_counter() - start), firsts


def measure_limits(weights: Weights, tokens_per_s: float | None, copy_bytes: int) -> dict[str, Any]:
    """Return the memory's bandwidth, what a token reads, and which share of the limit is reached.

    Units: GB/s and GB of 10^9 bytes. A copy reads and writes, so that it moves each byte twice.
    Edge: the share is that of one stream, and None where one stream was not measured.
    """
    model = weights.model
    table = model.get_input_embeddings().weight  # of this, a token reads one row
    n_bytes = sum(p.numel() * p.element_size() for p in model.parameters() if p is not table)
    bandwidth = 2 * copy_bytes / time_copy(weights.device, copy_bytes)
    return {
        "bandwidth_gb_per_s": round(bandwidth / 1e9, 1),
        "read_per_token_gb": round(n_bytes / 1e9, 3),
        "share_of_limit": round(n_bytes * tokens_per_s / bandwidth, 3) if tokens_per_s else None,
    }


def time_copy(device: str, n_bytes: int) -> float:
    """Return the seconds of the fastest of ten copies within the device's memory."""
    source = torch.ones(n_bytes, dtype=torch.uint8, device=device)
    target = torch.empty_like(source)
    times = []
    for _ in range(11):
        start = time.perf_counter()
        target.copy_(source)
        if device != "cpu":
            torch.cuda.synchronize(device)
        times.append(time.perf_counter() - start)
    return min(times[1:])
