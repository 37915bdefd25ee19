"""A base model made on the spot: random weights, and a tokenizer trained on the job's own data.

It knows nothing. It is for learning a few answers by heart on a CPU within a minute: LLaMA where an
answer is learned, OPT with a number at its end where a reward is.
"""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import torch
from transformers import (
    LlamaConfig,
    LlamaForCausalLM,
    OPTConfig,
    OPTForSequenceClassification,
    PreTrainedModel,
)

from backend.errors import InputError
from training.recipe import Recipe, Tiny
from training.run.words import BOS, EOS, PAD, list_words, train_tokenizer

# The usual 0.02 is for wide models; narrow ones learn sooner from larger numbers.
INITIAL = 0.05


def make_base(recipe: Recipe, texts: Iterable[str], folder: Path) -> Path:
    """Write a random model and its tokenizer into a folder, as safetensors; return the folder.

    `texts` are the job's own words, instructions and answers alike; the template's come by
    themselves. The same recipe and texts give the same bytes.
    Errors: InputError when the recipe has no `tiny`, or its sizes don't go together.
    """
    if recipe.tiny is None:
        raise InputError(f"The recipe {recipe.name} makes no model of its own: it has no `tiny`.")
    check_sizes(recipe.tiny)
    tokenizer = train_tokenizer(recipe.tiny, list_words(recipe.template, texts))
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(recipe.seed)
        model = make_model(recipe.tiny, len(tokenizer), is_reward=recipe.kind == "reward")
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def check_sizes(tiny: Tiny) -> None:
    """Refuse heads that can't share the width. Errors: InputError."""
    if tiny.hidden % tiny.heads or tiny.hidden // tiny.heads % 2:
        raise InputError(
            f"A width of {tiny.hidden} can't be shared by {tiny.heads} heads: each needs the same "
            "even number. Choose 1, 2, 4 or 8 heads."
        )


def make_model(tiny: Tiny, n_tokens: int, *, is_reward: bool = False) -> PreTrainedModel:
    """Return a random model: LLaMA, or OPT with one number at its end."""
    shared: dict[str, Any] = {
        "vocab_size": n_tokens,
        "hidden_size": tiny.hidden,
        "num_hidden_layers": tiny.layers,
        "num_attention_heads": tiny.heads,
        "max_position_embeddings": tiny.context,
        "bos_token_id": BOS,
        "eos_token_id": EOS,
        "pad_token_id": PAD,
    }
    if is_reward:
        sizes = {"ffn_dim": tiny.hidden * 4, "word_embed_proj_dim": tiny.hidden, "num_labels": 1}
        return OPTForSequenceClassification(OPTConfig(**shared | sizes))
    shared |= {"intermediate_size": tiny.hidden * 8 // 3 // 16 * 16}
    shared["initializer_range"] = INITIAL
    return LlamaForCausalLM(LlamaConfig(**shared, tie_word_embeddings=True))
