"""Sizes read without loading anything, against the models themselves."""

import json
import struct

import pytest
from transformers import AutoModelForCausalLM, AutoModelForSequenceClassification

from backend.errors import InputError
from tests.tiny import make_llama, make_reward
from training.recipe import Recipe, Tiny
from training.run.shapes import Shape, build_shape, count_parameters, read_shape, shape_tiny
from training.run.tiny import make_base

pytestmark = pytest.mark.slow  # models are made to compare with

LLAMA_7B = {
    "hidden_size": 4096,
    "intermediate_size": 11008,
    "num_attention_heads": 32,
    "num_hidden_layers": 32,
    "vocab_size": 32000,
    "max_position_embeddings": 2048,
}


def test_llamas_layers_and_words_make_its_seven_billion():
    shape = build_shape(LLAMA_7B, 0)
    total = shape.layers * shape.layer_parameters + 2 * 32000 * 4096 + 4096
    assert total == 6_738_415_616
    assert (shape.context, shape.grouped, shape.gated) == (2048, 4096, True)


def test_shared_keys_are_narrower():
    shape = build_shape(LLAMA_7B | {"num_key_value_heads": 8}, 0)
    assert shape.grouped == 1024
    assert shape.matrix_parameters < build_shape(LLAMA_7B, 0).matrix_parameters


def test_a_config_without_sizes_is_refused(tmp_path):
    (tmp_path / "config.json").write_text('{"hidden_size": 64}', "utf-8")
    with pytest.raises(InputError, match="doesn't tell the model's sizes"):
        read_shape(tmp_path)


@pytest.mark.parametrize(
    "head", [b"", b"short", struct.pack("<Q", 2**40), struct.pack("<Q", 5) + b"{nope"]
)
def test_what_is_no_safetensors_is_refused(tmp_path, head):
    (tmp_path / "model.safetensors").write_bytes(head)
    with pytest.raises(InputError, match="safetensors"):
        count_parameters(tmp_path)


def test_heads_of_all_parts_are_added(tmp_path):
    for name, shape in (("a", [2, 3]), ("b", [5])):
        text = json.dumps({"__metadata__": {}, name: {"shape": shape}}).encode()
        path = tmp_path / f"{name}.safetensors"
        path.write_bytes(struct.pack("<Q", len(text)) + text)
    assert count_parameters(tmp_path) == 11


@pytest.mark.parametrize(("make", "gated"), [(make_llama, True), (make_reward, False)])
def test_a_folder_has_as_many_numbers_as_its_model(tmp_path, make, gated):
    maker = AutoModelForCausalLM if gated else AutoModelForSequenceClassification
    folder = make(tmp_path)
    shape = read_shape(folder)
    assert shape.n_parameters == maker.from_pretrained(folder).num_parameters()
    assert (shape.hidden, shape.layers, shape.inner, shape.gated) == (64, 2, 128, gated)


@pytest.mark.parametrize("kind", ["sft", "reward"])
def test_a_tiny_models_sizes_are_foretold(tmp_path, kind):
    tiny = Tiny(hidden=32, layers=2, heads=2, context=64, vocabulary=300)
    recipe = Recipe(name="r", title="R", kind=kind, tiny=tiny, shape="preference")
    folder = make_base(recipe, ["Some words.", "Others."], tmp_path / "base")
    made = read_shape(folder)
    assert shape_tiny(tiny, kind, made.vocabulary) == made
    assert isinstance(made, Shape)
