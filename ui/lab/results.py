"""Results: how one comparison of a study fell, in pies, bars, sentences and tables."""

from dataclasses import dataclass
from typing import Any

import gradio as gr
from markupsafe import Markup
from starlette.requests import HTTPConnection

from annotations.studies import list_studies
from backend.errors import CamelidError
from ui.context import Context
from ui.figures import draw_bars, draw_pies
from ui.ink import Theme
from ui.lab.findings import (
    PANELS,
    Findings,
    choose_study,
    find_results,
    name_comparison,
    name_panel,
    pose_as_tallies,
)
from ui.lab.sections import (
    show_address,
    show_downloads,
    show_heading,
    show_numbers,
    show_published,
)
from ui.lab.tables import show_sentences
from ui.pieces import finish, make_markdown, show_problem, unwrap

# Counting takes some tenths of a second on a large study; two at a time leave room for votes.
COUNTING: dict[str, Any] = {
    "concurrency_id": "results",
    "concurrency_limit": 2,
    "show_progress": "minimal",
    "api_visibility": "private",
}
THEME_COOKIE = "camelid_theme"
NO_STUDY = "No studies yet. When an admin has made one, its results will be here."


def find_theme(request: HTTPConnection) -> Theme:
    """Return the theme of the page that asks, as its own script has told."""
    return "dark" if request.cookies.get(THEME_COOKIE) == "dark" else "light"


@dataclass(frozen=True)
class Parts:
    """The components of the tab, in the order in which an update lists them."""

    study: gr.Dropdown
    pair: gr.Dropdown
    panel: gr.Dropdown
    heading: gr.Markdown
    pies: gr.Plot
    theirs: gr.Markdown
    their_pies: gr.Plot
    bars: gr.Plot
    tests: gr.Markdown
    numbers: gr.Markdown
    downloads: gr.Markdown
    address: gr.Markdown

    def outputs(self) -> list[Any]:
        """Return every component once."""
        return [getattr(self, name) for name in self.__dataclass_fields__]


class Viewer:
    """Takes what is chosen in the tab to the ledger and back."""

    def __init__(self, context: Context) -> None:
        """Lay out the tab."""
        self.store = context.store
        self.parts = lay_out()

    def arrive(
        self, request: gr.Request, name: str | None, place: int | None, panel: str | None
    ) -> list[Any]:
        """Show what was chosen before, as it stands now; at first what the address asks for."""
        if name is not None:
            return self.show(request, name, place, panel)
        asked = unwrap(request).query_params
        words = asked.get("pair", "0")
        number = int(words) if words.isdecimal() and len(words) < 4 else 0
        return self.show(request, asked.get("study"), number, asked.get("published"))

    def choose(self, request: gr.Request, name: str | None) -> list[Any]:
        """Show another study, its first comparison."""
        return self.show(request, name, 0, None)

    def choose_pair(self, request: gr.Request, name: str | None, place: int | None) -> list[Any]:
        """Show another comparison of the same study."""
        return self.show(request, name, place or 0, None)

    def show(
        self, request: gr.Request, asked: str | None, place: int | None, panel: str | None
    ) -> list[Any]:
        """Return the update of every component."""
        studies = list_studies(self.store)
        name = choose_study(studies, asked)
        if name is None:
            return tell(finish(Markup('<div class="empty">{}</div>').format(NO_STUDY)))
        try:
            found = find_results(self.store, name, place or 0, panel)
        except CamelidError as error:
            return tell(show_problem(error))
        names = [study.name for study in studies]
        return [*fill_choices(found, names), *fill_views(found, find_theme(unwrap(request)))]

    def wire(self, tab: gr.Tab) -> None:
        """Show when the tab is chosen, by a click or by the address, and when a list is used."""
        parts, out = self.parts, self.parts.outputs()
        chosen = [parts.study, parts.pair, parts.panel]
        tab.select(self.arrive, chosen, out, **COUNTING)
        parts.study.input(self.choose, parts.study, out, **COUNTING)
        parts.pair.input(self.choose_pair, chosen[:2], out, **COUNTING)
        parts.panel.input(self.show, chosen, out, **COUNTING)


def fill_choices(found: Findings, names: list[str]) -> list[Any]:
    """Return the update of the three lists to choose from."""
    pairs = [(name_comparison(one), place) for place, one in enumerate(found.comparisons)]
    return [
        gr.update(choices=names, value=found.study.name, visible=True),
        gr.update(choices=pairs, value=found.place, visible=len(pairs) > 1),
        gr.update(value=found.panel, visible=bool(found.n)),
    ]


def fill_views(found: Findings, theme: Theme) -> list[Any]:
    """Return the update of everything below the lists."""
    systems = found.study.systems
    hatched = found.published if found.same_systems else ()
    bars = draw_bars(found.tallies, hatched, systems=systems, theme=theme)
    names = systems if found.same_systems else ()
    theirs = draw_pies(pose_as_tallies(found.published), systems=names, theme=theme, hollow=True)
    has_theirs = theirs is not None and found.n > 0
    return [
        show_heading(found),
        gr.update(
            value=draw_pies(found.tallies, systems=systems, theme=theme), visible=bool(found.n)
        ),
        gr.update(value=show_published(found), visible=has_theirs),
        gr.update(value=theirs, visible=has_theirs),
        gr.update(value=bars, visible=bool(found.n)),
        gr.update(value=finish(show_sentences(found.tallies)), visible=bool(found.n)),
        gr.update(value=show_numbers(found), visible=bool(found.n)),
        show_downloads(found),
        show_address(found),
    ]


def tell(words: str) -> list[Any]:
    """Return an update that shows words and nothing else."""
    hidden = gr.update(visible=False)
    plots = [gr.update(value=None, visible=False), hidden, gr.update(value=None, visible=False)]
    return [hidden, hidden, hidden, words, *plots, plots[0], hidden, hidden, "", ""]


def make_plot(css: str) -> gr.Plot:
    """Return a place for a figure; on a narrow screen it scrolls by itself."""
    return gr.Plot(
        show_label=False, container=False, visible=False, elem_classes=css.split(), min_width=0
    )


def lay_out() -> Parts:
    """Make all components; they are filled when somebody looks."""
    panels = [(name_panel(panel), panel) for panel in PANELS]
    with gr.Row(elem_classes="choices"):
        study = gr.Dropdown([], label="Study", elem_id="study", visible=False)
        pair = gr.Dropdown([], label="Comparison", elem_id="pair", visible=False)
        panel = gr.Dropdown(
            [*panels, ("None", "none")], value="none", label="Published beside it", visible=False
        )
    heading = make_markdown(elem_id="heading")
    pies = make_plot("figure")
    theirs = make_markdown(visible=False)
    their_pies = make_plot("figure")
    with gr.Row(elem_classes="beside"):
        with gr.Column(min_width=320, scale=6):
            bars = make_plot("figure wide")
        with gr.Column(min_width=320, scale=5):
            tests = make_markdown(visible=False)
    numbers = make_markdown(visible=False)
    downloads = make_markdown()
    address = make_markdown(elem_classes="address")
    return Parts(
        study,
        pair,
        panel,
        heading,
        pies,
        theirs,
        their_pies,
        bars,
        tests,
        numbers,
        downloads,
        address,
    )
