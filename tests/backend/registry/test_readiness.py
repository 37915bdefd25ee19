import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backend.errors import InputError, MissingTool
from backend.registry.cards import LocalCard, OpenAICard, RecordedCard
from backend.registry.readiness import (
    check_card,
    fill_prices,
    find_prices,
    find_weights,
    is_private,
    say_prices,
)
from backend.registry.shelf import find_card, list_cards

LOCAL = LocalCard(name="mine", title="Mine", template="alpaca")
PAID = OpenAICard(
    name="paid",
    base_url="https://api.openai.com/v1",
    model="gpt-4",
    key_env="OPENAI_API_KEY",
    price_input_usd=30,
    price_output_usd=60,
    daily_cap_usd=5,
)
UNPRICED = {"price_input_usd": None, "price_output_usd": None}
NEAR = OpenAICard(name="near", base_url="http://127.0.0.1:8000/v1", model="m")


@pytest.fixture
def data(tmp_path):
    """A data folder with the weights of `mine`."""
    make_weights(tmp_path / "weights" / "mine")
    return tmp_path


def make_weights(folder, *files):
    folder.mkdir(parents=True, exist_ok=True)
    for name in files or ("config.json", "model.safetensors", "tokenizer.json"):
        (folder / name).write_text("{}")


def look(card, data, *, keys=("OPENAI_API_KEY",), cuda=False):
    return check_card(card, data, has_key=lambda name: name in keys, has_cuda=lambda: cuda)


def test_a_card_with_weights_is_ready(data):
    assert look(LOCAL, data).ready
    assert find_weights(LOCAL, data) == data / "weights" / "mine"


def test_a_card_without_weights_says_where_they_belong(tmp_path):
    card = find_card(tmp_path, "llama-gpt4-7b")
    found = look(card, tmp_path)
    assert found.why == "LLaMA-GPT4 7B has no weights here."
    assert found.todo.startswith(f"Put the folder at {tmp_path}/weights/llama-gpt4-7b.")
    assert "train it, from LLaMA 7B on alpaca_gpt4_data.json" in found.todo
    with pytest.raises(MissingTool, match=r"has no weights here\. Put the folder at"):
        find_weights(card, tmp_path)


def test_a_card_that_can_be_fetched_says_how(tmp_path):
    found = look(find_card(tmp_path, "vicuna-7b-v1.3"), tmp_path)
    assert "or run `models fetch vicuna-7b-v1.3`" in found.todo


@pytest.mark.parametrize(
    ("files", "why", "todo"),
    [
        (("config.json",), "holds no weights", "safetensors"),
        (("model.safetensors",), "no config.json", "transformers"),
        (("config.json", "pytorch_model.bin"), ".bin files", "`models convert mine`"),
    ],
)
def test_a_folder_says_what_it_lacks(tmp_path, files, why, todo):
    make_weights(tmp_path / "weights" / "mine", *files)
    found = look(LOCAL, tmp_path)
    assert not found.ready
    assert why in found.why
    assert todo in found.todo


@pytest.mark.parametrize(
    ("index", "lacks"),
    [
        ({"weight_map": {"a": "model.safetensors", "b": "model-2.safetensors"}}, "model-2"),
        ({"weight_map": 3}, "readable"),
        ([], "readable"),
    ],
)
def test_a_folder_with_half_of_its_weights_says_which(data, index, lacks):
    path = data / "weights" / "mine" / "model.safetensors.index.json"
    path.write_text(json.dumps(index))
    assert lacks in look(LOCAL, data).why


def test_an_unknown_template_is_answered_with_those_there_are(data):
    found = look(LOCAL.model_copy(update={"template": "alpacca"}), data)
    assert "'alpacca' is not known" in found.why
    assert "vicuna_v1.1" in found.todo


def test_without_a_template_the_tokenizer_has_to_bring_one(data):
    card = LOCAL.model_copy(update={"template": ""})
    assert "no chat template" in look(card, data).why
    path = data / "weights" / "mine" / "tokenizer_config.json"
    path.write_text(json.dumps({"chat_template": "{{ messages }}"}))
    assert look(card, data).ready


def test_a_reward_model_needs_no_template(data):
    assert look(LocalCard(name="mine", role="reward"), data).ready


@pytest.mark.parametrize("told", [{"quantisation": "4bit"}, {"device": "cuda:1"}])
def test_a_card_for_a_gpu_is_not_ready_without_one(data, told):
    card = LOCAL.model_copy(update=told)
    assert "need" in look(card, data).why
    assert "a GPU, and none is found" in look(card, data).why
    assert "a GPU" not in look(card, data, cuda=True).why


def test_whether_there_is_a_gpu_is_looked_up_when_nobody_says(data):
    card = LOCAL.model_copy(update={"device": "cuda"})
    found = check_card(card, data, has_key=bool)
    assert found.ready == ("a GPU" not in found.why)


def test_everything_in_the_way_is_said_at_once(tmp_path):
    card = LOCAL.model_copy(update={"template": "no", "device": "cuda"})
    why = look(card, tmp_path).why
    assert all(part in why for part in ("no weights here", "'no' is not known", "a GPU"))


def test_a_paid_card_with_key_price_and_cap_is_ready(tmp_path):
    assert look(PAID, tmp_path).ready


@pytest.mark.parametrize(
    ("told", "why"),
    [
        ({"key_env": "MY_KEY"}, "MY_KEY is not set."),
        ({"key_env": "MY_SECRETS"}, "MY_SECRETS is not the name of a key."),
        ({"daily_cap_usd": 0}, "Its daily cap is 0 dollars."),
        ({"price_output_usd": None}, "The price of paid is not known."),
        (UNPRICED | {"model": "gpt-9"}, "The price of paid is not known."),
        ({"base_url": NEAR.base_url, "price_input_usd": None}, "The price of paid is not known."),
        ({"base_url": NEAR.base_url, "daily_cap_usd": 0}, "Its daily cap is 0 dollars."),
    ],
)
def test_a_paid_card_says_what_it_lacks(tmp_path, told, why):
    found = look(PAID.model_copy(update=told), tmp_path)
    assert (found.ready, found.why) == (False, why)
    assert found.todo


def test_a_card_without_prices_takes_the_published_ones(tmp_path):
    card = PAID.model_copy(update=UNPRICED)
    assert look(card, tmp_path).ready
    assert (fill_prices(card).price_input_usd, fill_prices(card).price_output_usd) == (30, 60)


@pytest.mark.parametrize(
    ("told", "words"),
    [
        ({}, "at the prices of its card"),
        (UNPRICED, "at prices of 2025-07-01"),
        (UNPRICED | {"model": "gpt-9"}, "at an unknown price"),
        (UNPRICED | {"base_url": NEAR.base_url}, "for nothing"),
    ],
)
def test_words_say_which_prices_count(told, words):
    assert say_prices(PAID.model_copy(update=told)) == words


def test_a_free_server_needs_no_cap(tmp_path):
    assert look(NEAR, tmp_path, keys=()).ready
    told = {"price_input_usd": 0, "price_output_usd": 0, "daily_cap_usd": 0}
    assert look(PAID.model_copy(update=told), tmp_path).ready


@pytest.mark.parametrize(
    ("host", "private"),
    [
        ("localhost:8000", True),
        ("LOCALHOST", True),
        ("127.0.0.1", True),
        ("[::1]:80", True),
        ("10.1.2.3", True),
        ("192.168.0.7:1", True),
        ("[fd00::1]", True),
        ("[::ffff:10.0.0.1]", True),
        ("gpu01:8000", True),
        ("api.openai.com", False),
        ("localhost.example.org", False),
        ("127.0.0.1.example.org", False),
        ("8.8.8.8", False),
        ("[::ffff:8.8.8.8]", False),
        ("134744072", False),
        ("0x08080808", False),
        ("[nonsense", False),
    ],
)
def test_only_a_near_server_is_free_without_a_price(host, private):
    card = OpenAICard(name="x", base_url=f"http://{host}/v1", model="m")
    assert is_private(card.base_url) == private
    assert find_prices(card) == ((0, 0) if private else None)


def test_a_recorded_system_cannot_be_asked(tmp_path):
    found = look(RecordedCard(name="bard", title="Bard", system="bard"), tmp_path)
    assert found.why == "Bard is recorded: it can't be asked anything new."
    assert "imported as bard" in found.todo


def test_a_local_model_called_gpt_needs_no_key(data):
    make_weights(data / "weights" / "gpt-anything")
    assert look(LOCAL.model_copy(update={"name": "gpt-anything"}), data, keys=()).ready


def test_every_built_in_card_says_why_it_is_not_ready_and_what_to_do(tmp_path):
    for known in list_cards(tmp_path):
        found = look(known.card, tmp_path, keys=())
        assert (found.ready, bool(found.why), bool(found.todo)) == (False, True, True)


def test_an_absolute_path_is_the_admins_choice(tmp_path):
    make_weights(tmp_path / "elsewhere")
    card = LOCAL.model_copy(update={"path": str(tmp_path / "elsewhere")})
    assert look(card, tmp_path / "data").ready


PARTS = st.sampled_from(
    ["..", "/", "\\", "\0", ".", "~", "a", "weights", "\n", "//", "%2e%2e", " "]
)


@given(st.text(max_size=40) | st.lists(PARTS, max_size=8).map("".join))
@settings(max_examples=1000, deadline=None)
def test_no_relative_path_leads_out_of_the_data_folder(path):
    data = Path("/nowhere/data")
    card = LOCAL.model_copy(update={"path": path})
    try:
        find_weights(card, data)
    except InputError:
        assert ".." in path or "\0" in path
    except MissingTool as error:
        assert path.startswith("/") or "/nowhere/data" in str(error)
        assert ".." not in Path(path).parts
