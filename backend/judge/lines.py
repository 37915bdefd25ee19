"""Reads a line of a judge's reply that is scores and nothing else."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from backend.judge.markup import FIRST, SECOND
from backend.judge.phrases import (
    ABOUT_ASPECT,
    CHANCES,
    COUNTED,
    CRITERION,
    JOIN,
    JUDGES,
    LINK,
    MARK,
    REPORTS,
    SCORE,
    SPEAKS,
    WORD,
    is_scaled,
    leads,
    name_who,
    parse_score,
)

OPEN = r"[(\[{<【]?\s*"
LEAD = rf"(?:([^0-9\n]{{0,80}}?)\s*(?:[:=|】\]]|\b(?:are|is)\b|为|是)\s*|{WORD}\s+)?{OPEN}"
# Words that go on behind scores: after a stop, a dash or a parenthesis, or as a new sentence.
AFTER = (
    rf"(?:[.;:]\s+|。|\s*[-–—(]\s*)(?=[^\W0-9]|{MARK}).*"
    rf"|(?:(?<=\s)|\s+)(?=[A-Z\u4e00-\u9fff]|{MARK}).*"
)
CLOSE = r"\s*[)\]}>】]?"
TWO_SCORES = re.compile(rf"[\s|]*{LEAD}{SCORE}{JOIN}{SCORE}{CLOSE}(?:[\s.。|]*|({AFTER}))")
ONE_SCORE = re.compile(rf"[\s|]*{LEAD}{SCORE}{CLOSE}(?:[\s.。|]*|({AFTER}))")
NUMBER_ALONE = re.compile(rf"{SCORE}\s*[.。]?")
LABEL = (
    rf"({MARK})[)\]]?(?:\s*\([^()0-9]*\))?(?:\s*{WORD})?{LINK}[(\[]?{SCORE}[)\]]?"
    r"(?:\s*\([^()0-9]*\)|\s+[-–—]\s+[^0-9\n]*)?"
)
LABELS = re.compile(
    rf"([^0-9\n{FIRST}{SECOND}]{{0,80}}){LABEL}[\s,;|/.(\[]*(?:\band\b|\bvs\b\.?|和|而)?\s*{LABEL}\W*"
)
LABELLED = re.compile(r"[:=|]\s*$|\s[-–—]\s*$")
MAX_LINE = 400  # characters: what comes after the scores on a line may be as long as it likes
N_NUMBERS = 60  # characters: a line of nothing but numbers is shorter


@dataclass(frozen=True, slots=True)
class Told:
    """What one line says; `firm` where it also says that its numbers are scores.

    Edge: a number that can't be a score is None.
    """

    values: tuple[float | None, ...]
    how: str
    firm: bool = True


def read_opening(lines: Sequence[str]) -> Told | None:
    """Return what a reply opens with, if that is scores, or numbers that should have been."""
    if not lines:
        return None
    labelled = read_labels(lines[0]) or read_labels(" ".join(lines[:2]))
    told = labelled or read_scores(lines[0], "first line") or read_column(lines)
    if told is None and is_numbers(lines[0]):
        return Told((None, None), "first line")
    return told


def read_scores(line: str, how: str) -> Told | None:
    """Return the two scores that a line is, or None where it is something else.

    Edge: words may stand before them where they speak of scores; on a first line also behind them.
    """
    found = TWO_SCORES.fullmatch(line[:MAX_LINE])
    if found is None or (found[4] and how != "first line") or not leads(found[1]):
        return None
    return Told((parse_score(found[2]), parse_score(found[3])), how)


def read_column(lines: Sequence[str]) -> Told | None:
    """Return the scores of a reply that has them alone on its first two lines."""
    numbers = [NUMBER_ALONE.fullmatch(line) for line in lines[:3]]
    first, second, third = (*numbers, None, None)[:3]
    if first is None or second is None or third is not None:
        return None
    return Told((parse_score(first[1]), parse_score(second[1])), "first line", firm=False)


def read_score(line: str, how: str) -> Told | None:
    """Return the one score that a line is, or None where it is something else."""
    found = ONE_SCORE.fullmatch(line[:MAX_LINE])
    if found is None or (found[3] and how != "first line") or not leads(found[1]):
        return None
    return Told((parse_score(found[2]),), how)


def read_labels(line: str) -> Told | None:
    """Return the scores of a line that names both assistants, each with its number."""
    found = LABELS.fullmatch(line)
    if found is None or found[2] == found[4] or CRITERION.search(line):
        return None
    scores = {name_who(found[2]): parse_score(found[3]), name_who(found[4]): parse_score(found[5])}
    firm = SPEAKS.search(line) is not None or is_scaled(found)
    if is_something_else(found[1]) or (not firm and None in scores.values()):
        return None  # two numbers, but of something else
    return Told((scores[1], scores[2]), "labelled lines", firm)


def is_something_else(words: str) -> bool:
    """Say whether words before labelled numbers make them no scores, as "Errors:" does."""
    if REPORTS.search(words) or ABOUT_ASPECT.match(words) or CHANCES.search(words):
        return True
    if is_label(words):
        return not leads(words)
    return COUNTED.search(words) is not None and not JUDGES.search(words)


def is_label(words: str) -> bool:
    """Say whether words are a label of what follows them."""
    return LABELLED.search(words) is not None


def is_numbers(line: str) -> bool:
    """Say whether a line is made of two numbers or more and nothing else, as "nan 5" or "8 9 7"."""
    words = re.split(r"[\s,;:/|()\[\]]+|\band\b|(?<=[0-9])[-–—]", line)
    words = [word.rstrip("%分.") for word in words if word.strip("%分.")]
    return len(words) > 1 and len(line) < N_NUMBERS and all(is_number(word) for word in words)


def is_number(word: str) -> bool:
    """Say whether a word is a number of any kind."""
    try:
        float(word)
    except ValueError:
        return False
    return True
