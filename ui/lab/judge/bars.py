"""Bars: how well systems score beside a reference, in figures, tables and files."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import gradio as gr
from markupsafe import Markup

from annotations.judging.panels import (
    Ask,
    Figure,
    Material,
    Panel,
    read_material,
)
from annotations.judging.records import Scores, read_choice
from ui.context import Context
from ui.ink import Theme
from ui.lab.judge.shares import show_foot, show_head, show_panel
from ui.lab.judge.views import (
    ALL,
    AS_JUDGED,
    View,
    find_figure,
    find_panels,
    has_stored,
    list_references,
    read_view,
)
from ui.lab.judge.words import SCORES
from ui.lab.results import find_theme, make_plot
from ui.lab.where import read_query
from ui.pieces import finish, join, make_markdown, show_link, unwrap
from ui.prints import FORMATS
from ui.relative import draw_relative

# Counting takes some tenths of a second on many judgments; two at a time leave room for votes.
COUNTING: dict[str, Any] = {
    "concurrency_id": "bars",
    "concurrency_limit": 2,
    "show_progress": "minimal",
    "api_visibility": "private",
}
FIGURES = [
    ("Figure 4: questions in English", "4"),
    ("Figure 5: questions in Chinese", "5"),
    ("Figure 4 as published", "4 published"),
    ("Figure 5 as published", "5 published"),
]
FIELDS = ("figure", "against", "judge", "benchmark", "scores", "by_category")
N_SLOTS = 12  # panels that a page shows; the files have all of them
NOTHING: dict[Figure, str] = {
    4: "No judgments of English questions yet. Bars will be here when a judge has compared "
    "answers (an admin starts it under Judge), or when review files have been imported.",
    5: "No judgments of Chinese questions yet. Translate a benchmark, let systems answer it, and "
    "have a judge compare the answers; the bars will be here.",
}


@dataclass(frozen=True)
class Slot:
    """Where one panel goes: what it is about, its bars, and the numbers behind them."""

    words: gr.Markdown
    bars: gr.Plot
    numbers: gr.Markdown


@dataclass(frozen=True)
class Parts:
    """The components of the part, in the order in which an update lists them."""

    figure: gr.Dropdown
    against: gr.Dropdown
    judge: gr.Dropdown
    benchmark: gr.Dropdown
    scores: gr.Dropdown
    by_category: gr.Checkbox
    heading: gr.Markdown
    slots: tuple[Slot, ...]
    foot: gr.Markdown
    downloads: gr.Markdown
    address: gr.Markdown
    where: gr.Textbox

    def outputs(self) -> list[Any]:
        """Return every component once."""
        before = [getattr(self, name) for name in FIELDS]
        slots = [part for slot in self.slots for part in (slot.words, slot.bars, slot.numbers)]
        after = [self.foot, self.downloads, self.address, self.where]
        return [*before, self.heading, *slots, *after]


class BarsPart:
    """Takes what is chosen to the ledger and back."""

    def __init__(self, context: Context) -> None:
        """Lay out the part."""
        self.store = context.store
        self.parts = lay_out()

    def arrive(self, request: gr.Request, where: str) -> list[Any]:
        """Show what was chosen before, as it stands now; at first what the address asks for."""
        query = read_query(where) if where else unwrap(request).query_params
        view = read_view(query)
        if "figure" not in query and view.benchmark:
            view = replace(view, figure=find_figure(self.store, view.benchmark))
        return self.show(request, view)

    def choose(self, request: gr.Request, *values: Any) -> list[Any]:  # noqa: ANN401
        """Show other bars; the values are in the order of FIELDS."""
        chosen = dict(zip(FIELDS, values, strict=True))
        number, _, source = str(chosen["figure"]).partition(" ")
        usual = chosen["scores"] == read_choice(self.store)
        view = View(
            5 if number == "5" else 4,
            source == "published",
            chosen["against"] or AS_JUDGED,
            chosen["judge"] or ALL,
            chosen["benchmark"] or ALL,
            None if usual else chosen["scores"],
            bool(chosen["by_category"]),
        )
        return self.show(request, view)

    def show(self, request: gr.Request, view: View) -> list[Any]:
        """Return the update of every component."""
        with self.store.snapshot():
            usual = read_choice(self.store)
            material = read_material(self.store, Ask(view.figure))
        view, fields = fit_view(material, view, usual)
        panels = find_panels(material, view, usual)
        address = finish(show_link("Link to this view", view.address))
        shown = fill_views(view, panels, find_theme(unwrap(request)))
        return [*fields, *shown, address, view.address.partition("?")[2]]

    def wire(self, tab: gr.Tab) -> None:
        """Show when the part is chosen, and when a field is used."""
        parts, out = self.parts, self.parts.outputs()
        fields = out[: len(FIELDS)]
        how = {**COUNTING, "show_progress_on": parts.heading}
        tab.select(self.arrive, parts.where, out, **how)
        for field in fields:
            field.input(self.choose, fields, out, **how)


def fit_view(material: Material, view: View, usual: Scores) -> tuple[View, list[Any]]:
    """Return a view without what the ledger lacks, and the update of its fields."""
    references = list_references(material.judgments)
    judges = list(dict.fromkeys(one.judge for one in material.judgments))
    benchmarks = list(dict.fromkeys(one.benchmark for one in material.judgments))
    view = replace(
        view,
        against=view.against if view.against in references else AS_JUDGED,
        judge=view.judge if view.judge in judges else ALL,
        benchmark=view.benchmark if view.benchmark in benchmarks else ALL,
    )
    ours = not view.published and bool(judges)
    chosen = f"{view.figure} published" if view.published else str(view.figure)
    against = [("As it was judged", AS_JUDGED), *references]
    return view, [
        gr.update(value=chosen),
        gr.update(choices=against, value=view.against, visible=ours),
        fill_list(judges, view.judge, ours),
        fill_list(benchmarks, view.benchmark, ours),
        gr.update(value=view.scores or usual, visible=ours and has_stored(material.judgments)),
        gr.update(value=view.by_category, visible=ours),
    ]


def fill_list(names: Sequence[str], chosen: str, ours: bool) -> Any:  # noqa: ANN401
    """Return the update of a list to choose from; it is shown where there is a choice."""
    choices = [("All", ALL), *names]
    return gr.update(choices=choices, value=chosen, visible=ours and len(names) > 1)


def fill_views(view: View, panels: Sequence[Panel], theme: Theme) -> list[Any]:
    """Return the update of everything below the fields."""
    if not panels:
        empty = finish(Markup('<div class="empty">{}</div>').format(NOTHING[view.figure]))
        return [empty, *fill_slots([], theme), "", ""]
    foot = finish(show_foot(panels, len(panels) - N_SLOTS))
    return ["", *fill_slots(panels[:N_SLOTS], theme), foot, show_downloads(view)]


def fill_slots(panels: Sequence[Panel], theme: Theme) -> list[Any]:
    """Return the update of every slot; those without a panel are hidden."""
    updates: list[Any] = []
    for panel in panels:
        updates += [
            gr.update(value=finish(show_head(panel)), visible=True),
            gr.update(value=draw_relative([panel], theme=theme, headed=False), visible=True),
            gr.update(value=finish(show_panel(panel)), visible=True),
        ]
    hidden = gr.update(visible=False)
    empty = [hidden, gr.update(value=None, visible=False), hidden]
    return updates + empty * (N_SLOTS - len(panels))


def show_downloads(view: View) -> str:
    """Return a link for every file that can be taken away."""
    links = [
        show_link(
            format.upper(), f"/lab/figure/{view.figure}", "button", **view.query, format=format
        )
        for format in FORMATS
    ]
    html = Markup('<div class="downloads"><p><span>This figure</span>{}</p></div>')
    return finish(html.format(join(links)))


def lay_out() -> Parts:
    """Make all components; they are filled when somebody looks."""
    with gr.Row(elem_classes="choices"):
        figure = gr.Dropdown(FIGURES, value="4", label="Figure")
        against = gr.Dropdown([], label="Against", visible=False)
        judge = gr.Dropdown([], label="Judge", visible=False)
        benchmark = gr.Dropdown([], label="Benchmark", visible=False)
        words = [(label, value) for value, label in SCORES.items()]
        scores = gr.Dropdown(words, value="read", label="Scores", visible=False)
    by_category = gr.Checkbox(
        label="By category", container=False, visible=False, elem_classes="split"
    )
    heading = make_markdown(elem_id="bars-heading")
    slots = tuple(make_slot() for _ in range(N_SLOTS))
    foot = make_markdown()
    downloads = make_markdown()
    address = make_markdown(elem_classes="address")
    where = gr.Textbox(elem_id="bars-where", visible="hidden", show_label=False)
    return Parts(
        figure, against, judge, benchmark, scores, by_category, heading, slots, foot, downloads,
        address, where,
    )  # fmt: skip


def make_slot() -> Slot:
    """Make the place of one panel."""
    return Slot(make_markdown(visible=False), make_plot("bars"), make_markdown(visible=False))
