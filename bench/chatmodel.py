"""The model of bench/chat.py: a LLaMA of any size with random weights, and a vocabulary to match.

The vocabulary is a byte-level BPE of made-up words that begin with their space, as most words of a
real one do, and every word is one token. The token that ends an answer has the first id that the
model does not have: every answer has exactly as many tokens as were asked for.
"""

import itertools
import random
import string
from pathlib import Path

import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

SPACE = "Ġ"  # how a byte-level vocabulary writes a space
SMALL = {  # 12.7 million parameters
    "vocab_size": 8192,
    "hidden_size": 320,
    "intermediate_size": 864,
    "num_hidden_layers": 6,
    "num_attention_heads": 8,
    "max_position_embeddings": 1024,
}
LARGE = {  # LLaMA 7B
    "vocab_size": 32000,
    "hidden_size": 4096,
    "intermediate_size": 11008,
    "num_hidden_layers": 32,
    "num_attention_heads": 32,
    "max_position_embeddings": 2048,
}


def make_tokenizer(size: int) -> PreTrainedTokenizerFast:
    """Return a tokenizer with a vocabulary of this size."""
    vocab = {name: place for place, name in enumerate(["<unk>", "<s>"])}
    for byte in sorted(pre_tokenizers.ByteLevel.alphabet()):
        vocab[byte] = len(vocab)
    merges = []
    for length in itertools.count(1):
        for letters in itertools.product(string.ascii_lowercase, repeat=length):
            if len(vocab) == size:
                return wrap_vocabulary(vocab, merges)
            before = SPACE + "".join(letters[:-1])
            merges.append((before, letters[-1]))
            vocab[before + letters[-1]] = len(vocab)
    raise AssertionError("there are words of any length")


def wrap_vocabulary(
    vocab: dict[str, int], merges: list[tuple[str, str]]
) -> PreTrainedTokenizerFast:
    """Return a tokenizer of a vocabulary."""
    core = Tokenizer(models.BPE(vocab, merges))
    core.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    core.decoder = decoders.ByteLevel()
    return PreTrainedTokenizerFast(
        tokenizer_object=core, unk_token="<unk>", bos_token="<s>", eos_token="</s>"
    )


def make_model(
    shape: dict[str, int], device: str = "cpu", dtype: torch.dtype = torch.float32
) -> LlamaForCausalLM:
    """Return a model of random weights, made on its device."""
    ends = {"bos_token_id": 1, "eos_token_id": None, "pad_token_id": 0}
    config = LlamaConfig(**shape, **ends, tie_word_embeddings=False)
    torch.manual_seed(0)
    usual = torch.get_default_dtype()
    torch.set_default_dtype(dtype)
    try:
        with torch.device(device):
            return LlamaForCausalLM(config).eval()
    finally:
        torch.set_default_dtype(usual)


def write_model(folder: Path, shape: dict[str, int]) -> Path:
    """Write a model with its tokenizer as a folder that a worker can serve."""
    make_model(shape).save_pretrained(folder)
    make_tokenizer(shape["vocab_size"]).save_pretrained(folder)
    return folder


def make_prompt(n_words: int, number: int) -> str:
    """Return a text of so many tokens; every number gives another one."""
    dice = random.Random(number)
    words = ("".join(dice.choices(string.ascii_lowercase, k=2)) for _ in range(n_words))
    return " ".join(words)
