"""Tiny models for tests: real LLaMA and OPT weights with a tokenizer of their own, made at once.

Nothing is downloaded. The tokenizer is a byte-level BPE, so any text of any language passes.
"""

from pathlib import Path

import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers
from transformers import (
    LlamaConfig,
    LlamaForCausalLM,
    OPTConfig,
    OPTForSequenceClassification,
    PreTrainedTokenizerFast,
)

SPECIAL = ("<unk>", "<s>", "</s>")
TEXT = (
    "### Instruction: Response: USER: ASSISTANT: A chat between a curious user and an artificial "
    "intelligence assistant. Below is an instruction that describes a task. Write a response that "
    "appropriately completes the request. 你好，世界。"
)


def make_tokenizer(eos: str = "</s>"):
    """Return a byte-level tokenizer with <unk>, <s> and </s> as ids 0, 1 and 2."""
    core = Tokenizer(models.BPE())
    core.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    core.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=384,
        special_tokens=list(SPECIAL),
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    core.train_from_iterator([TEXT], trainer)
    core.post_processor = processors.TemplateProcessing(
        single="<s> $A", special_tokens=[("<s>", 1)]
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=core, unk_token="<unk>", bos_token="<s>", eos_token=eos, pad_token="<unk>"
    )


def make_llama(
    folder: Path, *, seed: int = 0, hidden: int = 64, layers: int = 2, context: int = 512
):
    """Write a random LLaMA with its tokenizer into a folder, as safetensors; return the folder."""
    tokenizer = make_tokenizer()
    torch.manual_seed(seed)
    config = LlamaConfig(
        vocab_size=len(tokenizer),
        hidden_size=hidden,
        intermediate_size=hidden * 2,
        num_hidden_layers=layers,
        num_attention_heads=4,
        num_key_value_heads=4,
        max_position_embeddings=context,
        bos_token_id=1,
        eos_token_id=2,
        pad_token_id=0,
        tie_word_embeddings=False,
    )
    model = LlamaForCausalLM(config)
    model.save_pretrained(folder, safe_serialization=True)
    tokenizer.save_pretrained(folder)
    return folder


def make_reward(folder: Path, *, seed: int = 0, context: int = 256):
    """Write a random OPT reward model (one number a text) into a folder; return the folder."""
    tokenizer = make_tokenizer()
    torch.manual_seed(seed)
    config = OPTConfig(
        vocab_size=len(tokenizer),
        hidden_size=64,
        ffn_dim=128,
        num_hidden_layers=2,
        num_attention_heads=4,
        max_position_embeddings=context,
        word_embed_proj_dim=64,
        bos_token_id=1,
        eos_token_id=2,
        pad_token_id=0,
        num_labels=1,
    )
    model = OPTForSequenceClassification(config)
    model.save_pretrained(folder, safe_serialization=True)
    tokenizer.save_pretrained(folder)
    return folder
