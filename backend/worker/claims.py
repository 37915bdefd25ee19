"""Holds a config to its weights: a size that they can't have is refused before anything is made.

A config of ten million layers takes a hundred bytes to write, and all memory to build.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from backend.errors import InputError

HIDDEN = ("hidden_size", "n_embd", "d_model")
LAYERS = ("num_hidden_layers", "n_layer", "n_layers", "num_layers")
HEADS = ("num_attention_heads", "n_head", "n_heads")
KEYS = ("num_key_value_heads",)
WIDTH = ("head_dim",)
INNER = ("intermediate_size", "ffn_dim", "n_inner")
WORDS = ("vocab_size",)
BITS = 8  # in a byte: no number takes less than one


def check_sizes(folder: Path, config: Mapping[str, Any]) -> None:
    """Refuse a config that tells of more numbers than its weights can hold, or of none.

    Edge: the matrices that every model has are counted; sizes that it does not name are not.
    Errors: InputError.
    """
    inner = config.get("text_config")
    parts = [config, inner] if isinstance(inner, dict) else [config]
    claimed = max(count_claimed(folder, part) for part in parts)
    n_bytes = sum(path.stat().st_size for path in folder.glob("*.safetensors"))
    if claimed > n_bytes * BITS:
        raise InputError(
            f"{folder / 'config.json'} tells of a model of at least {say_count(claimed)} numbers, "
            f"and its weights have {n_bytes:,} bytes. Fetch it again."
        )


def count_claimed(folder: Path, told: Mapping[str, Any]) -> int:
    """Return how many numbers a model of these sizes has at least. Errors: InputError."""
    hidden, layers, heads, inner, words = (
        read_size(folder, told, names) for names in (HIDDEN, LAYERS, HEADS, INNER, WORDS)
    )
    width = read_size(folder, told, WIDTH) or max(1, hidden // max(1, heads))
    keys = read_size(folder, told, KEYS) or heads
    in_layer = hidden * width * (heads + keys) + hidden * inner
    return words * hidden + layers * max(1, in_layer)


def read_size(folder: Path, told: Mapping[str, Any], names: tuple[str, ...]) -> int:
    """Return the size of one of these names, 0 where there is none. Errors: InputError."""
    for name in names:
        value = told.get(name)
        if isinstance(value, bool | str | float) or (isinstance(value, int) and value < 1):
            said = ascii(value)[:40]
            raise InputError(f"{folder / 'config.json'}: {name} is {said}, which is no size.")
        if isinstance(value, int):
            return value
    return 0


def say_count(n: int) -> str:
    """Return a number that may have hundreds of digits in a few."""
    return f"{n:,}" if n < 10**18 else "10^18"
