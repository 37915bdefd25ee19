"""The sizes of a model, read without loading it: from its config and the heads of its weights."""

import json
import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from math import prod
from pathlib import Path
from typing import Any

from backend.errors import InputError
from backend.worker.folder import read_json
from training.recipe import Kind, Tiny

MOST_HEAD = 100_000_000  # bytes; safetensors itself refuses longer ones
LENGTHS = ("max_position_embeddings", "n_positions", "max_seq_len", "seq_length")


@dataclass(frozen=True, slots=True)
class Shape:
    """A transformer's sizes.

    Units: `context` in tokens, 0 where the config tells none; `grouped` is the width of keys, and
    of values. Edge: `gated` models (LLaMA) have three matrices in a block where others have two.
    """

    n_parameters: int
    hidden: int
    layers: int
    inner: int
    grouped: int
    vocabulary: int
    context: int
    gated: bool = True

    @property
    def matrix_parameters(self) -> int:
        """Return the numbers in the matrices of one layer."""
        attention = 2 * self.hidden * (self.hidden + self.grouped)
        return attention + (3 if self.gated else 2) * self.hidden * self.inner

    @property
    def layer_parameters(self) -> int:
        """Return the numbers of one layer, its norms among them."""
        return self.matrix_parameters + 2 * self.hidden

    @property
    def layer_values(self) -> int:
        """Return how many numbers of each token one layer keeps for the backward pass.

        They are: the inputs of both norms (in full precision, so twice) and their outputs,
        queries, keys, values, what attention gives and its sum with what went in, and the block's
        inner values, before and after what bends them.
        """
        around = 8 * self.hidden + 2 * self.grouped
        return around + (4 if self.gated else 2) * self.inner

    def count_adapters(self, rank: int, targets: str) -> int:
        """Return the numbers of low-rank adapters of all layers."""
        attention = 2 * (self.hidden + self.hidden) + 2 * (self.hidden + self.grouped)
        block = (3 if self.gated else 2) * (self.hidden + self.inner)
        return rank * self.layers * (attention + (block if targets == "all-linear" else 0))


def read_shape(folder: Path) -> Shape:
    """Return the sizes of the model in a folder.

    Edge: how many numbers there are is what its weights' heads say.
    Errors: InputError when the config tells no sizes, or weights are none.
    """
    path = folder / "config.json"
    config = read_json(path)
    config = config.get("text_config", config)
    try:
        return build_shape(config, count_parameters(folder))
    except (KeyError, TypeError, ValueError, ZeroDivisionError) as error:
        raise InputError(f"{path} doesn't tell the model's sizes ({error}).") from error


def build_shape(config: Mapping[str, Any], n_parameters: int) -> Shape:
    """Return the sizes that a config tells, in the words of LLaMA or of OPT."""
    hidden, heads = int(config["hidden_size"]), int(config["num_attention_heads"])
    of_keys = int(config.get("num_key_value_heads") or heads)
    width = int(config.get("head_dim") or hidden // heads)
    inner = config.get("intermediate_size") or config.get("ffn_dim") or 4 * hidden
    return Shape(
        n_parameters,
        hidden,
        int(config["num_hidden_layers"]),
        int(inner),
        of_keys * width,
        int(config["vocab_size"]),
        next((int(config[name]) for name in LENGTHS if config.get(name)), 0),
        gated="ffn_dim" not in config,
    )


def count_parameters(folder: Path) -> int:
    """Return how many numbers the safetensors of a folder hold, by their heads alone."""
    return sum(
        prod(tensor["shape"])
        for path in sorted(folder.glob("*.safetensors"))
        for name, tensor in read_head(path).items()
        if name != "__metadata__"
    )


def read_head(path: Path) -> dict[str, Any]:
    """Return what a safetensors file says of its tensors. Errors: InputError when it is none."""
    try:
        with path.open("rb") as file:
            (length,) = struct.unpack("<Q", file.read(8))
            if length > MOST_HEAD:
                raise InputError(f"{path} is no safetensors file: its head is too long.")
            head = json.loads(file.read(length))
        if not isinstance(head, dict):
            raise InputError(f"{path} is no safetensors file: its head is no list of tensors.")
    except (struct.error, ValueError, RecursionError, OSError) as error:
        raise InputError(f"{path} can't be read as safetensors: {error}") from error
    return head


def shape_tiny(tiny: Tiny, kind: Kind, n_words: int) -> Shape:
    """Return the sizes of the model that a recipe's `tiny` makes, with so many words."""
    gated = kind != "reward"
    inner = tiny.hidden * 8 // 3 // 16 * 16 if gated else 4 * tiny.hidden
    bare = Shape(0, tiny.hidden, tiny.layers, inner, tiny.hidden, n_words, tiny.context, gated)
    return replace(bare, n_parameters=sum(count_tiny(bare)))


def count_tiny(shape: Shape) -> Iterator[int]:
    """Yield the numbers of a tiny model's parts; its words are there once, in and out."""
    h, i = shape.hidden, shape.inner
    yield shape.vocabulary * h
    if shape.gated:
        yield shape.layers * shape.layer_parameters + h
    else:  # OPT: learned places (two more than there are), biases, and the number at the end
        yield (shape.context + 2) * h
        yield shape.layers * (shape.matrix_parameters + 4 * h + i + h + 4 * h)
        yield 2 * h + h
