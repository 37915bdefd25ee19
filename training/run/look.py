"""A look before the start: counts a job's data and writes its report, and rows with their tokens.

It is a process of its own that does without torch, so that it takes a second or two.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from backend.errors import InputError
from backend.templates.library import read_template
from backend.templates.tokens import Encoder
from training.jobs import RECIPE, read_job
from training.orders import Job
from training.preview import PreviewRow, join_segments, write_previews
from training.recipe import Recipe
from training.recipes import open_recipe
from training.report import Report, write_report
from training.rows import Example, Pair
from training.run.pairing import encode_pair
from training.run.prepare import encode_example, prepare_rows
from training.run.reading import Rows, list_texts, locate_base, read_data, read_tokenizer
from training.run.words import list_words, train_tokenizer

FIRST_ROWS = (1, 2, 3)
NO_ROW = "There is no such row, or nothing in it can be learned."
UNREADABLE = "\ufffd"  # what half a character decodes to


def look(job_folder: Path, rows: Sequence[int] = ()) -> Report:
    """Write a job's report and the preview of some rows, the first few where none are named.

    Errors: InputError, NotFound or MissingTool when data or base can't be read at all; what
    forbids a start otherwise is among the report's faults.
    """
    job = read_job(job_folder)
    recipe = open_recipe(job.folder / RECIPE)
    found = read_data(job, recipe)
    tokenizer = find_tokenizer(job, recipe, found)
    report = prepare_rows(job, recipe, tokenizer, found).report
    write_previews(job.folder, preview_rows(tokenizer, recipe, found, rows or FIRST_ROWS))
    write_report(job.folder, report)
    return report


def find_tokenizer(job: Job, recipe: Recipe, found: Rows) -> Any:  # noqa: ANN401
    """Return the tokenizer that the run will use; one of a tiny model is trained as there."""
    if recipe.tiny:
        return train_tokenizer(recipe.tiny, list_words(recipe.template, list_texts(found)))
    return read_tokenizer(locate_base(job, recipe))


def preview_rows(
    tokenizer: Any,  # noqa: ANN401
    recipe: Recipe,
    found: Rows,
    lines: Sequence[int],
) -> Iterator[PreviewRow]:
    """Yield the sequences of the rows that were asked for, in their order."""
    encoder = Encoder(tokenizer, read_template(recipe.template))
    everything: list[Example | Pair] = [*found.examples, *found.pairs]
    for line in dict.fromkeys(lines):
        rows = [row for row in everything if row.line == line]
        if not rows:
            yield PreviewRow(line, note=NO_ROW)
        for row in rows:
            yield from preview_row(encoder, tokenizer, recipe, row)


def preview_row(
    encoder: Encoder,
    tokenizer: Any,  # noqa: ANN401
    recipe: Recipe,
    row: Example | Pair,
) -> Iterator[PreviewRow]:
    """Yield a row as the model will see it, or why it won't."""
    try:
        if isinstance(row, Pair):
            yield from preview_pair(encoder, tokenizer, recipe, row)
        else:
            yield from preview_example(encoder, tokenizer, recipe, row)
    except InputError as error:
        yield PreviewRow(row.line, note=str(error))


def preview_example(
    encoder: Encoder,
    tokenizer: Any,  # noqa: ANN401
    recipe: Recipe,
    example: Example,
) -> Iterator[PreviewRow]:
    """Yield the pieces of a chat."""
    pieces = encode_example(encoder, example, recipe)
    if not pieces:
        yield PreviewRow(example.line, note="Left out: it is longer than max_length.")
    for place, piece in enumerate(pieces, 1):
        yield PreviewRow(
            example.line,
            tuple(show_tokens(tokenizer, piece.ids, piece.mask)),
            len(piece.ids),
            piece.truncated,
            f"{place} of {len(pieces)}" if len(pieces) > 1 else "",
            "" if any(piece.mask[1:]) else "Left out: no answer is left in it.",
        )


def preview_pair(
    encoder: Encoder,
    tokenizer: Any,  # noqa: ANN401
    recipe: Recipe,
    pair: Pair,
) -> Iterator[PreviewRow]:
    """Yield both answers of a pair, each behind its prompt."""
    coded = encode_pair(encoder, pair, recipe)
    if isinstance(coded, str):
        yield PreviewRow(pair.line, note=f"Left out: {coded}.")
        return
    for part, answer in (("chosen", coded.chosen_ids), ("rejected", coded.rejected_ids)):
        ids = [*coded.prompt_ids, *answer]
        mask = [0] * len(coded.prompt_ids) + [1] * len(answer)
        segments = tuple(show_tokens(tokenizer, ids, mask))
        yield PreviewRow(pair.line, segments, len(ids), coded.truncated, part)


def show_tokens(
    tokenizer: Any,  # noqa: ANN401
    ids: Sequence[int],
    mask: Sequence[int],
) -> Iterator[tuple[str, bool]]:
    """Return the tokens' text, cut where what carries loss begins and ends.

    Edge: a text is decoded from its beginning on, as some tokenizers drop the space that a part
    begins with; where a character is cut in two, the rest of it goes to the part behind.
    """
    borders = [n for n in range(1, len(ids)) if bool(mask[n]) != bool(mask[n - 1])]
    parts, shown = [], ""
    for start, end in zip([0, *borders], [*borders, len(ids)], strict=True):
        told = tokenizer.decode(
            ids[:end], skip_special_tokens=False, clean_up_tokenization_spaces=False
        )
        told = told if end == len(ids) else told.rstrip(UNREADABLE)
        if not told.startswith(shown):
            told = shown + tokenizer.decode(ids[start:end], skip_special_tokens=False)
        parts.append((told[len(shown) :], mask[start] if start < len(mask) else 0))
        shown = told
    return join_segments(parts)
