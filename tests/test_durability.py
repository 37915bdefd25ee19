"""What "Saved" promises, put to the test through HTTP: kills under load, stops, hurried tabs."""

import asyncio
import json
import os
import random
import resource
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from contextlib import ExitStack, closing, contextmanager

import httpx
import pytest

from annotations.store import FILE_NAME, Store
from annotations.studies import set_status
from bench.annotators import CRITERIA, Client, work
from tests.browser import ROOT, serve_here
from tests.ledgers import make_study
from ui.keys import Invitation, Signer, read_key

pytestmark = pytest.mark.slow

N_PAIRS, K, N_PEOPLE, N_PROCESSES = 252, 3, 40, 8
HURRY = 100_000  # nobody here is a person


class House:
    """The app on one port, in a process that can be killed and started again."""

    def __init__(self, folder):
        self.folder = folder
        with closing(socket.create_server(("127.0.0.1", 0))) as free:
            self.port = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.process = None

    def start(self):
        words = ["--data", str(self.folder), "serve", "--port", str(self.port), "--no-demo"]
        with (self.folder / "app.log").open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "app.py", *words],
                cwd=ROOT,
                stdout=log,
                stderr=log,
                env={**os.environ, "CAMELID_VOTES_PER_MINUTE": str(HURRY)},
            )
        until = time.monotonic() + 120
        while time.monotonic() < until:
            assert self.process.poll() is None, (self.folder / "app.log").read_text()
            try:
                httpx.get(f"{self.url}/healthz", trust_env=False)
            except httpx.TransportError:
                time.sleep(0.1)
            else:
                return
        raise AssertionError("the app did not answer in 120 s")

    def kill(self):
        self.process.kill()
        self.process.wait()

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(60)


@contextmanager
def running_house(folder):
    house = House(folder)
    try:
        house.start()
        yield house
    finally:
        if house.process.poll() is None:
            house.kill()


def prepare(folder, n_items=N_PAIRS, n_people=N_PEOPLE, quota=19):
    """An open study, and a personal link for each person."""
    with Store(folder, purpose="test") as store:
        make_study(store, n_items=n_items, votes_per_pair=K, quota=quota, enrolment="invitation")
        study = set_status(store, "study", "open", "test")
    signer = Signer(read_key(folder))
    until = int(time.time()) + 3600
    people = [Invitation(study.slug, f"CODE{number:04}", until) for number in range(n_people)]
    return [f"/invite/{signer.sign_invitation(one)}" for one in people]


@contextmanager
def crowd(house, links, log):
    """Processes of annotators at work; they end when the study has all its votes."""
    command = [sys.executable, "-m", "bench.annotators", "--url", house.url, "--log", str(log)]
    with ExitStack() as stack:
        processes = []
        for place in range(N_PROCESSES):
            process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, text=True)
            stack.callback(process.wait)
            stack.callback(process.kill)
            process.stdin.write("\n".join(links[place::N_PROCESSES]))
            process.stdin.close()
            processes.append(process)
        yield processes


def read_log(log):
    """What was acknowledged so far: ticket to line."""
    lines = log.read_text().splitlines() if log.exists() else []
    saved = [json.loads(line) for line in lines]
    return {one["ticket"].rpartition(".")[0]: one for one in saved}


def read_stored(folder):
    """What is in the ledger: lease token to the choices of each of its ballots."""
    sql = """SELECT g.lease_token, b.revision,
            json_group_object(v.criterion, v.choice) FILTER (WHERE v.criterion IS NOT NULL)
        FROM ballot b JOIN assignment g USING(assignment_id) LEFT JOIN vote v USING(ballot_id)
        GROUP BY b.ballot_id"""
    stored = {}
    with closing(sqlite3.connect(f"file:{folder / FILE_NAME}?mode=ro", uri=True)) as conn:
        for token, revision, votes in conn.execute(sql):
            stored.setdefault(token, {})[revision] = json.loads(votes)
    return stored


def named(choices):
    """Choices by the name of their question."""
    return dict(zip(CRITERIA, choices, strict=True))


def audit(folder, acknowledged):
    """What is wrong with a ledger, as sentences: lost, doubled or half-written ballots."""
    stored = read_stored(folder)
    problems = []
    for token, line in acknowledged.items():
        if named(line["choices"]) not in stored.get(token, {}).values():
            problems.append(f"lost: {token}")
    for token, revisions in stored.items():
        if list(revisions) != [0]:
            problems.append(f"doubled: {token}")
        if any(set(votes) != set(CRITERIA) for votes in revisions.values()):
            problems.append(f"half written: {token}")
    with closing(sqlite3.connect(f"file:{folder / FILE_NAME}?mode=ro", uri=True)) as conn:
        (health,) = conn.execute("PRAGMA integrity_check").fetchone()
    return problems if health == "ok" else [*problems, health]


def count_votes(folder):
    """How many counted ballots each pair has, and the largest number from one person on a pair."""
    with closing(sqlite3.connect(f"file:{folder / FILE_NAME}?mode=ro", uri=True)) as conn:
        rows = conn.execute(
            "SELECT pair_id, annotator_id FROM assignment WHERE state = 'submitted' AND NOT surplus"
        ).fetchall()
    return Counter(pair for pair, _ in rows), max(Counter(rows).values())


def kill_under_load(house, log, n_ballots):
    """Wait until so many more ballots are acknowledged, then kill; return who didn't hear of it."""
    wanted, until = len(read_log(log)) + n_ballots, time.monotonic() + 90
    while len(read_log(log)) < wanted:
        assert time.monotonic() < until, (house.folder / "app.log").read_text()[-3000:]
        time.sleep(0.02)
    house.kill()
    acknowledged = read_log(log)
    assert audit(house.folder, acknowledged) == []
    return set(read_stored(house.folder)) - set(acknowledged)


@pytest.mark.parametrize(
    "n_kills",
    [pytest.param(0, marks=pytest.mark.soak), 3, pytest.param(50, marks=pytest.mark.soak)],
)
def test_no_acknowledged_ballot_is_lost_or_doubled_however_often_the_app_is_killed(
    tmp_path, n_kills
):
    links, log, chance = prepare(tmp_path), tmp_path / "acknowledged", random.Random(n_kills)
    unheard = set()
    with running_house(tmp_path) as house, crowd(house, links, log) as processes:
        for _ in range(n_kills):
            most = 650 // n_kills
            unheard |= kill_under_load(house, log, chance.randint(most // 4, most))
            house.start()
        assert [process.wait(300) for process in processes] == [0] * N_PROCESSES
        assert house.stop() == 0
    acknowledged = read_log(log)
    assert audit(tmp_path, acknowledged) == []
    assert len(acknowledged) == len(read_stored(tmp_path)) == N_PAIRS * K
    pairs, most_by_one = count_votes(tmp_path)
    assert (len(pairs), set(pairs.values()), most_by_one) == (N_PAIRS, {K}, 1)
    again = sum(acknowledged[token]["n_retries"] > 0 for token in unheard)
    retried = sum(line["n_retries"] > 0 for line in acknowledged.values())
    told = f"{len(acknowledged)} acknowledged, {retried} sent again, {again} of these were stored"
    sys.stdout.write(f"\n{n_kills} kills: {told}\n")


@pytest.mark.parametrize(
    "harm, problem",
    [
        ("DELETE FROM vote; DELETE FROM ballot", "lost"),
        ("DELETE FROM vote WHERE criterion = 'honest'", "half written"),
        ("INSERT INTO ballot SELECT 99, assignment_id, 1, '', 0 FROM ballot", "doubled"),
    ],
)
def test_the_audit_sees_what_it_looks_for(tmp_path, harm, problem):
    (link,) = prepare(tmp_path, n_items=1, n_people=1, quota=1)
    acknowledged = {}

    async def vote(url):
        client = Client(url)
        await client.accept(link)
        async for saved in work(client, lambda view: ("left", "tie", "right")):
            acknowledged[saved.ticket.rpartition(".")[0]] = saved.__dict__
        await client.close()

    with serve_here(tmp_path) as app:
        asyncio.run(vote(app.url))
    assert len(acknowledged) == 1
    assert audit(tmp_path, acknowledged) == []
    with closing(sqlite3.connect(tmp_path / FILE_NAME)) as conn:
        for table in ("vote", "ballot"):
            conn.execute(f"DROP TRIGGER {table}_no_delete")
        conn.executescript(harm)
    assert problem in {one.partition(":")[0] for one in audit(tmp_path, acknowledged)}


def act(url, link, *ballots):
    """One person with many tabs: all ballots at the same moment, each for the same pair."""

    async def run():
        first = Client(url)
        await first.accept(link)
        await first.arrive()
        ticket = (await first.next()).ticket
        tabs = [await copy(first) for _ in ballots]
        views = await asyncio.gather(
            *(tab.save(one, ticket=ticket) for tab, one in zip(tabs, ballots, strict=True))
        )
        for one in (first, *tabs):
            await one.close()
        return views

    async def copy(first):
        tab = Client(url, form=first.form, view=first.view)
        tab.http.cookies = first.http.cookies
        return tab

    return asyncio.run(run())


LEFT, RIGHT = ("left", "tie", "right"), ("right", "tie", "left")


@pytest.fixture
def alone(tmp_path):
    """The app with one pair for one person, with limits that 64 tabs don't reach."""
    (link,) = prepare(tmp_path, n_items=2, n_people=1, quota=2)
    with serve_here(tmp_path, votes_per_minute=HURRY) as app:
        yield app.url, link, tmp_path


def test_64_identical_submits_are_one_ballot_and_all_are_told_that_it_is_saved(alone):
    url, link, folder = alone
    views = act(url, link, *[LEFT] * 64)
    assert {view.status for view in views} == {"Saved, 1 of 2"}
    (revisions,) = read_stored(folder).values()
    assert revisions == {0: named(LEFT)}


def test_64_tabs_of_two_opinions_are_one_ballot_and_the_other_half_is_told(alone):
    url, link, folder = alone
    views = act(url, link, *[LEFT, RIGHT] * 32)
    saved = [place % 2 for place, view in enumerate(views) if view.is_saved]
    assert len(saved) == 32
    assert len(set(saved)) == 1
    assert sum("answered in another tab" in view.status for view in views) == 32
    (revisions,) = read_stored(folder).values()
    assert revisions == {0: named((LEFT, RIGHT)[saved[0]])}


def test_back_and_sending_again_is_no_second_vote_and_a_stale_edit_overwrites_nothing(alone):
    url, link, folder = alone

    async def run():
        one = Client(url)
        await one.accept(link)
        await one.arrive()
        shown = (await one.next()).ticket
        told = [await one.save(LEFT)]
        again = await one.back()
        told.append(await one.save(LEFT))  # sent again as it was
        told.append(await one.save(RIGHT, ticket=again.ticket))  # changed: a revision
        told.append(await one.save(("tie",) * 3, ticket=again.ticket))  # from a tab that is stale
        told.append(await one.save(("tie",) * 3, ticket=shown))
        await one.close()
        return again, told

    again, told = asyncio.run(run())
    assert again.choices == LEFT
    assert [view.is_saved for view in told] == [True, True, True, False, False]
    (revisions,) = read_stored(folder).values()
    assert revisions == {0: named(LEFT), 1: named(RIGHT)}


def test_a_stop_with_ballots_on_their_way_stores_what_it_acknowledges_and_nothing_by_half(tmp_path):
    links, log = prepare(tmp_path, n_people=8, quota=90), tmp_path / "acknowledged"
    with running_house(tmp_path) as house, crowd(house, links, log):
        with closing(socket.create_connection(("127.0.0.1", house.port))) as page:
            page.sendall(b"GET /healthz HTTP/1.1\r\nhost: 127.0.0.1\r\n")  # a page left open
            until = time.monotonic() + 60
            while len(read_log(log)) < 30:
                assert time.monotonic() < until
                time.sleep(0.02)
            start = time.monotonic()
            assert house.stop() == 0
            assert time.monotonic() - start < 20  # a page that is left open would hold it for ever
        until = time.monotonic() + 20  # what was answered before the end is written down soon
        while set(read_stored(tmp_path)) != set(acknowledged := read_log(log)):
            assert time.monotonic() < until
            time.sleep(0.05)
    assert audit(tmp_path, acknowledged) == []
    assert "Traceback" not in (tmp_path / "app.log").read_text()


@contextmanager
def no_room(process):
    """A disk that takes no file longer than one page, as this process sees it."""
    before = resource.prlimit(process.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (4096, before[1]))
    try:
        yield
    finally:
        resource.prlimit(process.pid, resource.RLIMIT_FSIZE, before)


@pytest.mark.skipif(not hasattr(resource, "prlimit"), reason="only Linux limits a running process")
def test_a_full_disk_under_the_running_app_is_no_false_saved_and_the_same_page_saves_later(
    tmp_path,
):
    (link,) = prepare(tmp_path, n_items=2, n_people=1, quota=2)

    async def vote(house):
        one = Client(house.url)
        await one.accept(link)
        await one.arrive()
        await one.next()
        with no_room(house.process):
            start = time.monotonic()
            told = [await one.save(LEFT), await one.save(LEFT)]
            assert time.monotonic() - start < 30
            assert read_stored(tmp_path) == {}
        told.append(await one.save(LEFT))
        await one.close()
        return told

    with running_house(tmp_path) as house:
        *refused, saved = asyncio.run(vote(house))
        assert house.stop() == 0
    assert [view.is_saved for view in refused] == [False, False]
    assert {view.status.partition(":")[0] for view in refused} == {"Not saved"}
    assert saved.status == "Saved, 1 of 2"
    assert [*read_stored(tmp_path).values()] == [{0: named(LEFT)}]
