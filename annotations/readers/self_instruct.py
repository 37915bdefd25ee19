"""Self-Instruct predictions: answers that name their item by repeating its instruction."""

from annotations.readers.fields import Row
from annotations.readers.shapes import Format, PredictionRow


def read_prediction(row: Row) -> list[PredictionRow]:
    """Return the prediction of one row; white space at its ends comes from the prompt's form."""
    prediction = PredictionRow(
        line=row.line,
        instruction=row.prose("instruction"),
        input=row.text("input") if "input" in row.fields else None,
        text=row.text("response").strip(),
    )
    return [prediction]


FORMAT = Format(
    name="Self-Instruct predictions",
    kind="predictions",
    keys=("instruction", "response"),
    known=("prompt", "input", "target"),
    read=read_prediction,
)
