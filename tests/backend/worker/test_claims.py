"""A config that tells of more than its weights can hold is refused before anything is made."""

import pytest

from backend.errors import InputError
from backend.worker.claims import check_sizes

LLAMA = {
    "hidden_size": 64,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "intermediate_size": 160,
    "vocab_size": 400,
}


@pytest.fixture
def folder(tmp_path):
    """Weights of 100,000 numbers in 16 bits, more or less what LLaMA above has."""
    (tmp_path / "model.safetensors").write_bytes(bytes(200_000))
    return tmp_path


@pytest.mark.parametrize(
    "told",
    [
        {"num_hidden_layers": 10**7},
        {"n_layer": 10**7, "num_hidden_layers": None},
        {"vocab_size": 10**9},
        {"hidden_size": 10**9},
        {"intermediate_size": 10**10},
        {"num_key_value_heads": 10**9},
        {"head_dim": 10**400},
        {"text_config": {**LLAMA, "num_hidden_layers": 10**7}},
        {"text_config": LLAMA, "num_hidden_layers": 10**7},
    ],
)
def test_a_config_that_its_weights_can_not_hold_is_refused(folder, told):
    with pytest.raises(InputError, match=r"tells of a model of at least .* and its weights have"):
        check_sizes(folder, LLAMA | told)


@pytest.mark.parametrize("size", [0, -1, True, "many", 1e308, float("nan")])
def test_what_is_no_size_is_refused(folder, size):
    with pytest.raises(InputError, match=r"num_hidden_layers is .* which is no size"):
        check_sizes(folder, LLAMA | {"num_hidden_layers": size})


@pytest.mark.parametrize("told", [LLAMA, {}, {"hidden_size": 64}, {"text_config": LLAMA}])
def test_a_config_that_fits_is_taken_whatever_it_does_not_tell(folder, told):
    check_sizes(folder, told)


def test_four_bits_a_number_are_enough(folder):
    """LLaMA 7B in 4 bits: 3.5 GB."""
    (folder / "model.safetensors").unlink()
    with (folder / "model.safetensors").open("wb") as file:
        file.truncate(3_500_000_000)  # a hole: no byte is written
    seven = {"hidden_size": 4096, "num_hidden_layers": 32, "num_attention_heads": 32}
    check_sizes(folder, seven | {"intermediate_size": 11008, "vocab_size": 32000})
    with pytest.raises(InputError):
        check_sizes(folder, seven | {"num_hidden_layers": 10**7})
