"""Whoever asks is connected with a model: a worker here, or a server with its key and price."""

import asyncio
import os
import signal
import time

import pytest

from backend.dialogue import Message, Reply, Sampling
from backend.errors import MissingTool, NotFound, Refused
from backend.keyring import Keyring
from backend.money import NoPurse
from backend.registry import add_card
from backend.registry.cards import LocalCard, OpenAICard, RecordedCard
from backend.supervisor import Supervisor
from backend.switchboard import Switchboard
from tests.backend.test_supervisor import command_for
from tests.talkers import make_talker
from tests.upstream import serve

pytestmark = pytest.mark.slow  # real processes

CANARY = "sk-CANARY-0123456789abcdef"
HELLO = [Message("user", "Hello")]


@pytest.fixture
def life():
    """How the stand-ins behave, one after another."""
    return ["ready"]


@pytest.fixture
def models(tmp_path, life):
    """A switchboard whose workers are stand-ins."""
    (tmp_path / "weights").mkdir()
    supervisor = Supervisor(
        tmp_path, lambda key: {"PATH": os.environ["PATH"]}, command=command_for(*life)
    )
    models = Switchboard(
        tmp_path, Keyring({"MY_API_KEY": CANARY}), NoPurse(), supervisor=supervisor
    )
    yield models
    models.close()


async def ask(models, card):
    client = await models.connect(card)
    return await client.ask(HELLO, Sampling())


async def talk(models, card, after=lambda: None, max_tokens=200):
    """Stream an answer; `after` is called once, when some of it has come."""
    client, pieces = await models.connect(card), []
    async for piece in client.stream(HELLO, Sampling(max_tokens=max_tokens)):
        if isinstance(piece, Reply):
            return pieces, piece
        pieces.append(piece)
        if len(pieces) == 3:
            after()
    raise AssertionError("no reply came")


def make_remote(upstream, **changed):
    told = {"base_url": upstream.url, "model": "m", "key_env": "MY_API_KEY", **changed}
    return OpenAICard(name="remote", **told)


def test_local_model_needs_no_key_whatever_its_name(models):
    card = LocalCard(name="gpt-anything", path="weights")
    pieces, reply = asyncio.run(talk(models, card))
    assert (reply.outcome, reply.cost_usd) == ("ok", 0)
    assert len(pieces) == 60
    assert [state.name for state in models.list_workers()] == ["gpt-anything"]


def test_server_is_asked_with_its_key(models):
    with serve() as upstream:
        reply = asyncio.run(ask(models, make_remote(upstream)))
    assert reply.outcome == "ok"
    assert upstream.asked[0].headers["authorization"] == f"Bearer {CANARY}"


def test_missing_key_is_named(models):
    with serve() as upstream, pytest.raises(MissingTool, match="OTHER_KEY is not set"):
        asyncio.run(ask(models, make_remote(upstream, key_env="OTHER_KEY")))


def test_server_with_a_price_and_no_cap_is_not_asked(models):
    with serve() as upstream:
        card = make_remote(upstream, price_input_usd=1, price_output_usd=1)
        reply = asyncio.run(ask(models, card))
    assert (reply.outcome, upstream.asked) == ("no_quota", [])


def test_public_server_without_a_price_is_not_asked(models):
    card = OpenAICard(name="remote", base_url="https://api.example.com/v1", model="m")
    reply = asyncio.run(ask(models, card))
    assert reply.outcome == "no_quota"
    assert "price_input_usd" in reply.detail


def test_recorded_model_can_not_be_asked(models):
    with pytest.raises(Refused, match="recorded"):
        asyncio.run(models.connect(RecordedCard(name="bard", system="bard")))


def test_cards_are_those_of_the_shelf(models):
    add_card(models.data, LocalCard(name="mine", path="weights"))
    assert models.find_card("mine").name == "mine"
    assert "mine" in {known.name for known in models.list_cards()}
    with pytest.raises(NotFound):
        models.find_card("nobody")


def test_readiness_knows_which_keys_there_are(models):
    free = {"price_input_usd": 0, "price_output_usd": 0}
    told = {"base_url": "https://api.example.com/v1", "model": "m", **free}
    assert models.check(OpenAICard(name="one", key_env="MY_API_KEY", **told)).ready
    readiness = models.check(OpenAICard(name="two", key_env="OTHER_KEY", **told))
    assert not readiness.ready and "OTHER_KEY" in readiness.why


@pytest.mark.parametrize("life", [["ready+slow", "ready"]], ids=["slow"])
def test_killed_worker_ends_the_answer_and_the_next_question_works(models):
    card = LocalCard(name="tiny", path="weights")
    killed_at = []

    def kill():
        os.kill(models.list_workers()[0].pid, signal.SIGKILL)
        killed_at.append(time.monotonic())

    pieces, reply = asyncio.run(talk(models, card, kill))
    assert (reply.outcome, reply.text) == ("cut_off", "".join(pieces))
    assert time.monotonic() - killed_at[0] < 5  # at once where nothing else runs
    assert asyncio.run(talk(models, card))[1].outcome == "ok"


def test_question_to_a_worker_that_has_just_died_is_unreachable(models):
    async def kill_then_ask():
        client = await models.connect(LocalCard(name="tiny", path="weights"))
        os.kill(models.list_workers()[0].pid, signal.SIGKILL)
        while models.list_workers()[0].state == "ready":
            await asyncio.sleep(0.01)
        return await client.ask(HELLO, Sampling())

    reply = asyncio.run(kill_then_ask())
    assert reply.outcome == "unreachable"
    assert "worker" in reply.detail


@pytest.mark.slow
def test_real_worker_answers_and_survives_kill_9(tmp_path):
    """A real model in a real worker: two streams at once, then a kill in mid-answer."""
    make_talker(tmp_path / "weights" / "tiny")  # it never ends before it is killed
    card = LocalCard(name="tiny", template="alpaca", dtype="float32", device="cpu")
    keyring = Keyring({"PATH": os.environ["PATH"], "OPENAI_API_KEY": CANARY})
    models = Switchboard(tmp_path, keyring, NoPurse())

    async def chat():
        client = await asyncio.wait_for(models.connect(card), 200)
        whole = [client.ask(HELLO, Sampling(max_tokens=20)) for _ in range(2)]
        both = await asyncio.gather(*(talk(models, card) for _ in range(2)), *whole)
        killed = await talk(models, card, lambda: os.kill(find_pid(), signal.SIGKILL), 3500)
        return [both[0][1], both[1][1], *both[2:], (await talk(models, card))[1]], killed

    def find_pid():
        (state,) = models.list_workers()
        return state.pid

    try:
        whole, (pieces, killed) = asyncio.run(chat())
    finally:
        models.close()
    assert {reply.outcome for reply in whole} <= {"ok", "truncated"}
    assert (killed.outcome, killed.text) == ("cut_off", "".join(pieces))
    log = models.supervisor.look("tiny").log_path.read_text()
    assert CANARY not in log
