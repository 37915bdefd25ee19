"""`reward check`: what is said of scores that are there, and of what is in the way."""

import json

import pytest
import typer

from annotations.ranking.checks import CheckEnd, CheckErrand, CheckOrder
from backend.registry import add_card, find_card
from backend.registry.cards import LocalCard
from tests.interpreters import Models, carry_out
from tests.ledgers import add_ballot, open_store
from tests.preferred import make_study
from training.data import add_file
from ui.terminal.reward import tell_end

WORDS = ("reward", "check", "--reward", "r")


@pytest.fixture
def likes(data, tmp_path):
    """A study with two decided pairs, and a reward model that could be asked."""
    weights = tmp_path / "reward"
    weights.mkdir()
    for name in ("config.json", "tokenizer.json", "model.safetensors"):
        (weights / name).write_text("{}")
    add_card(data, LocalCard(name="r", path=str(weights), template="alpaca", role="reward"))
    with open_store(data) as store:
        make_study(store)
        add_ballot(store, ("right", "left", "tie"), pair=1)
        add_ballot(store, ("left", "left", "tie"), pair=2)


@pytest.fixture
def scored(likes, data):
    """Every answer scored by its length."""
    models = Models(card=find_card(data, "r"), answer=len)
    with open_store(data) as store:
        carry_out(lambda: CheckErrand(store, models, CheckOrder("r", "likes"), "kim"), models)


def test_scores_that_are_there_are_compared_without_asking(camelid, scored):
    result = camelid(*WORDS, "--study", "likes")
    assert result.exit_code == 0
    assert "50.0% of 2 pairs that people decided (95 % interval 9.5% to 90.5%)" in result.stdout
    assert "all answers have scores" in result.stderr
    assert "wordy" in result.stdout


def test_a_model_s_own_training_questions_are_said_beside_the_number(camelid, data, tmp_path):
    """The flattered number never stands alone."""
    rows = [{"prompt": [{"role": "user", "content": "What is a CAMEL"}], "chosen": "a",
             "rejected": "b"}]  # fmt: skip
    (tmp_path / "pairs.json").write_text(json.dumps(rows))
    sha256 = add_file(data, tmp_path / "pairs.json").sha256
    folder = data / "checkpoints" / "r"
    folder.mkdir(parents=True)
    for name in ("config.json", "tokenizer.json", "model.safetensors"):
        (folder / name).write_text("{}")
    told = {"name": "r", "role": "reward", "template": "alpaca", "data_sha256": {"p": sha256}}
    (folder / "model.json").write_text(json.dumps(told))
    with open_store(data) as store:
        make_study(store)
        add_ballot(store, ("right", "left", "tie"), pair=1)
        add_ballot(store, ("left", "left", "tie"), pair=2)
        models = Models(card=find_card(data, "r"), answer=len)
        carry_out(lambda: CheckErrand(store, models, CheckOrder("r", "likes"), "kim"), models)
    result = camelid(*WORDS, "--study", "likes")
    assert "the questions of 1 pair, which flatters it; on the other 1" in result.stdout
    assert "Pairs that the model was trained on" not in result.stderr


def test_another_criterion_has_its_own_numbers(camelid, scored):
    honest = camelid(*WORDS, "--study", "likes", "--criterion", "honest").stdout
    assert "0.0% of 2 pairs" in honest
    harmless = camelid(*WORDS, "--study", "likes", "--criterion", "harmless").stdout
    assert "No pair that people decided has both scores" in harmless


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "Name one of the two"),
        (("--study", "x"), "There is no study 'x'"),
        (("--study", "likes", "--criterion", "nice"), "'nice'"),
        (("--benchmark", "quiz", "--reward", "gpt-4"), "gives no scores"),
        (("--benchmark", "quiz", "--reward", "nobody"), "There is no model 'nobody'"),
    ],
)
def test_what_is_in_the_way_is_said_before_a_worker_starts(camelid, likes, words, said):
    result = camelid(*WORDS, *words)
    assert result.exit_code == 1
    assert said in result.stderr


def test_scores_that_did_not_come_end_with_code_1(capsys):
    with pytest.raises(typer.Exit) as ended:
        tell_end(CheckEnd("failed", "It broke.", 6, {"ok": 4, "too_long": 2}))
    assert ended.value.exit_code == 1
    told = capsys.readouterr()
    assert "too_long" in told.out
    assert "It broke." in told.err
