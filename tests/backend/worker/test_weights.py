"""Loading a model: what "auto" means, what is refused, and that nothing in a folder is ever run."""

import json
import pickle
from types import SimpleNamespace

import pytest
import torch
from safetensors.torch import load_file, save_file
from transformers import LlamaConfig

from backend.errors import InputError, MissingTool
from backend.worker import weights
from backend.worker.weights import choose_context, load_weights, read_context
from tests.tiny import make_llama, make_reward

slow = pytest.mark.slow


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return make_llama(tmp_path_factory.mktemp("models") / "llama")


@slow
def test_a_tiny_model_is_loaded_as_it_is(model):
    loaded = load_weights(model)
    assert (loaded.context, loaded.device, loaded.dtype) == (512, "cpu", "float32")
    assert loaded.model.dtype == torch.float32
    assert loaded.tokenizer.decode(loaded.tokenizer("你好").input_ids[1:]) == "你好"


@slow
def test_number_format_and_context_can_be_chosen(model):
    loaded = load_weights(model, dtype="bfloat16", context=100)
    assert (loaded.model.dtype, loaded.context) == (torch.bfloat16, 100)


@slow
def test_a_reward_model_is_loaded_for_what_it_is(tmp_path):
    folder = make_reward(tmp_path / "reward")
    assert load_weights(folder, role="reward").model.config.num_labels == 1


@slow
def test_a_chat_model_is_no_reward_model(model):
    with pytest.raises(InputError, match="no reward model, or not complete: 1 of its tensors"):
        load_weights(model, role="reward")


@slow
def test_a_tensor_that_is_missing_is_never_made_up(tmp_path):
    folder = make_llama(tmp_path / "llama")
    tensors = load_file(folder / "model.safetensors")
    del tensors["model.layers.1.mlp.up_proj.weight"]
    save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(InputError, match=r"model\.layers\.1\.mlp\.up_proj\.weight among them"):
        load_weights(folder)


@slow
def test_weights_that_are_cut_off_are_told(tmp_path):
    folder = make_llama(tmp_path / "llama")
    path = folder / "model.safetensors"
    whole, faults = path.read_bytes(), ("can't be loaded as a model", "have 1,000 bytes")
    for n_bytes, told in zip((len(whole) // 2, 1000), faults, strict=True):
        path.write_bytes(whole[:n_bytes])
        with pytest.raises(InputError, match=told):
            load_weights(folder)


@slow
def test_a_broken_tokenizer_is_told(tmp_path):
    folder = make_llama(tmp_path / "llama")
    (folder / "tokenizer.json").write_text("{}")
    with pytest.raises(InputError, match="its tokenizer can't be loaded"):
        load_weights(folder)


class Evil:
    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return (open, (str(self.path), "w"))


@slow
def test_a_pickle_in_the_folder_is_never_opened(tmp_path):
    folder, canary = make_llama(tmp_path / "llama"), tmp_path / "canary"
    (folder / "pytorch_model.bin").write_bytes(pickle.dumps(Evil(canary)))
    load_weights(folder)
    (folder / "model.safetensors").unlink()
    with pytest.raises(InputError, match="models convert"):
        load_weights(folder)
    assert not canary.exists()


def test_the_canary_can_sing(tmp_path):
    pickle.loads(pickle.dumps(Evil(tmp_path / "canary"))).close()
    assert (tmp_path / "canary").exists()


@slow
def test_code_in_the_folder_is_never_run(tmp_path):
    folder, canary = make_llama(tmp_path / "llama"), tmp_path / "canary"
    (folder / "evil.py").write_text(f"open({str(canary)!r}, 'w')\nclass Model: pass\n")
    config = json.loads((folder / "config.json").read_text())
    config["auto_map"] = {"AutoModelForCausalLM": "evil.Model", "AutoConfig": "evil.Model"}
    (folder / "config.json").write_text(json.dumps(config))
    with pytest.raises(InputError, match="auto_map"):
        load_weights(folder)
    assert not canary.exists()


def test_words_that_are_not_known_are_told():
    with pytest.raises(InputError, match="dtype 'int3' is not known"):
        weights.choose_dtype("int3", "cpu")
    with pytest.raises(InputError, match="quantisation '2bit' is not known"):
        weights.choose_quantisation("2bit", "float32", "cpu")


@pytest.mark.skipif(torch.cuda.is_available(), reason="this machine has a GPU")
def test_what_needs_a_gpu_says_so():
    with pytest.raises(MissingTool, match="device cuda:1 is not on this machine"):
        weights.choose_device("cuda:1")
    with pytest.raises(MissingTool, match=r"4bit needs a GPU and bitsandbytes .pip install bits"):
        weights.choose_quantisation("4bit", "float32", "cpu")
    assert weights.choose_device("auto") == "cpu"


def make_config(length, **rope):
    return LlamaConfig(max_position_embeddings=length, rope_parameters=rope or None)


@pytest.mark.parametrize(
    ("config", "length"),
    [
        (make_config(2048), 2048),
        (make_config(4096, rope_type="linear", factor=4.0, rope_theta=1e4), 16384),
        (make_config(4096, rope_type="dynamic", factor=2.0, rope_theta=1e4), 8192),
        (
            make_config(
                131072,
                rope_type="llama3",
                factor=8.0,
                rope_theta=5e5,
                low_freq_factor=1.0,
                high_freq_factor=4.0,
                original_max_position_embeddings=8192,
            ),
            131072,
        ),
        (
            make_config(
                32768,
                rope_type="yarn",
                factor=4.0,
                rope_theta=1e4,
                original_max_position_embeddings=8192,
            ),
            32768,
        ),
    ],
)
def test_the_context_is_the_one_after_scaling(config, length):
    assert read_context(config) == length


def test_a_config_without_a_length_has_llamas():
    config = SimpleNamespace()
    config.get_text_config = lambda: config
    assert read_context(config) == 2048


def test_the_context_can_be_made_smaller_and_not_larger():
    assert [choose_context(make_config(2048), asked) for asked in (0, 100)] == [2048, 100]
    with pytest.raises(InputError, match="4096 tokens is more than this model's 2048"):
        choose_context(make_config(2048), 4096)
