"""Reads the marks that llm_judge asks its judges of two answers for: [[A]], or [[7, 8]]."""

import re

from backend.judge.markup import drop_hidden
from backend.judge.quotations import drop_quotations
from backend.judge.records import MAX_SCORE, Reading, Slot

NUMBER = r"[0-9]{1,3}(?:\.[0-9]+)?"
WINNER = re.compile(r"\[\[([ABC])\]\]")
RATINGS = re.compile(rf"\[\[({NUMBER}),\s*({NUMBER})\]\]")
AROUND = " \t*_`\"'“”.。"  # what may stand around a mark that stands alone
HOW = "mark"

SLOTS: dict[str, Slot] = {"A": "1", "B": "2", "C": "tie"}


def read_winner(text: str) -> Slot | None:
    """Return the winner that a reply marks; None where it marks none, or several.

    Edge: of several, those in quotations don't count, and the one that stands alone on the last
    line decides.
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
    """Return what the last line is, if it is a mark; else what all the judge's own marks say.

    Edge: a judge that puts its one mark in quotes, as its prompt does, is heard in its last line.
    """
    last = drop_hidden(text).rstrip(" \t\n`").rpartition("\n")[2]
    if alone := pattern.fullmatch(last.strip(AROUND)):
        return alone.groups()
    own = {match.groups() for match in pattern.finditer(drop_quotations(text))}
    if not own:
        own = {match.groups() for match in pattern.finditer(last)}
    return own.pop() if len(own) == 1 else None
