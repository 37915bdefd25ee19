"""The plainest answers: an item's id and the answer to it, as JSON or CSV."""

from annotations.readers.fields import Row
from annotations.readers.shapes import AnswerRow, Format
from backend.records import Answer


def read_answer(row: Row) -> list[AnswerRow]:
    """Return the answer of one row."""
    model = row.name("model") if row.has("model") else None
    answer = Answer(row.name("item_id"), row.text("answer"), row.whole("sample", 0))
    return [AnswerRow(row.line, model, answer)]


FORMAT = Format(
    name="plain answers",
    kind="answers",
    keys=("item_id", "answer"),
    known=("model", "sample"),
    read=read_answer,
)
