"""The files of FastChat's llm_judge: questions with turns, and answers with choices."""

from annotations.readers.fields import Row
from annotations.readers.shapes import AnswerRow, Format, ItemRow
from backend.records import Answer, Item


def read_question(row: Row) -> list[ItemRow]:
    """Return the item of one question; it has to have one turn."""
    instruction = row.turn()
    if not instruction.strip():
        row.refuse("'turns' holds an empty turn.")
    references = row.parts("reference") if row.has("reference") else []
    item = Item(
        item_id=row.name("question_id"),
        instruction=instruction,
        reference=row.check_text(references[0], "reference") if references else "",
        app=row.text("category"),
        lang=row.text("lang", "en"),
    )
    return [ItemRow(row.line, item)]


def read_answers(row: Row) -> list[AnswerRow]:
    """Return the samples of one row: every choice is one, numbered by its index."""
    item_id, model = row.name("question_id"), row.name("model_id")
    choices = row.rows("choices")
    if not choices:
        row.refuse("'choices' is empty; at least one answer is needed.")
    return [
        AnswerRow(row.line, model, Answer(item_id, choice.turn(), choice.whole("index", place)))
        for place, choice in enumerate(choices)
    ]


QUESTIONS = Format(
    name="llm_judge questions",
    kind="items",
    keys=("question_id", "category", "turns"),
    known=("reference", "lang"),
    read=read_question,
)
ANSWERS = Format(
    name="llm_judge answers",
    kind="answers",
    keys=("question_id", "model_id", "choices"),
    known=("answer_id", "tstamp"),
    read=read_answers,
)
