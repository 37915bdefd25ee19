import json

import pytest
import torch

from backend.registry import add_card, find_card
from backend.registry.cards import LocalCard, OpenAICard, RecordedCard
from tests.ledgers import open_store
from ui.terminal.models import place_folder


@pytest.fixture
def weights(tmp_path):
    """A folder that looks like a model's."""
    folder = tmp_path / "my-weights"
    folder.mkdir()
    for name in ("config.json", "tokenizer.json", "model.safetensors"):
        (folder / name).write_text("{}")
    return folder


def test_a_folder_becomes_a_model_that_can_be_asked(camelid, data, weights):
    added = camelid("models", "add", "my-llama", "--path", weights, "--template", "alpaca")
    assert added.stdout.endswith("my-llama.json.\nIt can be asked.\n")
    assert find_card(data, "my-llama") == LocalCard(
        name="my-llama", path=str(weights), template="alpaca"
    )


def test_a_local_model_called_gpt_needs_no_key(camelid, weights):
    added = camelid("models", "add", "gpt-anything", "--path", weights, "--template", "alpaca")
    assert "It can be asked." in added.stdout


def test_every_word_about_a_folder_reaches_its_card(camelid, data, weights):
    words = "--template chatml --dtype float32 --device cpu --context 512 --role reward --title T"
    camelid("models", "add", "x", "--path", weights, "--quantisation", "none", *words.split())
    told = {"path": str(weights), "template": "chatml", "dtype": "float32", "device": "cpu"}
    assert find_card(data, "x") == LocalCard(
        name="x", title="T", context=512, role="reward", **told
    )


def test_a_server_near_by_is_free(camelid, data):
    added = camelid(
        "models", "add", "vllm", "--base-url", "http://127.0.0.1:8000/v1", "--model", "alpaca"
    )
    assert "It can be asked." in added.stdout
    assert find_card(data, "vllm").model == "alpaca"


def test_a_server_far_away_says_what_it_lacks(camelid):
    words = ("--base-url", "https://api.example.org/v1", "--model", "m", "--key-env", "NO_KEY")
    added = camelid("models", "add", "far", *words)
    assert added.exit_code == 0
    assert "NO_KEY is not set. The price of far is not known. Its daily cap is 0" in added.stdout


def test_what_is_said_changes_a_built_in_card_and_keeps_the_rest(camelid, data):
    words = ["--price-input", "30", "--price-output", "60", "--daily-cap", "5"]
    assert camelid("models", "add", "gpt-4", *words).exit_code == 0
    card = find_card(data, "gpt-4")
    assert (card.price_input_usd, card.price_output_usd, card.daily_cap_usd) == (30, 60, 5)
    assert (card.title, card.key_env) == ("GPT-4", "OPENAI_API_KEY")
    assert camelid("models", "remove", "gpt-4").stdout == "gpt-4 is as it was built in.\n"


def test_another_place_makes_another_card_of_the_name(camelid, data):
    camelid("models", "add", "gpt-4", "--recorded", "gpt-4")
    assert find_card(data, "gpt-4") == RecordedCard(name="gpt-4", system="gpt-4")


def test_recorded_answers_get_a_card(camelid, data):
    added = camelid("models", "add", "bard2", "--recorded", "bard:20230327")
    assert "it can't be asked anything new" in added.stdout
    assert find_card(data, "bard2").system == "bard:20230327"


def test_a_card_comes_from_a_file(camelid, data, tmp_path):
    file = tmp_path / "card.json"
    card = OpenAICard(name="near", base_url="http://localhost:1/v1", model="m")
    file.write_text(card.model_dump_json())
    assert camelid("models", "add", "--file", file).exit_code == 0
    assert camelid("models", "add", "twin", "--file", file, "--model", "n").exit_code == 0
    assert find_card(data, "near") == card
    assert find_card(data, "twin") == card.model_copy(update={"name": "twin", "model": "n"})


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (["add", "x"], "Say where it is"),
        (["add"], "Name the model"),
        (["add", "x", "--recorded", "a", "--base-url", "http://a"], "One place is enough"),
        (["add", "../x", "--recorded", "a"], "../x"),
        (["add", "x", "--base-url", "ftp://a", "--model", "m"], "ftp://a"),
        (["add", "x", "--base-url", "http://a"], "model"),
        (["add", "x", "--recorded", "a", "--device", "cpu"], "device"),
        (["add", "x", "--path", "/no/such/folder"], "There is no folder"),
        (["add", "gpt-4", "--daily-cap", "-1"], "daily_cap_usd"),
        (["add", "gpt-4", "--daily-cap", "nan"], "daily_cap_usd"),
        (["add", "--file", "/no/such/card.json"], "can't be read as a card"),
        (["remove", "gpt-4"], "built in"),
        (["remove", "../../etc"], "no model"),
        (["fetch", "alpaca-7b"], "nothing to fetch"),
        (["fetch", "no"], "no model"),
        (["convert", "alpaca-7b"], "no weights here"),
    ],
)
def test_what_cannot_be_done_says_why_and_changes_nothing(camelid, data, words, why):
    refused = camelid("models", *words)
    assert refused.exit_code == 1
    assert why in refused.stderr
    assert not (data / "models").exists()


@pytest.mark.parametrize("text", ["", "[]", "{", '{"name": "x"}', '{"kind": "local"}'])
def test_a_file_that_is_no_card_is_refused(camelid, data, tmp_path, text):
    file = tmp_path / "card.json"
    file.write_text(text)
    assert "card" in camelid("models", "add", "--file", file).stderr
    assert not (data / "models").exists()


def test_removing_says_where_the_weights_stay(camelid, data, weights):
    camelid("models", "add", "mine", "--path", weights)
    removed = camelid("models", "remove", "mine")
    assert removed.stdout == f"mine is no longer listed.\nIts weights stay in {weights}.\n"
    assert (weights / "model.safetensors").is_file()


def test_the_list_says_what_is_missing(camelid, data, weights):
    camelid("models", "add", "ready-one", "--path", weights, "--template", "alpaca")
    (data / "models" / "broken.json").write_text("{")
    rows = {line.split()[0]: line for line in camelid("models", "list").stdout.splitlines()}
    assert rows["ready-one"].split()[1:] == ["local", "data", "folder", "ready"]
    assert "models/broken.json: Invalid JSON" in rows["broken"]
    assert rows["llama-gpt4-7b"].endswith(" LLaMA-GPT4 7B has no weights here.")


def test_of_a_single_model_the_list_says_what_to_do(camelid, data):
    told = camelid("models", "list", "llama-gpt4-7b").stdout
    assert f"Put the folder at {data}/weights/llama-gpt4-7b." in told
    assert "arXiv:2304.03277" in told


def test_the_list_is_there_for_programs_too(camelid, data):
    (data / "models").mkdir(parents=True)
    (data / "models" / "broken.json").write_text("{")
    told = {one["name"]: one for one in json.loads(camelid("models", "list", "--json").stdout)}
    assert told["gpt-4"]["card"]["daily_cap_usd"] == 0
    assert told["broken"]["card"] is None
    assert told["llama-7b"]["ready"] is False


def test_models_are_changed_while_the_app_holds_the_folder(camelid, data, store_open):
    assert camelid("models", "add", "x", "--recorded", "x").exit_code == 0
    assert camelid("models", "remove", "x").exit_code == 0


@pytest.fixture
def store_open(data):
    """The data folder, held by somebody who writes."""
    with open_store(data):
        yield


def test_a_folder_inside_the_data_folder_is_said_from_there(data):
    (data / "weights" / "x").mkdir(parents=True)
    assert place_folder(data, data / "weights" / "." / "x") == "weights/x"
    assert place_folder(data / "weights" / "x", data) == str(data)


@pytest.mark.slow
def test_weights_are_converted_by_one_command(camelid, data):
    add_card(data, LocalCard(name="old", template="alpaca"))
    folder = data / "weights" / "old"
    folder.mkdir(parents=True)
    (folder / "config.json").write_text("{}")
    torch.save({"a": torch.ones(2)}, folder / "pytorch_model.bin")
    assert "`models convert old`" in camelid("models", "list", "old").stdout
    done = camelid("models", "convert", "old")
    assert done.stdout.endswith(f"{folder} is as it was.\nIt can be asked.\n")
    assert find_card(data, "old").path == "weights/old-safetensors"
