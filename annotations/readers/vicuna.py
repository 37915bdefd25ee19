"""The Vicuna question file, and the answers that FastChat released to it."""

from annotations.readers.fields import NAME_LENGTH, Row
from annotations.readers.shapes import AnswerRow, Format, ItemRow
from backend.records import Answer, Item


def read_question(row: Row) -> list[ItemRow]:
    """Return the item of one question."""
    item = Item(
        item_id=row.name("question_id"),
        instruction=row.prose("text"),
        app=row.text("category"),
        lang=row.text("lang", "en"),
    )
    return [ItemRow(row.line, item)]


def read_answer(row: Row) -> list[AnswerRow]:
    """Return the answer of one row."""
    answer = Answer(row.name("question_id"), row.text("text"))
    return [AnswerRow(row.line, row.name("model_id"), answer, read_name(row))]


def read_name(row: Row) -> str:
    """Return what the file calls the answer; nothing where that is no name."""
    name = row.fields.get("answer_id")
    return name if isinstance(name, str) and len(name) <= NAME_LENGTH else ""


QUESTIONS = Format(
    name="Vicuna questions",
    kind="items",
    keys=("question_id", "text", "category"),
    known=("lang",),
    read=read_question,
)
ANSWERS = Format(
    name="FastChat answers",
    kind="answers",
    keys=("question_id", "text", "model_id"),
    known=("answer_id", "metadata", "tstamp"),
    read=read_answer,
)
