"""One text into another language: how it is put to a model, and what of its reply is taken.

A reply that is cut, empty, without the code it has to keep, or in the wrong writing is a named
failure; none of them passes for a translation.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from string import Template

from backend.answers import Asker
from backend.dialogue import Message, Reply, Sampling
from backend.errors import InputError
from backend.records import hash_text

FOLDER = Path(__file__).parent / "prompts"
NAMES = {"en": "English", "zh": "Chinese"}
LETTERS = {"en": re.compile(r"[A-Za-z]"), "zh": re.compile(r"[\u3400-\u9fff]")}
FENCED = re.compile(r"^[ \t]*(`{3,}|~{3,})[^\n]*(?:\n.*?(?:^[ \t]*\1[ \t]*$|\Z)|\Z)", re.M | re.S)
WORD = re.compile(r"[^\W\d_]{2,}")
N_NAMES = 3  # words that can stand for names, which stay as they are in any language
SPARE_TOKENS = 256


@dataclass(frozen=True, slots=True)
class Prompt:
    """What a translator is told; `sha256` is of the file's text."""

    lang: str
    text: str
    sha256: str


def list_languages(folder: Path = FOLDER) -> tuple[str, ...]:
    """Return the languages that can be translated into."""
    return tuple(sorted(path.name.split(".")[1] for path in folder.glob("translate.*.md")))


def read_prompt(lang: str, folder: Path = FOLDER) -> Prompt:
    """Return the prompt for translating into a language.

    Errors: InputError that lists the languages there are.
    """
    if lang not in list_languages(folder):
        known = ", ".join(list_languages(folder))
        raise InputError(f"Nothing can be translated into {lang!r}; choose one of {known}.")
    text = (folder / f"translate.{lang}.md").read_text(encoding="utf-8")
    return Prompt(lang, text, hash_text(text))


def build_messages(prompt: Prompt, text: str) -> list[Message]:
    """Return a text as it is put to a translator, between lines that it can't hold itself."""
    boundary = find_boundary(text)
    told = Template(prompt.text).substitute(boundary=boundary).strip()
    return [Message("system", told), Message("user", f"{boundary}\n{text}\n{boundary}")]


def find_boundary(text: str) -> str:
    """Return the line around a text: made of its hash, which nobody can write into the text."""
    return f"=== {hash_text(text)[:16]} ==="


def limit_tokens(text: str, most: int) -> int:
    """Return how long the translation of a text may get, in tokens: ample, but no more than `most`.

    A token for each byte is four times what English takes, and twice what its Chinese takes.
    """
    return min(most, SPARE_TOKENS + len(text.encode(errors="surrogatepass")))


def has_prose(text: str) -> bool:
    """Say whether a text has a letter outside of code; other texts are the same in any language."""
    return any(letter.isalpha() for letter in FENCED.sub("", text))


@dataclass(frozen=True, slots=True)
class Translator:
    """A model that is asked for translations. `max_tokens` is the longest of one text."""

    client: Asker
    prompt: Prompt
    temperature: float = 0.0
    max_tokens: int = 4096
    template: str = ""

    async def translate(self, text: str) -> Reply:
        """Return how translating a text ended; only an "ok" has a text, and it is whole."""
        sampling = Sampling(self.temperature, max_tokens=limit_tokens(text, self.max_tokens))
        messages = build_messages(self.prompt, text)
        reply = await self.client.ask(messages, sampling, template=self.template)
        return check_reply(text, reply, self.prompt.lang)


def check_reply(text: str, reply: Reply, lang: str) -> Reply:
    """Return a reply with the translation as its text, or with what is wrong with it.

    Edge: code is put back as it was; a reply that is cut at its longest stays a failure.
    """
    if reply.outcome != "ok":
        return reply
    said = strip_boundary(reply.text, find_boundary(text))
    if not said:
        return replace(reply, text="", outcome="empty", detail="The translation is empty.")
    whole = restore_code(text, said)
    if whole is None:
        return replace(reply, outcome="malformed", detail=compare_code(text, said))
    if not is_in(lang, text, whole):
        detail = f"The reply has no {NAMES[lang]} in it."
        return replace(reply, outcome="malformed", detail=detail)
    return replace(reply, text=whole)


def strip_boundary(said: str, boundary: str) -> str:
    """Return a reply without the lines around the text, which some models repeat."""
    return said.strip().removeprefix(boundary).removesuffix(boundary).strip()


def restore_code(text: str, said: str) -> str | None:
    """Return a translation with the text's own code, or None where it has more or less of it."""
    blocks = [found.group() for found in FENCED.finditer(text)]
    if len(blocks) != len(FENCED.findall(said)):
        return None
    ours: Iterator[str] = iter(blocks)
    return FENCED.sub(lambda _: next(ours), said)


def compare_code(text: str, said: str) -> str:
    """Return the sentence about code that was lost or made up."""
    wanted, got = len(FENCED.findall(text)), len(FENCED.findall(said))
    return f"The translation has {got} pieces of code where the text has {wanted}."


def is_in(lang: str, text: str, said: str) -> bool:
    """Say whether a translation can be in a language, by its writing.

    Edge: a few words may be names only, and then stay as they are.
    """
    if LETTERS[lang].search(FENCED.sub("", said)):
        return True
    n_words = len(WORD.findall(FENCED.sub("", text)))
    return n_words <= N_NAMES and said.casefold() == text.strip().casefold()
