"""Every sentence that an annotator reads, in two languages with the same keys.

The words are part of the experiment: their hash is stored with each study.
"""

import json
from functools import cache
from pathlib import Path

from backend.records import hash_text

LOCALES = ("en", "zh")
FOLDER = Path(__file__).parent / "locales"

Wording = dict[str, str]


@cache
def load_wording(locale: str) -> Wording:
    """Return the sentences of one language by key."""
    words: Wording = json.loads((FOLDER / f"{locale}.json").read_text(encoding="utf-8"))
    return words


def hash_wording() -> str:
    """Return the sha256 of all sentences in all languages."""
    return hash_text(*((FOLDER / f"{locale}.json").read_text("utf-8") for locale in LOCALES))


def choose_locale(asked: str | None, stored: str | None, accepted: str | None) -> str:
    """Return the language to speak: what was asked for, else what is stored, else the browser's."""
    for wish in (asked, stored, *(accepted or "").split(",")):
        language = (wish or "").strip().lower()[:2]
        if language in LOCALES:
            return language
    return LOCALES[0]
