"""HTML that the lab and the admin site share: header line, tables, bars, status lines.

Values go in through `Markup.format`, which escapes them; Gradio's Markdown sanitises once more.
"""

from collections.abc import Iterable, Sequence
from typing import Any, cast
from urllib.parse import urlencode

import gradio as gr
from markupsafe import Markup
from starlette.requests import Request

from annotations.accounts import Account, Role
from backend.errors import Refused
from ui.context import Context
from ui.markup import keep_line

# Quick events pass by the queue; none has a name that others could call.
QUICK: dict[str, Any] = {"queue": False, "show_progress": "hidden", "api_visibility": "private"}

Cell = str | int


def unwrap(request: gr.Request) -> Request:
    """Return the HTTP request behind an event."""
    return cast(Request, request.request)


def require(context: Context, request: gr.Request, role: Role) -> Account:
    """Return the account behind an event, if it may do what that role may do.

    Errors: Refused; the gate let the request in, so the session has just ended.
    """
    account = context.find_staff(unwrap(request))
    if account is None or not account.may(role):
        raise Refused("Your session has ended. Reload the page and log in again.")
    return account


def find_base(context: Context, request: gr.Request) -> str:
    """Return the address that people reach us under, without a slash at its end."""
    if context.settings.public_url:
        return context.settings.public_url
    url = unwrap(request).url
    return f"{url.scheme}://{url.netloc}"


def make_markdown(value: str = "", **how: Any) -> gr.Markdown:  # noqa: ANN401
    """Return a component for HTML of ours; nothing in it is read as a formula."""
    return gr.Markdown(value, latex_delimiters=[], **how)


def finish(html: str) -> str:
    """Return HTML as one line, which Gradio's Markdown takes as it is."""
    return keep_line(str(html))


def join(parts: Sequence[str]) -> Markup:
    """Return pieces of HTML behind one another; plain text among them is escaped."""
    return Markup("").join(parts)


def link_to(path: str, **query: Cell) -> str:
    """Return an address of ours with its query."""
    return f"{path}?{urlencode(query)}" if query else path


def show_link(label: str, path: str, css: str = "", **query: Cell) -> Markup:
    """Return a link."""
    return Markup('<a class="{}" href="{}">{}</a>').format(css, link_to(path, **query), label)


def show_header(account: Account, site: str) -> str:
    """Return the line on top of a site: where we are, who is logged in, and the ways out."""
    places = [("Lab", "/lab/"), *([("Admin", "/admin/")] if account.may("admin") else [])]
    ways = [show_link(name, path, "here" if name == site else "") for name, path in places]
    return finish(
        Markup(
            '<div class="topline"><h1>Camelid <span>{}</span></h1><div class="ways">{}'
            '<span class="who">{}, {}</span>{}</div></div>'
        ).format(
            site.lower(), join(ways), account.name, account.role, show_link("Log out", "/logout")
        )
    )


def show_table(
    caption: str, heads: Sequence[str], rows: Iterable[Sequence[Cell]], css: str = ""
) -> Markup:
    """Return a table that scrolls by itself when it is wider than the screen."""
    head = join([Markup('<th scope="col">{}</th>').format(name) for name in heads])
    body = join(
        [Markup("<tr>{}</tr>").format(join([show_cell(cell) for cell in row])) for row in rows]
    )
    return Markup(
        '<div class="scroll {}"><table><caption>{}</caption><thead><tr>{}</tr></thead>'
        "<tbody>{}</tbody></table></div>"
    ).format(css, caption, head, body)


def show_cell(cell: Cell) -> Markup:
    """Return one cell; whole numbers stand to the right."""
    if isinstance(cell, int):
        return Markup('<td class="n">{:,}</td>').format(cell)
    return Markup("<td>{}</td>").format(cell)


def show_bar(n: int, wanted: int, label: str) -> Markup:
    """Return a bar with its numbers beside it."""
    return Markup(
        '<span class="bar"><progress value="{}" max="{}" aria-label="{}"></progress>'
        "<span>{:,} of {:,}</span></span>"
    ).format(min(n, wanted), max(wanted, 1), label, n, wanted)


def show_done(*lines: str) -> str:
    """Return what was done, a line each."""
    body = join([Markup("<p>{}</p>").format(line) for line in lines])
    return finish(Markup('<div class="outcome done" role="status">{}</div>').format(body))


def show_problem(problem: object) -> str:
    """Return what went wrong, in words that are safe to show."""
    return finish(
        Markup('<div class="outcome problem" role="alert"><p>{}</p></div>').format(str(problem))
    )
