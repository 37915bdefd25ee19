"""A tokenizer for a model that is made on the spot, trained on the job's own data. No torch."""

from collections.abc import Iterable, Iterator

from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers
from transformers import PreTrainedTokenizerFast

from backend.templates.library import read_template
from backend.templates.rendering import read_literals
from training.recipe import Tiny

UNK, BOS, EOS, PAD = range(4)
SPECIAL = {"unk_token": "<unk>", "bos_token": "<s>", "eos_token": "</s>", "pad_token": "<pad>"}


def list_words(template: str, texts: Iterable[str]) -> Iterator[str]:
    """Yield the texts, each with the template's words, so that these become whole tokens."""
    words = read_literals(read_template(template).source).replace("\0", " ")
    for text in texts:
        yield text
        yield words


def train_tokenizer(tiny: Tiny, texts: Iterable[str]) -> PreTrainedTokenizerFast:
    """Return a byte-level BPE of these texts: any text of any language passes.

    Edge: few texts give fewer tokens than the vocabulary has room for.
    """
    core = Tokenizer(models.BPE())
    core.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    core.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=tiny.vocabulary,
        special_tokens=list(SPECIAL.values()),
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    core.train_from_iterator(texts, trainer)
    core.post_processor = processors.TemplateProcessing(
        single="<s> $A", special_tokens=[(SPECIAL["bos_token"], BOS)]
    )
    return PreTrainedTokenizerFast(tokenizer_object=core, model_max_length=tiny.context, **SPECIAL)
