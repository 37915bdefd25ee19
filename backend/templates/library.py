"""The shelf of chat templates: which there are, and what their files say."""

import hashlib
import json
import re
from dataclasses import dataclass
from pathlib import Path

from backend.errors import InputError, NotFound

FOLDER = Path(__file__).parent
SUFFIX = ".jinja"
FIRST_LINE = re.compile(r"\{#-\s*stop:\s*(\[.*?\])\s*-#\}")


@dataclass(frozen=True, slots=True)
class Template:
    """One way to write a conversation down; `stop` are the strings at which an answer is over.

    Edge: where the end mark is the tokenizer's own end token, `stop` is empty.
    """

    name: str
    source: str
    sha256: str
    stop: tuple[str, ...] = ()


def list_templates(folder: Path = FOLDER) -> tuple[str, ...]:
    """Return the names of the templates, sorted."""
    return tuple(sorted(path.name.removesuffix(SUFFIX) for path in folder.glob(f"*{SUFFIX}")))


def read_template(name: str, folder: Path = FOLDER) -> Template:
    """Return a template by its name.

    Errors: NotFound, with the names that there are; InputError when its first line is not as it
    has to be.
    """
    if name not in list_templates(folder):
        known = ", ".join(list_templates(folder))
        raise NotFound(f"There is no chat template {name!r}; choose one of {known}.")
    told = (folder / f"{name}{SUFFIX}").read_bytes()
    source = told.decode()
    return Template(name, source, hash_source(told), read_stop(name, source))


def hash_source(source: bytes) -> str:
    """Return the sha256, in hex, of a template's bytes."""
    return hashlib.sha256(source).hexdigest()


def read_stop(name: str, source: str) -> tuple[str, ...]:
    """Return the strings that end an answer, as the first line of a template says.

    Errors: InputError when it doesn't say, or says something else than strings.
    """
    found = FIRST_LINE.match(source)
    try:
        stop = json.loads(found[1]) if found else None
    except ValueError:
        stop = None
    if not isinstance(stop, list) or not all(isinstance(word, str) and word for word in stop):
        raise InputError(
            f"{name}{SUFFIX} has to begin with the strings that end an answer, as in "
            '{#- stop: ["###"] -#}, or {#- stop: [] -#} where there are none.'
        )
    return tuple(stop)
