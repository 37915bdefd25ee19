import json
import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backend.errors import CamelidError, Conflict, InputError, NotFound, Refused
from backend.registry.cards import NAME, LocalCard, OpenAICard
from backend.registry.shelf import (
    BUILTIN,
    add_card,
    find_card,
    find_known,
    list_cards,
    locate_card,
    remove_card,
)

PAPER = {
    "llama-7b",
    "llama-13b",
    "alpaca-7b",
    "alpaca-13b",
    "llama-gpt4-7b",
    "llama-gpt4-cn-7b",
    "vicuna-7b-v1.3",
    "vicuna-13b-v1.3",
    "gpt-4",
    "gpt-3.5-turbo",
    "opt-1.3b",
    "opt-iml-1.3b",
    "opt-1.3b-reward",
    "bard",
}
MINE = LocalCard(name="mine", path="weights/mine", template="alpaca")


def write_card(data, name, text):
    path = data / "models" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text if isinstance(text, bytes) else json.dumps(text).encode())
    return path


def write_checkpoint(data, folder, text):
    path = data / "checkpoints" / folder / "model.json"
    path.parent.mkdir(parents=True)
    path.write_text(text if isinstance(text, str) else json.dumps(text))
    return path


def test_the_papers_systems_are_built_in(tmp_path):
    shelf = list_cards(tmp_path)
    assert {known.name for known in shelf} == PAPER
    assert all(known.card and known.card.needs and known.card.source for known in shelf)
    assert {known.origin for known in shelf} == {"built-in"}


def test_no_money_is_spent_by_a_built_in_card(tmp_path):
    priced = [known.card for known in list_cards(tmp_path) if isinstance(known.card, OpenAICard)]
    assert {card.key_env for card in priced} == {"OPENAI_API_KEY"}
    assert {card.daily_cap_usd for card in priced} == {0}


def test_a_card_comes_back_as_it_was_added(tmp_path):
    path = add_card(tmp_path, MINE)
    assert path == tmp_path / "models" / "mine.json"
    assert find_card(tmp_path, "mine") == MINE
    assert find_known(tmp_path, "mine").origin == "data folder"


def test_a_card_that_is_added_again_is_replaced_whole(tmp_path):
    add_card(tmp_path, MINE)
    add_card(tmp_path, MINE.model_copy(update={"template": ""}))
    assert find_card(tmp_path, "mine").template == ""
    assert [path.name for path in (tmp_path / "models").iterdir()] == ["mine.json"]


def test_a_card_that_cannot_be_written_leaves_nothing(tmp_path):
    (tmp_path / "models" / "mine.json" / "full").mkdir(parents=True)
    with pytest.raises(InputError, match=r"mine\.json can't be written"):
        add_card(tmp_path, MINE)
    assert [path.name for path in (tmp_path / "models").iterdir()] == ["mine.json"]


def test_the_data_folder_stands_in_for_a_built_in_card(tmp_path):
    card = find_card(tmp_path, "gpt-4").model_copy(update={"daily_cap_usd": 5.0})
    add_card(tmp_path, card)
    assert find_card(tmp_path, "gpt-4").daily_cap_usd == 5
    assert [known.origin for known in list_cards(tmp_path) if known.name == "gpt-4"] == [
        "data folder"
    ]
    remove_card(tmp_path, "gpt-4")
    assert find_card(tmp_path, "gpt-4").daily_cap_usd == 0


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        (b"", "JSON"),
        (b"{", "JSON"),
        (b"\xff\xfe", "JSON"),
        (b"[" * 100_000, "JSON"),
        (b"x" * 1_000_001, "too many"),
        ({"name": "x", "kind": "local", "wheels": 4}, "wheels"),
        ({"name": "x", "kind": "boat"}, "boat"),
        ({"name": "x"}, "kind"),
        ({"name": "../x", "kind": "local"}, "../x"),
        ({"name": "y", "kind": "local"}, "rename the file to y.json"),
        ({"name": "x", "kind": "openai", "base_url": "file:///etc", "model": "m"}, "file:///etc"),
        ({"name": "x", "kind": "local", "device": "toaster"}, "toaster"),
        (
            b'{"name":"x","kind":"openai","base_url":"http://a","model":"m","daily_cap_usd":NaN}',
            "daily_cap_usd",
        ),
    ],
)
def test_a_broken_card_is_listed_with_its_fault_and_takes_nothing_down(tmp_path, text, fault):
    write_card(tmp_path, "x.json", text)
    known = find_known(tmp_path, "x")
    assert known.card is None
    assert known.fault.startswith("models/x.json: ")
    assert fault in known.fault
    assert {one.name for one in list_cards(tmp_path) if one.card} == PAPER


def test_a_broken_card_hides_the_built_in_one_that_it_stands_in_for(tmp_path):
    write_card(tmp_path, "gpt-4.json", b"{")
    with pytest.raises(InputError, match=r"models/gpt-4\.json"):
        find_card(tmp_path, "gpt-4")


def test_what_is_no_file_is_a_fault_and_is_never_waited_for(tmp_path):
    (tmp_path / "models" / "folder.json").mkdir(parents=True)
    os.mkfifo(tmp_path / "models" / "pipe.json")
    (tmp_path / "models" / "lost.json").symlink_to(tmp_path / "nowhere")
    faults = {known.name: known.fault for known in list_cards(tmp_path) if known.fault}
    assert set(faults) == {"folder", "pipe", "lost"}
    assert all("no file" in fault for fault in faults.values())


def test_a_half_written_card_is_not_listed(tmp_path):
    write_card(tmp_path, ".mine.json.123.part", b"{")
    write_card(tmp_path, ".hidden.json", b"{")
    assert {known.name for known in list_cards(tmp_path)} == PAPER


def test_a_checkpoint_registers_itself(tmp_path):
    told = {"name": "my-sft", "template": "alpaca", "loss": [2.5, 0.5], "path": "/etc", "base": {}}
    write_checkpoint(tmp_path, "run-1", told)
    known = find_known(tmp_path, "my-sft")
    assert known.card == LocalCard(name="my-sft", template="alpaca", path="checkpoints/run-1")
    assert known.facts == {"loss": [2.5, 0.5], "path": "/etc", "base": {}}
    assert known.origin == "checkpoint"


@pytest.mark.parametrize(
    ("told", "fault"),
    [
        ("{", "no JSON"),
        ("[1]", "object"),
        ('{"template": "alpaca"}', "name"),
        ('{"name": "a b"}', "a b"),
        ('{"name": "x", "kind": "openai"}', "openai"),
        ('{"name": "x", "template": 3}', "template"),
    ],
)
def test_a_broken_checkpoint_is_listed_under_its_folder(tmp_path, told, fault):
    write_checkpoint(tmp_path, "run-2", told)
    known = find_known(tmp_path, "run-2")
    assert known.fault.startswith("checkpoints/run-2/model.json: ")
    assert fault in known.fault


@pytest.mark.parametrize("name", ["gpt-4", "mine"])
def test_a_checkpoint_may_not_take_anothers_name(tmp_path, name):
    add_card(tmp_path, MINE)
    before = find_card(tmp_path, name)
    write_checkpoint(tmp_path, "run-3", {"name": name})
    faults = [known.fault for known in list_cards(tmp_path) if known.origin == "checkpoint"]
    assert f"the name {name} is taken" in faults[0]
    assert find_card(tmp_path, name) == before


def test_a_checkpoint_fills_the_built_in_card_that_waits_for_its_weights(tmp_path):
    assert find_card(tmp_path, "llama-gpt4-7b").path == ""
    write_checkpoint(tmp_path, "run-4", {"name": "llama-gpt4-7b"})
    assert find_card(tmp_path, "llama-gpt4-7b").path == "checkpoints/run-4"
    names = [known.name for known in list_cards(tmp_path)]
    assert (names.count("llama-gpt4-7b"), names.count("alpaca-7b")) == (1, 1)


def test_a_broken_checkpoint_leaves_the_built_in_card_where_it_is(tmp_path):
    write_checkpoint(tmp_path, "llama-gpt4-7b", {"name": "llama-gpt4-7b", "template": 3})
    origins = {one.origin for one in list_cards(tmp_path) if one.name == "llama-gpt4-7b"}
    assert origins == {"checkpoint", "built-in"}


def test_of_two_checkpoints_of_one_name_the_first_folder_has_it(tmp_path):
    write_checkpoint(tmp_path, "a", {"name": "twin"})
    write_checkpoint(tmp_path, "b", {"name": "twin"})
    assert find_card(tmp_path, "twin").path == "checkpoints/a"
    assert [known.fault for known in list_cards(tmp_path) if known.fault]


def test_a_card_may_not_take_a_checkpoints_name(tmp_path):
    write_checkpoint(tmp_path, "a", {"name": "twin"})
    with pytest.raises(Conflict, match="checkpoint"):
        add_card(tmp_path, MINE.model_copy(update={"name": "twin"}))


def test_a_checkpoint_that_is_still_written_is_not_listed(tmp_path):
    write_checkpoint(tmp_path, ".run-4.part", {"name": "early"})
    (tmp_path / "checkpoints" / "run-5").mkdir()
    assert {known.name for known in list_cards(tmp_path)} == PAPER


def test_removing_a_card_leaves_the_weights(tmp_path):
    add_card(tmp_path, MINE)
    (tmp_path / "weights" / "mine").mkdir(parents=True)
    assert remove_card(tmp_path, "mine").card == MINE
    assert (tmp_path / "weights" / "mine").is_dir()
    with pytest.raises(NotFound, match="mine"):
        find_card(tmp_path, "mine")


def test_a_broken_card_can_be_removed(tmp_path):
    path = write_card(tmp_path, "x.json", b"{")
    remove_card(tmp_path, "x")
    assert not path.exists()


@pytest.mark.parametrize(("name", "why"), [("gpt-4", "built in"), ("early", "checkpoint")])
def test_only_cards_of_the_data_folder_can_be_removed(tmp_path, name, why):
    write_checkpoint(tmp_path, "run", {"name": "early"})
    with pytest.raises(Refused, match=why):
        remove_card(tmp_path, name)
    assert find_card(tmp_path, name).name == name


def test_a_wrong_name_is_answered_with_the_near_ones(tmp_path):
    with pytest.raises(NotFound, match=r"'alpacca-7b'.*alpaca-7b"):
        find_card(tmp_path, "alpacca-7b")


def test_a_model_called_gpt_is_a_model_like_any_other(tmp_path):
    add_card(tmp_path, MINE.model_copy(update={"name": "gpt-anything"}))
    assert find_card(tmp_path, "gpt-anything").kind == "local"


def test_a_card_keeps_its_hash_in_the_file(tmp_path):
    for known in list_cards(tmp_path):
        add_card(tmp_path, known.card)
        assert find_card(tmp_path, known.name).sha256 == known.card.sha256


@given(
    st.text(max_size=70)
    | st.lists(st.sampled_from(["..", "/", "\\", "\0", ".", "~", "a", "\n", "%2e"])).map("".join)
)
@settings(max_examples=1000, deadline=None)
def test_no_name_leads_out_of_the_data_folder(name):
    data = Path("/nowhere/data")
    try:
        path = locate_card(data, name)
    except InputError:
        assert not NAME.fullmatch(name)
    else:
        assert path.parent == data / "models"
        assert Path(os.path.normpath(path)) == path


def test_such_a_name_would_lead_out_if_nobody_looked():
    path = Path("/nowhere/data/models") / "../../x.json"
    assert os.path.normpath(path) == "/nowhere/x.json"


@given(st.text(max_size=40) | st.sampled_from(["../../x", "a/../../b", "/etc/passwd", "x\0"]))
@settings(max_examples=200, deadline=None)
def test_no_name_removes_a_file_elsewhere(tmp_path_factory, name):
    data = tmp_path_factory.getbasetemp() / "kept"
    data.mkdir(exist_ok=True)
    canary = data.parent / "x.json"
    canary.touch()
    with pytest.raises(CamelidError):
        remove_card(data, name)
    assert canary.exists()


@pytest.mark.parametrize("path", sorted(BUILTIN.glob("*.json")), ids=lambda path: path.stem)
def test_a_built_in_file_is_written_by_hand_and_says_nothing_twice(path):
    told = json.loads(path.read_text("utf-8"))
    assert told["name"] == path.stem
    assert told.get("revision", "") == ""
