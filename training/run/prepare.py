"""From a job's data to what trainers take: ids, and which of them carry loss; all is counted.

Whoever looks before a start and whoever trains call the same function, so that the report is what
happens.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from backend.errors import InputError
from backend.templates.library import read_template
from backend.templates.tokens import Encoder
from training.data import find_benchmark_rows
from training.devices import Machine
from training.jobs import read_job
from training.orders import Job
from training.recipe import Recipe
from training.report import Report
from training.rows import Example
from training.run.faults import (
    find_benchmarks,
    find_faults,
    find_forced,
    find_mismatch,
    find_warnings,
)
from training.run.pairing import TOO_LONG, Coded, encode_pair
from training.run.plan import plan_run
from training.run.reading import Rows, read_data, read_spoken
from training.run.splitting import choose_held_out, name_chats, name_items, split_turns

Row = dict[str, list[int]]
REFUSED = "the template can't take it"


@dataclass(frozen=True, slots=True)
class Piece:
    """One sequence. Shapes: `ids` and `mask` are equally long; 1 in the mask carries loss."""

    ids: list[int]
    mask: list[int]
    truncated: bool = False

    def as_row(self) -> Row:
        """Return the columns that the trainer takes."""
        return {"input_ids": self.ids, "assistant_masks": self.mask}


@dataclass(frozen=True, slots=True)
class Prepared:
    """What trainers take, and what was counted on the way.

    Shapes: a row of `sft` has `input_ids` and `assistant_masks`; of `reward` `chosen_ids` and
    `rejected_ids`, each with the prompt; of `preference` `prompt_ids` and the two without it.
    """

    rows: list[Row]
    held_out: list[Row]
    report: Report


@dataclass(frozen=True, slots=True)
class Marked:
    """A sequence, or a pair of them, with the item that a split keeps together."""

    item: str
    row: Row
    n_tokens: int
    n_loss_tokens: int
    longest: int


@dataclass(slots=True)
class Tally:
    """What became of the rows that are no longer there, or no longer whole."""

    n_pieces: int = 0
    n_truncated: int = 0
    n_masked: int = 0
    n_empty: int = 0
    skipped: Counter[str] = field(default_factory=Counter)
    refusals: list[str] = field(default_factory=list)


def prepare(
    job_folder: Path,
    recipe: Recipe,
    tokenizer: Any,  # noqa: ANN401
    machine: Machine | None = None,
) -> Prepared:
    """Return a job's rows as ids, those to train on and those held out, with the report.

    Edge: nothing is refused here: what forbids a start is among the report's faults. `machine`
    tells what it will run on, and is looked at where it isn't given.
    Errors: InputError for data that can't be read, with the file and the row.
    """
    job = read_job(job_folder)
    return prepare_rows(job, recipe, tokenizer, read_data(job, recipe), machine)


def prepare_rows(
    job: Job,
    recipe: Recipe,
    tokenizer: Any,  # noqa: ANN401
    rows: Rows,
    machine: Machine | None = None,
) -> Prepared:
    """Return rows that have been read as ids; all else is as in `prepare`."""
    tally = Tally(skipped=Counter(rows.skipped))
    marked = encode_words(Encoder(tokenizer, read_template(recipe.template)), rows, recipe, tally)
    held = choose_held_out([one.item for one in marked], recipe.eval_share, recipe.seed)
    trained = [one for one in marked if one.item not in held]
    report = replace(
        count_rows(trained, recipe, tally),
        n_rows=rows.n_rows,
        n_held_out=len(marked) - len(trained),
        n_items=len({one.item for one in marked}),
    )
    lengths = [one.longest for one in trained]
    report = plan_run(report, job, recipe, lengths, len(tokenizer), machine)
    asked = find_benchmark_rows(rows.examples or rows.pairs)
    faults = (*find_benchmarks(job, asked), *find_faults(report, recipe, tally.refusals))
    mismatch = find_mismatch(recipe, read_spoken(job, recipe))
    warnings = (*find_forced(job, asked), *mismatch, *find_warnings(report, recipe))
    report = replace(report, n_benchmark=len(asked), faults=faults, warnings=warnings)
    held_out = [one.row for one in marked if one.item in held]
    return Prepared([one.row for one in trained], held_out, report)


def count_rows(trained: list[Marked], recipe: Recipe, tally: Tally) -> Report:
    """Return a report of what the rows came to; how they are trained on is not in it yet."""
    return Report(
        kind=recipe.kind,
        n_examples=len(trained),
        n_tokens=sum(one.n_tokens for one in trained),
        n_loss_tokens=sum(one.n_loss_tokens for one in trained),
        n_truncated=tally.n_truncated,
        share_truncated=tally.n_truncated / tally.n_pieces if tally.n_pieces else 0.0,
        n_masked=tally.n_masked,
        n_empty=tally.n_empty,
        skipped=dict(tally.skipped),
        longest=max((one.longest for one in trained), default=0),
    )


def encode_words(encoder: Encoder, rows: Rows, recipe: Recipe, tally: Tally) -> list[Marked]:
    """Return all that can be trained on; what can't be is counted in the tally."""
    if recipe.kind == "sft":
        return list(encode_examples(encoder, rows, recipe, tally))
    return list(encode_pairs(encoder, rows, recipe, tally))


def encode_examples(encoder: Encoder, rows: Rows, recipe: Recipe, tally: Tally) -> Iterator[Marked]:
    """Yield the pieces of all chats in which something is left to learn."""
    names = name_chats([example.item for example in rows.examples])
    chats = [example.messages for example in rows.examples]
    items = name_items(list(zip(names, chats, strict=True)))
    for item, example in zip(items, rows.examples, strict=True):
        try:
            pieces = encode_example(encoder, example, recipe)
        except InputError as error:
            note_refusal(tally, example.line, error)
            continue
        if not pieces:
            tally.skipped[TOO_LONG] += 1
        tally.n_empty += bool(pieces) and is_empty(example)
        for piece in pieces:
            tally.n_pieces += 1
            tally.n_truncated += piece.truncated
            n_loss = sum(piece.mask[1:])  # the first token is foretold by none
            if n_loss:
                yield Marked(item, piece.as_row(), len(piece.ids), n_loss, len(piece.ids))
            else:
                tally.n_masked += 1


def is_empty(example: Example) -> bool:
    """Return whether a chat answers nothing, so that only an answer's end can be learned."""
    return not any(one.text.strip() for one in example.messages if one.role == "assistant")


def encode_pairs(encoder: Encoder, rows: Rows, recipe: Recipe, tally: Tally) -> Iterator[Marked]:
    """Yield the pairs in which there is something to tell apart."""
    items = name_items([(pair.item, pair.prompt) for pair in rows.pairs])
    for item, pair in zip(items, rows.pairs, strict=True):
        try:
            coded = encode_pair(encoder, pair, recipe)
        except InputError as error:
            note_refusal(tally, pair.line, error)
            continue
        if isinstance(coded, str):
            tally.skipped[coded] += 1
            continue
        tally.n_pieces += 1
        tally.n_truncated += coded.truncated
        yield mark_pair(item, coded, recipe)


def mark_pair(item: str, coded: Coded, recipe: Recipe) -> Marked:
    """Return a pair with its item; the reward's loss hangs on one token of each answer."""
    n_loss = 2 if recipe.kind == "reward" else coded.n_answer_tokens
    row = coded.as_row("reward" if recipe.kind == "reward" else "preference")
    return Marked(item, row, coded.n_tokens, n_loss, coded.longest)


def note_refusal(tally: Tally, line: int, error: InputError) -> None:
    """Count a row that no template takes, and keep why."""
    tally.skipped[REFUSED] += 1
    tally.refusals.append(f"row {line}: {error}")


def encode_example(encoder: Encoder, example: Example, recipe: Recipe) -> list[Piece]:
    """Return a conversation's ids and loss mask, in one piece or several.

    Edge: too long, it is cut at its end, and no end mark is put in the place of one that is lost;
    or split into parts of whole turn pairs, of which only a pair too long alone is cut; or it
    gives nothing. A piece may be left without any loss.
    Errors: InputError when the template can't take the conversation.
    """
    whole = encoder.encode_chat(example.messages, add_generation_prompt=False)
    if len(whole.ids) <= recipe.max_length:
        return [Piece(whole.ids, whole.mask)]
    if recipe.overflow == "drop":
        return []
    if recipe.overflow == "truncate":
        return [cut_piece(whole.ids, whole.mask, recipe.max_length)]
    encoded = split_turns(
        example.messages,
        recipe.max_length,
        lambda part: encoder.encode_chat(part, add_generation_prompt=False),
    )
    return [cut_piece(part.ids, part.mask, recipe.max_length) for part in encoded]


def cut_piece(ids: list[int], mask: list[int], max_length: int) -> Piece:
    """Return a sequence no longer than that, its end cut off."""
    return Piece(ids[:max_length], mask[:max_length], len(ids) > max_length)
