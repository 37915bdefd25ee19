"""`export pairs`: what a person is told, and a file that training takes."""

import json

import pytest
import typer

from app import program
from backend.dialogue import Message
from tests.ledgers import add_ballot, open_store
from tests.preferred import make_study
from training.data import read_pairs
from training.data.shapes import detect_shape
from ui.pairing import BENCHMARKS


@pytest.fixture
def likes(data):
    with open_store(data) as store:
        make_study(store)
        add_ballot(store, ("left",) * 3, pair=1)
        add_ballot(store, ("right", "left", "tie"), pair=2)
        add_ballot(store, ("tie",) * 3, pair=3)


def test_a_file_is_what_training_reads(camelid, likes, tmp_path):
    out = tmp_path / "pairs.jsonl"
    words = ("--disagreement", "share", "--out", out)
    result = camelid("export", "pairs", "--study", "likes", *words)
    assert (result.exit_code, result.stdout) == (0, "")
    assert detect_shape(out) == "preference"
    first, second = read_pairs(out, "preference").pairs
    assert (first.chosen, first.rejected, first.margin) == ("An animal.", "It is an animal.", 1.0)
    assert second.prompt == (Message("user", "Sort these words.", "hump, camel"),)
    assert f"train tiny-dpo --data {out}" in result.stderr


def test_the_terminal_shows_what_a_file_has(camelid, likes, tmp_path):
    out = tmp_path / "pairs.jsonl"
    shown = camelid("export", "pairs", "--study", "likes")
    camelid("export", "pairs", "--study", "likes", "--out", out)
    assert out.read_bytes() == shown.stdout_bytes
    assert len(shown.stdout.splitlines()) == 2


def test_a_dry_run_says_what_the_pairs_would_be_and_writes_nothing(camelid, likes, tmp_path):
    out = tmp_path / "pairs.jsonl"
    words = ("--out", out, "--dry-run")
    result = camelid("export", "pairs", "--study", "likes", *words)
    assert "Left out: nobody is ahead          1" in result.stdout
    assert not out.exists()


def test_several_criteria_are_said_one_by_one(camelid, likes):
    words = ("--criterion", "helpful", "--criterion", "honest")
    agreed = camelid("export", "pairs", "--study", "likes", *words)
    assert len(agreed.stdout.splitlines()) == 1
    weighed = camelid(
        "export", "pairs", "--study", "likes", *words,
        "--combine", "weighted", "--weight", "1", "--weight", "2",
    )  # fmt: skip
    assert json.loads(weighed.stdout.splitlines()[1])["chosen"] == "camel, hump"


def test_questions_of_a_benchmark_are_named_before_anybody_trains_on_them(
    camelid, data, data_sources
):
    text = (data_sources / "vicuna_80" / "question.jsonl").read_text("utf-8").splitlines()[0]
    question = json.loads(text)
    asked = question.get("text") or question["turns"][0]
    with open_store(data) as store:
        make_study(store, first=asked)
        add_ballot(store, ("left",) * 3, pair=1)
    result = camelid("export", "pairs", "--study", "likes", "--dry-run")
    assert BENCHMARKS.format(n=1) in result.stderr


def test_nothing_chosen_is_said(camelid, likes):
    result = camelid("export", "pairs")
    assert result.exit_code == 1
    assert "Choose a study, a judge, or votes on conversations" in result.stderr


def test_both_commands_are_there_for_who_lists_them():
    command = typer.main.get_command(program).commands["export"]
    assert set(command.commands) == {"", "pairs"}
    assert command.commands[""] is command
    told = {word for option in command.commands["pairs"].params for word in option.opts}
    assert "--study" in told and "--install-completion" not in told
