"""Finds the places where a judge's reply gives an assistant a score."""

import re
from collections.abc import Iterator, Sequence

from backend.judge.lines import is_label, read_scores
from backend.judge.phrases import (
    ABOUT_ASPECT,
    AND,
    ANNOUNCES,
    CHANCES,
    COUNTED,
    CRITERION,
    GAP,
    GIVES,
    IN_ASPECT,
    JOIN,
    LAST_WORD,
    LINK,
    MARK,
    REPORTS,
    SAYS,
    SCALED,
    SCORE,
    SPEAKS,
    WORD,
    Who,
    find_clause,
    is_scaled,
    leads,
    name_who,
    parse_score,
)
from backend.judge.tuples import (
    BARE,
    FINAL,
    SCORED,
    Statement,
    find_lone_tuples,
    find_tuples,
)

LETTER = re.compile(r"[^\W0-9]")
NUMBER = re.compile(r"[0-9]")
TAKEN = "\ue000"  # stands where a number was that has been understood
OTHER = -1  # what a heading over something else promises

TWO = rf"({MARK})\s*{AND}\s*({MARK})"
TO = r"\s*(?:\b(?:to|for)\b|给|\((?:for\s)?)\s*"
ALONE = rf"(?!\s*{AND}\s*[0-9])"
A = r"(?:\ban?\b\s*)?"
NOTE = r"(?:\s*\([^()0-9]*\))?"
TEXT = r"(?i:\s+(?:answer|response|reply|submission|solution|code|performance))"
EACH = r"(?i:\bboth\b|\beach\b|两[位个名者份]|都|均)"
GIVE = r"(?i:\b(?:rate|rated|rating|score|scored|give|gave|grade|award|assign)\b)"
# Each with what its groups are: w an assistant, n a number.
PATTERNS: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("wwnn", re.compile(rf"{TWO}{GAP}{{0,60}}?{LINK}{SCORE}{JOIN}{SCORE}")),
    ("nnww", re.compile(rf"{SCORE}\s*{AND}\s*{SCORE}{TO}{TWO}")),
    ("nwnw", re.compile(
        rf"{SCORE}{TO}({MARK})\)?\s*(?:,|;|\band\b|\bwhile\b)?\s*(?:\band\b)?\s*{A}"
        rf"(?:{WORD}\s*(?:of|:)?\s*)?{A}{SCORE}{TO}({MARK})"
    )),
    ("nww", re.compile(rf"{WORD}\s*(?:of|:)?\s*{A}{SCORE}{TO}(?:both\s*)?{TWO}")),
    ("nw", re.compile(rf"(?:{WORD}\s*(?:of|:)?\s*{A}|{SCALED}){SCORE}{TO}({MARK})")),
    ("n", re.compile(
        rf"{EACH}(?:\s*{MARK}\s*{AND}\s*{MARK})?"
        rf"(?:(?!,){GAP}){{0,60}}?(?:{WORD}{LINK}|{SCALED}){SCORE}{ALONE}"
    )),
    ("nn", re.compile(
        rf"{GIVE}\s+(?:them|both|the (?:two|answers|responses|assistants)(?:\s[a-z]+)?)\s+{A}"
        rf"{SCORE}{JOIN}{A}{SCORE}"
    )),
    ("wn", re.compile(rf"{GIVE}\s+({MARK}){TEXT}?{LINK}{SCORE}{ALONE}")),
    ("wn", re.compile(rf"({MARK}){NOTE}{GAP}{{0,60}}?{WORD}{LINK}{SCORE}{ALONE}")),
    ("wn", re.compile(rf"({MARK}){NOTE}{GAP}{{0,40}}?{LINK}{SCALED}{SCORE}{ALONE}")),
    ("wn", re.compile(rf"({MARK}){TEXT}\s+(?:an?|at|as|with)\s+{A}{SCORE}{ALONE}")),
    ("wn", re.compile(rf"({MARK}){NOTE}{LINK}[(\[]?{SCORE}[)\]]?{ALONE}")),
)  # fmt: skip
NAMED = re.compile(rf"{MARK}|{EACH}|{GIVE}")  # without one of these, no pattern fits
# An assistant that rates something itself, or something else that is rated.
RATES = re.compile(
    rf"{MARK}\s+(?:rates?|rated|gives?|gave)\s+(?:the|this|that|it|its)\b"
    r"|(?:rating|score)s?\s+(?:of|for)\s+(?:the|this|that)\s+"
    r"(?!(?:answer|response|assistant|reply|question|task|overall|first|second)\b)[a-z]",
    re.IGNORECASE,
)
# What may follow a number that no word calls a score: not "3 errors", not "1. First".
ENDS = re.compile(
    rf"\s*(?:\.?$|[,;)|]|\([^0-9]|[-–—]\s+[^0-9\s]|(?:\.\s*)?{MARK}|。"
    r"|(?:and|for|because|while|as|since|due|but|whereas|vs)\b|[和而因])"
)
# "scored 3" is a score at the end or before one of these, and goals or points before others.
SCORED_SOMETHING = re.compile(r"(?i:scor(?:es|ed)?|rate[sd]?)\s+[0-9.]+$")
GOES_ON = re.compile(r"\s*(?:[.,;:)(|。]|$|(?:on|in|at|to|under|by|from|overall|here)\b)|\W*分")
STOPS = re.compile(r"[.:](?:\s|$)")
SEPARATOR = re.compile(r"[:=|(–—-]|为|是")
LABELLED = re.compile(rf"{MARK}{NOTE}\s*[:=|(–—-]")
HEADER = re.compile(rf"[^0-9{MARK[1:-1]}]*({MARK})[^0-9{MARK[1:-1]}.]*:?")
IN_SECTION = re.compile(
    rf"\W*(?:(?i:overall|final|total)\s*(?:{WORD}|(?=[:=]))|{WORD})\s*(?i::|=|\bis\b|\bof\b|为|是)?\s*{SCORE}"
    rf"|{SCALED}{SCORE}\W*$"
)
SENTENCE = re.compile(r"[.!?。]\W*$|[0-9]")
COURTESY = re.compile(
    r"\W*(?:sure|certainly|of course|ok(?:ay)?|thank|hello|好的|当然)", re.IGNORECASE
)
MAX_HEADING, MAX_CRITERION = 60, 30  # characters


def find_statements(lines: Sequence[str]) -> Iterator[Statement]:
    """Yield every score that is given to somebody, in lines that are clean and not empty."""
    heading = 0
    section: Who | None = None
    for number, line in enumerate(lines):
        found: list[Statement] = []
        if NUMBER.search(line):
            found = [*find_named(line, number, heading), *find_in_section(line, number, section)]
            yield from found
            yield from find_tuples(line, number)
            yield from find_pair(line, number, heading) if number < len(lines) - 1 else ()
        if not found and not (heading == OTHER and LABELLED.match(line)):
            heading = rate_heading(line)
        section = find_header(line, section)
    yield from find_lone_tuples(lines)


def find_pair(line: str, number: int, heading: int) -> Iterator[Statement]:
    """Yield the two scores that a line is, where it says so, or the line over it does."""
    told = read_scores(line, "first line" if heading > 0 else "last line")
    if told is None or not (heading > 0 or SPEAKS.search(line) or ANNOUNCES.search(line)):
        return
    level = FINAL if heading == FINAL or LAST_WORD.search(line) else SCORED
    for who, value in zip((1, 2), told.values, strict=True):
        yield Statement(1 if who == 1 else 2, value, level, "labelled lines", number)


def find_named(line: str, number: int, heading: int) -> Iterator[Statement]:
    """Yield the scores beside a name."""
    if not NAMED.search(line):
        return
    for kinds, pattern in PATTERNS:
        for found in list(pattern.finditer(line)):
            level = rate_level(line, found, heading, kinds)
            if level <= 0:
                continue
            yield from make_statements(kinds, found, level, number)
            line = take_numbers(line, found, kinds)


def rate_level(line: str, found: re.Match[str], heading: int, kinds: str = "wn") -> int:
    """Return what a match is worth; 0 where its number may be anything."""
    clause = find_clause(line, found.end())
    worded = re.search(WORD, found[0])
    if (heading == OTHER and LABELLED.match(line) and not worded) or is_else(line, found, clause):
        return 0
    if LAST_WORD.search(clause):
        return FINAL
    if CRITERION.search(clause):
        return 0
    return SCORED if worded else rate_number(line, found, heading, kinds)


def is_else(line: str, found: re.Match[str], clause: str) -> bool:
    """Say whether a number is said by somebody else, or about something else."""
    end = found.end()
    label = re.split(MARK, clause, maxsplit=1)[0]
    return bool(
        REPORTS.search(clause)
        or SAYS.search(line, end - len(clause), found.start())
        or IN_ASPECT.match(line, end)
        or ABOUT_ASPECT.match(clause)
        or RATES.search(found[0])
        or CHANCES.search(label)
        or (is_label(label) and not leads(label))
        or (SCORED_SOMETHING.search(found[0]) and not goes_on(line, end))
    )


def goes_on(line: str, end: int) -> bool:
    """Say whether a line goes on after a number as after a score, not as after "scored 3"."""
    return (GOES_ON.match(line, end) or ENDS.match(line, end)) is not None


def rate_number(line: str, found: re.Match[str], heading: int, kinds: str) -> int:
    """Return what a number that no word beside it calls a score is worth."""
    end = found.end()
    clause = find_clause(line, end)
    firm = max(heading, 0) or (SCORED if is_scaled(found) else 0)
    ends = ENDS.match(line, end) or (firm and STOPS.match(line, end))
    if firm or SPEAKS.search(clause) or GIVES.search(clause):
        return (firm or SCORED) if ends else 0
    counted = COUNTED.search(clause if kinds == "nwnw" else re.split(MARK, clause, maxsplit=1)[0])
    separated = SEPARATOR.search(found[0]) or kinds == "nwnw"
    return BARE if ends and separated and not counted else 0


def make_statements(
    kinds: str, found: re.Match[str], level: int, number: int
) -> Iterator[Statement]:
    """Yield what the groups of a match say."""
    groups = list(zip(kinds, found.groups(), strict=True))
    names = [name_who(text) for kind, text in groups if kind == "w"] or [1, 2]
    numbers = [parse_score(text) for kind, text in groups if kind == "n"]
    how = "labelled lines" if SEPARATOR.search(found[0]) else "sentence"
    for who, value in zip(names, numbers * (len(names) // len(numbers)), strict=True):
        yield Statement(who, value, level, how, number)


def take_numbers(line: str, found: re.Match[str], kinds: str) -> str:
    """Return a line whose numbers that a match has understood are no numbers any more."""
    for place, kind in enumerate(kinds, 1):
        if kind == "n":
            start, end = found.span(place)
            line = line[:start] + TAKEN * (end - start) + line[end:]
    return line


def rate_heading(line: str) -> int:
    """Return what a line promises of the labelled lines under it."""
    words = line.rstrip(" :")
    if not LETTER.search(words):
        return 0
    if len(words) <= MAX_CRITERION and CRITERION.search(f"{words}:"):
        return OTHER
    if not line.rstrip().endswith(":") and len(line) > MAX_HEADING:
        return 0
    if leads(words) or COURTESY.match(words):
        return FINAL if LAST_WORD.search(f"{words}:") else SCORED
    return OTHER if COUNTED.search(words) and not SENTENCE.search(line) else 0


def find_header(line: str, section: Who | None) -> Who | None:
    """Return whose section begins with a line, or goes on."""
    found = HEADER.fullmatch(line) if len(line) <= 60 else None
    return name_who(found[1]) if found else section


def find_in_section(line: str, number: int, section: Who | None) -> Iterator[Statement]:
    """Yield the score on a line without a name, which is that of the section's assistant."""
    found = IN_SECTION.match(line) if section else None
    if section and found and not re.search(MARK, line):
        level = FINAL if LAST_WORD.search(line) else SCORED
        yield Statement(section, parse_score(found[1] or found[2]), level, "labelled lines", number)
