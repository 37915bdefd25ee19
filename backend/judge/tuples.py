"""Finds the tuples of two scores in a judge's reply, among the points of a task."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from backend.judge.phrases import (
    JUDGES,
    LAST_WORD,
    PROGRAM,
    REPORTS,
    SAYS,
    SCORE,
    SENTENCE_END,
    SPEAKS,
    Who,
    parse_score,
)

# What a statement is worth: a final score, a score, a number behind a name.
FINAL, SCORED, BARE = 3, 2, 1

TUPLE = re.compile(rf"(?<![\w)])[(\[]\s*{SCORE}\s*[,;]\s*{SCORE}\s*[)\]]")
ANY_TUPLE = re.compile(
    r"[^\w(\[]*[(\[]\s*([-+]?[\d.]+)\s*[,;]\s*([-+]?[\d.]+)\s*[)\]][^\w(\[]*(?:\s*#.*)?"
)
NO_VERDICT = re.compile(
    rf"\b(?:end|mid)?points?\b|\bcoordinate|\bvert|\bsegment|\binterval|点|坐标|{REPORTS.pattern}",
    re.IGNORECASE,
)
# A line that goes on in a tuple which is something else.
GOES_ON = re.compile(r"\b(?:vectors?|answers?|solutions?|results?|pairs?|range|roots?)\b", re.I)
STOPPED = re.compile(r"[.!?。)\]]\W*$")


@dataclass(frozen=True, slots=True)
class Statement:
    """One score that a text gives to one assistant; `value` None where it can't be one."""

    who: Who
    value: float | None
    level: int
    how: str
    line: int


def find_tuples(line: str, number: int) -> Iterator[Statement]:
    """Yield the tuples whose sentence speaks of scores; where it has two, neither counts."""
    if not TUPLE.search(line):
        return
    start = 0
    for end in [*(found.end() for found in SENTENCE_END.finditer(line)), len(line)]:
        sentence, start = line[start:end], end
        found = list(TUPLE.finditer(sentence))
        if len(found) == 1 and is_verdict(sentence):
            level = FINAL if LAST_WORD.search(sentence) else SCORED
            yield from make_statements_of_pair(found[0], level, number)


def is_verdict(sentence: str) -> bool:
    """Say whether a sentence speaks of scores, and not of a program's or somebody else's."""
    if not SPEAKS.search(sentence) or NO_VERDICT.search(sentence) or SAYS.search(sentence):
        return False
    return JUDGES.search(sentence) is not None or not PROGRAM.search(sentence)


def find_lone_tuples(lines: Sequence[str]) -> Iterator[Statement]:
    """Yield the tuple that stands alone on a line; where different ones do, none counts.

    Edge: one that ends the sentence before it, about a point or an answer, does not stand alone.
    """
    lone = [(number, ANY_TUPLE.fullmatch(line)) for number, line in enumerate(lines)]
    found = [(number, match) for number, match in lone if match]
    if len({match.groups() for _, match in found}) == 1:
        number, _ = found[0]
        match = TUPLE.search(lines[number])
        if match and not (number and goes_on(lines[number - 1])):
            yield from make_statements_of_pair(match, SCORED, number)


def goes_on(line: str) -> bool:
    """Say whether a line is about something that the next one shows, and not about scores."""
    if STOPPED.search(line) or JUDGES.search(line):
        return False
    return (NO_VERDICT.search(line) or GOES_ON.search(line) or PROGRAM.search(line)) is not None


def make_statements_of_pair(
    found: re.Match[str], level: int, number: int, how: str = "tuple"
) -> Iterator[Statement]:
    """Yield what two numbers in a row say."""
    for who, text in ((1, found[1]), (2, found[2])):
        yield Statement(1 if who == 1 else 2, parse_score(text), level, how, number)
