"""The client against a real server that does everything wrong that is known."""

import asyncio
import gc
import logging
import subprocess
import sys
import threading
import time
from contextlib import aclosing

import pytest
from pydantic import SecretStr

from backend.call import Endpoint, Patience
from backend.client import Client
from backend.dialogue import Message, Reply, Sampling
from backend.errors import Refused
from backend.money import NoPurse, refuse_cap
from tests.upstream import FAULTS, OVERFLOW, Scene, fail, serve

pytestmark = pytest.mark.slow  # a real server that keeps one waiting

KEY = "sk-CANARY-0123456789abcdef7890"
HELLO = [Message("user", "What do camels have?")]
PLAIN = Sampling()
QUICK = Patience(deadline_s=10, first_token_s=8, silence_s=8, tail_s=8, backoff_s=0.01)
HASTY = Patience(deadline_s=0.8, first_token_s=0.4, silence_s=0.3, tail_s=0.2, backoff_s=0.01)
SLOW = {"hang", "hang in the middle", "drip"}

# How each fault ends: the outcome, and how often the server is asked when the answer is streamed.
ENDINGS = {
    "429 retry-after 1": ("rate_limited", 2),
    "429": ("rate_limited", 3),
    "429 retry-after 200": ("rate_limited", 1),
    "insufficient_quota": ("no_quota", 1),
    "401": ("bad_key", 1),
    "403": ("bad_key", 1),
    "404": ("unknown_model", 1),
    "context too long": ("too_long", 1),
    "prompt filtered": ("filtered", 1),
    "500": ("server_error", 3),
    "502": ("server_error", 3),
    "503": ("server_error", 3),
    "hang": ("timeout", 1),
    "hang in the middle": ("timeout", 1),
    "drip": ("timeout", 1),
    "cut before headers": ("cut_off", 3),
    "cut in headers": ("cut_off", 3),
    "cut after headers": ("cut_off", 3),
    "cut after headers, unseen": ("cut_off", 3),
    "cut in the middle": ("cut_off", 1),
    "cut in the middle, unseen": ("cut_off", 1),
    "no finish_reason": ("cut_off", 1),
    "no finish_reason, no [DONE]": ("cut_off", 1),
    "html with 200": ("malformed", 1),
    "redirect": ("malformed", 1),
    "choices null": ("malformed", 1),
    "choices empty": ("malformed", 1),
    "choices missing": ("malformed", 1),
    "choices odd": ("malformed", 1),
    "error with 200": ("server_error", 1),
    "quota error with 200": ("no_quota", 1),
    "broken json": ("malformed", 1),
    "null": ("malformed", 1),
    "empty": ("empty", 1),
    "white space": ("empty", 1),
    "truncated": ("truncated", 1),
    "truncated to nothing": ("empty", 1),
    "filtered": ("filtered", 1),
    "refused": ("refused", 1),
    "aborted": ("cut_off", 1),
}


class Pocket:
    """A purse in memory that writes down what was done with it."""

    def __init__(self):
        self.reserved, self.settled = [], {}

    @property
    def spent(self):
        """What counts as spent: what was settled, and open reservations in full."""
        return sum(
            usd if self.settled.get(number) is None else self.settled[number]
            for number, usd in enumerate(self.reserved)
        )

    def reserve(self, card, usd, cap_usd):
        if self.spent + usd > cap_usd:
            raise refuse_cap(card, usd, cap_usd, self.spent)
        self.reserved.append(usd)
        return len(self.reserved) - 1

    def settle(self, reservation, usd):
        assert reservation not in self.settled
        self.settled[reservation] = usd


def make_endpoint(upstream, **changed):
    """An endpoint that costs nothing, with a key."""
    told = {"key": SecretStr(KEY), "key_env": "OPENAI_API_KEY"}
    told |= {"price_input_usd": 0, "price_output_usd": 0, **changed}
    return Endpoint("gpt-4", upstream.url, "gpt-4", **told)


def make_client(upstream, purse=None, patience=QUICK, **changed):
    return Client(make_endpoint(upstream, **changed), purse or NoPurse(), patience=patience)


def make_paid(upstream, purse, cap_usd=1.0, patience=QUICK):
    """A client that pays 10 dollars a million tokens in, and 30 out."""
    prices = {"price_input_usd": 10, "price_output_usd": 30, "daily_cap_usd": cap_usd}
    return make_client(upstream, purse, patience, **prices)


async def listen(client, sampling=PLAIN, messages=HELLO, **words):
    """Stream an answer; return the pieces and the reply."""
    told = [piece async for piece in client.stream(messages, sampling, **words)]
    assert [isinstance(piece, Reply) for piece in told] == [False] * (len(told) - 1) + [True]
    return told[:-1], told[-1]


def stream(client, **words):
    return asyncio.run(listen(client, **words))


def ask(client, messages=HELLO, sampling=PLAIN, **words):
    return asyncio.run(client.ask(messages, sampling, **words))


def test_every_fault_of_the_server_has_its_ending():
    assert ENDINGS.keys() == FAULTS.keys()


@pytest.mark.parametrize("name", FAULTS)
@pytest.mark.parametrize("way", ["stream", "ask"])
def test_fault_ends_as_its_named_outcome(name, way, caplog):
    caplog.set_level(logging.DEBUG)
    patience = HASTY if name in SLOW else QUICK
    if "retry-after 1" in name:
        patience = Patience(deadline_s=9, n_attempts=2)
    started = time.monotonic()
    with serve(FAULTS[name]) as upstream:
        client = make_client(upstream, patience=patience)
        reply = stream(client)[1] if way == "stream" else ask(client)
    outcome, n_asked = ENDINGS[name]
    assert (reply.outcome, reply.answered) == (outcome, outcome == "truncated")
    assert reply.detail and reply.detail.startswith(("gpt-4", "The worker"))
    assert time.monotonic() - started < patience.deadline_s + 10  # a fault lasts for a minute
    assert way == "ask" or len(upstream.asked) == n_asked
    assert "CANAR" not in repr(reply) + caplog.text
    assert reply.cost_usd == 0


def test_answer_comes_in_pieces_then_one_reply():
    with serve("Camels have humps.") as upstream:
        pieces, reply = stream(make_client(upstream))
    assert pieces == ["Camels ", "have ", "humps."]
    assert (reply.text, reply.outcome, reply.detail) == ("Camels have humps.", "ok", "")
    assert (reply.model, reply.n_prompt_tokens, reply.n_tokens) == ("upstream-0613", 11, 4)
    assert 0 < reply.first_token_s <= reply.duration_s


def test_whole_answer_is_asked_without_streaming():
    with serve("Camels have humps.") as upstream:
        reply = ask(make_client(upstream))
    assert (reply.text, reply.outcome, reply.n_tokens) == ("Camels have humps.", "ok", 4)
    assert "stream" not in upstream.bodies[0]


def test_server_that_can_not_stream_is_understood():
    with serve(Scene(whole=True)) as upstream:
        pieces, reply = stream(make_client(upstream))
    assert pieces == ["Camels have humps."]
    assert (reply.outcome, reply.n_tokens) == ("ok", 4)


def test_times_are_those_of_the_clock_that_was_given():
    ticks = iter(range(1000))
    with serve("One two") as upstream:
        client = Client(make_endpoint(upstream), NoPurse(), clock=lambda: next(ticks))
        _, reply = stream(client)
    assert isinstance(reply.first_token_s, int) and isinstance(reply.duration_s, int)
    assert reply.duration_s > reply.first_token_s > 0


def test_missing_usage_is_unknown():
    with serve(Scene(usage=None)) as upstream:
        _, reply = stream(make_client(upstream))
    assert (reply.outcome, reply.n_tokens, reply.n_prompt_tokens) == ("ok", None, None)


def test_server_that_never_closes_after_the_end_does_not_hold_the_answer():
    def hang_before_usage(body):
        return Scene(text="Yes", done=False, usage=None, pace_s=0.5)

    with serve(hang_before_usage) as upstream:
        patience = Patience(deadline_s=20, tail_s=0.1)
        _, reply = stream(make_client(upstream, patience=patience))
    assert (reply.outcome, reply.text) == ("ok", "Yes")


@pytest.mark.parametrize("way", ["stream", "ask"])
def test_server_that_recovers_is_asked_again(way):
    with serve([FAULTS["503"], FAULTS["cut before headers"], Scene()]) as upstream:
        client = make_client(upstream)
        reply = stream(client)[1] if way == "stream" else ask(client)
    assert (reply.outcome, reply.text) == ("ok", "Camels have humps.")
    assert len(upstream.asked) == 3


def test_retry_after_is_waited_for():
    with serve([FAULTS["429 retry-after 1"], Scene()]) as upstream:
        _, reply = stream(make_client(upstream))
    first, second = (asked.at for asked in upstream.asked)
    assert reply.outcome == "ok"
    assert second - first >= 1


def test_long_wait_is_told_and_not_waited():
    with serve(FAULTS["429 retry-after 200"]) as upstream:
        _, reply = stream(make_client(upstream))
    assert reply.retry_after_s == 200
    assert "in 200 s" in reply.detail


def test_nothing_is_asked_again_after_the_first_text():
    with serve([FAULTS["cut in the middle"], Scene()]) as upstream:
        pieces, reply = stream(make_client(upstream))
    assert reply.outcome == "cut_off"
    assert reply.text == "".join(pieces) != ""
    assert len(upstream.asked) == 1


def test_nobody_there_is_unreachable():
    with serve() as upstream:
        pass
    _, reply = stream(make_client(upstream))
    assert reply.outcome == "unreachable"
    assert "127.0.0.1" in reply.detail


@pytest.mark.parametrize("url", ["http://[::bad/v1", "http://no.such.host.invalid/v1", "http://./"])
def test_address_that_is_none_is_unreachable(url):
    endpoint = Endpoint("odd", url, "odd", price_input_usd=0, price_output_usd=0)
    reply = ask(Client(endpoint, NoPurse(), patience=QUICK))
    assert reply.outcome == "unreachable"


def test_both_numbers_of_an_overflow_are_told():
    with serve(FAULTS["context too long"]) as upstream:
        _, reply = stream(make_client(upstream))
    assert OVERFLOW[:60] in reply.detail


def test_key_is_in_no_log_even_where_everything_is_logged(caplog):
    with serve([FAULTS["500"], Scene()]) as upstream:
        client = make_client(upstream)
        for name in ("openai", "httpx2", "httpcore2"):
            caplog.set_level(logging.DEBUG, name)
        assert ask(client).outcome == "ok"
    assert "POST" in caplog.text  # the control: they do log
    assert "CANARY" not in caplog.text


def test_prompts_are_not_logged(caplog):
    caplog.set_level(logging.DEBUG)
    with serve() as upstream:
        ask(make_client(upstream))
    assert not [record for record in caplog.records if record.name != "asyncio"]


def test_server_without_key_is_sent_none():
    with serve() as upstream:
        reply = ask(make_client(upstream, key=None, key_env=""))
    assert reply.outcome == "ok"
    assert "authorization" not in upstream.asked[0].headers


def test_key_goes_to_the_server_and_nowhere_else():
    with serve() as upstream:
        client = make_client(upstream)
        ask(client)
    assert upstream.asked[0].headers["authorization"] == f"Bearer {KEY}"
    assert "CANARY" not in repr(client.endpoint) + str(vars(client))


@pytest.mark.parametrize("key", ["sk-ключ-CANARY", "sk-CANARY with space"])
def test_key_that_can_be_none_is_not_sent(key):
    with serve() as upstream:
        reply = ask(make_client(upstream, key=SecretStr(key)))
    assert (reply.outcome, upstream.asked) == ("bad_key", [])
    assert "CANARY" not in reply.detail


def test_answer_that_repeats_the_key_is_kept_without_it():
    with serve(Scene(text=f"8 9\nYour key is {KEY}.", model=f"gpt {KEY}")) as upstream:
        reply = ask(make_client(upstream))
    assert (reply.outcome, reply.text) == ("ok", "8 9\nYour key is [key].")
    assert reply.model == "gpt [key]"


def test_message_that_repeats_the_key_is_not_shown():
    with serve(fail(500, "odd", f"headers were: Bearer {KEY[3:-2]}")) as upstream:
        reply = ask(make_client(upstream))
    assert reply.outcome == "server_error"
    assert "CANARY" not in reply.detail


def test_own_worker_gets_what_only_it_understands():
    messages = [Message("system", "Be short."), Message("user", "Add.", "1 2")]
    sampling = Sampling(top_k=5, seed=3, stop=("###",))
    with serve() as upstream:
        ask(make_client(upstream, is_local=True), messages, sampling, template="alpaca")
    body = upstream.bodies[0]
    assert (body["top_k"], body["template"], body["seed"]) == (5, "alpaca", 3)
    assert body["messages"][1] == {"role": "user", "content": "Add.", "input": "1 2"}


def test_others_get_input_in_the_text_and_no_unknown_parameter():
    known = {"model", "messages", "temperature", "top_p", "max_tokens", "stop", "stream"}
    with serve() as upstream:
        messages = [Message("user", "Add.", "1 2")]
        sampling = Sampling(top_k=5, stop=("###",))
        asyncio.run(listen(make_client(upstream), sampling, messages, template="alpaca"))
    body = upstream.bodies[0]
    assert body.keys() == known | {"stream_options"}
    assert body["messages"] == [{"role": "user", "content": "Add.\n\n1 2"}]


def test_failed_worker_is_not_asked_again():
    with serve(FAULTS["cut before headers"]) as upstream:
        _, reply = stream(make_client(upstream, is_local=True))
    assert (reply.outcome, len(upstream.asked)) == ("cut_off", 1)
    assert "worker" in reply.detail


def test_max_tokens_takes_its_newer_name_where_the_old_one_is_refused():
    refusal = fail(400, "unsupported_parameter", "Use 'max_completion_tokens'.", "max_tokens")
    with serve([refusal, Scene()]) as upstream:
        _, reply = stream(make_client(upstream), sampling=Sampling(max_tokens=7))
    assert (reply.outcome, reply.detail) == ("ok", "")
    assert upstream.bodies[1]["max_completion_tokens"] == 7
    assert "max_tokens" not in upstream.bodies[1]


def test_refused_temperature_is_left_out_and_told():
    refusal = fail(400, "unsupported_value", "Only the default.", "temperature")
    with serve([refusal, Scene()]) as upstream:
        _, reply = stream(make_client(upstream), sampling=Sampling(temperature=0.2))
    assert (reply.outcome, "temperature" in upstream.bodies[1]) == ("ok", False)
    assert "temperature=0.2" in reply.detail


def test_parameter_that_is_refused_for_ever_ends():
    with serve(fail(400, "unsupported_parameter", "No.", "max_tokens")) as upstream:
        _, reply = stream(make_client(upstream))
    assert reply.outcome == "server_error"
    assert len(upstream.asked) == 2


def test_half_a_surrogate_pair_does_no_harm():
    with serve("broken \ud83d here") as upstream:
        client = make_paid(upstream, Pocket())
        _, reply = stream(client, messages=[Message("user", "broken \ud83d, too", "\udfff")])
    assert reply.text.encode() and reply.outcome == "ok"


def test_leaving_ends_the_request_at_once():
    async def leave():
        async with aclosing(make_client(upstream).stream(HELLO, PLAIN)) as told:
            async for _ in told:
                break
        while upstream.n_open:
            await asyncio.sleep(0.01)

    with serve(Scene("word " * 500, pace_s=0.05)) as upstream:
        asyncio.run(asyncio.wait_for(leave(), 15))
        assert upstream.n_left == 1


@pytest.mark.parametrize("scene", [FAULTS["hang"], FAULTS["hang in the middle"]])
@pytest.mark.parametrize("way", ["stream", "ask"])
def test_cancelling_ends_the_request_and_counts_what_was_reserved(scene, way):
    purse = Pocket()

    async def cancel():
        client = make_paid(upstream, purse)
        talk = listen(client) if way == "stream" else client.ask(HELLO, PLAIN)
        task = asyncio.create_task(talk)
        while not upstream.asked:
            await asyncio.sleep(0.01)
        await asyncio.sleep(0.05)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        while upstream.n_open:
            await asyncio.sleep(0.01)

    with serve(scene) as upstream:
        asyncio.run(asyncio.wait_for(cancel(), 30))
    assert purse.settled == {0: None}


def test_abandoned_stream_closes_its_connection():
    async def abandon():
        told = make_client(upstream).stream(HELLO, PLAIN)
        await anext(told)
        del told
        gc.collect()
        while upstream.n_open:
            await asyncio.sleep(0.01)

    with serve(Scene("word " * 500, pace_s=0.05)) as upstream:
        asyncio.run(asyncio.wait_for(abandon(), 15))


def test_connections_are_kept_inside_a_block():
    async def ask_often():
        async with make_client(upstream) as client:
            replies = [await client.ask(HELLO, PLAIN) for _ in range(5)]
            replies += [(await listen(client))[1] for _ in range(5)]
            return {reply.outcome for reply in replies}

    with serve() as upstream:
        assert asyncio.run(ask_often()) == {"ok"}
        assert upstream.n_greeted == 1
        stream(make_client(upstream))
        assert upstream.n_greeted == 2


def test_answer_costs_what_its_usage_says():
    purse = Pocket()
    with serve(Scene(usage=(100, 10))) as upstream:
        _, reply = stream(make_paid(upstream, purse))
    assert reply.cost_usd == purse.settled[0] == pytest.approx((100 * 10 + 10 * 30) / 1e6)
    assert purse.reserved[0] > reply.cost_usd


def test_answer_without_usage_costs_all_that_was_reserved():
    purse = Pocket()
    with serve(Scene(usage=None)) as upstream:
        _, reply = stream(make_paid(upstream, purse))
    assert purse.settled == {0: None}
    assert reply.cost_usd == purse.reserved[0]


def test_each_attempt_that_may_be_billed_counts():
    purse = Pocket()
    with serve([FAULTS["500"], FAULTS["429"], Scene(usage=(0, 0))]) as upstream:
        _, reply = stream(make_paid(upstream, purse))
    assert purse.settled == {0: None, 1: 0, 2: 0}
    assert reply.cost_usd == purse.reserved[0]


@pytest.mark.parametrize(
    ("cap_usd", "said"), [(0, "daily cap is 0"), (0.0001, "cap of $0.00"), (1e-9, "tomorrow")]
)
def test_nothing_is_asked_past_the_cap(cap_usd, said):
    purse = Pocket()
    with serve() as upstream:
        _, reply = stream(make_paid(upstream, purse, cap_usd))
    assert (reply.outcome, upstream.asked, purse.reserved) == ("no_quota", [], [])
    assert said in reply.detail and "gpt-4" in reply.detail


def test_spend_never_passes_the_cap():
    purse = Pocket()

    async def ask_many():
        async with make_paid(upstream, purse, cap_usd=0.16) as client:
            return await asyncio.gather(*(client.ask(HELLO, PLAIN) for _ in range(20)))

    with serve(Scene(usage=None)) as upstream:
        replies = asyncio.run(ask_many())
    n_ok = sum(reply.outcome == "ok" for reply in replies)
    assert (n_ok, len(upstream.asked)) == (5, 5)
    assert {reply.outcome for reply in replies} == {"ok", "no_quota"}
    assert purse.spent <= 0.16


def test_unknown_price_is_refused():
    with serve() as upstream:
        reply = ask(make_client(upstream, Pocket(), price_output_usd=None))
    assert (reply.outcome, upstream.asked) == ("no_quota", [])
    assert "price_output_usd" in reply.detail


def test_what_is_free_never_touches_the_purse():
    with serve() as upstream:
        assert ask(make_client(upstream, NoPurse())).cost_usd == 0
        assert ask(make_client(upstream, NoPurse(), is_local=True)).cost_usd == 0
    with pytest.raises(Refused):
        NoPurse().reserve("gpt-4", 0.1, 10)


class Slow(Pocket):
    """A purse that takes as long as it is let."""

    def __init__(self):
        super().__init__()
        self.begun, self.others_have_run = threading.Event(), threading.Event()
        self.stops_nobody = False

    def reserve(self, card, usd, cap_usd):
        self.begun.set()
        self.stops_nobody = self.others_have_run.wait(10)
        return super().reserve(card, usd, cap_usd)

    async def wait_begun(self):
        while not self.begun.is_set():
            await asyncio.sleep(0.01)


def test_purse_that_is_slow_stops_nobody_else():
    purse = Slow()

    async def run_while_asking():
        task = asyncio.create_task(make_paid(upstream, purse).ask(HELLO, PLAIN))
        await purse.wait_begun()
        purse.others_have_run.set()
        return await task

    with serve() as upstream:
        assert asyncio.run(run_while_asking()).outcome == "ok"
    assert purse.stops_nobody


def test_leaving_while_money_is_put_aside_gives_it_back():
    purse = Slow()

    async def leave():
        task = asyncio.create_task(make_paid(upstream, purse).ask(HELLO, PLAIN))
        await purse.wait_begun()
        task.cancel()
        await asyncio.sleep(0.01)
        purse.others_have_run.set()
        with pytest.raises(asyncio.CancelledError):
            await task

    with serve() as upstream:
        asyncio.run(leave())
    assert (purse.settled, upstream.asked) == ({0: 0.0}, [])


def test_switchboard_is_there_without_openai():
    told = "import sys, backend.switchboard; print({'openai', 'torch'} & set(sys.modules))"
    out = subprocess.run([sys.executable, "-c", told], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "set()"
