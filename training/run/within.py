"""Attention of packed rows on a CPU: each example attends to itself, alone.

torch takes a packed row whole and masks what belongs to other examples; on a CPU the masked work
is done all the same, and grows with the square of the row. Here a row is cut at the borders that
the trainer tells, so that packing costs nothing. It is the same sum: no mask, no other kernel.
"""

from typing import Any

import torch
from torch import Tensor, nn
from transformers import AttentionInterface, AttentionMaskInterface
from transformers.integrations.sdpa_attention import sdpa_attention_forward
from transformers.masking_utils import sdpa_mask

NAME = "within"


def register_attention() -> str:
    """Make this attention known to transformers, and return its name."""
    AttentionInterface.register(NAME, attend_within)
    AttentionMaskInterface.register(NAME, sdpa_mask)  # for rows that are padded, not packed
    return NAME


def attend_within(
    module: nn.Module,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attention_mask: Tensor | None,
    cu_seq_lens_q: Tensor | None = None,
    **words: Any,  # noqa: ANN401
) -> tuple[Tensor, None]:
    """Return what each token attends to.

    Shapes: query, key and value (1, heads, tokens, width), the result (1, tokens, heads, width);
    `cu_seq_lens_q` are the places where examples begin, and the end.
    Edge: without borders it is torch's own, with its mask.
    """
    if cu_seq_lens_q is None or query.shape[0] > 1:
        return sdpa_attention_forward(module, query, key, value, attention_mask, **words)
    sizes = cu_seq_lens_q.diff().tolist()
    cut = zip(*(part.split(sizes, dim=2) for part in (query, key, value)), strict=True)
    parts = [sdpa_attention_forward(module, q, k, v, None, **words)[0] for q, k, v in cut]
    return torch.cat(parts, dim=1), None
