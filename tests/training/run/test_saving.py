"""What is saved at the end: whole weights, merged adapters, adapters beside their base."""

import json
import shutil
from dataclasses import replace
from types import SimpleNamespace

import pytest
import torch
from safetensors.torch import load_file, save_file
from transformers import AutoModelForCausalLM

from backend.errors import InputError
from backend.registry import add_card, find_card, list_cards
from backend.registry.cards import LocalCard
from backend.registry.readiness import check_card
from backend.worker.weights import load_weights
from tests.tiny import make_llama
from tests.training.sharding import train_sharded
from tests.training.toys import TOY, make_job
from training.recipe import Lora, Recipe
from training.report import read_report
from training.run import sft
from training.run.keeping import find_newest
from training.run.load import Base, find_base
from training.run.saving import (
    cast,
    choose_name,
    count_inherited,
    keeps_adapter,
    show,
    tie,
    write_weights,
)

pytestmark = [
    pytest.mark.slow,
    # peft asks transformers by an old name
    pytest.mark.filterwarnings("ignore:`is_gradient_checkpointing` is deprecated:FutureWarning"),
]

IDS = torch.tensor([[1, 70, 80, 90, 100]])


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    """A data folder with a base on its shelf, and an adapter trained on it, saved both ways."""
    data = tmp_path_factory.mktemp("house")
    make_llama(data / "weights/base", hidden=32, layers=1)
    add_card(data, LocalCard(name="base", template="alpaca"))
    return data, {merge: train_adapter(data, merge) for merge in (True, False)}


def train_adapter(data, merge):
    recipe = make_recipe(merge)
    return sft.run(make_job(data, recipe, name=recipe.name), recipe)


def make_recipe(merge):
    told = TOY.model_dump() | {"name": "merged" if merge else "apart", "tiny": None, "base": "base"}
    lora = Lora(rank=4, dropout=0, merge=merge)
    return Recipe(**told | {"max_length": 512, "epochs": 1, "lora": lora})


def read_logits(folder):
    with torch.inference_mode():
        return load_weights(folder).model(IDS).logits


def test_an_adapter_served_beside_its_base_answers_as_the_merged_one(house):
    data, folders = house
    apart, merged = read_logits(folders[False]), read_logits(folders[True])
    assert torch.allclose(apart, merged, atol=1e-5)
    assert not torch.allclose(merged, read_logits(data / "weights/base"), atol=1e-3)


def test_a_merged_model_is_whole_and_an_adapter_is_small(house):
    _, folders = house
    merged, apart = ({path.name for path in folders[merge].iterdir()} for merge in (True, False))
    assert "model.safetensors" in merged
    assert not {name for name in merged if name.startswith("adapter")}
    assert {"adapter_config.json", "adapter_model.safetensors", "config.json"} <= apart
    assert "model.safetensors" not in apart


def test_both_are_ready_on_the_shelf_and_name_their_parent(house):
    data, _ = house
    known = {one.name: one for one in list_cards(data) if one.origin == "checkpoint"}
    assert set(known) == {"merged", "apart"}
    for one in known.values():
        assert check_card(one.card, data, has_key=lambda _: False).ready
        assert one.facts["parent"] == "base"


@pytest.mark.parametrize("stops", [False, pytest.param(True, marks=pytest.mark.soak)])
def test_an_adapter_on_shared_weights_is_folded_in_also_after_a_stop(tmp_path, stops):
    """Computing activations twice once gave it names that fit no model: the base came out."""
    recipe = TOY.model_copy(
        update={"lora": Lora(rank=4, dropout=0), "activation_checkpointing": True, "epochs": 2}
    )
    shared = recipe.model_copy(update={"device_batch": 2, "parallel": "fsdp"})
    one = sft.run(make_job(tmp_path / "one", recipe), recipe)
    job = make_job(tmp_path / "two", shared, devices=(0, 1))
    if stops:
        (job.folder / "stop").write_text("save\n")
        assert train_sharded(job) == ""
        assert find_newest(job.folder / "run").name == "checkpoint-1"
        (job.folder / "stop").unlink()
    assert train_sharded(job) == ""
    told = [load_file(one / "model.safetensors")]
    told += [load_file(tmp_path / "two/checkpoints/toy/model.safetensors")]
    torch.testing.assert_close(*told, rtol=1e-3, atol=1e-5)


@pytest.fixture(scope="module")
def family(house, tmp_path_factory):
    """A child of a model that has learned benchmarks, and its own child, of another template."""
    data = shutil.copytree(house[0], tmp_path_factory.mktemp("family") / "data")
    card = data / "checkpoints/merged/model.json"
    card.write_text(json.dumps(json.loads(card.read_text()) | {"n_benchmark_rows": 3}))
    child = make_recipe(True).model_copy(update={"base": "merged", "lora": None})
    grandchild = child.model_copy(update={"base": "child", "template": "vicuna_v1.1"})
    made = {}
    for name, recipe in (("child", child), ("grandchild", grandchild)):
        job = make_job(data, recipe, name=name)
        facts = json.loads((sft.run(job, recipe) / "model.json").read_text())
        made[name] = facts, read_report(job.folder).warnings
    return data, made


@pytest.mark.parametrize("name", ["child", "grandchild"])
def test_a_child_of_a_model_that_learned_benchmarks_says_so_too(family, name):
    facts, _ = family[1][name]
    assert facts["n_benchmark_rows"] == 3
    assert "on 3 of the benchmarks' questions" in facts["note"]


@pytest.mark.parametrize("name", ["apart", "base", "nobody", ""])
def test_who_has_learned_no_benchmark_leaves_nothing_to_say(family, name):
    assert count_inherited(family[0], name) == 0


def test_only_a_base_of_another_template_is_told_of(family):
    told = {name: "answers with the template" in str(family[1][name][1]) for name in family[1]}
    assert told == {"child": False, "grandchild": True}


def test_an_adapter_is_no_base_to_train_on(house):
    data, _ = house
    recipe = make_recipe(True).model_copy(update={"base": "apart"})
    with pytest.raises(InputError, match="only an adapter"):
        find_base(make_job(data, recipe, name="third"), recipe)


def test_an_adapter_whose_base_is_elsewhere_says_so(house, tmp_path):
    _, folders = house
    config = json.loads((folders[False] / "adapter_config.json").read_text())
    for path in folders[False].iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    for named in ("some/name", None, str(folders[False])):
        told = config | {"base_model_name_or_path": named}
        (tmp_path / "adapter_config.json").write_text(json.dumps(told))
        with pytest.raises(InputError, match=r"full path|adapter of an adapter"):
            load_weights(tmp_path)


def test_an_adapter_that_lacks_a_part_is_not_folded_in(house, tmp_path):
    """The library warns of it in passing, and what would be served is the base."""
    _, folders = house
    for path in folders[False].iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    weights = tmp_path / "adapter_model.safetensors"
    renamed = {
        key.replace(".layers.0", ".layers.0.wrapped"): one
        for key, one in load_file(weights).items()
    }
    save_file(renamed, weights)
    with pytest.raises(InputError, match="does not fit its base: Found missing adapter keys"):
        load_weights(tmp_path)


def test_heads_and_tiny_bases_are_merged_whatever_the_recipe_says():
    assert keeps_adapter(make_recipe(False))
    assert not keeps_adapter(make_recipe(True))
    assert not keeps_adapter(make_recipe(False).model_copy(update={"kind": "reward"}))
    assert not keeps_adapter(TOY.model_copy(update={"lora": Lora(merge=False)}))


def test_a_name_that_was_taken_meanwhile_is_not_taken_twice(tmp_path):
    job = make_job(tmp_path)
    assert choose_name(tmp_path, job) == "toy"
    add_card(tmp_path, LocalCard(name="toy", path="elsewhere"))
    other = choose_name(tmp_path, job)
    assert other == f"toy-{job.id[-4:]}"
    long = replace(job, order=replace(job.order, name="x" * 64))
    (tmp_path / "checkpoints" / ("x" * 64)).mkdir(parents=True)
    assert len(choose_name(tmp_path, long)) == 64


def test_a_checkpoint_of_the_same_job_is_replaced_whole(tmp_path):
    job = make_job(tmp_path)
    shelf = tmp_path / "checkpoints"
    for text in ("first", "second"):
        partial = shelf / ".toy.part"
        partial.mkdir(parents=True)
        card = {"name": "toy", "template": "alpaca", "job": job.id, "note": text}
        (partial / "model.json").write_text(json.dumps(card))
        assert choose_name(tmp_path, job) == "toy"
        show(partial, shelf / "toy")
    assert [path.name for path in shelf.iterdir()] == ["toy"]
    assert find_card(tmp_path, "toy").note == "second"


def test_weights_that_share_their_memory_go_on_sharing_it_in_halves():
    table = torch.ones(4, 2)
    cut = cast({"in": table, "out": table, "n": torch.tensor([1])}, torch.bfloat16)
    assert cut["in"].dtype is torch.bfloat16
    assert cut["in"].data_ptr() == cut["out"].data_ptr()
    assert cut["n"].dtype is torch.int64


def test_weights_that_a_model_has_once_are_one_after_they_were_gathered():
    state = {"in": torch.ones(2), "out": torch.ones(2), "other": torch.zeros(1)}
    joined = tie(state, {"out": "in", "gone": "in"})
    assert joined["out"] is joined["in"]
    assert set(joined) == set(state)


def test_what_a_gpu_trained_in_halves_says_so_in_its_config(house, tmp_path):
    data, _ = house
    base = Base(data / "weights/base", "base")
    model = AutoModelForCausalLM.from_pretrained(base.folder, dtype=torch.float32)
    gpu = SimpleNamespace(type="cuda")
    accelerator = SimpleNamespace(unwrap_model=lambda model, **_: model)
    trainer = SimpleNamespace(
        model=model, args=SimpleNamespace(device=gpu), accelerator=accelerator
    )
    write_weights(trainer, TOY.model_copy(update={"precision": "bf16"}), base, tmp_path, None)
    kept = AutoModelForCausalLM.from_pretrained(tmp_path, dtype="auto")
    assert (kept.dtype, model.dtype) == (torch.bfloat16, torch.float32)
