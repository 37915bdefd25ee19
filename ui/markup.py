"""Turns text from outside into HTML that is safe to show: escaped here, on the server.

`gr.Markdown` given raw text swallows what looks like a tag, so annotators would judge altered
answers. So all text goes through this file, and what Gradio gets is one line of finished HTML.
"""

import re
from functools import cache
from html import escape

from markdown_it import MarkdownIt
from markdown_it.rules_core import StateCore

PRE = re.compile(r"(<pre>.*?</pre>)", re.DOTALL)
CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


@cache
def make_parser() -> MarkdownIt:
    """Return the one parser: raw HTML is text, links and images stay as they were written."""
    parser = MarkdownIt("commonmark", {"html": False, "breaks": True}).enable("table")
    parser.core.ruler.after("block", "keep_indent", keep_indent)
    return parser.disable(
        ["link", "image", "autolink", "reference", "html_block", "html_inline", "lheading"]
    )


def keep_indent(state: StateCore) -> None:
    """Keep the white space at the start of a paragraph's lines: answers hold code without fences.

    Edge: inside lists and quotations the white space is structure, and stays Markdown's.
    """
    lines = state.src.split("\n")
    for token in state.tokens:
        if token.type == "inline" and token.level == 1 and token.map:
            source = lines[token.map[0] : token.map[1]]
            content = token.content.split("\n")
            if [line.strip() for line in source] == [line.strip() for line in content]:
                token.content = "\n".join(widen_indent(line.rstrip()) for line in source)


def widen_indent(line: str) -> str:
    """Return a line whose leading white space Markdown does not take away."""
    text = line.lstrip()
    return line[: len(line) - len(text)].replace("\t", "    ").replace(" ", "\u00a0") + text


def keep_line(html: str) -> str:
    """Return HTML without line breaks that Gradio's own Markdown could take for the end of it."""
    parts = PRE.split(html)
    return "".join(
        part.replace("\n", "&#10;") if part.startswith("<pre>") else part.replace("\n", "")
        for part in parts
    )


def show_text(text: str) -> str:
    """Return text as HTML that shows every character, line breaks included."""
    return escape(CONTROL.sub("�", text)).replace("\r\n", "\n").replace("\n", "&#10;")


def show_markdown(text: str) -> str:
    """Return Markdown as HTML; what looks like HTML in it is shown as it was written."""
    return keep_line(make_parser().render(CONTROL.sub("�", text)))


def show_answer(text: str, empty: str) -> str:
    """Return one answer twice, as Markdown and as plain text; a style shows one of the two.

    Edge: an answer of nothing but white space shows the words in `empty`.
    """
    if not text.strip():
        return f'<p class="empty">{escape(empty)}</p>'
    return (
        f'<div class="rendered">{show_markdown(text)}</div>'
        f'<div class="plain" dir="auto">{show_text(text)}</div>'
    )
