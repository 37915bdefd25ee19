"""Reads the marks that llm_judge asks its judges of two answers for: [[A]], or [[7, 8]]."""

import re

from backend.judge.records import MAX_SCORE, Reading, Slot

NUMBER = r"\d{1,3}(?:\.\d+)?"
WINNER = re.compile(r"\[\[([ABC])\]\]")
RATINGS = re.compile(rf"\[\[({NUMBER}),\s*({NUMBER})\]\]")
HOW = "mark"

SLOTS: dict[str, Slot] = {"A": "1", "B": "2", "C": "tie"}


def read_winner(text: str) -> Slot | None:
    """Return the winner that a reply marks; None where it marks none, or several.

    Edge: of several, the one that stands alone on the last line decides.
    """
    found = read_marks(WINNER, text)
    return None if found is None else SLOTS[found[0]]


def read_ratings(text: str) -> Reading | None:
    """Return the two scores that a reply marks, from 0 to 10."""
    marks = read_marks(RATINGS, text)
    if marks is None:
        return None
    first, second = map(float, marks)
    if max(first, second) > MAX_SCORE:
        return None
    return Reading(first, second, HOW, ("zero",) if 0 in (first, second) else ())


def read_marks(pattern: re.Pattern[str], text: str) -> tuple[str, ...] | None:
    """Return what the marks say, if all say the same or the last line is one."""
    found = {match.groups() for match in pattern.finditer(text)}
    if len(found) > 1:
        last = pattern.fullmatch(text.rstrip().rpartition("\n")[2].strip())
        found = {last.groups()} if last else set()
    return found.pop() if len(found) == 1 else None
