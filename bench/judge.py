"""A run of a judge against a server that takes 200 ms for each reply: how much of that is ours.

Measured: 640 calls (80 questions, four systems against a fifth, both orders) with 32 under way at a
time, through the real path: order, client, money, reading of the reply, and each verdict in the
ledger before the next call. Once by a judge that costs nothing, once by one whose every call is
reserved and settled in the ledger. The server is a process of its own. Beside it what is ideal,
calls x delay / concurrency, and what bare sockets reach that build, read and keep nothing. Whose
turn it is alternates, and medians are shown.

Goal: at least 90 % of the ideal throughput.

    python -m bench.judge [--rounds 3] [--parallel 32] [--delay 0.2] [--out FILE]
"""

import argparse
import asyncio
import json
import random
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from statistics import median
from urllib.parse import urlsplit

import backend.client  # noqa: F401 - takes a second; it is not what is measured
from annotations.imports import import_file
from annotations.judging.judging import JudgeErrand
from annotations.judging.orders import JudgeOrder
from annotations.spending import LedgerPurse
from annotations.store import Store
from backend.keyring import Keyring
from backend.registry import add_card
from backend.registry.cards import OpenAICard
from backend.switchboard import Switchboard
from bench.ground import write_lines, write_words
from bench.process import Server, run_server
from bench.report import Row, describe_machine, make_parser, report

SYSTEMS = ("a", "b", "c", "d")
REFERENCE = "e"
PRICES = {"price_input_usd": 10.0, "price_output_usd": 30.0, "daily_cap_usd": 1000.0}
FREE = {"price_input_usd": 0.0, "price_output_usd": 0.0}

# Wall and CPU seconds of one turn.
Took = tuple[float, float]


def make_benchmark(store: Store, folder: Path, n_items: int) -> None:
    """Import questions and answers; lengths are those of the 80 Vicuna questions and ChatGPT."""
    chance = random.Random(1)
    names = [f"q{number}" for number in range(n_items)]
    items = [
        {"id": name, "instruction": write_words(chance, 17, 33), "instances": []} for name in names
    ]
    for item in items:
        item["instances"] = [{"input": "", "output": "-"}]
    import_file(store, write_lines(folder / "items.jsonl", items), name="bench", actor="bench")
    for system in (*SYSTEMS, REFERENCE):
        rows = [{"item_id": name, "answer": write_words(chance, 190, 330)} for name in names]
        path = write_lines(folder / f"{system}.jsonl", rows)
        import_file(store, path, model=system, benchmark="bench", actor="bench")


def judge(asked: argparse.Namespace, url: str, prices: dict[str, float]) -> Took:
    """Carry out a run on a ledger of its own. Errors: RuntimeError when a verdict is missing."""
    order = JudgeOrder("judge", "bench", SYSTEMS, (REFERENCE,), n_parallel=asked.parallel)
    with tempfile.TemporaryDirectory() as name, Store(Path(name), purpose="bench") as store:
        make_benchmark(store, Path(name), asked.items)
        card = OpenAICard(name="judge", base_url=f"{url}/v1", model="bench", **prices)
        add_card(store.folder, card)
        models = Switchboard(store.folder, Keyring({}), LedgerPurse(store))
        errand = JudgeErrand(store, models, order, "bench")
        start, cpu = time.perf_counter(), time.process_time()
        run = asyncio.run(errand.carry_out(asyncio.Event(), quitting=lambda: False))
        took = time.perf_counter() - start, time.process_time() - cpu
        models.close()
    n_ok = run.outcomes.get("ok", 0)
    if n_ok != count_calls(asked):
        raise RuntimeError(f"{n_ok} of {count_calls(asked)} verdicts came: {run.message}")
    return took


def count_calls(asked: argparse.Namespace) -> int:
    """Return how many calls a run makes: both orders of each pair."""
    return 2 * asked.items * len(SYSTEMS)


def ask_bare(asked: argparse.Namespace, url: str) -> Took:
    """Ask as often and as many at a time with nothing but sockets."""
    start, cpu = time.perf_counter(), time.process_time()
    asyncio.run(ask_all(count_calls(asked), asked.parallel, urlsplit(url).port or 0))
    return time.perf_counter() - start, time.process_time() - cpu


async def ask_all(n_calls: int, n_parallel: int, port: int) -> None:
    """Let each of so many connections take the next call."""
    body = json.dumps({"messages": [{"role": "user", "content": "word " * 500}]}).encode()
    head = f"POST /v1/chat/completions HTTP/1.1\r\nContent-Length: {len(body)}\r\n\r\n"
    calls = iter(range(n_calls))

    async def ask() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for _ in calls:
            writer.write(head.encode() + body)
            told = await reader.readuntil(b"\r\n\r\n")
            length = told.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0]
            json.loads(await reader.readexactly(int(length)))
        writer.close()
        await writer.wait_closed()

    async with asyncio.TaskGroup() as group:
        for _ in range(n_parallel):
            group.create_task(ask())


def measure(asked: argparse.Namespace, server: Server) -> list[Row]:
    """Return the rows of all, in turn."""
    parts: dict[str, Callable[[], Took]] = {
        "judge, free": partial(judge, asked, server.url, FREE),
        "judge, paid": partial(judge, asked, server.url, PRICES),
        "bare sockets": partial(ask_bare, asked, server.url),
    }
    took: dict[str, list[Took]] = defaultdict(list)
    for turn in range(asked.rounds):
        for name in list(parts) if turn % 2 == 0 else list(parts)[::-1]:
            took[name].append(parts[name]())
    n_calls = count_calls(asked)
    ideal_s = n_calls * asked.delay / asked.parallel
    rows = {"ideal": [(ideal_s, 0.0)], **took}
    return [summarise(name, n_calls, ideal_s, times) for name, times in rows.items()]


def summarise(name: str, n_calls: int, ideal_s: float, times: Sequence[Took]) -> Row:
    """Return the medians of some turns, and the best and worst of them."""
    walls = [wall_s for wall_s, _ in times]
    return {
        "what": name,
        "calls": n_calls,
        "wall_s": round(median(walls), 2),
        "from_to": f"{min(walls):.2f}-{max(walls):.2f}",
        "calls_per_s": round(n_calls / median(walls), 1),
        "of_ideal": round(ideal_s / median(walls), 3),
        "cpu_ms_per_call": round(1000 * median(cpu_s for _, cpu_s in times) / n_calls, 2),
    }


def main(words: Sequence[str] | None = None) -> list[Row]:
    """Measure all, and show the table."""
    parser = make_parser(__doc__)
    parser.add_argument("--rounds", type=int, default=3, help="turns of each")
    parser.add_argument("--items", type=int, default=80, help="questions; each is eight calls")
    parser.add_argument("--parallel", type=int, default=32, help="calls under way at a time")
    parser.add_argument("--delay", type=float, default=0.2, help="seconds that a reply takes")
    asked = parser.parse_args(words)
    machine = describe_machine()
    with run_server(["-m", "bench.replay", "--delay", str(asked.delay)]) as server:
        rows = measure(asked, server)
    report(asked, rows, machine, "cpu_ms_per_call is that of whoever asks, the ledger's included.")
    return rows


if __name__ == "__main__":
    main()
