"""Items: look at single pairs, the answers that people compared and what they said."""

from dataclasses import dataclass, replace
from typing import Any, cast

import gradio as gr
from markupsafe import Markup

from annotations.browse import (
    Search,
    find_pair,
    list_apps,
    match_pairs,
    read_case,
    read_entries,
)
from annotations.store import Store
from annotations.studies import find_study, list_comparisons, list_studies
from backend.errors import CamelidError
from backend.records import CRITERIA, Study, Winner
from ui.context import Context
from ui.lab.findings import choose_study, name_comparison
from ui.lab.pairs import Neighbours, Shelf, show_case, show_shelf
from ui.lab.where import Where, read_query, read_where
from ui.pieces import finish, make_markdown, show_link, show_problem, unwrap

PAGE = 25
COUNTED = 1000  # a search is counted up to here; to count all of 33,000 pairs takes half a second
# Two at a time: what is looked at must leave room for votes.
BROWSING: dict[str, Any] = {
    "concurrency_id": "items",
    "concurrency_limit": 2,
    "show_progress": "minimal",
    "api_visibility": "private",
}
NO_STUDY = "No studies yet. When an admin has made one, its items will be here."
ANY = "any"
OUTCOMES = [
    ("Any", ""),
    ("First system has more votes", "a"),
    ("Second system has more votes", "b"),
    ("As many for both", "tie"),
]


@dataclass(frozen=True)
class Parts:
    """The components of the tab, in the order in which an update lists them."""

    study: gr.Dropdown
    comparison: gr.Dropdown
    criterion: gr.Dropdown
    outcome: gr.Dropdown
    app: gr.Dropdown
    words: gr.Textbox
    split: gr.Checkbox
    plain: gr.Checkbox
    body: gr.Markdown
    address: gr.Markdown
    where: gr.Textbox

    def outputs(self) -> list[Any]:
        """Return every component once."""
        return [getattr(self, name) for name in self.__dataclass_fields__]


class Browser:
    """Takes what is asked for in the tab to the ledger and back."""

    def __init__(self, context: Context) -> None:
        """Lay out the tab."""
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

    def sift(  # noqa: PLR0913, PLR0917 - each is a field of the search
        self,
        study: str | None,
        comparison: str | None,
        criterion: str | None,
        outcome: str | None,
        app: str | None,
        words: str | None,
        split: bool,
    ) -> list[Any]:
        """Show the first page of another search."""
        search = Search(
            place=None if comparison is None or comparison == ANY else int(comparison),
            criterion=criterion or "",
            outcome=cast(Winner, outcome or ""),
            split=bool(split),
            app=app or "",
            words=(words or "").strip(),
        )
        return self.show(Where(study or "", search))

    def change_study(self, study: str | None) -> list[Any]:
        """Show another study, all of its pairs."""
        return self.show(Where(study or ""))

    def show(self, where: Where) -> list[Any]:
        """Return the update of every component."""
        studies = list_studies(self.store)
        name = choose_study(studies, where.study)
        if name is None:
            return tell(NO_STUDY)
        study, where = find_study(self.store, name), replace(where, study=name)
        with self.store.snapshot():
            body = self.read_body(study, where)
            choices = fill_choices(self.store, study, where, [one.name for one in studies])
        label = "Link to this pair" if where.item else "Link to this list"
        address = finish(show_link(label, where.address))
        return [*choices, gr.update(value=body), address, where.address.partition("?")[2]]

    def read_body(self, study: Study, where: Where) -> str:
        """Return the list, or the pair that is open."""
        try:
            if where.item:
                return open_case(self.store, study, where)
            return show_shelf(read_shelf(self.store, study, where))
        except CamelidError as error:
            return show_problem(error)

    def wire(self, tab: gr.Tab) -> None:
        """Show when the tab is chosen, when a field is used, and when a link inside is followed."""
        parts, out = self.parts, self.parts.outputs()
        form = out[:7]
        tab.select(self.arrive, parts.where, out, **BROWSING)
        parts.where.submit(self.visit, parts.where, out, **BROWSING)
        parts.study.input(self.change_study, parts.study, out, **BROWSING)
        for field in form[1:]:
            event = field.submit if field is parts.words else field.input
            event(self.sift, form, out, **BROWSING)


def read_shelf(store: Store, study: Study, where: Where, most: int = COUNTED) -> Shelf:
    """Return one page of a list, whose pairs are counted up to `most`.

    Edge: a page past the end is the last one.
    """
    wanted = max(most, where.page * PAGE) + 1
    found = match_pairs(store, study, where.search, wanted)
    more = len(found) == wanted
    n = len(found) - more
    n_pages = max(1, -(-n // PAGE))
    where = where.turn(min(where.page, n_pages))
    start = (where.page - 1) * PAGE
    entries = read_entries(store, found[start : min(start + PAGE, n)])
    return Shelf(where, entries, study.systems, n, more, n_pages)


def open_case(store: Store, study: Study, where: Where) -> str:
    """Return one pair, with the way to its neighbours in the list it was opened from.

    Errors: NotFound when there is no such pair.
    """
    pair_id = find_pair(store, study, where.item, where.pair)
    near = find_neighbours(store, study, where, pair_id)
    if near.place:
        where = replace(where, page=-(-near.place // PAGE))
    return show_case(read_case(store, pair_id), where, near, study.systems)


def find_neighbours(
    store: Store, study: Study, where: Where, pair_id: int, most: int = COUNTED
) -> Neighbours:
    """Return where a pair stands in its list.

    Edge: a pair that the search doesn't find stands nowhere, and has no neighbours.
    """
    found = match_pairs(store, study, where.search, most + 1)
    more = len(found) > most
    if pair_id not in found[:most] and more:
        found, more = match_pairs(store, study, where.search), False
    n = len(found) - more
    if pair_id not in found:
        return Neighbours(None, None, 0, n, more)
    place = found.index(pair_id)
    near = [found[spot] for spot in (place - 1, place + 1) if 0 <= spot < len(found)]
    known = {entry.pair_id: entry for entry in read_entries(store, near)}

    def lead_to(spot: int) -> Where | None:
        entry = known.get(found[spot]) if 0 <= spot < len(found) else None
        return None if entry is None else where.open(entry.item_id, entry.place, spot // PAGE + 1)

    return Neighbours(lead_to(place - 1), lead_to(place + 1), place + 1, n, more)


def fill_choices(store: Store, study: Study, where: Where, names: list[str]) -> list[Any]:
    """Return the update of the fields; inside a pair they are hidden."""
    search, listing = where.search, not where.item
    comparisons = list_comparisons(store, study.study_id)
    pairs = [("All", ANY)]
    pairs += [(name_comparison(one), str(place)) for place, one in enumerate(comparisons)]
    apps = list_apps(store, study)
    place = ANY if search.place is None or search.place >= len(comparisons) else str(search.place)
    app = search.app if search.app in apps else ""
    return [
        gr.update(choices=names, value=study.name, visible=listing),
        gr.update(choices=pairs, value=place, visible=listing and len(comparisons) > 1),
        gr.update(value=search.criterion, visible=listing),
        gr.update(value=search.outcome, visible=listing),
        gr.update(choices=[("All", ""), *apps], value=app, visible=listing and len(apps) > 1),
        gr.update(value=search.words, visible=listing),
        gr.update(value=search.split, visible=listing),
        gr.update(visible=not listing),
    ]


def tell(words: str) -> list[Any]:
    """Return an update that shows words and nothing else."""
    hidden = [gr.update(visible=False)] * 8
    empty = finish(Markup('<div class="empty">{}</div>').format(words))
    return [*hidden, gr.update(value=empty), "", ""]


def lay_out() -> Parts:
    """Make all components; they are filled when somebody looks."""
    with gr.Row(elem_classes="choices sieve"):
        study = gr.Dropdown([], label="Study", visible=False)
        comparison = gr.Dropdown([], label="Comparison", visible=False)
        questions = [("Any", ""), *((name.capitalize(), name) for name in CRITERIA)]
        criterion = gr.Dropdown(questions, value="", label="Question", visible=False)
        outcome = gr.Dropdown(OUTCOMES, value="", label="Outcome", visible=False)
        app = gr.Dropdown([], label="App", visible=False)
        words = gr.Textbox(
            label="Words in the instruction", max_length=100, visible=False, submit_btn="Find"
        )
    split = gr.Checkbox(
        label="Only where annotators disagree: votes on both sides of a question",
        container=False, visible=False, elem_classes="split",
    )  # fmt: skip
    plain = gr.Checkbox(
        label="Answers as plain text", container=False, visible=False, elem_id="plain"
    )
    body = make_markdown(elem_id="items-body")
    address = make_markdown(elem_classes="address")
    where = gr.Textbox(elem_id="items-where", visible="hidden", show_label=False)
    return Parts(
        study, comparison, criterion, outcome, app, words, split, plain, body, address, where
    )
