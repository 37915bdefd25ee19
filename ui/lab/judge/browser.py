"""Judgments, one by one: search them, open one, take what is found away as a file."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, cast

import gradio as gr
from markupsafe import Markup

from annotations.judging.browse import (
    PAGE,
    Facets,
    Filter,
    list_facets,
    match_judgments,
    open_judgment,
    read_judgments,
    read_questions,
)
from annotations.judging.records import Scores, read_choice
from annotations.store import Store
from backend.errors import CamelidError
from ui.context import Context
from ui.lab.judge.case import Neighbours, show_case
from ui.lab.judge.listing import Shelf, show_shelf
from ui.lab.judge.where import Where, read_where, write_filter
from ui.lab.judge.words import OUTCOMES
from ui.lab.where import read_query
from ui.pieces import finish, join, make_markdown, show_link, show_problem, unwrap

# Two at a time: what is looked at must leave room for votes.
BROWSING: dict[str, Any] = {
    "concurrency_id": "judgments",
    "concurrency_limit": 2,
    "show_progress": "minimal",
    "api_visibility": "private",
}
NOTHING = (
    "No judgments yet. They will be here when a judge has compared answers (an admin starts it "
    "under Judge), or when review files have been imported."
)
# The lists of the form, with what the ledger has for each.
LISTS = {
    "system": "systems",
    "reference": "references",
    "judge": "judges",
    "benchmark": "benchmarks",
    "category": "categories",
    "outcome": "outcomes",
    "source": "sources",
}
FORM = (*LISTS, "text", "flips", "differs")
ALL = ("All", "")
FORMATS = {"csv": "CSV", "jsonl": "JSONL"}


@dataclass(frozen=True)
class Parts:
    """The components of the part, in the order in which an update lists them."""

    system: gr.Dropdown
    reference: gr.Dropdown
    judge: gr.Dropdown
    benchmark: gr.Dropdown
    category: gr.Dropdown
    outcome: gr.Dropdown
    source: gr.Dropdown
    text: gr.Textbox
    flips: gr.Checkbox
    differs: gr.Checkbox
    plain: gr.Checkbox
    body: gr.Markdown
    address: gr.Markdown
    where: gr.Textbox

    def outputs(self) -> list[Any]:
        """Return every component once."""
        return [getattr(self, name) for name in self.__dataclass_fields__]

    def form(self) -> list[Any]:
        """Return the fields of the search, under the names that the filter has for them."""
        return [getattr(self, name) for name in FORM]


class Browser:
    """Takes what is asked for to the ledger and back."""

    def __init__(self, context: Context) -> None:
        """Lay out the part."""
        self.store = context.store
        self.parts = lay_out()

    def arrive(self, request: gr.Request, address: str) -> list[Any]:
        """Show what was looked at before; at first what the page's own address asks for."""
        if address:
            return self.visit(address)
        return self.show(read_where(unwrap(request).query_params))

    def visit(self, address: str) -> list[Any]:
        """Show what an address of ours leads to; the page's script brings it."""
        return self.show(read_where(read_query(address)))

    def sift(self, *values: str | bool | None) -> list[Any]:
        """Show the first page of another search; the values are in the order of the form."""
        words = dict(zip(FORM, values, strict=True))
        ticks = {name: bool(words.pop(name)) for name in ("flips", "differs")}
        texts = {name: str(value or "").strip() for name, value in words.items()}
        return self.show(Where(Filter(**texts, **ticks)))  # type: ignore[arg-type]

    def show(self, where: Where) -> list[Any]:
        """Return the update of every component."""
        with self.store.snapshot():
            facets = list_facets(self.store)
            if not facets.judges:
                return tell(NOTHING)
            body = read_body(self.store, where)
        label = "Link to this judgment" if where.judgment else "Link to this list"
        address = finish(show_link(label, where.address))
        form = fill_form(facets, where)
        return [*form, gr.update(value=body), address, where.address.partition("?")[2]]

    def wire(self, tab: gr.Tab) -> None:
        """Show when the part is chosen, a field is used, or a link inside is followed."""
        parts, out, form = self.parts, self.parts.outputs(), self.parts.form()
        how = {**BROWSING, "show_progress_on": parts.body}
        tab.select(self.arrive, parts.where, out, **how)
        parts.where.submit(self.visit, parts.where, out, **how)
        for field in form:
            event = field.submit if field is parts.text else field.input
            event(self.sift, form, out, **how)


def read_body(store: Store, where: Where) -> str:
    """Return the list, or the judgment that is open."""
    scores = read_choice(store)
    try:
        if where.judgment:
            return open_case(store, where, scores)
        return show_shelf(read_shelf(store, where, scores), show_ways(where.filter))
    except CamelidError as error:
        return show_problem(error)


def read_shelf(store: Store, where: Where, scores: Scores) -> Shelf:
    """Return one page of a list. Edge: a page past the end is the last one."""
    found = match_judgments(store, where.filter, scores)
    n_pages = max(1, -(-len(found) // PAGE))
    where = where.turn(min(where.page, n_pages))
    shown = found[(where.page - 1) * PAGE : where.page * PAGE]
    judgments, questions = read_judgments(store, shown), read_questions(store, shown)
    return Shelf(where, judgments, questions, len(found), n_pages, scores)


def open_case(store: Store, where: Where, scores: Scores) -> str:
    """Return one judgment, with the way to its neighbours in the list it was opened from.

    Errors: NotFound when there is no such judgment.
    """
    opened = open_judgment(store, where.judgment)
    where = where.open(opened.judgment.judgment_id)
    near = find_neighbours(match_judgments(store, where.filter, scores), where)
    if near.place:
        where = replace(where, page=-(-near.place // PAGE))
    return show_case(opened, where, near, scores)


def find_neighbours(found: Sequence[int], where: Where) -> Neighbours:
    """Return where a judgment stands in the list of those that were found.

    Edge: one that is not among them stands nowhere, and has no neighbours.
    """
    if where.judgment not in found:
        return Neighbours(n=len(found))
    place = found.index(where.judgment)

    def lead_to(spot: int) -> Where | None:
        return where.open(found[spot]) if 0 <= spot < len(found) else None

    return Neighbours(lead_to(place - 1), lead_to(place + 1), place + 1, len(found))


def show_ways(filter: Filter) -> Markup:
    """Return the links that take away what a filter finds."""
    query = write_filter(filter)
    return join([
        show_link(label, "/lab/export/judgments", "button", **query, format=format)
        for format, label in FORMATS.items()
    ])  # fmt: skip


def fill_form(facets: Facets, where: Where) -> list[Any]:
    """Return the update of the fields; inside a judgment they are hidden."""
    wanted, listing = where.filter, not where.judgment
    lists = [
        fill_list(getattr(facets, plural), getattr(wanted, name), listing)
        for name, plural in LISTS.items()
    ]
    return [
        *lists,
        gr.update(value=wanted.text, visible=listing),
        gr.update(value=wanted.flips, visible=listing),
        gr.update(value=wanted.differs, visible=listing),
        gr.update(visible=not listing),
    ]


def fill_list(names: Sequence[str], chosen: str, listing: bool) -> Any:  # noqa: ANN401
    """Return the update of one list to choose from; it is shown where there is a choice."""
    words = cast(dict[str, str], OUTCOMES)
    choices = [ALL, *((words.get(name, name), name) for name in names)]
    value = chosen if chosen in names else ""
    return gr.update(choices=choices, value=value, visible=listing and len(names) > 1)


def tell(words: str) -> list[Any]:
    """Return an update that shows words and nothing else."""
    hidden = [gr.update(visible=False)] * (len(FORM) + 1)
    empty = finish(Markup('<div class="empty">{}</div>').format(words))
    return [*hidden, gr.update(value=empty), "", ""]


def lay_out() -> Parts:
    """Make all components; they are filled when somebody looks."""

    def choose(label: str) -> gr.Dropdown:
        return gr.Dropdown([ALL], value="", label=label, visible=False)

    with gr.Row(elem_classes="choices sieve"):
        system, reference, judge = choose("System"), choose("Against"), choose("Judge")
        benchmark, category = choose("Benchmark"), choose("Category")
        outcome, source = choose("Outcome"), choose("Comes from")
        text = gr.Textbox(
            label="Words in question or reply", max_length=100, visible=False,
            submit_btn="Find",
        )  # fmt: skip
    flips = make_check("Only where the judge contradicts itself in the other order")
    differs = make_check("Only where a file stores other scores than its text says")
    plain = gr.Checkbox(
        label="Answers as plain text", container=False, visible=False, elem_id="judge-plain"
    )
    body = make_markdown(elem_id="judgments-body")
    address = make_markdown(elem_classes="address")
    where = gr.Textbox(elem_id="judgments-where", visible="hidden", show_label=False)
    return Parts(
        system, reference, judge, benchmark, category, outcome, source, text, flips, differs,
        plain, body, address, where,
    )  # fmt: skip


def make_check(label: str) -> gr.Checkbox:
    """Return a box to tick under the lists."""
    return gr.Checkbox(label=label, container=False, visible=False, elem_classes="split")
