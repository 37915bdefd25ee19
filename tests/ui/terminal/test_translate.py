import math
import re
import time
from contextlib import suppress
from dataclasses import replace

import pytest

from annotations.library import find_answers, list_items
from annotations.store import Store
from annotations.translation.runs import read_translation_runs
from backend.registry import add_card
from backend.registry.cards import OpenAICard
from tests.interpreters import QUESTIONS, add_questions, interpret
from tests.ledgers import open_store
from tests.ui.terminal.test_answers import run_app
from tests.upstream import FAULTS, Scene, serve

WORDS = ("translate", "--benchmark", "quiz", "--to", "zh", "--model", "m")


def interpret_body(body):
    """A server's reply to a request for a translation."""
    return interpret(body["messages"][-1]["content"])


@pytest.fixture
def quiz(data):
    with open_store(data) as store:
        add_questions(store)


def offer(data, upstream, **told):
    """Put a card for a server into the data folder."""
    add_card(data, OpenAICard(name="m", base_url=upstream.url, model="x", **told))


def test_a_benchmark_and_answers_are_translated_once(camelid, quiz, data):
    with serve(interpret_body) as upstream:
        offer(data, upstream)
        first = camelid(*WORDS, "--answers", "alpaca", "gpt-4")
        n_asked = len(upstream.asked)
        again = camelid(*WORDS, "--answers", "alpaca", "gpt-4")
        assert (n_asked, len(upstream.asked)) == (10, 10)
    assert (first.exit_code, again.exit_code) == (0, 0)
    assert first.stdout.splitlines() == [
        "10 of 10 texts came.",
        "quiz_zh has 4 of 4 items.",
        "alpaca (translated) has 4 answers.",
        "gpt-4 (translated) has 4 answers.",
    ]
    assert "4 items and 8 answers into quiz_zh: 10 texts, 10 are missing." in first.stderr
    assert "answers generate --model M --benchmark quiz_zh" in first.stderr
    assert "nothing is missing" in again.stderr


def test_failures_have_names_and_the_same_command_goes_on(camelid, quiz, data):
    scenes = iter([FAULTS["truncated"], FAULTS["context too long"], Scene("Sorry, no.")])
    with serve(lambda body: next(scenes, None) or interpret_body(body)) as upstream:
        offer(data, upstream)
        first = camelid(*WORDS, "--parallel", "1")
        assert first.exit_code == 1
        assert first.stdout.startswith("2 of 5 texts came.\nquiz_zh has 2 of 4 items.\n")
        for name in ("truncated", "too_long", "malformed"):
            assert re.search(rf"{name} +1 +[A-Z]", first.stdout)
        second = camelid(*WORDS, "--parallel", "1")
        assert (second.exit_code, len(upstream.asked)) == (0, 8)
    assert second.stdout.startswith("3 of 3 texts came.\nquiz_zh has 4 of 4 items.\n")


def test_money_is_told_first_and_a_cap_stops_the_run(camelid, quiz, data):
    with serve(lambda body: Scene(interpret_body(body), usage=(400, 200))) as upstream:
        offer(data, upstream, price_input_usd=100, price_output_usd=100, daily_cap_usd=9)
        result = camelid(*WORDS, "--cap", "0.1", "--parallel", "1")
        assert len(upstream.asked) == 1
    assert result.exit_code == 1
    assert re.search(r"It costs \$0\.\d\d at most, .*This run stops at \$0\.10\.", result.stderr)
    assert "of this run's cap of $0.10 are spent" in result.stderr
    assert "no_quota" in result.stdout
    with Store(data) as store:
        row = store.row(
            "SELECT total(coalesce(spent_nano_usd, reserved_nano_usd)) FROM reservation"
        )
        assert row[0] <= 0.1 * 10**9


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--to", "fr"), "choose one of en, zh"),
        (("--model", "nobody"), "There is no model 'nobody'"),
        (("--answers", "bard"), "There are no answers of 'bard' to quiz"),
        (("--benchmark", "x"), "There is no benchmark 'x'"),
    ],
)
def test_what_cannot_be_done_is_said_before_anything_is_asked(camelid, quiz, data, words, said):
    with serve() as upstream:
        offer(data, upstream)
        result = camelid(*WORDS, *words)
        assert upstream.asked == []
    assert result.exit_code == 1
    assert said in result.stderr


def kill_in_the_middle(data, upstream, words, n_more):
    """Start the command, and kill it after so many more requests; return whether it was alive."""
    process = run_app(data, *words)
    upstream.hold_after = n_wanted = len(upstream.asked) + n_more
    deadline = time.monotonic() + 120
    while process.poll() is None and len(upstream.asked) < n_wanted:
        assert time.monotonic() < deadline
        time.sleep(0.005)
    was_alive = process.poll() is None
    with suppress(ProcessLookupError):
        process.kill()
    process.communicate(timeout=60)
    upstream.hold_after = math.inf
    return was_alive


def add_many(data, n_items):
    """Put items and answers of different lengths, all different, into the ledger."""
    lengths = range(1, n_items + 1)
    items = [replace(QUESTIONS[0], item_id=f"q{k}", instruction=f"What is {'x' * k}?")
             for k in lengths]  # fmt: skip
    with open_store(data) as store:
        add_questions(store, items, {"gpt-4": [f"It is {'y' * k}." for k in lengths]})
    return [item.item_id for item in items]


N_PARALLEL = 4
MANY = (*WORDS, "--answers", "gpt-4", "--parallel", str(N_PARALLEL))


@pytest.mark.slow
@pytest.mark.parametrize("n_kills", [2, pytest.param(20, marks=pytest.mark.soak)])
def test_a_kill_loses_no_translation_and_pays_twice_only_for_those_under_way(
    camelid, data, n_kills
):
    names = add_many(data, 20 * n_kills)
    with serve(lambda body: Scene(interpret_body(body), delay_s=0.02)) as upstream:
        offer(data, upstream)
        assert all(kill_in_the_middle(data, upstream, MANY, 20) for _ in range(n_kills))
        result = camelid(*MANY)
        n_asked = len(upstream.asked)
    assert result.exit_code == 0, result.stderr
    assert 2 * len(names) <= n_asked <= 2 * len(names) + n_kills * N_PARALLEL
    with Store(data) as store:
        assert [item.item_id for item in list_items(store, "quiz_zh")] == names
        assert list(find_answers(store, "quiz_zh", "gpt-4 (translated)")) == names
        states = [run.state for run in read_translation_runs(store)]
        assert states == ["done", *["interrupted"] * n_kills]


@pytest.mark.slow
def test_without_what_was_kept_a_kill_costs_all_of_it_again(camelid, data):
    names = add_many(data, 15)
    with serve(lambda body: Scene(interpret_body(body), delay_s=0.02)) as upstream:
        offer(data, upstream)
        assert kill_in_the_middle(data, upstream, MANY, 20)
        camelid(*MANY, "--temperature", "0.5", "--as", "other")  # another way is nobody's cache
        assert len(upstream.asked) > 2 * len(names) + N_PARALLEL
