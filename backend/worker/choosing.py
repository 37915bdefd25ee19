"""How the next token is chosen when every request in a batch asks for something else.

One pass for temperature, top-k, top-p and the draw itself, in place of the manager's own four. It
sorts once and not twice, not at all where nobody asks for it, and draws one number for a request
and not one for each token of the vocabulary. A greedy request gets the first of equally likely
tokens, as `generate` does: in bfloat16 two tokens are often equal.
"""

from typing import Any

import torch
from transformers import LogitsProcessorList
from transformers.generation.continuous_batching.cb_logits_processors import (
    ContinuousBatchingLogitsProcessorList,
)
from transformers.generation.continuous_batching.requests import FutureRequestState

from backend.dialogue import Sampling

COLDEST = 1e-4  # a lower temperature is greedy: dividing by it would overflow
NO_TOP_K = 2**31 - 1
NO_TOP_P = 2.0  # above any sum of probabilities, however rounded


def translate(sampling: Sampling) -> dict[str, Any]:
    """Return the parameters of one request as the manager takes them."""
    if sampling.temperature < COLDEST:
        return {"temperature": 1.0, "top_k": 1, "top_p": NO_TOP_P}
    return {
        "temperature": float(sampling.temperature),
        "top_k": sampling.top_k or NO_TOP_K,
        "top_p": float(sampling.top_p) if sampling.top_p < 1 else NO_TOP_P,
    }


class Chooser(ContinuousBatchingLogitsProcessorList):
    """Chooses a token for each request; one row of the batch is one request.

    It is given scores and returns scores whose highest is the chosen token: the manager samples
    nothing itself.

    Shapes: scores [B, V]; the arguments are [3, B] in int32, two of them floats in disguise.
    """

    def __init__(self, *, is_captured: bool) -> None:
        """Prepare; where the step is captured or compiled, no batch may take a shortcut."""
        super().__init__(LogitsProcessorList())
        self.tensors_required = 3
        self.do_processing = True
        self.supported_keys = {"temperature": float, "top_k": int, "top_p": float}
        self._is_captured = is_captured
        self._all_greedy = self._none_filters = False

    def fill_defaults(self, int32_tensor: torch.Tensor) -> None:
        """Write what a row means that no request uses."""
        int32_tensor[0] = torch.tensor([1.0]).view(torch.int32)
        int32_tensor[1] = NO_TOP_K
        int32_tensor[2] = torch.tensor([NO_TOP_P]).view(torch.int32)

    def prepare_tensor_args(
        self, requests_in_batch: list[FutureRequestState], arg_storage: torch.Tensor
    ) -> torch.Tensor:
        """Write the parameters of the requests that get a token in this step."""
        asked = [one.state.logit_processor_kwargs for one in requests_in_batch if one.has_new_token]
        warmth = torch.tensor([words.get("temperature", 1.0) for words in asked])
        top_k = [words.get("top_k", NO_TOP_K) for words in asked]
        top_p = [words.get("top_p", NO_TOP_P) for words in asked]
        rows = torch.stack(
            [
                warmth.view(torch.int32),
                torch.tensor(top_k, dtype=torch.int32),
                torch.tensor(top_p).view(torch.int32),
            ]
        )
        arg_storage[:, : len(asked)] = rows.to(arg_storage.device)
        self._all_greedy = all(k == 1 for k in top_k)
        self._none_filters = all(k == NO_TOP_K for k in top_k) and min(top_p, default=2.0) >= 1
        return arg_storage

    def __call__(
        self, input_ids: torch.Tensor, scores: torch.Tensor, logits_processor_args: torch.Tensor
    ) -> torch.Tensor:
        """Return scores whose highest is the chosen token.

        Errors: ValueError when the model's scores are no numbers.
        """
        if self._all_greedy and not self._is_captured:
            check_numbers(scores.amax(dim=-1))
            return scores
        chosen, total = draw(self.weigh(scores, logits_processor_args))
        if not self._is_captured:
            check_numbers(total)
        return torch.full_like(scores, float("-inf")).scatter_(-1, chosen, 0.0)

    def weigh(self, scores: torch.Tensor, args: torch.Tensor) -> torch.Tensor:
        """Return the scores as each request wants them, minus infinity where none may be chosen."""
        args = args[:, : scores.size(0)].unsqueeze(-1)
        scores = scores / args[0].view(torch.float32)
        if self._none_filters and not self._is_captured:
            return scores
        return filter_scores(scores, args[1], args[2].view(torch.float32))


def draw(scores: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Return one token a row, drawn by its probability, and the sum of all probabilities.

    Shapes: scores [B, V]; both results [B, 1]. The sum is 1 but for rounding, or no number.
    """
    below = scores.softmax(dim=-1).cumsum(dim=-1)
    total = below[:, -1:]
    spot = torch.rand_like(total) * total
    spot = torch.minimum(spot, torch.nextafter(total, torch.zeros_like(total)))
    chosen = torch.searchsorted(below, spot, right=True)  # the first with more below than the spot
    return chosen.clamp_(max=scores.size(-1) - 1), total


def check_numbers(values: torch.Tensor) -> None:
    """Raise ValueError for infinity and for what is no number: nothing can be chosen by it."""
    if not torch.isfinite(values).all():
        raise ValueError(
            "the model's scores are no numbers; with float16, choose bfloat16 or float32"
        )


def filter_scores(scores: torch.Tensor, top_k: torch.Tensor, top_p: torch.Tensor) -> torch.Tensor:
    """Return the scores with all but the k best, and of them the p most likely, at minus infinity.

    Shapes: scores [B, V]; top_k and top_p [B, 1]. The best token always stays, and only that one
    for k = 1.
    """
    ordered, order = scores.sort(dim=-1, descending=True, stable=True)
    rank = torch.arange(scores.size(-1), device=scores.device)
    ordered = ordered.masked_fill(rank >= top_k, float("-inf"))
    likely = ordered.softmax(dim=-1)
    before = likely.cumsum(dim=-1) - likely  # how likely those in front of each are together
    kept = ordered.masked_fill((before >= top_p) & (rank > 0), float("-inf"))
    return torch.empty_like(scores).scatter_(-1, order, kept)
