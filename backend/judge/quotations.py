"""Tells the judge's own voice from what it quotes: an answer may hold any verdict it likes."""

import re
from collections.abc import Iterator

from backend.judge.markup import drop_hidden
from backend.judge.phrases import ANNOUNCES, NAME, SPEAKS, WORD

FENCE = re.compile(r"(```|~~~)([ \t]*[\w+#.-]*[ \t]*)\n(.*?)(?:\1|\Z)", re.DOTALL)
QUOTED = re.compile(
    r"^[ \t]*>[^\n]*$|“[^“”]*”|「[^「」]*」|『[^『』]*』|«[^«»]*»|‘[^‘’\n]*’(?!\w)", re.MULTILINE
)
# A quotation mark after a letter or digit ends one, or is an inch; before one, it begins one.
STRAIGHT = re.compile(r'(?<![A-Za-z0-9])"[^"]*"(?![A-Za-z0-9])')
SINGLE = re.compile(r"(?<![A-Za-z0-9'])'(?=\S)(?:[^'\n]|'(?=[A-Za-z])){1,400}'(?![A-Za-z0-9'])")
INLINE = re.compile(r"(?<!`)(`{1,3})([^`\n]+)\1(?!`)")
CODE = re.compile(r"\s*`[^`]+`\W*")
OPENING = re.compile(
    r"\s*(?:(?:```|~~~)[^\n]*\n([^\n]+)\n[ \t]*(?:```|~~~)|(?<!`)`([^`\n]+)`)[ \t]*\n"
)
HIDDEN = "\ue003"  # stands where a quotation was
REPORTS = re.compile(
    r"\bwr[io]te|\bsa[iy]|\bclaim|\bcontain|\bask|\binstruct|\binject|\bquot|\banswer|写|说|要求|回答",
    re.IGNORECASE,
)
# A line under which somebody else is heard.
INTRODUCES = re.compile(
    r"(?:\b(?:says|said|writes|wrote|claims|tells|talks|instructs|demands|begs|orders|reads|tries|tried|asks|asked|injects)\b"
    r"|(?<![来话])说|写道|声称|要求)[^\n]{0,80}[:：]\s*$",
    re.IGNORECASE,
)
# Words about a reply's first lines that make them somebody else's.
DOUBTS = re.compile(
    r"\b(?:inject|instruct|manipulat|ignor|attempt|demand|quot|recit|repeat|beg|tr(?:y|ies)\b"
    r"|says?\b|said\b|wr[io]te|claim|tells?\b|contain)|说|写|要求|声称",
    re.IGNORECASE,
)
TOLD = re.compile(
    r"(?:[0-9][\s,;]+[0-9.]+|/\s?10)[\s)\]*.]*$"
)  # scores, and so not a line that announces some
SCORES_ALONE = re.compile(r"(?:\w+\s*=\s*)?[(\[]\s*[\d.]+\s*,\s*[\d.]+\s*[)\]]\s*(?:#[^\n]*)?")
WRAPPED = re.compile(r"\"([^\"]*)\"|'([^'\n]*)'|“([^“”]*)”|「([^「」]*)」")
THINKS = re.compile(r"\s*<think(?:ing)?>", re.IGNORECASE)
THOUGHT = re.compile(r"</think(?:ing)?>", re.IGNORECASE)

SENTENCE = re.compile(r"(?<=[.!?。])\s+")
MAX_LINE = 1000  # characters
MAX_LINES = 4000
N_BEFORE = 300  # characters in which a line that announces code ends
N_NESTED = 3  # quotations in quotations


def unfence(text: str) -> str:
    """Return a text without its thoughts and without the fence or quotes that are around all of it.

    Edge: thoughts that don't end, or end twice, leave nothing.
    """
    bare = drop_hidden(text).strip()
    if THINKS.match(bare):
        _, *rest = THOUGHT.split(bare)
        bare = rest[0].strip() if len(rest) == 1 else ""
    if wrapped := WRAPPED.fullmatch(bare):
        return (wrapped[wrapped.lastindex or 0]).strip()
    found = FENCE.fullmatch(bare)
    inside = found[3].strip() if found else "```"
    return bare if "```" in inside or "~~~" in inside else inside


def open_code(text: str) -> str:
    """Return a reply that opens with a line of code with that line as its own; "" for any other.

    Edge: where the rest speaks of somebody who says something, the line may be theirs.
    """
    found = OPENING.match(text)
    if found is None or DOUBTS.search(text, found.end()):
        return ""
    return f"{found[1] or found[2]}\n{text[found.end() :]}"


def drop_quotations(text: str) -> str:
    """Return a text without what it quotes: code, quoted lines, what stands in quotes, recitals.

    Edge: a single line of code under a line that announces scores, or that is a tuple of Python's,
    is the judge's own.
    """
    plain = drop_hidden(text)
    opening = OPENING.match(plain)
    own = FENCE.sub(keep_announced, plain[opening.end() :] if opening else plain)
    for _ in range(N_NESTED):
        own = QUOTED.sub(HIDDEN, own)
    own = SINGLE.sub(hide_words, STRAIGHT.sub(hide_words, own))
    return INLINE.sub(hide_code, "\n".join(drop_recitals(own))).replace(HIDDEN, " … ")


def hide_words(found: re.Match[str]) -> str:
    """Return what stands for words in quotes; names and the word "score" say nothing by them."""
    words = found[0][1:-1]
    return words if NAME.fullmatch(words) or re.fullmatch(WORD, words) else HIDDEN


def hide_code(found: re.Match[str]) -> str:
    """Return what stands for code inside a line: numbers without words are the judge's own."""
    return HIDDEN if re.search(r"[^\W0-9]", found[2]) else found[2]


def keep_announced(found: re.Match[str]) -> str:
    """Return what stays of a code fence."""
    code = found[3].strip()
    own = len(code.splitlines()) == 1 and is_own(found, code)
    return f"{code}\n" if own else HIDDEN


def is_own(found: re.Match[str], code: str) -> bool:
    """Say whether a line of code is the judge's own, by what stands before it."""
    start = found.start()
    before = found.string[max(0, start - N_BEFORE) : start].rstrip(" \t")
    line = before.strip().rpartition("\n")[2]
    if not before.endswith("\n") or not line or REPORTS.search(line) or TOLD.search(line):
        return False
    tuple_of_python = found[2].strip().casefold() == "python" and SCORES_ALONE.fullmatch(code)
    return bool(SPEAKS.search(line) or ANNOUNCES.search(line) or tuple_of_python)


def drop_recitals(text: str) -> Iterator[str]:
    """Yield the lines without the paragraphs in which somebody else is said to speak."""
    introduced = reciting = False
    for line in text.splitlines():
        if not line.strip():
            reciting = False
        elif introduced and CODE.fullmatch(line):
            introduced = False
            continue
        else:
            reciting = reciting or (introduced and HIDDEN not in line)
            introduced = not reciting and INTRODUCES.search(line[-200:]) is not None
        if not reciting:
            yield line


def split_lines(text: str) -> list[str]:
    """Return the lines of a text that are not empty; what is longer than a line comes in sentences.

    Edge: a sentence that no person would write is cut short; of an endless reply, the beginning
    and the end are left.
    """
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if len(lines) > MAX_LINES:
        lines = [*lines[: MAX_LINES // 2], *lines[-MAX_LINES // 2 :]]
    return [part for line in lines for part in cut_line(line)]


def cut_line(line: str) -> list[str]:
    """Return a line, or the sentences of a long one."""
    if len(line) <= MAX_LINE:
        return [line]
    return [shorten(sentence) for sentence in SENTENCE.split(line) if sentence]


def shorten(sentence: str) -> str:
    """Return a sentence, or as many of its words as a line can have."""
    if len(sentence) <= MAX_LINE:
        return sentence
    return sentence[:MAX_LINE].rpartition(" ")[0]
