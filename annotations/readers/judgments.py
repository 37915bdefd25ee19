"""The judgments of FastChat's llm_judge: two games a row with both orders, or one answer a row."""

from annotations.readers.fields import Row, shorten
from annotations.readers.shapes import Format, ReviewRow
from backend.judge.records import Slot

# Who won, by the word of the file, in the order of the first game; "error" is what it writes where
# no winner was found.
WORDS: dict[str, Slot | None] = {"model_1": "1", "model_2": "2", "tie": "tie", "error": None}
TURNED: dict[Slot | None, Slot | None] = {"1": "2", "2": "1", "tie": "tie", None: None}


def read_pair(row: Row) -> list[ReviewRow]:
    """Return both games of one row: the second shows the answers the other way round.

    The second model is the one that is measured against, as in llm_judge's own baseline mode.
    """
    judge, protocol = read_judge(row)
    models = row.name("model_1"), row.name("model_2")
    item_id, turn = row.name("question_id"), row.whole("turn", 1)
    first, second = read_winner(row, "g1_winner"), read_winner(row, "g2_winner")
    return [
        ReviewRow(
            line=row.line, item_id=item_id, text=row.text("g1_judgment"), protocol=protocol,
            systems=models, reference_slot=2, judge=judge, said=first, turn=turn,
        ),
        ReviewRow(
            line=row.line, item_id=item_id, text=row.text("g2_judgment"), protocol=protocol,
            systems=models[::-1], reference_slot=1, judge=judge, said=TURNED[second], turn=turn,
        ),
    ]  # fmt: skip


def read_single(row: Row) -> list[ReviewRow]:
    """Return the judgment of one answer."""
    judge, protocol = read_judge(row)
    single = ReviewRow(
        line=row.line,
        item_id=row.name("question_id"),
        text=row.text("judgment"),
        protocol=protocol,
        systems=(row.name("model"),),
        judge=judge,
        stored=(row.number("score"),) if row.has("score") else None,
        turn=row.whole("turn", 1),
    )
    return [single]


def read_judge(row: Row) -> tuple[str, str]:
    """Return who judged, and by which of llm_judge's prompts."""
    parts = row.parts("judge")
    names = [row.check_text(part, "judge").strip() for part in parts]
    if len(names) != 2 or not all(names):
        row.refuse(f"'judge' should hold a model and a prompt, it is {shorten(parts)}.")
    return names[0], f"llm_judge {names[1]}"


def read_winner(row: Row, key: str) -> Slot | None:
    """Return the winner that the file says, in the order of the first game."""
    word = row.name(key)
    if word not in WORDS:
        row.refuse(f"{key!r} is {shorten(word)}; it can be {', '.join(WORDS)}.")
    return WORDS[word]


PAIRS = Format(
    name="llm_judge pair judgments",
    kind="judgments",
    keys=("question_id", "model_1", "model_2", "judge", "g1_judgment", "g2_judgment"),
    known=("g1_winner", "g2_winner", "g1_user_prompt", "g2_user_prompt", "turn", "tstamp"),
    read=read_pair,
)
SINGLES = Format(
    name="llm_judge single judgments",
    kind="judgments",
    keys=("question_id", "model", "judge", "judgment"),
    known=("score", "user_prompt", "turn", "tstamp"),
    read=read_single,
)
