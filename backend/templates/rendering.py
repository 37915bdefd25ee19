"""Fills in chat templates: a sandboxed Jinja as chat templates expect it, and the order of turns.

Source: the environment (blocks trimmed, loop controls, tojson, raise_exception, strftime_now and
the generation tag) is the one that transformers gives to chat templates.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NoReturn

from jinja2 import StrictUndefined, TemplateError, Undefined, nodes
from jinja2 import Template as Compiled
from jinja2.exceptions import SecurityError
from jinja2.ext import Extension
from jinja2.meta import find_undeclared_variables
from jinja2.parser import Parser
from jinja2.runtime import Context, Macro
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.utils import Namespace

from backend.dialogue import Message
from backend.errors import InputError
from backend.templates.library import Template

MARKS = "generation_marks"


class GenerationTag(Extension):
    """`{% generation %}`: puts marks around an answer where marks are asked for, else nothing."""

    tags = {"generation"}  # noqa: RUF012 - jinja2 declares it so

    def parse(self, parser: Parser) -> nodes.Node:
        """Read the tag and what is in it."""
        line = next(parser.stream).lineno
        body = parser.parse_statements(("name:endgeneration",), drop_needle=True)
        call = self.call_method("mark", [nodes.ContextReference()])
        return nodes.CallBlock(call, [], [], body).set_lineno(line)

    @staticmethod
    def mark(context: Context, caller: Macro) -> str:
        """Return what is in the tag, between the marks of this rendering."""
        start, end = context.get(MARKS) or ("", "")
        return f"{start}{caller()}{end}"


class Drawer(Namespace):
    """A template's `namespace`; no name in it begins with an underscore, as Python's own do."""

    def __init__(self, /, *args: object, **names: object) -> None:
        """Take the first values."""
        for name in dict(*args, **names):
            Drawer.check_name(name)
        super().__init__(*args, **names)

    def __setitem__(self, name: str, value: object) -> None:
        Drawer.check_name(name)
        super().__setitem__(name, value)

    @staticmethod
    def check_name(name: object) -> None:
        """Refuse a name of Python's own. Errors: SecurityError."""
        if str(name).startswith("_"):
            raise SecurityError(f"a namespace can't hold {name!r}")


def fail(message: str) -> NoReturn:
    """Say what a template finds wrong, as `raise_exception` does."""
    raise TemplateError(message)


def write_json(
    value: object,
    ensure_ascii: bool = False,
    indent: int | None = None,
    separators: tuple[str, str] | None = None,
    sort_keys: bool = False,
) -> str:
    """Return JSON with every character as itself: nothing here goes into HTML."""
    return json.dumps(
        value, ensure_ascii=ensure_ascii, indent=indent, separators=separators, sort_keys=sort_keys
    )


def tell_time(layout: str) -> str:
    """Return the local time as a template wants it."""
    return datetime.now().strftime(layout)


def build_environment(*, strict: bool) -> ImmutableSandboxedEnvironment:
    """Return the box that templates run in; `strict` refuses names that nobody gave."""
    environment = ImmutableSandboxedEnvironment(
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined if strict else Undefined,
        extensions=[GenerationTag, "jinja2.ext.loopcontrols"],
    )
    environment.filters["tojson"] = write_json
    environment.globals.update(raise_exception=fail, strftime_now=tell_time, namespace=Drawer)
    return environment


def compile_template(source: str, *, strict: bool = True) -> Compiled:
    """Return a template that can be filled in. Errors: InputError when it isn't Jinja."""
    try:
        return build_environment(strict=strict).from_string(source)
    except (TemplateError, RecursionError) as error:
        raise InputError(f"The chat template is no Jinja template: {error}") from error


def parse_template(source: str) -> nodes.Template:
    """Return a template's parts, of which nothing is worked out yet. Errors: InputError."""
    try:
        return build_environment(strict=True).parse(source)
    except (TemplateError, RecursionError) as error:
        raise InputError(f"The chat template is no Jinja template: {error}") from error


def fill_template(compiled: Compiled, variables: Mapping[str, object]) -> str:
    """Return the text. Errors: InputError when the template stops, or reaches out of its box."""
    try:
        return compiled.render(**variables)
    except (TemplateError, ArithmeticError, LookupError, TypeError, ValueError) as error:
        raise InputError(f"The chat template can't take this conversation: {error}") from error
    except RecursionError:
        raise InputError("The chat template calls itself without end.") from None


def reads_input(source: str) -> bool:
    """Say whether a template knows Alpaca's further context; else it goes under the text."""
    parts = parse_template(source)
    return any(node.attr == "input" for node in parts.find_all(nodes.Getattr))


def list_needs(source: str) -> set[str]:
    """Return the names that a template wants to be given."""
    return find_undeclared_variables(parse_template(source))


def read_literals(source: str) -> str:
    """Return all text that a template itself holds, with a NUL between its parts."""
    parts = parse_template(source)
    texts = [node.data for node in parts.find_all(nodes.TemplateData)]
    texts += [node.value for node in parts.find_all(nodes.Const) if isinstance(node.value, str)]
    return "\0".join(texts)


def check_turns(messages: Sequence[Message], *, add_generation_prompt: bool) -> None:
    """Refuse a conversation that isn't [system], then user and assistant by turns.

    Errors: InputError, which says what stands where.
    """
    turns = messages[1:] if messages and messages[0].role == "system" else messages
    if not turns:
        raise InputError("The conversation has no message of a user; it has to have one.")
    for place, message in enumerate(turns, len(messages) - len(turns) + 1):
        wanted = "user" if (place - len(messages) + len(turns)) % 2 else "assistant"
        if message.role != wanted:
            raise InputError(
                f"Message {place} is of {message.role!r} where {wanted!r} has to speak: after a "
                "system message, which may stand first, user and assistant take turns."
            )
    if add_generation_prompt and turns[-1].role != "user":
        raise InputError("The last message is the assistant's; a user has to speak last.")


def check_characters(messages: Sequence[Message]) -> None:
    """Refuse half characters, which no encoding has. Errors: InputError, with the place."""
    for place, message in enumerate(messages, 1):
        try:
            f"{message.content}{message.input}".encode()
        except UnicodeEncodeError as error:
            found = f"U+{ord(error.object[error.start]):04X}"
            raise InputError(
                f"Message {place} holds {found}, one half of a character; send it as UTF-8."
            ) from None


def list_fields(messages: Sequence[Message], *, with_input: bool) -> list[dict[str, str]]:
    """Return the messages as templates read them."""
    if with_input:
        return [{"role": m.role, "content": m.content, "input": m.input} for m in messages]
    return [{"role": m.role, "content": m.text} for m in messages]


def render(
    template: Template,
    messages: Sequence[Message],
    *,
    bos: str = "",
    eos: str = "</s>",
    add_generation_prompt: bool = True,
) -> str:
    """Return the text of a conversation, up to where the next answer begins.

    Errors: InputError when the turns are out of order.
    """
    check_turns(messages, add_generation_prompt=add_generation_prompt)
    variables = {
        "messages": list_fields(messages, with_input=reads_input(template.source)),
        "bos_token": bos,
        "eos_token": eos,
        "add_generation_prompt": add_generation_prompt,
    }
    return fill_template(compile_template(template.source), variables)


def find_lead(template: Template) -> str:
    """Return what a template writes between a prompt and its answer, such as Vicuna's one space.

    A model writes it too, in front of its answer; it is no part of the answer.
    """
    talk = [Message("user", "Q"), Message("assistant", "A")]
    prompt = render(template, talk[:1])
    whole = render(template, talk, add_generation_prompt=False)
    return whole.removeprefix(prompt).partition("A")[0]
