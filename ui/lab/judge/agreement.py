"""Agreement: how far a judge's preferences are people's, what sways it, and where they part."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import gradio as gr
from markupsafe import Markup

from annotations.judging.preferences import (
    Evidence,
    Rater,
    list_benchmarks,
    list_studies,
    read_evidence,
)
from annotations.judging.records import Scores, read_choice
from backend.errors import CamelidError
from backend.records import CRITERIA
from ui.context import Context
from ui.lab.judge.measures import (
    name_rater,
)
from ui.lab.judge.overview import (
    ALL,
    View,
    choose_rater,
    open_parted,
    read_view,
    show_overview,
)
from ui.lab.judge.parting import show_parted
from ui.lab.judge.words import SCORES
from ui.lab.where import read_query
from ui.pieces import finish, make_markdown, show_link, show_problem, unwrap

# Counting takes some tenths of a second on many judgments; two at a time leave room for votes.
COUNTING: dict[str, Any] = {
    "concurrency_id": "agreement",
    "concurrency_limit": 2,
    "show_progress": "minimal",
    "api_visibility": "private",
}
BAR = "|"  # between protocol and judge in a field's value
NO_JUDGMENTS = (
    "No judgments of pairs yet. When a judge has compared answers (an admin starts it under "
    "Judge), or review files have been imported, how far it agrees with people will be here."
)


@dataclass(frozen=True)
class Parts:
    """The components of the part, in the order in which an update lists them."""

    benchmark: gr.Dropdown
    judge: gr.Dropdown
    study: gr.Dropdown
    criterion: gr.Dropdown
    scores: gr.Dropdown
    opposite: gr.Checkbox
    body: gr.Markdown
    address: gr.Markdown
    where: gr.Textbox

    def outputs(self) -> list[Any]:
        """Return every component once."""
        return [getattr(self, name) for name in self.__dataclass_fields__]


class AgreementPart:
    """Takes what is chosen to the ledger and back."""

    def __init__(self, context: Context) -> None:
        """Lay out the part."""
        self.store = context.store
        self.parts = lay_out()

    def arrive(self, request: gr.Request, where: str) -> list[Any]:
        """Show what was chosen before, as it stands now; at first what the address asks for."""
        return self.visit(where) if where else self.show(read_view(unwrap(request).query_params))

    def visit(self, where: str) -> list[Any]:
        """Show what an address of ours leads to; the page's script brings it."""
        return self.show(read_view(read_query(where)))

    def choose(
        self,
        benchmark: str | None,
        judge: str | None,
        study: str | None,
        criterion: str | None,
        scores: Scores | None,
        opposite: bool,
    ) -> list[Any]:
        """Show the first page of another view."""
        protocol, _, name = (judge or "").partition(BAR)
        usual = read_choice(self.store)
        return self.show(
            View(
                benchmark or "", Rater(name, protocol), study or ALL, criterion or CRITERIA[0],
                None if scores == usual else scores, bool(opposite),
            )
        )  # fmt: skip

    def show(self, view: View) -> list[Any]:
        """Return the update of every component."""
        with self.store.snapshot():
            benchmarks = list_benchmarks(self.store)
            if not benchmarks:
                return tell(NO_JUDGMENTS)
            if view.benchmark not in benchmarks:
                view = replace(view, benchmark=benchmarks[0])
            studies = [study.name for study in list_studies(self.store, view.benchmark)]
            view = replace(view, study=view.study if view.study in studies else ALL)
            scores = view.scores or read_choice(self.store)
            evidence = read_evidence(self.store, view.benchmark, scores, view.study)
            view = replace(view, rater=choose_rater(evidence, view.rater))
            body = self.read_body(evidence, view)
        address = finish(show_link("Link to this view", view.address))
        fields = fill_fields(view, evidence, benchmarks, studies)
        return [*fields, body, address, view.address.partition("?")[2]]

    def read_body(self, evidence: Evidence, view: View) -> str:
        """Return the overview, or the pair that is open."""
        try:
            if view.pair:
                return finish(show_parted(open_parted(self.store, evidence, view)))
            return finish(show_overview(evidence, view))
        except CamelidError as error:
            return show_problem(error)

    def wire(self, tab: gr.Tab) -> None:
        """Show when the part is chosen, when a field is used, when a link inside is followed."""
        parts, out = self.parts, self.parts.outputs()
        how = {**COUNTING, "show_progress_on": parts.body}
        tab.select(self.arrive, parts.where, out, **how)
        parts.where.submit(self.visit, parts.where, out, **how)
        for field in out[:6]:
            field.input(self.choose, out[:6], out, **how)


def fill_fields(
    view: View, evidence: Evidence, benchmarks: Sequence[str], studies: Sequence[str]
) -> list[Any]:
    """Return the update of the fields to choose from."""
    raters = evidence.raters
    judges = [(name_rater(one, raters), f"{one.protocol}{BAR}{one.judge}") for one in raters]
    listed = not view.pair
    stored = any(
        one.stored is not None for matchup in evidence.matchups for one in matchup.judgments
    )
    return [
        gr.update(
            choices=list(benchmarks), value=view.benchmark, visible=listed and len(benchmarks) > 1
        ),
        gr.update(
            choices=judges, value=f"{view.rater.protocol}{BAR}{view.rater.judge}", visible=listed
        ),
        gr.update(
            choices=[("All", ALL), *studies], value=view.study,
            visible=listed and len(studies) > 1,
        ),
        gr.update(value=view.criterion, visible=listed and bool(studies)),
        gr.update(value=evidence.scores, visible=listed and stored),
        gr.update(value=view.opposite, visible=listed and bool(evidence.pairs)),
    ]  # fmt: skip


def tell(words: str) -> list[Any]:
    """Return an update that shows words and nothing else."""
    hidden = [gr.update(visible=False)] * 6
    return [*hidden, finish(Markup('<div class="empty">{}</div>').format(words)), "", ""]


def lay_out() -> Parts:
    """Make all components; they are filled when somebody looks."""
    with gr.Row(elem_classes="choices sieve"):
        benchmark = gr.Dropdown([], label="Benchmark", visible=False)
        judge = gr.Dropdown([], label="Judge", visible=False)
        study = gr.Dropdown([], label="Study", visible=False)
        criteria = [(name.capitalize(), name) for name in CRITERIA]
        criterion = gr.Dropdown(criteria, value=CRITERIA[0], label="Question", visible=False)
        choices = [(words, name) for name, words in SCORES.items()]
        scores = gr.Dropdown(choices, value="read", label="Scores", visible=False)
    opposite = gr.Checkbox(
        label="List only disagreements in which both took a side",
        container=False, visible=False, elem_classes="split",
    )  # fmt: skip
    body = make_markdown(elem_id="agreement-body")
    address = make_markdown(elem_classes="address")
    where = gr.Textbox(elem_id="agreement-where", visible="hidden", show_label=False)
    return Parts(benchmark, judge, study, criterion, scores, opposite, body, address, where)
