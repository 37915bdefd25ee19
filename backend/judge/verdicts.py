"""Reads scores from a judge's reply, or says that none can be read: it never guesses.

The order of trust: a reply that opens with the scores, as it was asked to; one that ends with
them; then what its sentences and labelled lines say, where all of it agrees. Quotations and code
are not the judge's voice. Two verdicts that differ make a reply unreadable, and so does a number
where a score should be that can't be one.
"""

import re
from collections.abc import Sequence

from backend.judge.lines import Told, read_opening, read_score, read_scores
from backend.judge.marks import read_marks
from backend.judge.objects import SCHEMA, find_object, parse_scores
from backend.judge.phrases import (
    CRITERION,
    JUDGES,
    LAST_WORD,
    LINK,
    REPORTS,
    SAYS,
    SCORE,
    WORD,
    clean_text,
    leads,
    parse_score,
)
from backend.judge.quotations import drop_quotations, open_code, split_lines, unfence
from backend.judge.records import Reading
from backend.judge.statements import find_statements
from backend.judge.tables import read_tables
from backend.judge.tuples import BARE, FINAL, SCORED, Statement

__all__ = ["SCHEMA", "read_pair", "read_schema", "read_single"]

BRACKETED = re.compile(r"\[\[\s*([0-9]+(?:\.[0-9]+)?)\s*\]\]")
ONE_SCORE = re.compile(rf"{WORD}{LINK}[(\[]?{SCORE}")


def read_pair(text: str) -> Reading | None:
    """Return the two scores of a reply, or None where they can't be read.

    Edge: 0 is kept and flagged "zero". A reply that opens with scores and speaks of others later
    on is flagged "contradicted"; one that ends with others is unreadable.
    """
    bare = unfence(text)
    if (reading := read_schema(bare)) or (bare.startswith("{") and '"' in bare):
        return reading
    return read_text(bare) or read_text(open_code(bare))


def read_text(text: str) -> Reading | None:
    """Return the two scores that a reply in words tells."""
    lines = list_own_lines(text)
    statements = [*find_statements(lines), *find_last(lines)]
    opening = read_opening(lines)
    return settle(statements) if opening is None else confirm(opening, statements)


def read_single(text: str) -> Reading | None:
    """Return the one score of a reply, or None where it can't be read."""
    if BRACKETED.search(text):
        marks = read_marks(BRACKETED, text)
        return None if marks is None else make_reading([parse_score(marks[0])], "brackets")
    lines = list_own_lines(unfence(text))
    opening = read_score(lines[0], "first line") if lines else None
    closing = read_score(lines[-1], "last line") if lines else None
    ends = {one.values for one in (opening, closing) if one}
    if len(ends) == 1:
        return make_reading(ends.pop(), "first line" if opening else "last line")
    return None if ends else settle_one(lines)


def read_schema(text: str) -> Reading | None:
    """Return the two scores of a JSON reply, or None where it is none.

    Edge: a key that is there twice, and a number with an exponent, make it unreadable.
    """
    before, told, after = find_object(unfence(text))
    scores = parse_scores(told) if told else None
    return None if scores is None else confirm_object(scores, f"{before}\n{after}")


def confirm_object(scores: tuple[float | None, float | None], around: str) -> Reading | None:
    """Return the scores of an object, unless what stands around it says others."""
    said, lines = {1: scores[0], 2: scores[1]}, list_own_lines(around)
    others = [*find_statements(lines), *find_last(lines)]
    contradicted = any(one.value not in (None, said[one.who]) for one in others)
    opening = read_opening(lines)
    if contradicted or (opening and opening.values != scores):
        return None
    return make_reading(scores, "json")


def list_own_lines(text: str) -> list[str]:
    """Return the lines of a reply in which the judge itself speaks, clean."""
    return read_tables(split_lines(clean_text(drop_quotations(text))))


def find_last(lines: Sequence[str]) -> list[Statement]:
    """Return the scores that a reply ends with as statements.

    Edge: numbers under a line that promises something else are something else.
    """
    closing = read_scores(lines[-1], "last line") if lines else None
    if closing is None:
        return []
    over = lines[-2] if len(lines) > 1 and lines[-2].endswith(":") else ""
    heard = REPORTS.search(over) or SAYS.search(over)
    if heard or not (leads(over) or JUDGES.search(lines[-1])):
        return []
    final = LAST_WORD.search(lines[-1]) or LAST_WORD.search(over)
    level, place = FINAL if final else SCORED, len(lines) - 1
    first, second = closing.values
    return [
        Statement(1, first, level, closing.how, place),
        Statement(2, second, level, closing.how, place),
    ]


def confirm(opening: Told, statements: Sequence[Statement]) -> Reading | None:
    """Return what a reply opens with, unless it takes that back.

    Edge: two numbers on the first line are the verdict that was asked for, whatever is told after
    them, but for other final scores at the very end. Numbers behind names have to stay alone.
    """
    given = {(1, opening.values[0]), (2, opening.values[1])}
    others = [one for one in statements if (one.who, one.value) not in given]
    taken_back = [one for one in others if one.how == "last line" and one.level == FINAL]
    if taken_back or (others and not opening.firm):
        return None
    contradicted = any(one.level > BARE for one in others)
    return make_reading(opening.values, opening.how, ["contradicted"] * contradicted)


def settle(statements: Sequence[Statement]) -> Reading | None:
    """Return what statements agree on: final scores, else any scores, else bare numbers too.

    Edge: final scores that are followed by others are not final.
    """
    for level in (FINAL, SCORED, BARE):
        counted = [one for one in statements if one.level >= level]
        said = {who: {one.value for one in counted if one.who == who} for who in (1, 2)}
        if max(len(values) for values in said.values()) > 1:
            return None
        if all(said.values()) and (level > BARE or are_close(counted)):
            last = max(one.line for one in counted)
            later = [one for one in statements if one.line > last and one.value is not None]
            if any(one.value not in said[one.who] for one in later):
                return None
            return make_reading([said[1].pop(), said[2].pop()], counted[0].how)
    return None


def are_close(statements: Sequence[Statement]) -> bool:
    """Say whether statements stand side by side, or one under the other."""
    places = [one.line for one in statements]
    return max(places) - min(places) <= 1


def settle_one(lines: Sequence[str]) -> Reading | None:
    """Return the score that all lines agree on: final scores, else any."""
    found = [
        (LAST_WORD.search(line) is not None, parse_score(score[1]))
        for line in lines
        for score in ONE_SCORE.finditer(line)
        if not CRITERION.search(line[: score.start(1)])
    ]
    final = any(last for last, _ in found)
    values = {value for last, value in found if last or not final}
    return make_reading([*values], "sentence") if len(values) == 1 else None


def make_reading(
    values: Sequence[float | None], how: str, flags: Sequence[str] = ()
) -> Reading | None:
    """Return a reading, or None where a number can't be a score."""
    scores = [value for value in values if value is not None]
    if len(scores) < len(values):
        return None
    zero = ["zero"] if 0 in scores else []
    return Reading(scores[0], scores[1] if len(scores) > 1 else None, how, (*zero, *flags))
