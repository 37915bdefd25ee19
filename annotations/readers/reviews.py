"""The reviews that FastChat released: a judge's reply on two answers, with the scores typed out."""

from annotations.readers.fields import Row, describe
from annotations.readers.shapes import Format, ReviewRow

PROTOCOL = "FastChat review"
BASELINE = 2  # the slot of what was measured against, in every released file


def read_review(row: Row) -> list[ReviewRow]:
    """Return the review of one row.

    Edge: reviewers are numbers in some files and names in others; neither says which model it was.
    A null where the reply belongs is an empty one.
    """
    reviewer = row.name("reviewer_id") if row.has("reviewer_id") else ""
    review = ReviewRow(
        line=row.line,
        item_id=row.name("question_id"),
        text=row.text("text", "") if row.take("text") is None else row.text("text"),
        protocol=PROTOCOL,
        ext_id=row.name("review_id") if row.has("review_id") else "",
        answers=(row.name("answer1_id"), row.name("answer2_id")),
        reference_slot=BASELINE,
        reviewer=reviewer,
        stored=read_scores(row),
    )
    return [review]


def read_scores(row: Row) -> tuple[float, ...] | None:
    """Return the two scores as they stand, or None where there are none.

    Edge: -1 is what FastChat writes where its parser failed; it is kept, and counts for nothing.
    """
    if not row.has("score") or row.take("score") == [None, None]:
        return None
    scores = row.parts("score")
    if len(scores) != 2:
        row.refuse(f"'score' should hold two numbers, it is {describe(scores)} of {len(scores)}.")
    return tuple(row.check_number(score, "score") for score in scores)


FORMAT = Format(
    name="FastChat reviews",
    kind="reviews",
    keys=("question_id", "answer1_id", "answer2_id", "text"),
    known=("review_id", "reviewer_id", "metadata", "score"),
    read=read_review,
)
