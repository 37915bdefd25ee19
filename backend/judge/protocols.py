"""What a judge is asked: our own protocol, from prompts/*.md, and the one that was published.

A prompt is a file `<category>.<lang>.md`: lines `temperature:` and `max_tokens:`, then sections
that begin with `## name`. Adding a category adds a file.
"""

import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Literal

from backend.dialogue import Message
from backend.errors import InputError, NotFound
from backend.judge.records import Case
from backend.records import hash_text

Form = Literal["text", "schema"]
Name = Literal["camelid", "original"]

FOLDER = Path(__file__).parent / "prompts"
GENERAL = "general"  # judges what no other rubric is for
REMINDER = "reminder"

SECTION = re.compile(r"^## (\w+)\n", re.MULTILINE)
SETTING = re.compile(r"^(\w+): (\S+)$", re.MULTILINE)
OURS = re.compile(r"\$([a-z_]\w*)")
THEIRS = re.compile(r"\{(question|answer_1|answer_2)\}")
TASK_NAMES = frozenset({"boundary", "question", "answer_1", "answer_2", "format"})


@dataclass(frozen=True, slots=True)
class PromptText:
    """A published prompt: `template` with {question}, {answer_1}, {answer_2} and {prompt}.

    `rubric` is the text that stands where the template says {prompt}.
    """

    name: str
    system: str
    template: str
    rubric: str


@dataclass(frozen=True, slots=True)
class Reviewer:
    """Who uses a published prompt, for which category of questions, and how it samples."""

    name: str
    prompt: str
    category: str
    temperature: float
    max_tokens: int


@dataclass(frozen=True, slots=True)
class Rubric:
    """What is asked about questions of one category.

    `formats` is, for each form of reply, the text where the template says $format; a published
    template says itself how to reply and has none.
    """

    category: str
    system: str
    template: str
    temperature: float
    max_tokens: int
    formats: Mapping[str, str] = field(default_factory=dict)

    @property
    def sha256(self) -> str:
        """Return the hash of all that is said, in either form of reply."""
        told = [f"{form}\0{text}" for form, text in sorted(self.formats.items())]
        return hash_text(self.category, self.system, self.template, *told)


@dataclass(frozen=True, slots=True)
class Protocol:
    """All rubrics of one way to judge; `hardened` where answers stand between marks as data."""

    name: Name
    lang: str
    rubrics: Mapping[str, Rubric] = field(default_factory=dict)
    hardened: bool = False

    def find_rubric(self, category: str) -> Rubric:
        """Return the rubric for a category, or the general one where it has none of its own.

        Errors: NotFound when there is no general rubric either.
        """
        rubric = self.rubrics.get(category.strip().casefold()) or self.rubrics.get(GENERAL)
        if rubric is None:
            known = ", ".join(sorted(self.rubrics)) or "none at all"
            raise NotFound(
                f"The {self.name} protocol has no rubric for {category!r} and none for "
                f"{GENERAL!r}; it has {known}. Import the file that lacks."
            )
        return rubric

    @property
    def sha256(self) -> str:
        """Return the hash of all rubrics."""
        rubrics = [self.rubrics[category].sha256 for category in sorted(self.rubrics)]
        return hash_text(self.name, self.lang, *rubrics)


def read_protocol(lang: str, folder: Path = FOLDER) -> Protocol:
    """Return our own protocol for questions in a language.

    Errors: NotFound when we have no prompts in that language; InputError when a prompt file is not
    as it has to be.
    """
    files = sorted(folder.glob(f"*.{lang}.md")) if lang.isalpha() else []
    rubrics = [read_rubric(file) for file in files if not file.name.startswith(REMINDER)]
    if not rubrics:
        raise NotFound(
            f"There are no judge's prompts in {lang!r}; there are some in "
            f"{', '.join(list_languages(folder))}. Add prompts/{GENERAL}.{lang}.md to have them."
        )
    return Protocol("camelid", lang, {rubric.category: rubric for rubric in rubrics}, True)


def list_languages(folder: Path = FOLDER) -> tuple[str, ...]:
    """Return the languages that our prompts are in, sorted."""
    return tuple(sorted(path.name.split(".")[1] for path in folder.glob(f"{GENERAL}.*.md")))


def read_rubric(path: Path) -> Rubric:
    """Return what a prompt file says.

    Errors: InputError when a setting or section is missing, or a $name is unknown or missing.
    """
    text = path.read_text(encoding="utf-8")
    settings = dict(SETTING.findall(text.partition("\n## ")[0]))
    sections = split_sections(path, ("system", "task", "text", "schema"))
    check_names(path.name, sections)
    try:
        temperature, max_tokens = float(settings["temperature"]), int(settings["max_tokens"])
    except (KeyError, ValueError):
        raise InputError(
            f"{path.name} has to begin with the lines temperature: and max_tokens:, each with a "
            f"number; it begins with {text[:40]!r}."
        ) from None
    formats = MappingProxyType({form: sections[form] for form in ("text", "schema")})
    category = path.name.split(".")[0]
    return Rubric(category, sections["system"], sections["task"], temperature, max_tokens, formats)


def split_sections(path: Path, names: Sequence[str]) -> dict[str, str]:
    """Return the text of each section of a prompt file.

    Errors: InputError when the sections are not exactly those.
    """
    _, *parts = SECTION.split(path.read_text(encoding="utf-8"))
    sections = dict(zip(parts[::2], (part.strip() for part in parts[1::2]), strict=True))
    if tuple(sections) != tuple(names):
        raise InputError(
            f"{path.name} has the sections {', '.join(sections) or 'none'}; it has to have "
            f"{', '.join(names)}, in this order."
        )
    return sections


def check_names(file: str, sections: Mapping[str, str]) -> None:
    """Check that a prompt uses the names that will be filled in, and no other.

    Errors: InputError that tells the missing and the unknown names.
    """
    used = set(OURS.findall(sections["task"]))
    others = {
        name for key, text in sections.items() if key != "task" for name in OURS.findall(text)
    }
    wrong = (used ^ TASK_NAMES) | (others - {"boundary"})
    if wrong:
        told = ", ".join(f"${name}" for name in sorted(wrong))
        raise InputError(
            f"{file}: {told} is missing or unknown. The task uses each of "
            f"{', '.join(f'${name}' for name in sorted(TASK_NAMES))}; other sections at most "
            "$boundary."
        )


def make_original(prompts: Sequence[PromptText], reviewers: Sequence[Reviewer]) -> Protocol:
    """Return the published protocol, from what its two files say.

    Edge: of two reviewers for one category the first counts, as in FastChat.
    Errors: NotFound when a reviewer uses a prompt that is not there, or nobody is for general
    questions.
    """
    texts = {prompt.name: prompt for prompt in prompts}
    missing = sorted({reviewer.prompt for reviewer in reviewers} - texts.keys())
    if missing:
        raise NotFound(
            f"The reviewers use the prompts {', '.join(missing)}, which are not here. Import the "
            "prompt.jsonl that belongs to this reviewer.jsonl."
        )
    rubrics = [make_rubric(reviewer, texts[reviewer.prompt]) for reviewer in reversed(reviewers)]
    protocol = Protocol("original", "en", {rubric.category: rubric for rubric in rubrics})
    protocol.find_rubric(GENERAL)
    return protocol


def make_rubric(reviewer: Reviewer, prompt: PromptText) -> Rubric:
    """Return a published prompt with its rubric in its place."""
    return Rubric(
        reviewer.category.strip().casefold(),
        prompt.system,
        prompt.template.replace("{prompt}", prompt.rubric),
        reviewer.temperature,
        reviewer.max_tokens,
    )


def make_boundary() -> str:
    """Return a mark that no answer can know: 16 hex digits by chance."""
    return secrets.token_hex(8)


def build_messages(
    protocol: Protocol, case: Case, boundary: str = "", form: Form = "text"
) -> tuple[Message, ...]:
    """Return what a judge is told about one case.

    Ours puts the boundary's marks around the question and each answer and says that what stands
    between them is material; the published protocol has its exact bytes and no marks.
    Errors: InputError when the published protocol is wanted with a schema: it asks for a text.
    """
    rubric = protocol.find_rubric(case.item.app)
    parts = {
        "question": Message("user", case.item.instruction, case.item.input).text,
        "answer_1": case.answer_1,
        "answer_2": case.answer_2,
    }
    if not protocol.hardened:
        return build_published(rubric, parts, form)
    parts |= {"boundary": boundary, "format": rubric.formats[form]}
    return (
        Message("system", fill_names(OURS, rubric.system, parts)),
        Message("user", fill_names(OURS, rubric.template, parts)),
    )


def build_published(rubric: Rubric, parts: Mapping[str, str], form: Form) -> tuple[Message, ...]:
    """Return a published prompt, byte for byte."""
    if form != "text":
        raise InputError("The original protocol asks for a text; use --form text with it.")
    told = fill_names(THEIRS, rubric.template, parts)
    return (Message("system", rubric.system), Message("user", told))


def fill_names(names: re.Pattern[str], template: str, parts: Mapping[str, str]) -> str:
    """Put the parts in their places, in one pass: a name inside a part stays as it is."""
    return names.sub(lambda found: parts[found[1]], template)


def build_reminder(
    messages: Sequence[Message], reply_text: str, form: Form = "text", lang: str = "en"
) -> tuple[Message, ...]:
    """Return the conversation with the unreadable reply and the request to do it properly."""
    known = lang if (FOLDER / f"{REMINDER}.{lang}.md").is_file() else "en"
    sections = split_sections(FOLDER / f"{REMINDER}.{known}.md", ("text", "schema"))
    return (*messages, Message("assistant", reply_text), Message("user", sections[form]))
