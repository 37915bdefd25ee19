"""Many annotators at the same time: what a vote costs, against the same page in a default Gradio.

Measured: N people vote over HTTP, each with some seconds of thought before each vote (uniform in
half to one and a half times --think), for --seconds after a warm-up. First the real app, then the
peer (bench/peer.py): same page, same ledger, same save, Gradio's default queue and launch().
A vote's time runs from the click to the page with the next pair: one request for Camelid, a POST to
queue/join and the stream of queue/data for the peer, as the page itself does it. CPU is that of the
server's process, 100 % being one core. Whoever generates the load takes CPU from the same cores
(its share is in the table); each server gets the same load, a process and a ledger of its own.

Goal: no error, p95 below 300 ms and at most a quarter of the peer's.

    python -m bench.votes [--people 200] [--think 5] [--seconds 60] [--out FILE]
"""

import argparse
import asyncio
import json
import random
import socket
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from annotations.annotators import enrol_invited, make_code
from annotations.store import Store
from bench.annotators import Client, Denied, Form, Lost, View, choose_any
from bench.ground import make_study
from bench.process import Server, read_cpu, read_rss, run_server
from bench.report import Row, describe_machine, make_parser, report, summarise
from ui.context import ANNOTATOR_COOKIE
from ui.keys import Signer, read_key

Seat = tuple[str, str]  # an annotator's code, and the cookie that says so


class PeerClient(Client):
    """One person at the peer's page: their code comes with each event, and the queue answers."""

    code = ""

    async def act(self, event: str, *data: object) -> View:
        """Send one event through the queue, and read the stream until its answer is there."""
        assert self.form is not None
        start = time.perf_counter()
        body = {
            "fn_index": self.form.events[event],
            "data": [self.code, *data],
            "session_hash": self.session,
        }
        joined = await self.http.post("/gradio_api/queue/join", json=body)
        if joined.status_code != 200:
            raise Denied(f"{event}: status {joined.status_code}: {joined.text[:300]}")
        answer = await self.read_stream(joined.json()["event_id"])
        self.times.append((event, time.perf_counter() - start))
        self.view = self.form_view(answer)
        return self.view

    async def read_stream(self, event_id: str) -> list[Any]:
        """Return the data of an event from the stream of this session."""
        words = {"session_hash": self.session}
        async with self.http.stream("GET", "/gradio_api/queue/data", params=words) as stream:
            async for line in stream.aiter_lines():
                message = json.loads(line.removeprefix("data:")) if line else {}
                if message.get("event_id") != event_id:
                    continue
                if message["msg"] == "process_completed":
                    if not message["success"]:
                        raise Denied(f"the event failed: {message['output']}")
                    return list(message["output"]["data"])
        raise Denied("the stream ended without an answer")


@dataclass
class Tally:
    """What happened while we looked. Units: seconds of `time.perf_counter`."""

    begins: float = float("inf")
    ends: float = float("inf")
    votes: list[float] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    def add(self, client: Client, view: View) -> None:
        """Count a vote that has just been answered, if that was in the time that counts."""
        if not self.begins <= time.perf_counter() < self.ends:
            return
        if view.is_saved:
            self.votes.append(client.times[-1][1])
        else:
            self.problems.append(view.status or view.message)


async def take_part(client: Client, think_s: float, tally: Tally) -> None:
    """Vote until the time is over; a problem is counted, and the same person goes on."""
    while time.perf_counter() < tally.ends:
        try:
            if client.view is None or not client.view.ticket:
                await client.arrive()
                await client.next()
            await asyncio.sleep(think_s * random.uniform(0.5, 1.5))
            assert client.view is not None
            tally.add(client, await client.save(choose_any(client.view)))
        except (Denied, Lost, httpx.HTTPError) as error:
            tally.problems.append(repr(error))
            client.view = None
            await asyncio.sleep(think_s)


async def seat_people(server: Server, seats: Sequence[Seat], path: str) -> list[Client]:
    """Return a client for each seat; the page's configuration is read once for all."""
    kind = PeerClient if path == "" else Client
    people = []
    for code, cookie in seats:
        client = kind(server.url, patience_s=0)
        client.http.cookies.set(ANNOTATOR_COOKIE, cookie)
        if isinstance(client, PeerClient):
            client.code = code
        people.append(client)
    config = await people[0].ask("config", "GET", f"{path}/config")
    form = Form.read(config.raise_for_status().json())
    for client in people:
        client.form = form
    return people


async def load_server(
    server: Server, seats: Sequence[Seat], path: str, asked: argparse.Namespace
) -> Row:
    """Let everybody vote, and return what was seen after the warm-up."""
    people = await seat_people(server, seats, path)
    tally = Tally()
    work = [asyncio.create_task(start_later(one, asked.think, tally)) for one in people]
    await asyncio.sleep(2 * asked.think + asked.warm_up)
    cpu, own_cpu, begin = read_cpu(server.pid), time.process_time(), time.perf_counter()
    tally.begins, tally.ends = begin, begin + asked.seconds
    await asyncio.sleep(asked.seconds)
    took = time.perf_counter() - begin
    row = {
        "errors": len(tally.problems) + sum(one.n_retries for one in people),
        "votes": len(tally.votes),
        "votes_per_s": round(len(tally.votes) / took, 1),
        **summarise(tally.votes),
        "server_cpu_percent": round(100 * (read_cpu(server.pid) - cpu) / took),
        "cpu_per_vote_ms": per_vote(read_cpu(server.pid) - cpu, tally.votes),
        "rss_mb": read_rss(server.pid),
        "load_cpu_percent": round(100 * (time.process_time() - own_cpu) / took),
    }
    for problem in sorted(set(tally.problems))[:5]:
        print(f"problem: {problem}")
    for task in work:
        task.cancel()
    await asyncio.gather(*work, *(one.close() for one in people), return_exceptions=True)
    return row


async def start_later(client: Client, think_s: float, tally: Tally) -> None:
    """Begin at some moment of the first time of thought: nobody begins on the same second."""
    await asyncio.sleep(random.uniform(0, think_s))
    await take_part(client, think_s, tally)


def per_vote(cpu_s: float, votes: Sequence[float]) -> float | None:
    """Return the milliseconds of CPU for each vote."""
    return round(1000 * cpu_s / len(votes), 1) if votes else None


def prepare(folder: Path, asked: argparse.Namespace) -> list[Seat]:
    """Make a ledger with a study that is large enough, and seat everybody in it."""
    each = int((asked.seconds + asked.warm_up + 4 * asked.think) / asked.think * 2) + 5
    with Store(folder, purpose="bench") as store:
        n_items = max(252, each, asked.people * each // 3 + 1)
        study = make_study(store, folder, n_items, quota=each)
        codes = [make_code() for _ in range(asked.people)]
        for code in codes:
            enrol_invited(store, study, code, "en")
        signer = Signer(read_key(folder))
        return [(code, signer.sign_annotator(study.study_id, code)) for code in codes]


def run_app(folder: Path) -> AbstractContextManager[Server]:
    """Start the real app."""
    return run_server(["app.py", "--data", str(folder), "serve", "--port", "0"])


def run_peer(folder: Path) -> AbstractContextManager[Server]:
    """Start the peer."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    return run_server(["-m", "bench.peer", "--data", str(folder), "--port", str(port)])


def measure(
    name: str,
    start: Callable[[Path], AbstractContextManager[Server]],
    path: str,
    asked: argparse.Namespace,
) -> Row:
    """Return one row of the table."""
    with tempfile.TemporaryDirectory() as folder:
        seats = prepare(Path(folder), asked)
        with start(Path(folder)) as server:
            return {"server": name} | asyncio.run(load_server(server, seats, path, asked))


def compare(ours: Row, theirs: Row) -> Row:
    """Return ours divided by theirs."""
    skipped = ("server", "errors", "votes", "load_cpu_percent")
    ratios = {
        name: round(ours[name] / theirs[name], 3)
        for name in ours
        if name not in skipped and ours[name] and theirs[name]
    }
    return {"server": "ratio"} | ratios


def main(words: Sequence[str] | None = None) -> list[Row]:
    """Measure both, and show the table."""
    parser = make_parser(__doc__)
    parser.add_argument("--people", type=int, default=200)
    parser.add_argument("--think", type=float, default=5.0, help="seconds before each vote")
    parser.add_argument("--seconds", type=float, default=60.0, help="how long is measured")
    parser.add_argument("--warm-up", type=float, default=5.0, help="seconds, beside 2 x --think")
    parser.add_argument("--no-peer", action="store_true", help="measure Camelid only")
    asked = parser.parse_args(words)
    machine = describe_machine()
    rows = [measure("Camelid", run_app, "/annotate", asked)]
    if not asked.no_peer:
        rows.append(measure("default Gradio", run_peer, "", asked))
        rows.append(compare(*rows))
    note = "The load is generated on the same cores, by one process; load_cpu_percent is its share."
    report(asked, rows, machine, note)
    return rows


if __name__ == "__main__":
    main()
