"""What a job is given: its data, its base model's folder and tokenizer. Needs no torch."""

import hashlib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from backend.dialogue import Message
from backend.errors import InputError
from backend.registry import find_card, list_cards
from backend.registry.cards import LocalCard
from backend.registry.readiness import find_weights
from backend.worker.folder import check_folder, is_adapter
from training.data import detect_shape, read_examples, read_pairs
from training.jobs import list_data
from training.orders import Job
from training.recipe import Recipe
from training.rows import Example, Pair

# LLaMA's first conversions name these tokens and leave their texts empty.
USUAL = {"unk_token": "<unk>", "bos_token": "<s>", "eos_token": "</s>"}


@dataclass(slots=True)
class Rows:
    """All rows of a job: `examples` of chats, or `pairs` of answers.

    Units: lines go on through all files, from 1.
    Edge: of comparisons, several pairs have one line; `n_rows` counts the lines.
    """

    examples: list[Example] = field(default_factory=list)
    pairs: list[Pair] = field(default_factory=list)
    n_rows: int = 0
    skipped: Counter[str] = field(default_factory=Counter)


def read_data(job: Job, recipe: Recipe) -> Rows:
    """Return what a job's files hold, at most the recipe's `max_rows` rows of it.

    Errors: InputError with the file and the row, also when a file doesn't suit the recipe's kind.
    """
    rows = Rows()
    for path in list_data(job):
        check_same(path, job.data_sha256.get(path.name, ""))
        try:
            most = max(0, recipe.max_rows - rows.n_rows) if recipe.max_rows else None
            if recipe.kind == "sft":
                add_examples(rows, path, most)
            else:
                add_pairs(rows, path, most)
        except InputError as error:
            raise InputError(f"{path.name}: {error}") from error
    return rows


def check_same(path: Path, sha256: str) -> None:
    """Hold a file to what was ordered, which its model will be said to come from.

    Errors: InputError for a link, and for other bytes.
    """
    try:
        with path.open("rb") as file:
            same = hashlib.file_digest(file, "sha256").hexdigest() == sha256 if sha256 else True
    except OSError as error:
        raise InputError(f"{path} can't be read ({error.strerror}).") from error
    if path.is_symlink() or not same:
        raise InputError(f"{path} is not what was ordered: it was changed since. Order it again.")


def add_examples(rows: Rows, path: Path, most: int | None) -> None:
    """Read a file's chats, of its first rows only where so many are asked for."""
    start = rows.n_rows
    for example in read_examples(path, detect_shape(path), rows.skipped, most):
        rows.examples.append(replace(example, line=start + example.line))
    rows.n_rows = len(rows.examples) + sum(rows.skipped.values())


def add_pairs(rows: Rows, path: Path, most: int | None) -> None:
    """Read a file's pairs, of its first rows only where so many are asked for."""
    found = read_pairs(path, detect_shape(path), most)
    rows.pairs += [replace(pair, line=rows.n_rows + pair.line) for pair in found.pairs]
    rows.skipped.update(found.skipped)
    rows.n_rows += found.n_rows


def list_texts(rows: Rows) -> Iterator[str]:
    """Yield all texts of a job's data, questions and answers alike, for a tokenizer to learn."""
    for example in rows.examples:
        yield from list_contents(example.messages)
    for pair in rows.pairs:
        yield from list_contents(pair.prompt)
        yield from (pair.chosen, pair.rejected)


def list_contents(messages: Sequence[Message]) -> Iterator[str]:
    """Yield what the messages say."""
    for message in messages:
        yield from (text for text in (message.content, message.input) if text)


def locate_data(job: Job) -> Path:
    """Return the data folder that a job's folder is in."""
    return job.folder.parents[2]


def locate_base(job: Job, recipe: Recipe) -> Path:
    """Return the folder of the model that a recipe names, looked through as a worker does.

    Errors: NotFound, InputError or MissingTool, saying what to do.
    """
    data = locate_data(job)
    card = find_card(data, recipe.base)
    if not isinstance(card, LocalCard):
        raise InputError(f"{card.name} has no weights here: it can't be trained on.")
    folder = check_folder(find_weights(card, data))
    if is_adapter(folder):
        raise InputError(f"{card.name} is only an adapter; train on its base, or on a merged one.")
    return folder


def read_spoken(job: Job, recipe: Recipe) -> str:
    """Return the template with which a recipe's base answers; empty for one that is to learn it.

    Edge: what preferences move, and what was trained here, answers already.
    """
    for known in list_cards(locate_data(job)):
        if known.name == recipe.base and isinstance(known.card, LocalCard):
            answers = known.origin == "checkpoint" or recipe.kind == "preference"
            return known.card.template if answers else ""
    return ""


def read_tokenizer(folder: Path) -> Any:  # noqa: ANN401 - torch need not be there to type it
    """Return a model folder's tokenizer, as the trainer and the worker load it.

    Errors: InputError when it can't be loaded, or has no end token.
    """
    from transformers import AutoTokenizer  # noqa: PLC0415 - after torch is hidden, or not

    try:
        tokenizer = AutoTokenizer.from_pretrained(
            str(folder), local_files_only=True, trust_remote_code=False
        )
    except Exception as error:  # files from anywhere; the libraries raise what comes to them
        said = next(iter(str(error).strip().splitlines()), "")[:300]
        raise InputError(f"{folder}: its tokenizer can't be loaded: {said}") from error
    return complete_tokenizer(tokenizer, folder)


def complete_tokenizer(tokenizer: Any, folder: Path) -> Any:  # noqa: ANN401 - as above
    """Return the tokenizer with its special tokens named. None is added, so no embedding grows.

    Edge: one without a padding token pads with the unknown token, or with the end token; padding
    is masked, so that it is of no importance which.
    Errors: InputError when nothing can end an answer.
    """
    known = tokenizer.get_vocab()
    for name, text in USUAL.items():
        if not getattr(tokenizer, name) and text in known:
            setattr(tokenizer, name, text)
    if tokenizer.eos_token is None:
        raise InputError(f"The tokenizer in {folder} has no end token; set its eos_token.")
    if tokenizer.pad_token is None:
        tokenizer.pad_token = tokenizer.unk_token or tokenizer.eos_token
    return tokenizer
