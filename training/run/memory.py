"""About how much memory and disk a run takes, part by part, before anything is loaded.

What is added up is what training keeps: weights, gradients, Adam's two moments, what the backward
pass needs of the forward one, and the loss. It is an estimate; fragments come on top.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from math import ceil

from training.launch import Parallel
from training.recipe import Recipe
from training.run.batches import Batch
from training.run.shapes import Shape

FLOAT = 4  # bytes of a number in full precision
MOMENTS = 2 * FLOAT  # Adam keeps two of them for each trained number, in full precision
BYTES = {"fp32": 4, "bf16": 2, "fp16": 2}
# A 4-bit block of 64 numbers has a scale in full precision (Dettmers et al. 2023).
QUANTISED = {"8bit": 1.0, "4bit": 0.5 + FLOAT / 64}
# The loss is computed in tiles of this many tokens and words, never over the whole vocabulary.
TILE_TOKENS, TILE_WORDS = 4096, 8192
# Of a process that has loaded torch, transformers and TRL, as measured on Linux. A GPU's memory has
# none of it.
LIBRARIES = 500_000_000
GATHERED = 2  # layers that are whole at one time: the one at work, and the next

Parts = dict[str, int]


@dataclass(frozen=True, slots=True)
class Load:
    """What passes through one device at once.

    Units: `length` in tokens of a sequence; `n_sequences` of them in a forward pass.
    """

    n_sequences: int
    length: int

    @property
    def n_tokens(self) -> int:
        """Return the tokens of a forward pass, padding among them."""
        return self.n_sequences * self.length


def plan_load(recipe: Recipe, batch: Batch, longest: int) -> Load:
    """Return the largest load of a device; a pair is two sequences."""
    length = recipe.max_length if recipe.packing else min(longest, recipe.max_length)
    return Load(batch.device_batch * (1 if recipe.kind == "sft" else 2), length)


def estimate_memory(
    shape: Shape, recipe: Recipe, load: Load, parallel: Parallel, n_devices: int
) -> Parts:
    """Return the parts of one device's memory, each by its words. Units: bytes."""
    parts = dict(weigh_states(shape, recipe, parallel, n_devices))
    parts |= dict(weigh_work(shape, recipe, load))
    return {words: int(n) for words, n in parts.items() if n >= 1}


def weigh_states(
    shape: Shape, recipe: Recipe, parallel: Parallel, n_devices: int
) -> Iterator[tuple[str, float]]:
    """Yield what stays on a device from the first step to the last."""
    sharded = parallel == "fsdp"
    n, over = (n_devices, f", over {n_devices} devices") if sharded else (1, "")
    away = recipe.offload and sharded
    trained = count_trained(shape, recipe)
    if not away:
        yield f"weights ({tell_weights(recipe)}{over})", weigh_weights(shape, recipe) / n
        yield f"gradients (4 bytes of each trained number{over})", FLOAT * trained / n
        yield f"Adam's moments (8 bytes of each trained number{over})", MOMENTS * trained / n
    if parallel == "ddp":
        yield "gradients on their way between devices", FLOAT * trained
    if recipe.kind == "preference" and recipe.lora is None:
        yield f"the reference model's weights{over}", weigh_weights(shape, recipe) / n
    if sharded:
        size = BYTES[recipe.precision]
        yield "two layers gathered from all devices", GATHERED * shape.layer_parameters * size
    elif recipe.lora is None and BYTES[recipe.precision] < FLOAT:
        yield f"a copy of the weights in {recipe.precision}", 2 * shape.n_parameters


def weigh_work(shape: Shape, recipe: Recipe, load: Load) -> Iterator[tuple[str, float]]:
    """Yield what a step needs beside that: what the backward pass goes back through, the loss."""
    size = BYTES[recipe.precision]
    layer = size * load.n_tokens * shape.layer_values
    tokens = f"{load.n_sequences} × {load.length:,} tokens"
    if recipe.activation_checkpointing:
        kept = size * load.n_tokens * shape.hidden * shape.layers + layer
        yield f"activations ({tokens}, one layer at a time, computed twice)", kept
    else:
        yield f"activations ({tokens}, all {shape.layers} layers)", layer * shape.layers
    if recipe.kind != "reward":
        tile = min(load.n_tokens, TILE_TOKENS) * min(shape.vocabulary, TILE_WORDS)
        yield "loss (in tiles of the vocabulary)", FLOAT * (tile + 2 * load.n_tokens * shape.hidden)


def tell_weights(recipe: Recipe) -> str:
    """Return how many bytes each weight takes."""
    if recipe.lora is None:
        return "4 bytes each"
    if recipe.quantisation != "none":
        return f"frozen, in {recipe.quantisation}"
    return f"frozen, {BYTES[recipe.precision]} bytes each"


def weigh_weights(shape: Shape, recipe: Recipe) -> float:
    """Return the bytes of the weights, adapters among them.

    Edge: quantised are the layers; the vocabulary and the norms stay as they were.
    """
    if recipe.lora is None:
        return FLOAT * shape.n_parameters
    size = BYTES[recipe.precision]
    inner = shape.layers * shape.matrix_parameters
    frozen = inner * QUANTISED.get(recipe.quantisation, size) + size * (shape.n_parameters - inner)
    return frozen + FLOAT * count_trained(shape, recipe)


def count_trained(shape: Shape, recipe: Recipe) -> int:
    """Return how many numbers are trained: all, or those of the adapters."""
    if recipe.lora is None:
        return shape.n_parameters
    return shape.count_adapters(recipe.lora.rank, recipe.lora.targets)


def estimate_offload(shape: Shape, recipe: Recipe, parallel: Parallel) -> int:
    """Return the bytes that the computer's own memory takes in place of the devices'."""
    if not (recipe.offload and parallel == "fsdp"):
        return 0
    trained = count_trained(shape, recipe)
    return int(weigh_weights(shape, recipe) + (FLOAT + MOMENTS) * trained)


def estimate_disk(shape: Shape, recipe: Recipe, n_steps: int) -> int:
    """Return the most bytes that checkpoints and the result take at one moment.

    Edge: a checkpoint holds what is trained with its moments, and a new one is whole before the
    oldest goes; the last step always writes one. Adapters of a reward model, and of a tiny one, are
    merged in any case.
    """
    trained = count_trained(shape, recipe)
    n_saves = max(1, ceil(n_steps / recipe.save_steps))
    checkpoint = (FLOAT + MOMENTS) * trained
    apart = FLOAT * trained if recipe.lora else 0
    merged = recipe.lora is None or recipe.lora.merge or recipe.kind == "reward"
    whole = BYTES[recipe.precision] * shape.n_parameters if merged or recipe.tiny else 0
    at_end = min(recipe.keep, n_saves) * checkpoint + apart + whole
    return max(min(recipe.keep + 1, n_saves) * checkpoint, at_end)


def estimate_flops(shape: Shape, recipe: Recipe, n_tokens: int) -> float:
    """Return the floating-point operations of so many tokens, forward and back.

    Edge: frozen weights need no gradient of their own; recomputed layers are computed once more.
    Source: Kaplan et al. (2020), arXiv:2001.08361: 2 operations a weight and token forward, 4 back.
    """
    per_weight = (6 if recipe.lora is None else 4) + (2 if recipe.activation_checkpointing else 0)
    return float(per_weight) * shape.n_parameters * n_tokens
