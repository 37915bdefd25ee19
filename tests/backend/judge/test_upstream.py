"""A judge behind a real server that does everything wrong that is known: no fault is a score."""

import asyncio
import logging
import time

import pytest
from pydantic import SecretStr

from backend.call import Endpoint, Patience
from backend.client import Client
from backend.judge.asking import Asking
from backend.judge.protocols import read_protocol
from backend.judge.records import Case
from backend.judge.session import judge_cases
from backend.money import CappedPurse
from backend.records import Item
from tests.upstream import FAULTS, Scene, fail, serve

pytestmark = pytest.mark.slow  # a real server that keeps one waiting

CAP_USD = 5.0
KEY = "sk-CANARY-0123456789abcdef7890"
GOOD = "8 9\nThe second says more."
QUICK = Patience(deadline_s=8, backoff_s=0.01)
HASTY = Patience(deadline_s=0.8, backoff_s=0.01)
KEEPS_WAITING = {"hang", "hang in the middle", "drip", *(name for name in FAULTS if "429" in name)}

# How each fault ends for a judge: the outcome, and the client's name for it.
ENDINGS = {
    "429 retry-after 1": ("api_error", "rate_limited"),
    "429": ("api_error", "rate_limited"),
    "429 retry-after 200": ("api_error", "rate_limited"),
    "insufficient_quota": ("api_error", "no_quota"),
    "401": ("api_error", "bad_key"),
    "403": ("api_error", "bad_key"),
    "404": ("api_error", "unknown_model"),
    "context too long": ("api_error", "too_long"),
    "prompt filtered": ("filtered", ""),
    "500": ("api_error", "server_error"),
    "502": ("api_error", "server_error"),
    "503": ("api_error", "server_error"),
    "hang": ("api_error", "timeout"),
    "hang in the middle": ("api_error", "timeout"),
    "drip": ("api_error", "timeout"),
    "cut before headers": ("api_error", "cut_off"),
    "cut in headers": ("api_error", "cut_off"),
    "cut after headers": ("api_error", "cut_off"),
    "cut after headers, unseen": ("api_error", "cut_off"),
    "cut in the middle": ("api_error", "cut_off"),
    "cut in the middle, unseen": ("api_error", "cut_off"),
    "no finish_reason": ("api_error", "cut_off"),
    "no finish_reason, no [DONE]": ("api_error", "cut_off"),
    "html with 200": ("api_error", "malformed"),
    "redirect": ("api_error", "malformed"),
    "choices null": ("api_error", "malformed"),
    "choices empty": ("api_error", "malformed"),
    "choices missing": ("api_error", "malformed"),
    "choices odd": ("api_error", "malformed"),
    "error with 200": ("api_error", "server_error"),
    "quota error with 200": ("api_error", "no_quota"),
    "broken json": ("api_error", "malformed"),
    "null": ("api_error", "malformed"),
    "empty": ("empty", ""),
    "white space": ("empty", ""),
    "truncated": ("truncated", ""),
    "truncated to nothing": ("empty", ""),
    "filtered": ("filtered", ""),
    "refused": ("refused", ""),
    "aborted": ("api_error", "cut_off"),
}
# Whole replies that are no verdict.
UNREADABLE = {
    "no number": "Both are good.",
    "not a number": "nan 5",
    "infinite": "inf 9",
    "out of range": "11 12",
    "below range": "-1 5",
    "exponent": "1e3 -4",
    "one score": "8",
    "three scores": "8 9 7",
    "a parser's failure": "-1 -1",
}
RUINOUS = ("insufficient_quota", "401", "403", "404", "quota error with 200")


class Money:
    """Endless money; writes down what became of it."""

    def __init__(self):
        self.reserved, self.settled = [], {}

    def reserve(self, card, usd, cap_usd):
        self.reserved.append(usd)
        return len(self.reserved) - 1

    def settle(self, reservation, usd):
        assert reservation not in self.settled
        self.settled[reservation] = self.reserved[reservation] if usd is None else usd

    @property
    def spent(self):
        return sum(self.settled.get(number, usd) for number, usd in enumerate(self.reserved))


def make_cases(n):
    item = Item("1", "What do camels have?", app="writing")
    return [Case(str(number), item, "Humps.", f"Hair {number}.") for number in range(n)]


def run(answer, n=3, patience=QUICK, purse=None, usd=0.0, **words):
    """Judge `n` cases; return the verdicts, the reason, and the server."""
    verdicts, asking = {}, Asking(read_protocol("en"), **words)

    async def keep(case, verdict):
        assert case.key not in verdicts
        verdicts[case.key] = verdict

    async def scene(url):
        priced = {"price_input_usd": usd, "price_output_usd": usd, "daily_cap_usd": 1e6}
        key = {"key": SecretStr(KEY), "key_env": "OPENAI_API_KEY"}
        endpoint = Endpoint("gpt-4", url, "gpt-4", **priced, **key)
        async with Client(endpoint, purse or Money(), patience=patience) as client:
            return await judge_cases(client, make_cases(n), asking, keep, asyncio.Event())

    with serve(answer) as upstream:
        reason = asyncio.run(scene(upstream.url))
    return verdicts, reason, upstream


def test_every_fault_of_the_server_has_its_ending():
    assert ENDINGS.keys() == FAULTS.keys()


@pytest.mark.parametrize("form", ["text", "schema"])
@pytest.mark.parametrize("name", FAULTS)
def test_fault_ends_as_its_named_outcome_in_time_and_within_the_cap(name, form, caplog):
    caplog.set_level(logging.DEBUG)
    patience, money = HASTY if name in KEEPS_WAITING else QUICK, Money()
    started = time.monotonic()
    verdicts, _, _ = run(
        FAULTS[name], 3, patience, CappedPurse(money, CAP_USD), 100.0, form=form, n_parallel=3
    )
    assert time.monotonic() - started < patience.deadline_s + 10  # a fault lasts for a minute
    assert {(one.outcome, one.fault) for one in verdicts.values()} == {ENDINGS[name]}
    assert all(one.reading is None and one.detail for one in verdicts.values())
    assert money.spent <= CAP_USD
    assert "CANARY" not in caplog.text + repr(verdicts)


@pytest.mark.parametrize("name", UNREADABLE)
def test_a_reply_that_is_no_verdict_is_unreadable_and_no_score(name):
    verdicts, reason, upstream = run(Scene(UNREADABLE[name]), 1)
    assert (verdicts["0"].outcome, verdicts["0"].reading, reason) == ("unreadable", None, "")
    assert verdicts["0"].text == verdicts["0"].first_text == UNREADABLE[name]
    assert len(upstream.asked) == 2


def test_a_good_server_gives_scores():
    verdicts, reason, _ = run(GOOD, 9)
    assert {(one.outcome, one.reading.score_2) for one in verdicts.values()} == {("ok", 9)}
    assert (len(verdicts), reason) == (9, "")


@pytest.mark.parametrize("name", RUINOUS)
def test_without_money_key_or_model_the_run_stops_and_says_why(name):
    verdicts, reason, upstream = run(FAULTS[name], 200, n_parallel=4)
    assert reason.startswith("gpt-4: ") and "CANARY" not in reason
    assert len(upstream.asked) <= 4 and len(verdicts) <= 4


def test_a_server_that_recovers_costs_no_verdict():
    bad = [FAULTS["429"], FAULTS["429 retry-after 1"], FAULTS["500"], FAULTS["cut before headers"]]
    verdicts, _, _ = run([*bad, Scene(GOOD)], 20, n_parallel=4)
    assert [one.outcome for one in verdicts.values()] == ["ok"] * 20


class Narrow:
    """A server's door that counts who is inside by when they will have gone."""

    def __init__(self, n_most):
        self.n_most, self.ends, self.n_refused = n_most, [], 0

    def __call__(self, body):
        now = time.monotonic()
        self.ends = [end for end in self.ends if end > now]
        if len(self.ends) >= self.n_most:
            self.n_refused += 1
            return FAULTS["429"]
        self.ends.append(now + 0.03)
        return Scene(GOOD, delay_s=0.03)


def test_a_server_with_little_room_gets_as_much_as_it_takes():
    door = Narrow(3)
    verdicts, reason, _ = run(door, 60, n_parallel=12)
    assert [one.outcome for one in verdicts.values()] == ["ok"] * 60
    assert reason == "" and 0 < door.n_refused < 60


def test_the_run_ends_at_its_cap_and_has_used_it_up():
    money = Money()
    verdicts, reason, _ = run(
        Scene(GOOD, usage=(500, 100)), 200, purse=CappedPurse(money, 0.5), usd=10.0, n_parallel=8
    )
    n_ok = sum(one.outcome == "ok" for one in verdicts.values())
    assert "cap of $0.50" in reason and n_ok < 200
    assert 0.45 < money.spent <= 0.5
    assert money.spent == pytest.approx(n_ok * 0.006)


def test_without_the_cap_the_same_run_would_cost_more():
    money = Money()
    verdicts, _, _ = run(Scene(GOOD, usage=(500, 100)), 200, purse=money, usd=10.0)
    assert len(verdicts) == 200 and money.spent > 0.5


def refuse_schema(body):
    if "response_format" not in body:
        return Scene(GOOD)
    said = "Invalid parameter: 'response_format' of type 'json_schema' is not supported."
    return fail(400, "invalid_request_error", said, "response_format")


def test_a_server_without_schemas_is_asked_without_one():
    verdicts, _, upstream = run(refuse_schema, 1, form="schema")
    assert (verdicts["0"].outcome, verdicts["0"].reading.score_1) == ("ok", 8)
    assert verdicts["0"].detail == "The server takes no JSON schema; it answered without."
    asked = upstream.bodies[0]["response_format"]
    assert (asked["type"], asked["json_schema"]["strict"]) == ("json_schema", True)
