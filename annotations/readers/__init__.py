"""Files that others write, recognised by what is in them, and read into frozen records.

Adding a format adds a file here, and its name to FORMATS. Nothing here knows the database.
"""

from collections.abc import Iterator
from itertools import chain

from annotations.readers import (
    judge_prompts,
    judgments,
    llm_judge,
    plain,
    reviews,
    self_instruct,
    user_oriented,
    vicuna,
    votes,
)
from annotations.readers.fields import Row, shorten
from annotations.readers.rows import read_rows
from annotations.readers.shapes import (
    AnswerRow,
    Document,
    Format,
    ItemRow,
    Kind,
    ModelRow,
    PredictionRow,
    PromptRow,
    ReviewerRow,
    ReviewRow,
    Shape,
    VoteRow,
)
from backend.errors import InputError

__all__ = [
    "FORMATS",
    "AnswerRow",
    "Document",
    "Format",
    "ItemRow",
    "Kind",
    "ModelRow",
    "PredictionRow",
    "PromptRow",
    "ReviewRow",
    "ReviewerRow",
    "VoteRow",
    "read_document",
    "read_rows",
    "recognise_format",
]

MAX_UNREAD = 20  # keys that a report names
WRITTEN: frozenset[Kind] = frozenset({"items", "answers", "predictions", "votes"})

# The first whose keys are all there is the one: FastChat's answers stand before its questions.
FORMATS = (
    user_oriented.FORMAT,
    vicuna.ANSWERS,
    vicuna.QUESTIONS,
    llm_judge.ANSWERS,
    llm_judge.QUESTIONS,
    reviews.FORMAT,
    judgments.PAIRS,
    judgments.SINGLES,
    judge_prompts.PROMPTS,
    judge_prompts.REVIEWERS,
    judge_prompts.MODELS,
    self_instruct.FORMAT,
    votes.FORMAT,
    plain.FORMAT,
)


def read_document(data: bytes) -> Document:
    """Return what a file holds: JSON Lines, a JSON array of the same objects, or CSV.

    Errors: InputError with the physical line, counted from 1, and the reason.
    """
    rows = read_rows(data)
    first = next(rows, None)
    if first is None:
        raise InputError(f"There are no rows in the file. {describe_formats()}")
    form = recognise_format(first)
    shapes = (shape for row in chain((first,), rows) for shape in form.read(row))
    unread = [key for key in first.fields if key not in (*form.keys, *form.known)][:MAX_UNREAD]
    found = tuple(check_unique(shapes))
    return Document(form, found, tuple(shorten(key) for key in unread))


def recognise_format(row: Row) -> Format:
    """Return the format of a file by the keys of its first row.

    Errors: InputError that lists the formats there are, and the keys that were found.
    """
    for form in FORMATS:
        if all(key in row.fields for key in form.keys):
            return form
    keys = [shorten(key) for key in row.fields]
    found = ", ".join(keys[:12]) + (", …" if len(keys) > 12 else "") or "none"
    raise InputError(
        f"no known kind of file has these keys: {found}. {describe_formats()}", row.line
    )


def describe_formats() -> str:
    """Return one sentence with every format, and the keys of those that people write themselves."""
    known = [
        f"{form.name} ({', '.join(form.keys)})" if form.kind in WRITTEN else form.name
        for form in FORMATS
    ]
    return f"What can be taken: {'; '.join(known)}."


def check_unique(shapes: Iterator[Shape]) -> Iterator[Shape]:
    """Pass the rows on; an item, or an answer of one model, may come only once."""
    lines: dict[tuple[str, ...], int] = {}
    for shape in shapes:
        if isinstance(shape, ItemRow | AnswerRow):
            if shape.key in lines:
                what, first = " ".join(shape.key), lines[shape.key]
                raise InputError(f"{what} is in the file twice, first on line {first}.", shape.line)
            lines[shape.key] = shape.line
        yield shape
