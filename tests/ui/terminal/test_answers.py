import io
import os
import re
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest

from annotations.errands import Pace
from annotations.generation import read_runs
from annotations.library import find_answers
from annotations.store import Store
from backend.registry import add_card
from backend.registry.cards import LocalCard, OpenAICard
from tests.browser import ROOT
from tests.talkers import make_talker
from tests.upstream import FAULTS, Scene, serve
from ui.terminal.watching import print_line, say_left, say_pace

WORDS = ("answers", "generate", "--model", "m", "--benchmark", "demo")


def offer(data, upstream, **told):
    """Put a card for a server into the data folder."""
    add_card(data, OpenAICard(name="m", base_url=upstream.url, model="x", **told))


def test_all_answers_come_and_a_second_time_nothing_is_asked(camelid, demo, data):
    with serve("A camel is a good answer.") as upstream:
        offer(data, upstream)
        first = camelid(*WORDS, "--as", "camel")
        n_asked = len(upstream.asked)
        second = camelid(*WORDS, "--as", "camel")
        assert (n_asked, len(upstream.asked)) == (30, 30)
    assert first.exit_code == second.exit_code == 0
    assert first.stdout == "30 of 30 answers of camel came.\n"
    assert "30 items × 1 sample: 30 answers of camel, 30 are missing." in first.stderr
    assert second.stderr == "30 items × 1 sample: 30 answers of camel, nothing is missing.\n"
    assert "study create NAME --benchmark demo --systems camel OTHER" in first.stderr


def test_every_word_reaches_the_model(camelid, demo, data):
    with serve() as upstream:
        offer(data, upstream)
        words = "--temperature 0.3 --top-p 0.5 --max-tokens 9 --system-text Brief. --limit 2"
        assert camelid(*WORDS, *words.split(), "--samples", "3").exit_code == 0
        assert len(upstream.asked) == 6
        body = upstream.asked[0].body
    assert (body["temperature"], body["top_p"], body["max_tokens"]) == (0.3, 0.5, 9)
    assert body["messages"][0] == {"role": "system", "content": "Brief."}


def test_failures_are_counted_by_name_with_what_to_do_and_only_they_are_asked_again(
    camelid, demo, data
):
    scenes = [FAULTS["context too long"], *["Fine."] * 40]
    with serve(scenes) as upstream:
        offer(data, upstream)
        result = camelid(*WORDS, "--parallel", "1")
        assert result.exit_code == 1
        assert result.stdout.startswith("29 of 30 answers of m came.\n")
        assert re.search(r"too_long +1 +Give a smaller --max-tokens", result.stdout)
        again = camelid(*WORDS, "--parallel", "1")
        assert again.exit_code == 0
        assert len(upstream.asked) == 31
    with Store(data) as store:
        assert set(find_answers(store, "demo", "m")) and len(find_answers(store, "demo", "m")) == 30
        assert [run.state for run in read_runs(store)] == ["done", "done"]


def test_a_wrong_key_ends_the_run_at_once_with_the_reason(camelid, demo, data):
    with serve(FAULTS["401"]) as upstream:
        offer(data, upstream)
        result = camelid(*WORDS, "--parallel", "2")
        assert len(upstream.asked) <= 4
    assert result.exit_code == 1
    assert "bad_key" in result.stdout
    assert "Set the right key" in result.stdout


def test_money_is_estimated_first(camelid, demo, data):
    with serve() as upstream:
        offer(data, upstream, price_input_usd=1, price_output_usd=1, daily_cap_usd=2)
        result = camelid(*WORDS, "--limit", "1")
    assert result.exit_code == 0
    assert re.search(r"It costs \$0\.00 at most; \$2\.00 of today's cap of \$2\.00 for m are left",
                     result.stderr)  # fmt: skip


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--samples", "2", "--temperature", "0"), "all 2 samples would be the same"),
        (("--model", "nobody"), "There is no model 'nobody'"),
        (("--model", "gpt-4"), "OPENAI_API_KEY is not set"),
        (("--benchmark", "x"), "There is no benchmark 'x'"),
        (("--as", "alpaca-demo"), "come from a file"),
    ],
)
def test_what_cannot_be_done_is_said_before_anything_is_asked(camelid, demo, data, words, said):
    with serve() as upstream:
        offer(data, upstream)
        result = camelid(*WORDS, *words)
        assert upstream.asked == []
    assert result.exit_code == 1
    assert said in result.stderr


def test_the_app_that_runs_is_named(camelid, demo, data):
    with Store(data, purpose="serving on here"):
        result = camelid(*WORDS)
    assert result.exit_code == 1
    assert "serving on here" in result.stderr


def test_what_there_is_is_listed_with_its_last_run(camelid, demo, data):
    with serve() as upstream:
        offer(data, upstream)
        camelid(*WORDS, "--limit", "4", "--samples", "2")
    rows = [line.split() for line in camelid("answers", "list").stdout.splitlines()]
    assert ["alpaca-demo", "demo", "30", "30", "30", "imported"] in rows
    assert ["m", "demo", "4", "30", "8", "done"] in rows


@pytest.mark.parametrize(
    ("pace", "words"),
    [
        (Pace("tiny is loading, 4 s", 30, 0), "0 of 30, tiny is loading, 4 s"),
        (Pace("", 30, 0), "0 of 30, waiting for the first answer"),
        (Pace("", 3000, 1500, 2, 2.5, 600), "1,500 of 3,000, 2.50 a second, 10:00 left, 2 failed"),
        (Pace("Resting.", 3, 1, 0, 1, 2, 0.5), "1 of 3, 1.00 a second, 0:02 left, $0.50, Resting."),
    ],
)
def test_a_line_says_how_far_it_is(pace, words):
    assert say_pace(pace) == words
    assert [say_left(59.6), say_left(3725)] == ["1:00", "1:02:05"]


class Screen(io.StringIO):
    def isatty(self):
        return True


def test_a_screen_has_one_line_and_a_file_many():
    screen, file = Screen(), io.StringIO()
    for one in (screen, file):
        for words in ("much longer", "short"):
            print_line(one, words, "" if one.isatty() else "\n")
    first, second = screen.getvalue().split("\r")[1:]
    assert (first.rstrip(), second.rstrip()) == ("much longer", "short")
    assert len(first) == len(second) and "\n" not in first + second
    assert file.getvalue() == "much longer\nshort\n"


def run_app(data, *words):
    """The command in a process of its own."""
    command = [sys.executable, "app.py", "--data", str(data), *words]
    return subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )  # fmt: skip


def list_processes(data):
    """The processes that were started with words about a data folder (Linux only)."""
    commands = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):  # it has just ended
            commands.append(path.read_bytes())
    return [one for one in commands if str(data).encode() in one]


@pytest.mark.slow
def test_control_c_keeps_what_has_come(demo, data):
    with serve(Scene("Slow.", delay_s=0.1)) as upstream:
        offer(data, upstream)
        process = run_app(data, *WORDS, "--samples", "20", "--parallel", "2")
        deadline = time.monotonic() + 90
        while len(upstream.asked) < 6:
            assert time.monotonic() < deadline and process.poll() is None
            time.sleep(0.02)
        process.send_signal(signal.SIGINT)
        said, errors = process.communicate(timeout=90)
    assert process.returncode == 1
    assert "goes on with what is missing" in errors
    with Store(data) as store:
        (run,) = read_runs(store)
        assert run.state == "cancelled"
        assert said == f"{run.n_answered} of 600 answers of m came.\n"
        assert run.n_answered >= 4


@pytest.mark.slow
def test_a_real_model_answers_and_its_worker_ends_with_the_command(demo, data, tmp_path):
    folder = make_talker(tmp_path / "weights")
    add_card(data, LocalCard(name="m", path=str(folder), template="alpaca", device="cpu"))
    words = (*WORDS, "--samples", "2", "--max-tokens", "8", "--limit", "10")
    process = run_app(data, *words)
    said, errors = process.communicate(timeout=240)
    assert process.returncode == 0, errors
    assert said.startswith("20 of 20 answers of m came.\n20 of them are cut"), said
    assert list_processes(data) == []
    with Store(data) as store:
        first, second = (find_answers(store, "demo", "m", sample) for sample in (0, 1))
    assert len(first) + len(second) == 20
    assert first != second
