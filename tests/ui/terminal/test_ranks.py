"""The words of `answers rank`; that real scores make ranks is tested with figure 5."""

import pytest
import typer

from annotations.ranking.runs import RankingRun, Start
from backend.registry import add_card
from backend.registry.cards import LocalCard
from tests.interpreters import REWARD, Models, add_questions, rank
from tests.ledgers import open_store
from ui.terminal.ranks import report

WORDS = ("answers", "rank", "--model", "alpaca", "--benchmark", "quiz", "--reward", "r")
START = Start("quiz", "alpaca", "alpaca", "alpaca", 2, "r", "no")


@pytest.fixture
def quiz(data):
    with open_store(data) as store:
        add_questions(store, answers={"alpaca": [["bb", "a"]] * 4})


@pytest.fixture
def reward(data, tmp_path):
    """A reward model that could be asked."""
    weights = tmp_path / "reward"
    weights.mkdir()
    for name in ("config.json", "tokenizer.json", "model.safetensors"):
        (weights / name).write_text("{}")
    add_card(data, LocalCard(name="r", path=str(weights), template="alpaca", role="reward"))


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "alpaca has 5 samples of 0 of 4 items of quiz. Ask for the others first"),
        (("--samples", "1"), "Samples is 1; it can be 2 to 100"),
        (("--model", "bard"), "There are no answers of 'bard' to quiz"),
        (("--baseline", "bard"), "There are no answers of 'bard' to quiz"),
        (("--reward", "gpt-4"), "gives no scores"),
        (("--reward", "nobody"), "There is no model 'nobody'"),
    ],
)
def test_what_cannot_be_ranked_is_said_before_a_worker_starts(camelid, quiz, reward, words, said):
    result = camelid(*WORDS, *words)
    assert result.exit_code == 1
    assert said in result.stderr


def end(outcomes, n_wanted=8, message=""):
    """A run that has ended."""
    return RankingRun(1, START, "cli", "done", message, n_wanted, outcomes, 0.0, 1.0)


def test_the_new_systems_are_named_with_what_comes_next(capsys):
    report(end({"ok": 8}))
    told = capsys.readouterr()
    assert told.out == ("8 of 8 scores came.\nThe systems alpaca R1, alpaca R2 answer quiz now.\n")
    assert "--systems 'alpaca R1' 'alpaca R2' alpaca --against Y" in told.err


def test_failures_have_names_and_end_with_code_1(capsys):
    with pytest.raises(typer.Exit):
        report(end({"ok": 4, "too_long": 2, "timeout": 2}, message="It is gone."))
    told = capsys.readouterr()
    assert told.out.startswith("4 of 8 scores came.\n")
    assert "too_long  2  A text of these items is longer than the reward model" in told.out
    assert told.err == "It is gone.\n"


def test_ranks_and_translations_are_listed_as_what_they_are(camelid, quiz, data):
    with open_store(data) as store:
        rank(store, Models(card=REWARD, answer=len), samples=2)
    rows = [line.split() for line in camelid("answers", "list").stdout.splitlines()]
    assert ["alpaca", "quiz", "4", "4", "8", "imported"] in rows
    assert ["alpaca", "R1", "quiz", "4", "4", "4", "ranked"] in rows
