"""CSV cells that a spreadsheet would run as a formula: guarded going out, restored coming in."""

import re

# A leading apostrophe hides what follows from some spreadsheets and white space from others, so we
# look past both. TAB, CR and LF are white space too, but count as a start of their own.
RISKY = re.compile(r"['\s]*[=+\-@\t\r\n＝＋－＠]")
GUARD = "'"


def guard_cell(text: str) -> str:
    """Return the text with an apostrophe in front where a spreadsheet could run it.

    Edge: for text only; a number in a column of numbers is written as it is, minus sign and all.
    """
    return GUARD + text if RISKY.match(text) else text


def unguard_cell(text: str) -> str:
    """Return what `guard_cell` was given.

    Edge: text that `guard_cell` can't have written, such as `=1` or `'tis`, comes back unchanged.
    """
    if text.startswith(GUARD) and RISKY.match(text, 1):
        return text[1:]
    return text
