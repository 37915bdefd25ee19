"""Annotators without a browser: they send what the page sends, and read what the page reads.

As a library: `Client` is one person. As a program: one process with many people,

    python -m bench.annotators --url http://127.0.0.1:7860 --log FILE [--think S] < invitations

one invitation link a line; each acknowledged ballot is a JSON line in FILE, written when it has
been acknowledged and not before. What goes wrong on the way to the server is tried again with the
same ticket, as a person would who reloads; so a server may be killed under them.
"""

import argparse
import asyncio
import json
import os
import random
import re
import sys
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx

CRITERIA = ("helpful", "honest", "harmless")
CHOICES = ("left", "tie", "right")
RESULTS = ("progress", "message", "task", "item", "left", "right", "comment", "status", "ticket")
VOTES = tuple(f"vote-{name}" for name in CRITERIA)
SAVED = re.compile(r"Saved, (\d+) of (\d+)|已保存")
COUNT = re.compile(r'<progress value="(\d+)" max="(\d+)"')
MAX_PAUSE_S = 1.0
BUSY = (429, 502, 503, 504)


class Lost(Exception):
    """The server could not be reached for as long as this person has patience."""


class Denied(Exception):
    """The server answered, and the answer is no."""


@dataclass(frozen=True)
class Form:
    """Where things are on the page: the number of each event, the place of each component."""

    events: Mapping[str, int]
    places: Mapping[str, int]

    @classmethod
    def read(cls, config: Mapping[str, Any]) -> "Form":
        """Find them in the configuration that the page itself starts from."""
        names = {part["id"]: part["props"].get("elem_id") for part in config["components"]}
        events, places = {}, {}
        for event in config["dependencies"]:
            target, kind = event["targets"][0]
            events["load" if kind == "load" else names[target]] = event["id"]
            places = {names[part]: place for place, part in enumerate(event["outputs"])}
        return cls(events, places)


@dataclass(frozen=True)
class View:
    """What the page shows. `ticket` is empty where no pair is shown."""

    ticket: str
    status: str
    message: str
    n_saved: int
    quota: int
    item: str = ""
    left: str = ""
    right: str = ""
    choices: tuple[str | None, ...] = ()

    @property
    def is_saved(self) -> bool:
        """Say whether the page says that a ballot is saved."""
        return SAVED.match(self.status) is not None

    @property
    def is_done(self) -> bool:
        """Say whether this person has reached the quota."""
        return 0 < self.quota <= self.n_saved


@dataclass
class Client:
    """One annotator. The transport may be shared by many; whoever made it closes it.

    `times` gets (event, seconds of the attempt that was answered) for each answer, `n_retries`
    counts attempts that were not answered. Units: seconds.
    """

    url: str
    transport: httpx.AsyncBaseTransport | None = None
    patience_s: float = 60.0
    pause_s: float = 0.2
    locale: str = "en"
    times: list[tuple[str, float]] = field(default_factory=list)
    n_retries: int = 0
    view: View | None = None
    form: Form | None = None

    def __post_init__(self) -> None:
        """Open a connection of this person's own, with a cookie jar of their own."""
        self.session = f"{random.getrandbits(60):x}"
        self._owned = self.transport is None
        self.transport = self.transport or httpx.AsyncHTTPTransport(verify=False)
        self.http = httpx.AsyncClient(
            base_url=self.url,
            transport=self.transport,
            timeout=30,
            trust_env=False,
            headers={"origin": self.url, "accept-language": self.locale},
        )

    async def close(self) -> None:
        """Let go of the connection."""
        if self._owned:
            await self.http.aclose()

    async def ask(self, name: str, method: str, path: str, **words: Any) -> httpx.Response:
        """Send a request until it is answered, the same each time.

        Errors: Lost after `patience_s` without an answer.
        """
        until = time.monotonic() + self.patience_s
        pause_s = self.pause_s
        while True:
            start = time.perf_counter()
            try:
                response = await self.http.request(method, path, **words)
            except httpx.TransportError as error:
                problem = repr(error)
            else:
                if response.status_code not in BUSY:
                    self.times.append((name, time.perf_counter() - start))
                    return response
                problem = f"status {response.status_code}"
                pause_s = max(pause_s, float(response.headers.get("retry-after", 0)))
            if time.monotonic() > until:
                raise Lost(f"{name}: {problem} for {self.patience_s} s")
            self.n_retries += 1
            await asyncio.sleep(pause_s * random.uniform(0.5, 1.5))
            pause_s = min(1.5 * pause_s, MAX_PAUSE_S)

    async def join(self, slug: str, name: str) -> None:
        """Take part in a study by name. Errors: Denied, when the name is taken for example."""
        await self._enter(await self.ask("join", "POST", f"/join/{slug}", data={"name": name}))

    async def accept(self, link: str) -> None:
        """Take part by a personal link; only its path counts. Errors: Denied."""
        await self._enter(await self.ask("invite", "GET", urlsplit(link).path))

    async def _enter(self, response: httpx.Response) -> None:
        if response.status_code != 303:
            raise Denied(f"status {response.status_code}: {response.text[:300]}")
        if self.form is None:  # one person's form may be given to the next
            config = await self.ask("config", "GET", "/annotate/config")
            self.form = Form.read(config.raise_for_status().json())

    async def act(self, event: str, *data: object) -> View:
        """Send one event of the page: "load", or the element that is clicked."""
        assert self.form is not None, "join a study first"
        body = {
            "fn_index": self.form.events[event],
            "data": data,
            "session_hash": self.session,
        }
        response = await self.ask(event, "POST", "/annotate/gradio_api/run/predict", json=body)
        if response.status_code != 200:
            raise Denied(f"{event}: status {response.status_code}: {response.text[:300]}")
        self.view = self.form_view(response.json()["data"])
        return self.view

    def form_view(self, data: Sequence[Any]) -> View:
        """Return what the page shows after an answer; what an answer leaves alone stays."""
        assert self.form is not None
        found: dict[str, Any] = {}
        for name in (*RESULTS, *VOTES):
            part = data[self.form.places[name]]
            is_update = isinstance(part, dict) and part.get("__type__") == "update"
            found[name] = part.get("value") if is_update else part
            if is_update and name == "task":
                found[name] = part.get("visible")
        before = self.view
        if before is not None and found["task"] is None:  # only the status line was changed
            return View(**{**before.__dict__, "status": found["status"] or ""})
        count = COUNT.search(found["progress"] or "")
        n_saved, quota = (int(count[1]), int(count[2])) if count else (0, 0)
        return View(
            ticket=found["ticket"] or "",
            status=found["status"] or "",
            message=found["message"] or "",
            n_saved=n_saved,
            quota=quota,
            item=found["item"] or "",
            left=found["left"] or "",
            right=found["right"] or "",
            choices=tuple(found[name] for name in VOTES),
        )

    async def arrive(self) -> View:
        """Open the page."""
        return await self.act("load")

    async def next(self) -> View:
        """Ask for the pair that is open, or the next one."""
        return await self.act("start")

    async def back(self) -> View:
        """Go to the pair before the one on the page."""
        return await self.act("back", self.view.ticket if self.view else "")

    async def save(self, choices: Sequence[str], comment: str = "", ticket: str = "") -> View:
        """Send a ballot for the pair on the page, or for another ticket.

        The view that comes back says in `is_saved` whether it is stored; if it isn't, `status`
        says why, and the same can be sent again.
        """
        shown = ticket or (self.view.ticket if self.view else "")
        return await self.act("save", shown, comment, *choices)


@dataclass(frozen=True)
class Saved:
    """A ballot that was acknowledged: what was sent, and how often it had to be sent."""

    ticket: str
    choices: tuple[str, ...]
    n_retries: int


async def work(
    client: Client,
    choose: Callable[[View], Sequence[str]],
    think_s: float = 0.0,
    patience: int = 40,
) -> AsyncIterator[Saved]:
    """Vote until the quota is reached, and yield each ballot once it is acknowledged.

    Edge: where there is no pair for this person at the moment, ask again, `patience` times.
    """
    await client.arrive()
    view = await client.next()
    while not view.is_done and patience:
        if not view.ticket:
            patience -= 1
            await asyncio.sleep(0.5)
            view = await client.next()
            continue
        await asyncio.sleep(think_s * random.uniform(0.5, 1.5))
        ticket, choices, before = view.ticket, tuple(choose(view)), client.n_retries
        view = await client.save(choices)
        if view.is_saved:
            yield Saved(ticket, choices, client.n_retries - before)
        else:
            patience -= 1
            await asyncio.sleep(client.pause_s)
            view = await client.next()


def choose_any(_view: View) -> tuple[str, ...]:
    """Answer at random."""
    return tuple(random.choice(CHOICES) for _ in CRITERIA)


async def finish(url: str, link: str, log: int, think_s: float) -> Client:
    """Take one person through a study, a line in the log for each ballot that is saved."""
    client = Client(url, patience_s=900)  # an app that is killed again and again makes one wait
    try:
        await client.accept(link)
        async for saved in work(client, choose_any, think_s):
            line = json.dumps(saved.__dict__) + "\n"
            os.write(log, line.encode())  # in the kernel, should this process be killed
    finally:
        await client.close()
    return client


async def run_people(
    url: str, links: Sequence[str], log_path: Path, think_s: float
) -> list[Client]:
    """Take many people through a study at the same time."""
    log = os.open(log_path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        return await asyncio.gather(*(finish(url, link, log, think_s) for link in links))
    finally:
        os.close(log)


def main() -> None:
    """Run one process of annotators."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--url", required=True)
    parser.add_argument("--log", type=Path, required=True)
    parser.add_argument("--think", type=float, default=0.0, help="seconds before each ballot")
    asked = parser.parse_args()
    links = sys.stdin.read().split()
    people = asyncio.run(run_people(asked.url, links, asked.log, asked.think))
    print(json.dumps({"people": len(people), "retries": sum(one.n_retries for one in people)}))


if __name__ == "__main__":
    main()
