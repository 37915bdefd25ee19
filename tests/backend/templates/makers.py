"""Tokenizers of the kinds that models come with, made at once from a handful of words."""

import string

from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers
from transformers import LlamaTokenizer, PreTrainedTokenizerFast

NAMES = {"unk_token": "<unk>", "bos_token": "<s>", "eos_token": "</s>"}
SPECIAL = tuple(NAMES.values())
# "</s>" can be put together by merging, as in tokenizers that were converted carelessly.
MERGES = [
    ("▁", "▁"),
    ("<", "/"),
    ("s", ">"),
    ("</", "s>"),
    ("U", "S"),
    ("E", "R"),
    ("US", "ER"),
    ("▁", "USER"),
    ("▁", "A"),
    ("▁A", "S"),
    ("h", "e"),
    ("▁", "he"),
    ("l", "l"),
    ("#", "#"),
    ("##", "#"),
]


def make_bytes_vocabulary():
    vocabulary = {word: n for n, word in enumerate(SPECIAL)}
    vocabulary |= {f"<0x{n:02X}>": n + len(SPECIAL) for n in range(256)}
    for letter in "▁" + string.printable[:94]:
        vocabulary.setdefault(letter, len(vocabulary))
    for left, right in MERGES:
        vocabulary.setdefault(left + right, len(vocabulary))
    return vocabulary


def make_sentencepiece():
    """LLaMA's kind: bytes for what isn't known, a space in front of a text's beginning only."""
    return LlamaTokenizer(vocab=make_bytes_vocabulary(), merges=MERGES, add_bos_token=True, **NAMES)


def make_legacy():
    """LLaMA's older kind: a space in front of a text, and of each text after a special token."""
    core = Tokenizer(models.BPE(make_bytes_vocabulary(), MERGES, fuse_unk=True, byte_fallback=True))
    core.normalizer = normalizers.Sequence(
        [normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")]
    )
    core.decoder = decoders.Sequence(
        [
            decoders.Replace("▁", " "),
            decoders.ByteFallback(),
            decoders.Fuse(),
            decoders.Strip(" ", 1, 0),
        ]
    )
    return PreTrainedTokenizerFast(tokenizer_object=core, **NAMES)


def make_unigram():
    """T5's kind: pieces with scores, of which "</s>" is one, and a space before every text."""
    letters = "▁" + string.ascii_letters + string.digits + "#:<>/|.\n"
    pieces = [(word, 0.0) for word in SPECIAL] + [(letter, -9.0) for letter in letters]
    pieces += [("▁USER", -2.0), ("▁Q", -3.0), ("USER", -4.0), ("</", -5.0), ("s>", -5.0)]
    core = Tokenizer(models.Unigram(pieces, unk_id=0, byte_fallback=False))
    core.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="always", split=True)
    core.decoder = decoders.Metaspace(prepend_scheme="always", split=True)
    return PreTrainedTokenizerFast(tokenizer_object=core, **NAMES)


def make_words():
    """The simplest kind: whole words, of which "</s>" is one, split at white space."""
    words = [*SPECIAL, "USER:", "ASSISTANT:", "Q1", "A1", "Q2", "###", "Human:", "Instruction:"]
    core = Tokenizer(models.WordLevel({word: n for n, word in enumerate(words)}, "<unk>"))
    core.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    return PreTrainedTokenizerFast(tokenizer_object=core, **NAMES)
