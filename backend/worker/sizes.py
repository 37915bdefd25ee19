"""How much of the device an engine reserves."""

from dataclasses import dataclass, replace

import psutil

from backend.worker.weights import Weights

CPU_PAGE = 32
CPU_BATCH_TOKENS = 512
CPU_CACHE_TOKENS = 16 * 1024
CPU_MEMORY_SHARE = 0.3
GPU_PAGE = 256
GPU_MEMORY_SHARE = 0.8


@dataclass(frozen=True, slots=True)
class Sizes:
    """How much is reserved for the cache, and how much is computed at once.

    Units: `page` and `batch_tokens` in tokens; `n_blocks` pages; `memory_share` of what is free.
    Edge: None lets the manager choose, which it does well on a GPU only.
    """

    page: int
    n_blocks: int | None = None
    batch_tokens: int | None = None
    memory_share: float | None = None


def choose_sizes(weights: Weights, memory_share: float | None = None) -> Sizes:
    """Return sizes that suit the device: a bounded cache on a CPU, most of what is free else."""
    if weights.device != "cpu":
        return Sizes(GPU_PAGE, memory_share=memory_share or GPU_MEMORY_SHARE)
    room = psutil.virtual_memory().available * (memory_share or CPU_MEMORY_SHARE)
    n_tokens = min(max(CPU_CACHE_TOKENS, weights.context), int(room) // count_token_bytes(weights))
    return Sizes(CPU_PAGE, max(1, -(-n_tokens // CPU_PAGE)), CPU_BATCH_TOKENS)


def count_token_bytes(weights: Weights) -> int:
    """Return what the keys and values of one token take. Units: bytes."""
    config = weights.model.config.get_text_config()
    heads = getattr(config, "num_key_value_heads", None) or config.num_attention_heads
    size = getattr(config, "head_dim", None) or config.hidden_size // config.num_attention_heads
    return int(2 * config.num_hidden_layers * heads * size * weights.model.dtype.itemsize)


def shrink(sizes: Sizes) -> Sizes:
    """Return smaller sizes, for after the memory was not enough."""
    return replace(
        sizes,
        n_blocks=sizes.n_blocks and max(1, sizes.n_blocks // 2),
        batch_tokens=sizes.batch_tokens and max(64, sizes.batch_tokens // 2),
        memory_share=sizes.memory_share and sizes.memory_share * 0.7,
    )
