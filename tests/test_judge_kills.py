"""A judge run that is killed again and again: each verdict once, few paid twice, the cap holds."""

import json
import math
import os
import random
import re
import shutil
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from contextlib import closing

import pytest

from annotations.backups import FILE_NAME
from annotations.store import Store
from backend.registry import add_card
from backend.registry.cards import OpenAICard
from tests.browser import ROOT
from tests.judged import make_questions
from tests.upstream import Scene, serve

pytestmark = pytest.mark.slow

SYSTEMS, REFERENCE = ("alpaca", "bard", "koala", "llama"), "vicuna"
N_ORDERS = 2 * len(SYSTEMS)  # for each item
N_PARALLEL = 8
CAP_USD = 40.0
WORDS = (
    "judge", "run", "--judge", "m", "--benchmark", "vicuna_80", "--against", REFERENCE,
    "--parallel", str(N_PARALLEL), "--max-tokens", "10", "--cap", str(CAP_USD),
)  # fmt: skip
SAID = re.compile(r"(\w+) says (\d+)\.")


def find_case(body):
    """What a request is about: both systems in their order, and the item."""
    (one, item), (other, _) = SAID.findall(body["messages"][-1]["content"])
    return one, other, item


def reply(body):
    """A judge that takes its time, and whose scores tell what it was asked."""
    one, other, item = find_case(body)
    scores = (len(one) + int(item) % 3, len(other))
    return Scene(f"{scores[0]} {scores[1]}\nSo it is.", delay_s=0.02, usage=(100, 10))


def prepare(data, url, n_items):
    """Questions with answers, and a judge that costs 3 cents a call."""
    with Store(data, purpose="test") as store:
        make_questions(store, (*SYSTEMS, REFERENCE), n_items)
    card = OpenAICard(name="m", base_url=url, model="x", price_input_usd=0, price_output_usd=3000,
                      daily_cap_usd=1000)  # fmt: skip
    add_card(data, card)


def start(data):
    """The command in a process of its own."""
    command = [sys.executable, "app.py", "--data", str(data), *WORDS]
    with (data / "run.log").open("ab") as log:
        return subprocess.Popen(command, cwd=ROOT, stdout=log, stderr=log, env={**os.environ})


def kill_at(process, upstream, n_asked):
    """Kill a run when so many questions have been asked in all."""
    upstream.hold_after = n_asked
    deadline = time.monotonic() + 120
    while len(upstream.asked) < n_asked and process.poll() is None:
        assert time.monotonic() < deadline, "the run did not get on"
        time.sleep(0.002)
    process.kill()
    process.wait()
    upstream.hold_after = math.inf


def read_stored(data):
    """Each judgment: who was compared on what, and the scores."""
    sql = """SELECT s1.name, s2.name, i.ext_id, read_1, read_2 FROM judgment j
        JOIN system s1 ON s1.system_id = system_1 JOIN system s2 ON s2.system_id = system_2
        JOIN item i USING(item_id) WHERE outcome = 'ok'"""
    with closing(sqlite3.connect(f"file:{data / FILE_NAME}?mode=ro", uri=True)) as conn:
        return conn.execute(sql).fetchall()


def read_spent(data):
    """What has been set aside or spent, in US dollars."""
    sql = "SELECT sum(coalesce(spent_nano_usd, reserved_nano_usd)) / 1e9 FROM reservation"
    with closing(sqlite3.connect(f"file:{data / FILE_NAME}?mode=ro", uri=True)) as conn:
        return conn.execute(sql).fetchone()[0]


def audit(data, upstream, n_verdicts, n_kills):
    """What is wrong after all kills, as sentences."""
    stored = read_stored(data)
    counts = Counter(row[:3] for row in stored)
    problems = [f"{n} verdicts on {case}" for case, n in counts.items() if n != 1]
    if len(counts) != n_verdicts:
        problems.append(f"{len(counts)} of {n_verdicts} were judged")
    for one, other, item, *scores in stored:
        if scores != [len(one) + int(item) % 3, len(other)]:
            problems.append(f"{scores} for {one}, {other}, {item}")
    repeats = len(upstream.asked) - len({find_case(body) for body in upstream.bodies})
    if repeats > n_kills * N_PARALLEL:
        problems.append(f"{repeats} were paid twice")
    if not 0.03 * len(counts) - 1e-6 <= read_spent(data) <= CAP_USD:
        problems.append(f"${read_spent(data)} of ${CAP_USD} were spent")
    return problems


@pytest.mark.parametrize("n_kills", [4, pytest.param(20, marks=pytest.mark.soak)])
def test_each_verdict_is_there_once_however_often_the_run_is_killed(tmp_path, n_kills):
    n_verdicts, dealer = 800, random.Random(n_kills)
    with serve(reply) as upstream:
        prepare(tmp_path, upstream.url, n_verdicts // N_ORDERS)
        for number in range(n_kills):
            share = (number + dealer.random()) / n_kills
            kill_at(start(tmp_path), upstream, 1 + int(share * (n_verdicts - 2 * N_PARALLEL)))
        assert start(tmp_path).wait(300) == 0, (tmp_path / "run.log").read_text()
        assert audit(tmp_path, upstream, n_verdicts, n_kills) == []
    with Store(tmp_path) as store:
        states = [row[0] for row in store.rows("SELECT state FROM judge_run ORDER BY 1")]
        assert states == ["done"] + ["interrupted"] * n_kills


def test_the_control_a_run_that_keeps_nothing_until_its_end_pays_twice(tmp_path):
    data, before = tmp_path / "data", tmp_path / "before"
    with serve(reply) as upstream:
        prepare(data, upstream.url, 10)
        shutil.copytree(data, before)
        kill_at(start(data), upstream, 40)
        shutil.rmtree(data)
        shutil.copytree(before, data)
        assert start(data).wait(300) == 0
        (problem,) = audit(data, upstream, 10 * N_ORDERS, 1)
    assert re.fullmatch(r"\d\d were paid twice", problem)


def test_the_cap_holds_over_kills(tmp_path):
    cap_usd = 3.0
    with serve(reply) as upstream:
        prepare(tmp_path, upstream.url, 20)
        words = [sys.executable, "app.py", "--data", str(tmp_path), *WORDS, "--cap", str(cap_usd)]
        with subprocess.Popen(words, cwd=ROOT, stderr=subprocess.DEVNULL) as process:
            kill_at(process, upstream, 60)
        done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)
        assert done.returncode == 1
        assert "cap of" in done.stderr
        assert cap_usd - 0.03 * (N_PARALLEL + 1) < read_spent(tmp_path) <= cap_usd
        assert 0.03 * len(upstream.asked) <= cap_usd + 1e-6
    with Store(tmp_path) as store:
        n_kept = store.row("SELECT count(*) FROM judgment WHERE outcome = 'ok'")[0]
        assert n_kept >= len(upstream.asked) - N_PARALLEL
        wishes = [json.loads(row[0])["cap_usd"] for row in store.rows("SELECT wish FROM judge_run")]
        assert wishes == [cap_usd, cap_usd]
