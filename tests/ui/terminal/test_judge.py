"""`judge` as a person has it, with a server that replays a judge's replies."""

import json
import os
import re
import subprocess
import sys

import pytest

from annotations.imports import import_file
from annotations.judging.records import list_judgments
from annotations.judging.runs import read_judge_runs
from annotations.store import Store
from backend.registry import add_card
from backend.registry.cards import LocalCard, OpenAICard
from tests.browser import ROOT
from tests.judged import add_judgment, make_questions
from tests.ledgers import open_store
from tests.talkers import make_talker
from tests.upstream import FAULTS, fail, serve
from ui.terminal.judge import show_plain

WORDS = ("judge", "run", "--judge", "m", "--benchmark", "vicuna_80", "--against", "vicuna")
SAID = re.compile(r"(\w+) says (\d+)\.")
POINTS = {"alpaca": 5, "bard": 8.5, "vicuna": 9}


def offer(data, upstream, **told):
    """Put a card for a server into the data folder."""
    add_card(data, OpenAICard(name="m", base_url=upstream.url, model="judge-0613", **told))


def find_sides(body):
    """The two systems that a prompt shows, in their order, and the item."""
    (one, item), (other, _) = SAID.findall(body["messages"][-1]["content"])
    return one, other, item


def give_points(body):
    """A judge with fixed opinions."""
    one, other, item = find_sides(body)
    return f"{POINTS[one]} {POINTS[other]}\nOn {item}: so it is."


@pytest.fixture
def questions(data):
    """Three questions that three systems have answered."""
    with open_store(data) as store:
        make_questions(store)


def read_totals(data):
    """The sums of scores of each system and its reference."""
    totals = {}
    with Store(data) as store:
        for one in list_judgments(store):
            first, second = one.score()
            mine, theirs = (first, second) if one.reference_slot == 2 else (second, first)
            sums = totals.setdefault(one.system, [0, 0])
            sums[0], sums[1] = sums[0] + mine, sums[1] + theirs
    return totals


def test_all_verdicts_come_and_a_second_time_nothing_is_asked(camelid, data, questions):
    with serve(give_points) as upstream:
        offer(data, upstream)
        first, second = camelid(*WORDS), camelid(*WORDS)
        assert len(upstream.asked) == 12
    assert first.exit_code == second.exit_code == 0
    assert first.stdout == "12 of 12 verdicts of m came.\n"
    assert "12 judgments of m on 3 items of vicuna_80: 12 are to be asked." in first.stderr
    assert "nothing is to be asked. 12 known already." in second.stderr
    assert read_totals(data) == {"alpaca": [30, 54], "bard": [51, 54]}


def test_every_word_reaches_the_judge(camelid, data, questions):
    with serve(give_points) as upstream:
        offer(data, upstream)
        words = "--temperature 0.3 --max-tokens 99 --seed 7 --limit 2 --repeats 2"
        told = ("--systems", "bard", "alpaca", "--against", "vicuna", "bard")
        result = camelid(*WORDS[:-2], *told, *words.split(), "--orders", "published")
        assert result.exit_code == 0, result.stderr
        assert len(upstream.asked) == 2 * 2 * 2 * 2
        body = upstream.asked[0].body
    assert (body["temperature"], body["max_tokens"], body["seed"]) == (0.3, 99, 7)


def test_failures_are_counted_by_name_with_what_to_do(camelid, data, questions):
    scenes = [FAULTS["refused"], "No idea.", "No idea.", *["7 8"] * 20]
    with serve(scenes) as upstream:
        offer(data, upstream)
        result = camelid(*WORDS, "--parallel", "1")
    assert result.exit_code == 1
    assert result.stdout.startswith("10 of 12 verdicts of m came.\n")
    assert re.search(r"refused +1 +The judge refuses these", result.stdout)
    assert re.search(r"unreadable +1 +`judge waiting` shows", result.stdout)


def test_an_error_of_the_api_says_which_one(camelid, data, questions):
    with serve([FAULTS["context too long"], *["7 8"] * 20]) as upstream:
        offer(data, upstream)
        result = camelid(*WORDS, "--parallel", "1")
    assert re.search(r"api_error: too_long +1 +Give a smaller --max-tokens", result.stdout)


def test_what_can_not_be_read_is_shown_and_read_by_hand(camelid, data, questions):
    with serve(["Perhaps eight.", "Still not sure.", *["7 8"] * 20]) as upstream:
        offer(data, upstream)
        camelid(*WORDS, "--parallel", "1")
    shown = camelid("judge", "waiting")
    assert shown.stdout.startswith("1  vicuna_80 1, m; 1: alpaca, 2: vicuna\n    Perhaps eight.\n")
    assert "    Still not sure.\n" in shown.stdout
    assert "judge read 1 A B" in shown.stderr
    read = camelid("judge", "read", 1, 6.5, 8)
    assert read.stdout == "Judgment 1 counts as 6.5 : 8; 0 wait.\n"
    assert camelid("judge", "waiting").stdout == "Nothing waits to be read.\n"
    with Store(data) as store:
        assert list_judgments(store)[0].score() == (6.5, 8)


def test_a_reply_can_not_move_the_screen():
    assert show_plain("8\t9\n\x1b[2J\r\u202e\x9b3\u3000好 é") == (
        "8\t9\n\\x1b[2J\\r\\u202e\\x9b3\u3000好 é"
    )


def test_what_waits_is_written_out_before_it_is_shown(camelid, data, questions):
    with open_store(data) as store:
        add_judgment(store, 1, ("alpaca", "vicuna"), None, outcome="unreadable", text="\x1b[8mNo.")
    assert "    \\x1b[8mNo.\n" in camelid("judge", "waiting").stdout


@pytest.mark.parametrize("words", [(1,), (1, 7, 8, "--unreadable"), (1, 7, 8, 9)])
def test_a_reading_has_scores_or_none(camelid, data, questions, words):
    result = camelid("judge", "read", *words)
    assert (result.exit_code, "--unreadable" in result.stderr) == (1, True)


def test_the_money_is_told_first_and_the_cap_stops_the_run(camelid, data, questions):
    with serve("7 8") as upstream:
        offer(data, upstream, price_input_usd=0, price_output_usd=1e4, daily_cap_usd=100)
        result = camelid(*WORDS, "--cap", "0.15", "--max-tokens", "10", "--parallel", "1")
        n_asked = len(upstream.asked)
        again = camelid(*WORDS, "--cap", "0.15", "--max-tokens", "10", "--parallel", "1")
        assert (n_asked, len(upstream.asked)) == (2, 2)
    assert "At the prices of its card it costs $1.20 at most" in result.stderr
    assert "It stops at $0.15." in result.stderr
    assert "That cost $0.0800." in result.stdout
    assert "cap of $0.15" in result.stderr
    assert (result.exit_code, again.exit_code) == (1, 1)
    assert "It stops at $0.15, of which $0.08 are spent." in again.stderr
    with Store(data) as store:
        assert {run.state for run in read_judge_runs(store)} == {"paused"}


def test_runs_are_listed_with_how_they_ended(camelid, data, questions):
    assert camelid("judge", "list").stdout.startswith("No judge has run yet.")
    with serve(give_points) as upstream:
        offer(data, upstream)
        camelid(*WORDS, "--limit", "1")
        camelid(*WORDS)
    lines = camelid("judge", "list").stdout.splitlines()
    rows = [re.split(" {2,}", line) for line in lines]
    assert [row[0] for row in rows] == ["RUN", "2", "1"]
    assert rows[1][2:] == ["m", "vicuna_80", "done", "12", "12", "0", "0.00"]


def test_which_scores_count_is_said_and_chosen(camelid, data, questions):
    assert camelid("judge", "scores").stdout == "The scores read from the text count.\n"
    assert "files brought" in camelid("judge", "scores", "stored").stdout
    assert "files brought" in camelid("judge", "scores").stdout
    assert camelid("judge", "scores", "best").exit_code == 1


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--judge", "nobody"), "There is no model 'nobody'"),
        (("--judge", "gpt-4"), "OPENAI_API_KEY is not set"),
        (("--benchmark", "x"), "There is no benchmark 'x'"),
        (("--systems", "nobody"), "no answers of 'nobody'"),
        (("--protocol", "original"), "prompt.jsonl"),
    ],
)
def test_what_can_not_be_done_is_said_before_anything_is_asked(
    camelid, data, questions, words, said
):
    with serve() as upstream:
        offer(data, upstream)
        result = camelid(*WORDS, *words)
        assert upstream.asked == []
    assert result.exit_code == 1
    assert said in result.stderr


@pytest.mark.slow
def test_a_wrong_key_stops_the_run_with_the_reason(camelid, data, questions):
    with serve(FAULTS["401"]) as upstream:
        offer(data, upstream)
        result = camelid(*WORDS, "--parallel", "2")
        assert len(upstream.asked) <= 4
    assert result.exit_code == 1
    assert "api_error" in result.stdout
    assert "wants a key (HTTP 401)" in result.stderr


KEY = "sk-canary-0123456789abcdef"


def run_app(data, *words, **environ):
    """The command in a process of its own; its exit code, and all that it said."""
    command = [sys.executable, "app.py", "--data", str(data), *words]
    done = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, check=False, env=os.environ | environ
    )
    return done.returncode, done.stdout + done.stderr


@pytest.mark.slow
def test_a_judges_key_is_in_no_file_and_in_no_word(camelid, data, questions):
    """Its server repeats the key in what it complains of."""
    scenes = [fail(500, "server_error", f"{KEY} is odd."), *["7 8\nIt is so."] * 12]
    with serve(scenes) as upstream:
        offer(data, upstream, key_env="JUDGE_API_KEY")
        code, said = run_app(data, *WORDS, "--parallel", "1", JUDGE_API_KEY=KEY)
        sent = [asked.headers["authorization"] for asked in upstream.asked]
    with serve(fail(401, "invalid_api_key", f"{KEY} is no key.")) as upstream:
        offer(data, upstream, key_env="JUDGE_API_KEY")
        refused, complaint = run_app(data, *WORDS, "--seed", "1", JUDGE_API_KEY=KEY)
    camelid("export", "judgments", "--out", data / "j.jsonl", "--format", "jsonl")
    kept = {path for path in data.rglob("*") if path.is_file() and KEY.encode() in
            path.read_bytes()}  # fmt: skip
    assert (code, refused, set(sent)) == (0, 1, {f"Bearer {KEY}"})  # the control: it was used
    assert KEY not in said + complaint
    assert kept == set()
    assert (data / "j.jsonl").stat().st_size > 0


@pytest.mark.slow
def test_a_model_on_this_machine_can_be_the_judge(data, questions, tmp_path):
    folder = make_talker(tmp_path / "weights")
    add_card(data, LocalCard(name="m", path=str(folder), template="alpaca", device="cpu"))
    code, said = run_app(data, *WORDS, "--limit", "1", "--max-tokens", "8", "--temperature", "1")
    assert (code, "0 of 4 verdicts of m came." in said) == (1, True), said
    with Store(data) as store:
        (run,) = read_judge_runs(store)
        assert (run.state, run.n_done, run.cost_usd) == ("done", 4, 0)
        assert {one.score() for one in list_judgments(store)} == {None}
        assert {one.outcome for one in list_judgments(store)} <= {"truncated", "unreadable"}


PUBLISHED = {
    "alpaca-13b:v1": (583, 704),
    "bard:20230327": (664, 657.5),
    "gpt-3.5-turbo:20230327": (693, 638),
    "llama-13b:v1": (513, 696),
}
REFERENCE = "vicuna-13b:20230322-clean-lang"


def read_lines(path):
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def replay(folder):
    """What the released reviews answered, by the exact prompt that they were asked with."""
    questions = {row["question_id"]: row for row in read_lines(folder / "question.jsonl")}
    prompts = {row["prompt_id"]: row for row in read_lines(folder / "prompt.jsonl")}
    numbers = {row["category"]: row["prompt_id"]
               for row in read_lines(folder / "reviewer.jsonl")}  # fmt: skip
    answers = {row["answer_id"]: row["text"] for path in folder.glob("answers/*.jsonl")
               for row in read_lines(path)}  # fmt: skip
    told = {}
    for path in folder.glob("reviews/*clean-lang.jsonl"):
        for review in read_lines(path):
            question = questions[review["question_id"]]
            prompt = prompts[numbers.get(question["category"], numbers["general"])]
            asked = prompt["prompt_template"].format(
                question=question["text"], answer_1=answers[review["answer1_id"]],
                answer_2=answers[review["answer2_id"]], prompt=prompt["defaults"]["prompt"],
            )  # fmt: skip
            told[asked] = review["text"]
    return told


@pytest.mark.slow
def test_a_replay_of_the_released_reviews_gives_their_totals(camelid, data, data_sources):
    folder = data_sources / "vicuna_80"
    told = replay(folder)
    with open_store(data) as store:
        for path in [folder / "question.jsonl", *sorted(folder.glob("answers/*.jsonl")),
                     folder / "prompt.jsonl", folder / "reviewer.jsonl"]:  # fmt: skip
            import_file(store, path)
    with serve(lambda body: told[body["messages"][1]["content"]]) as upstream:
        offer(data, upstream)
        words = ("--against", REFERENCE, "--systems", *PUBLISHED, "--protocol", "original")
        result = camelid(*WORDS[:-2], *words, "--orders", "published", "--parallel", "16")
        assert (result.exit_code, len(upstream.asked)) == (0, 320), result.stderr
        body = upstream.bodies[0]
    assert (body["temperature"], body["max_tokens"]) == (0.2, 1024)
    assert {name: tuple(sums) for name, sums in read_totals(data).items()} == PUBLISHED
