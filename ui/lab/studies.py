"""Studies as a researcher looks at them: how far each one is, live."""

from typing import Any

import gradio as gr
from markupsafe import Markup

from annotations.store import Store
from annotations.studies import Progress, count_progress, list_studies
from backend.records import Status, Study
from ui.context import Context
from ui.pieces import QUICK, Cell, finish, make_markdown, show_bar, show_link, show_table

SECONDS = 5.0
HEADS = (
    "Study", "Status", "Ballots saved", "Annotators", "Finished", "Pairs open now", "Set aside",
    "Surplus", "Votes from elsewhere",
)  # fmt: skip
WORDS = (
    "A ballot is one person's answers to all questions about one pair. A pair is open while "
    "somebody looks at it, set aside when somebody can't judge it; a surplus ballot came after its "
    "place was given to somebody else: it is kept and exported, and left out of the tallies."
)
NOTHING = (
    "No studies yet. They will be listed here, with their progress, as soon as an admin has made "
    "one."
)
STATUS: dict[Status, str] = {
    "draft": "Draft",
    "open": "Open",
    "paused": "Paused",
    "closed": "Closed",
}

Row = tuple[Study, Progress]


def read_rows(store: Store) -> list[Row]:
    """Return all studies with their progress, the newest first."""
    with store.snapshot():
        studies = list_studies(store)
        return [(study, count_progress(store, study.study_id)) for study in reversed(studies)]


def show_rows(rows: list[Row]) -> str:
    """Return the table of all studies."""
    if not rows:
        return finish(Markup('<div class="empty">{}</div>').format(NOTHING))
    cells = [list_cells(study, progress) for study, progress in rows]
    table = show_table("Studies", HEADS, cells, "progresses")
    return finish(Markup('{}<p class="note">{}</p>').format(table, WORDS))


def list_cells(study: Study, progress: Progress) -> list[Cell]:
    """Return one study's row."""
    return [
        show_link(study.name, "/lab/", study=study.name),
        show_status(study.status),
        show_bar(progress.n_saved, progress.n_wanted, f"{study.name}: ballots saved"),
        progress.n_annotators, progress.n_finished, progress.n_leased, progress.n_skipped,
        progress.n_surplus, progress.n_outside,
    ]  # fmt: skip


def show_status(status: Status) -> Markup:
    """Return a study's status as a word with a mark of its own."""
    return Markup('<span class="status {}">{}</span>').format(status, STATUS[status])


class Board:
    """The live table. It asks again only while its tab is the one that is looked at."""

    def __init__(self, context: Context) -> None:
        """Lay out the table and its clock."""
        self.store = context.store
        self.table = make_markdown(elem_id="progress-table")
        self.clock = gr.Timer(SECONDS, active=False)

    def look(self, shown: str) -> Any:  # noqa: ANN401
        """Return the table, or nothing when it is what is shown already."""
        fresh = show_rows(read_rows(self.store))
        return gr.skip() if fresh == shown else fresh

    def wake(self, shown: str) -> tuple[Any, gr.Timer]:
        """Return the table and start the clock."""
        return self.look(shown), gr.Timer(active=True)

    def wire(self, tab: gr.Tab, others: list[gr.Tab]) -> None:
        """Run while `tab` is looked at."""
        tab.select(self.wake, self.table, [self.table, self.clock], **QUICK)
        self.clock.tick(self.look, self.table, self.table, **QUICK)
        for other in others:
            other.select(lambda: gr.Timer(active=False), None, self.clock, **QUICK)
