import json

import pytest

from backend.errors import InputError
from tests.jobs import ROWS, fill_house
from ui.terminal.train import read_devices, take_data


@pytest.fixture
def rows(tmp_path):
    """A file of training data from elsewhere."""
    path = tmp_path / "mine.json"
    path.write_text(json.dumps(ROWS))
    return path


@pytest.mark.slow
def test_a_dry_run_says_what_will_happen_and_starts_nothing(camelid, data, rows):
    words = ("tiny-alpaca", "--data", rows, "--set", "epochs=2", "--dry-run")
    told = camelid("train", *words)
    assert told.exit_code == 0, told.stderr
    assert "8 to train on" in told.stdout and "Steps" in told.stdout
    assert list((data / "training").glob("jobs/*")) == []
    assert (data / "training" / "files" / "mine.json").read_bytes() == rows.read_bytes()


@pytest.mark.slow
def test_benchmark_questions_can_not_start(camelid, data, rows):
    asked = {"instruction": "How can I improve my time management skills?", "output": "Plan."}
    rows.write_text(json.dumps([*ROWS, asked]))
    refused = camelid("train", "tiny-alpaca", "--data", rows)
    assert refused.exit_code == 1
    assert "row 9" in refused.stderr and "--force-benchmarks" in refused.stderr
    assert list((data / "training").glob("jobs/*")) == []


def test_all_faults_are_told_before_any_data_is_copied(camelid, data, rows):
    words = ("tiny-alpaca", "--data", rows, "--set", "epochs=0", "--set", "warmpu=1")
    told = camelid("train", *words)
    assert told.exit_code == 1
    assert "epochs is '0'" in told.stderr and "is warmup meant?" in told.stderr
    assert not (data / "training" / "files").exists()


def test_an_unknown_recipe_or_file_is_told(camelid):
    assert "There is no recipe 'nope'" in camelid("train", "nope").stderr
    told = camelid("train", "alpaca-7b", "--data", "nothing.json")
    assert told.exit_code == 1
    assert "There is no training data 'nothing.json'" in told.stderr


def test_published_data_that_is_not_here_is_told_how_to_get(camelid):
    assert "training fetch alpaca_gpt4_data" in camelid("train", "llama-gpt4-7b").stderr


def test_a_gpu_that_is_no_number_is_told(camelid):
    assert "--gpus is 'all'" in camelid("train", "tiny-alpaca", "--gpus", "all").stderr


def test_a_name_of_training_data_comes_before_a_file_here(data, rows, tmp_path):
    fill_house(data)
    assert take_data(data, "rows.json") == "rows.json"
    assert take_data(data, str(rows)) == "mine.json"
    assert take_data(data, "not-there.json") == "not-there.json"
    with pytest.raises(InputError, match=r"There is no file \./typo\.json\."):
        take_data(data, "./typo.json")


@pytest.mark.parametrize(("text", "numbers"), [("", ()), ("0", (0,)), ("0, 3", (0, 3))])
def test_gpus_are_numbers(text, numbers):
    assert read_devices(text) == numbers


@pytest.mark.parametrize("text", ["a", "0,", "-1", "0;1", "1000", "٣"])
def test_anything_else_is_no_gpu(text):
    with pytest.raises(InputError, match="--gpus is"):
        read_devices(text)
