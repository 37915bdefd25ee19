"""Takes the dress off a judge's reply: wide and invisible characters, Markdown, LaTeX and tags."""

import re

FIRST, SECOND = "\ue001", "\ue002"  # private characters: those of the text itself are dropped
PRIVATE = range(0xE000, 0xE004)  # ours, in here and where numbers and quotations stood

# Pictures that say nothing; stars may be counted.
PICTURES = {0x2705, 0x2714, 0x2611, 0x2728, *range(0x1F150, 0x1F190), *range(0x1F300, 0x1FB00)} - {
    0x1F31F
}

FULL_WIDTH = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)}
BOLD_DIGITS = {0x1D7CE + place: str(place % 10) for place in range(50)}
SPACES = dict.fromkeys((0x3000, 0xA0, 0x1680, *range(0x2000, 0x200B), 0x202F, 0x205F), " ")
INVISIBLE = dict.fromkeys(
    (0xAD, 0x61C, 0x180E, *range(0x200B, 0x2010), *range(0x202A, 0x202F), *range(0x2060, 0x2070),
     0x20E3, 0xFE0E, 0xFE0F, 0xFEFF, *PRIVATE, *PICTURES)
)  # fmt: skip
HIDDEN: dict[int, str | None] = {**INVISIBLE, **dict.fromkeys((0xD, 0x85, 0x2028, 0x2029), "\n")}
PLAIN: dict[int, int | str] = {**FULL_WIDTH, **BOLD_DIGITS, **SPACES, 0x2019: "'", 0x2212: "-"}

# Runs that say no more when they are longer, as digits beyond the seventh.
LONG = re.compile(r"([0-9])[0-9]{6,}|(\.)\.{3,}|([ \t])[ \t]+")
# Two stars between digits are a power, and stay.
EMPHASIS = re.compile(
    r"(?<!\d)\*{2,3}|\*{2,3}(?!\d)|__|`|\[\[|\]\]|(?<![\w*])[*](?=\S)|(?<=\S)[*](?![\w*])"
    r"|(?<!\w)_(?=\S)|(?<=\S)_(?!\w)"
)
BULLET = re.compile(r"^[ \t]*(?:#+|[-+*•·▪◦])[ \t]+", re.MULTILINE)
RULE = re.compile(r"^[ \t]*(?:[-=_*~]{3,}|\$\$)[ \t]*$", re.MULTILINE)
BREAK_TAG = re.compile(r"<br\s?/?>", re.IGNORECASE)
TALKING_TAG = re.compile(r"<((?:final|overall|score|rating|assistant)[\w-]{0,30})>", re.IGNORECASE)
TAG = re.compile(r"</?[a-z][\w-]{0,30}\s?/?>", re.IGNORECASE)
LATEX_BOX = re.compile(r"\\(?:boxed|text|textbf|mathbf|mathrm)\s?\{([^{}\n\\]*)\}")
LATEX_SPACE = re.compile(r"\\(?:q?quad\b|left(?![a-z])|right(?![a-z])|[()\[\];,:! ])")
LATEX = re.compile(r"\$\$?(?![\s$])([^$\n]{1,200})(?<!\s)\$\$?(?![0-9])")


def drop_hidden(text: str) -> str:
    """Return a text without what can't be seen, and with one kind of line end."""
    return text.replace("\r\n", "\n").translate(HIDDEN)


def strip_markup(text: str) -> str:
    """Return a text with plain digits and spaces, without Markdown, LaTeX and tags."""
    text = LONG.sub(shorten, drop_hidden(text).translate(PLAIN))
    text = TAG.sub(" ", TALKING_TAG.sub(r" \1: ", BREAK_TAG.sub("\n", text)))
    text = EMPHASIS.sub("", BULLET.sub("", RULE.sub("", strip_latex(text))))
    return LONG.sub(shorten, BULLET.sub("", text))


def strip_latex(text: str) -> str:
    """Return a text without boxes, spaces and signs of mathematics around what they hold."""
    if "\\" in text:
        text = LATEX_BOX.sub(r"\1", LATEX_BOX.sub(r"\1", LATEX_SPACE.sub(" ", text)))
    return LATEX.sub(r"\1", text) if "$" in text else text


def shorten(found: re.Match[str]) -> str:
    """Return a run of characters of one kind in short."""
    return found[1] * 7 if found[1] else found[2] or found[3]
