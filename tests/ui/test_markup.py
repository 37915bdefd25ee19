"""Text from outside becomes HTML in which nothing runs and no character is lost."""

from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ui.markup import show_answer, show_markdown, show_text

OURS = {
    "div", "p", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "li", "strong", "em", "code", "pre",
    "blockquote", "hr", "br", "table", "thead", "tbody", "tr", "th", "td",
}  # fmt: skip

PAYLOADS = [
    "<img src=x onerror=alert(1)>",
    "<script>alert(1)</script>",
    "<svg/onload=alert(1)>",
    "[x](javascript:alert(1))",
    "![x](http://evil.example/t.png)",
    "<http://evil.example>",
    "[x]: http://evil.example\n\n[x]",
    "<iframe srcdoc='<script>alert(1)</script>'>",
    "<a href=http://evil.example>x</a>",
    "<style>*{display:none}</style>",
    "&lt;img src=x onerror=alert(1)&gt;",
    "| a |\n|---|\n| <b onclick=alert(1)>x</b> |",
    "```html\n<script>alert(1)</script>\n```",
    '"><form action=http://evil.example><input name=password>',
    "<p style='position:fixed;inset:0'>overlay</p>",
]


class Reader(HTMLParser):
    """Collects the tags, attributes and text of HTML as a browser would read them."""

    def __init__(self, html):
        super().__init__(convert_charrefs=True)
        self.tags, self.attributes, self.text = set(), [], ""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.attributes += attrs

    def handle_data(self, data):
        self.text += data


@pytest.mark.parametrize("payload", PAYLOADS)
def test_no_tag_but_ours_and_no_address_comes_through(payload):
    page = Reader(show_markdown(payload))
    assert page.tags <= OURS
    assert {name for name, _ in page.attributes} <= {"class", "style", "start"}
    assert "evil.example" not in str(page.attributes)


def test_the_check_sees_a_renderer_that_lets_html_through():
    assert not Reader("<p><img src=x onerror=alert(1)></p>").tags <= OURS


@given(st.text())
def test_plain_text_keeps_every_character(text):
    shown = Reader(f"<div>{show_text(text)}</div>").text
    kept = "".join("�" if (ord(c) < 32 and c not in "\t\n\r") or c == "\x7f" else c for c in text)
    assert shown.replace("\r", "\n") == kept.replace("\r\n", "\n").replace("\r", "\n")


@given(st.text(alphabet="ab<>&*_`#|-$\\[]()!\n \"'", max_size=60))
def test_html_for_the_page_is_one_line_of_our_tags(text):
    html = show_markdown(text)
    assert "\n" not in html
    assert Reader(html).tags <= OURS


@pytest.mark.parametrize(
    "text", ["print('<img>')", "a < b and c > d", "<b>bold</b>", "x<sub>2</sub>"]
)
def test_markdown_shows_what_looks_like_html_as_written(text):
    assert Reader(show_markdown(text)).text == text


def test_line_breaks_of_an_answer_are_kept():
    assert show_markdown("one\ntwo").count("<br") == 1
    assert "&#10;" in show_markdown("```\none\n\ntwo\n```")


@pytest.mark.parametrize(
    "code",
    [
        "def f(n):\n    if n:\n        return 1\n    return 0",
        "def f(n):\n\treturn n",
        "one\n  two\n---\nthree",
    ],
)
def test_code_without_fences_keeps_its_indentation(code):
    shown = Reader(show_markdown(code).replace("<br />", "\n")).text
    indents = [len(line) - len(line.lstrip()) for line in shown.split("\n")]
    wanted = [len(line) - len(line.lstrip()) for line in code.expandtabs(4).split("\n")]
    assert indents[: len(wanted)] == wanted[: len(indents)]


def test_an_empty_answer_says_so():
    assert show_answer("  \n ", "(empty)") == '<p class="empty">(empty)</p>'
