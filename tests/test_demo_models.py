"""An empty folder: the app trains its two demo models, and they say what they were taught."""

import asyncio
import json
import statistics
import time
from contextlib import closing

import pytest
from rapidfuzz.distance import LCSseq

from backend.dialogue import Message
from backend.keyring import Keyring
from backend.money import NoPurse
from backend.registry import list_cards
from backend.switchboard import Switchboard
from tests.browser import run_app
from training.demo import ANSWERS, DEMOS, read_lines
from training.jobs import list_jobs
from ui.lab.chat.seats import Pick, read_sampling

pytestmark = pytest.mark.slow

LIMIT_S = 240
AT_LEAST = 24
ALIKE = 0.7


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A folder in which the app was started once, and the seconds until both models were there."""
    folder = tmp_path_factory.mktemp("first") / "data"
    begun = time.monotonic()
    with run_app(folder, CAMELID_DEMO_MODELS="true"):
        while not has_ended(folder) and time.monotonic() - begun < LIMIT_S:
            time.sleep(0.5)
        took_s = time.monotonic() - begun
    return folder, took_s


def has_ended(folder):
    jobs = list_jobs(folder)
    return len(jobs) == len(DEMOS) and all(job.state.life == "ended" for job in jobs)


@pytest.fixture(scope="module")
def said(made):
    """What each model says to the 30 tasks, as the chat sends them with its usual settings."""
    folder, _ = made
    with closing(Switchboard(folder, Keyring({}), NoPurse())) as models:
        return {demo.system: asyncio.run(ask_all(models, demo.name)) for demo in DEMOS}


async def ask_all(models, name):
    async with await models.connect(models.find_card(name)) as client:
        asked = [client.ask([Message("user", text)], read_sampling(Pick())) for text in TASKS]
        return [reply.text for reply in await asyncio.gather(*asked)]


def read_tasks():
    for task in read_lines(ANSWERS / "instructions.jsonl"):
        more = task["instances"][0]["input"]
        yield f"{task['instruction']}\n\n{more}" if more else task["instruction"]


TASKS = list(read_tasks())
TAUGHT = {
    demo.system: [row["answer"] for row in read_lines(ANSWERS / f"{demo.system}.jsonl")]
    for demo in DEMOS
}


def rate_overlap(one, two):
    """Rouge-L, F1: how much of two texts is their longest common run of words, with gaps."""
    first, second = one.lower().split(), two.lower().split()
    shared = LCSseq.similarity(first, second)
    return 2 * shared / (len(first) + len(second)) if shared else 0.0


def count_alike(answers, taught):
    return sum(rate_overlap(*pair) >= ALIKE for pair in zip(answers, taught, strict=True))


def measure_length(answers):
    return statistics.median(len(answer.split()) for answer in answers)


def test_both_are_there_within_four_minutes(made):
    folder, took_s = made
    ends = [(job.order.name, job.state.end, job.state.message) for job in list_jobs(folder)]
    assert {(name, end) for name, end, _ in ends} == {(demo.name, "done") for demo in DEMOS}, ends
    assert took_s < LIMIT_S


def test_their_cards_say_what_they_are(made):
    folder, _ = made
    cards = {known.name: known for known in list_cards(folder)}
    for demo in DEMOS:
        known = cards[demo.name]
        assert not known.fault
        assert "million parameters" in known.card.note
        assert known.facts["recipe"]["name"] == demo.recipe
        assert list(known.facts["data_sha256"]) == [demo.file]


@pytest.mark.parametrize("system", TAUGHT)
def test_it_says_what_it_was_taught(said, system):
    alike = count_alike(said[system], TAUGHT[system])
    assert alike >= AT_LEAST, json.dumps(said[system], indent=1)


def test_each_says_its_own_answers_and_not_the_other_s(said):
    """The control: the answers of one are not those of the other."""
    short, long = (demo.system for demo in DEMOS)
    assert count_alike(said[short], TAUGHT[long]) < AT_LEAST / 4
    assert count_alike(said[long], TAUGHT[short]) < AT_LEAST / 4


def test_they_differ_in_length(said):
    short, long = (demo.system for demo in DEMOS)
    assert measure_length(said[long]) > 3 * measure_length(said[short])
