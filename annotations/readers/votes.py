"""Votes collected elsewhere: who preferred which of two systems, on which item and criterion."""

from annotations.readers.fields import Row, shorten
from annotations.readers.shapes import Format, VoteRow
from backend.records import CRITERIA, WINNERS


def read_vote(row: Row) -> list[VoteRow]:
    """Return the vote of one row."""
    criterion, winner = row.name("criterion"), row.name("winner")
    if criterion not in CRITERIA:
        row.refuse(f"'criterion' is {shorten(criterion)}; it can be {', '.join(CRITERIA)}.")
    if winner not in WINNERS:
        row.refuse(f"'winner' is {shorten(winner)}; it can be {', '.join(WINNERS)}.")
    systems = row.name("system_a"), row.name("system_b")
    if systems[0] == systems[1]:
        row.refuse(f"'system_a' and 'system_b' are both {shorten(systems[0])}.")
    names = row.name("item_id"), *systems, row.name("annotator")
    return [VoteRow(row.line, *names, criterion, winner)]


# A platform's export has columns of its own (times, comments). They can't change what a vote says,
# so they are not refused; the import names them, so that none is lost without notice.
FORMAT = Format(
    name="outside votes",
    kind="votes",
    keys=("item_id", "system_a", "system_b", "annotator", "criterion", "winner"),
    known=(),
    read=read_vote,
)
