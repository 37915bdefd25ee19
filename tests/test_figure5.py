"""All of figure 5, as a person makes it: translate, answer, judge, draw; and the ranks of 4.

A server replays the big models (translator, judge, GPT-4 itself); the small one is a real LLaMA
of this machine, and so is the reward model.
"""

import csv

import pytest
from typer.testing import CliRunner

from annotations.store import Store
from app import program
from backend.registry import add_card
from backend.registry.cards import LocalCard, OpenAICard
from tests.interpreters import add_questions, interpret
from tests.tiny import make_llama, make_reward
from tests.upstream import serve

pytestmark = pytest.mark.slow  # two model workers and four runs

HOST = "http://127.0.0.1"
VERDICT = "8 9\nThe second one says more."


def replay(body):
    """What the big models say: by the name that is asked for."""
    if body["model"] == "judge":
        return VERDICT
    told = body["messages"][-1]["content"]
    return interpret(told) if body["model"] == "translator" else "骆驼有一个或两个驼峰。"


@pytest.fixture
def camelid(tmp_path):
    """Run a command that has to succeed; return what it said."""

    def run(*words, n_tries=1):
        data = str(tmp_path / "data")
        for _ in range(n_tries):
            result = CliRunner().invoke(program, ["--data", data, *map(str, words)])
            if result.exit_code == 0:
                break
        assert result.exit_code == 0, (words, result.output)
        return result.stdout

    return run


def add_models(data, tmp_path, url):
    """Cards for the replayed models, and for two real ones."""
    for name, model in (("gpt-4-translates", "translator"), ("gpt-4-judges", "judge"),
                        ("gpt-4-speaks", "gpt-4")):  # fmt: skip
        add_card(data, OpenAICard(name=name, base_url=url, model=model))
    common = {"device": "cpu", "dtype": "float32", "template": "alpaca"}
    weights = make_llama(tmp_path / "llama")
    add_card(data, LocalCard(name="tiny", path=str(weights), **common))
    weights = make_reward(tmp_path / "reward", context=2048)
    add_card(data, LocalCard(name="reward", path=str(weights), role="reward", **common))


def read_bars(folder, figure):
    """The figure's table, a row a bar."""
    (path,) = folder.glob("*.csv")
    with path.open(encoding="utf-8-sig") as file:
        return [row for row in csv.DictReader(file) if row["figure"] == str(figure)]


def test_translate_answer_judge_draw(camelid, tmp_path):
    data = tmp_path / "data"
    with Store(data, purpose="test") as store:
        add_questions(store)
    with serve(replay) as upstream:
        add_models(data, tmp_path, upstream.url)
        said = camelid("translate", "--benchmark", "quiz", "--to", "zh", "--model",
                       "gpt-4-translates", "--answers", "alpaca", "gpt-4")  # fmt: skip
        assert "quiz_zh has 4 of 4 items." in said
        to_answer = ("answers", "generate", "--benchmark", "quiz_zh", "--max-tokens", 24)
        camelid(*to_answer, "--model", "gpt-4-speaks", "--as", "GPT-4")
        # Now and then a tiny model says nothing: it is asked again for what is missing.
        camelid(*to_answer, "--model", "tiny", "--samples", 3, n_tries=5)
        said = camelid("answers", "rank", "--benchmark", "quiz_zh", "--model", "tiny", "--reward",
                       "reward", "--samples", 3)  # fmt: skip
        assert "12 of 12 scores came." in said
        judged = ("judge", "run", "--judge", "gpt-4-judges", "--benchmark", "quiz_zh")
        camelid(*judged, "--systems", "alpaca (translated)", "tiny", "tiny R1", "--against",
                "gpt-4 (translated)", "GPT-4")  # fmt: skip
        camelid("figures", "5", "--out", tmp_path / "figures", "--format", "csv")
    bars = {(row["system"], row["reference"]): row for row in read_bars(tmp_path / "figures", 5)}
    references = ("gpt-4 (translated)", "GPT-4")
    assert set(bars) == {(system, reference) for reference in references
                         for system in ("alpaca (translated)", "tiny", "tiny R1")}  # fmt: skip
    kinds = {key: row["kind"] for key, row in bars.items()}
    assert kinds["alpaca (translated)", "gpt-4 (translated)"] == "translated"
    assert kinds["alpaca (translated)", "GPT-4"] == "generated"
    assert kinds["tiny", "gpt-4 (translated)"] == "chinese"
    for row in bars.values():  # four questions in both orders, at 8 : 9 and 9 : 8
        assert (row["n_questions"], row["n_judgments"], row["n_failed"]) == ("4", "8", "0")
        assert (row["sum_system"], row["sum_reference"]) == ("34", "34")
