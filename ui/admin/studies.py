"""Studies: make one, open it, pause it, close it."""

from typing import Any, cast

import gradio as gr
from markupsafe import Markup

from annotations.library import list_benchmarks, list_systems
from annotations.store import Store
from annotations.studies import (
    Enrolment,
    Plan,
    count_progress,
    create_study,
    list_studies,
    set_status,
)
from backend.errors import InputError
from backend.records import Status, Study
from ui.admin.desk import answer, check_admin, read_number
from ui.admin.invitations import Invitations
from ui.context import Context
from ui.lab.studies import Row, read_rows, show_status
from ui.pieces import (
    QUICK,
    Cell,
    find_base,
    finish,
    make_markdown,
    show_bar,
    show_link,
    show_table,
    unwrap,
)
from ui.wording import hash_wording

DEFAULTS = Plan("", "", ())
MAX_QUOTA = 10_000
NOTHING = "No studies yet. Import a benchmark and the answers of two systems, then make one here."
WHERE_FROM = (
    "The defaults are those of the paper's set-up: three votes a pair, and 21 pairs a person, so "
    "that 36 people judge all 252 items three times."
)
ENROLMENT = [("Anybody with the join link, by name", "name"), ("Invitation only", "invitation")]
SAID: dict[Status, str] = {
    "open": "People can vote now.",
    "paused": "Nobody is given a new pair; what is on a screen can still be saved.",
    "closed": "Work that still comes is kept as surplus. It can be opened again.",
}


def show_list(rows: list[Row]) -> str:
    """Return the table of all studies with their join links."""
    if not rows:
        return finish(Markup('<div class="empty">{}</div>').format(NOTHING))
    cells: list[list[Cell]] = [
        [
            study.name,
            show_status(study.status),
            study.benchmark,
            ", ".join(study.systems),
            show_bar(progress.n_saved, progress.n_wanted, f"{study.name}: ballots saved"),
            progress.n_annotators,
            show_join(study),
        ]
        for study, progress in rows
    ]
    heads = ("Study", "Status", "Benchmark", "Systems", "Ballots", "Annotators", "Way in")
    return finish(show_table("Studies", heads, cells, "studies"))


def show_join(study: Study) -> Markup:
    """Return how people get into a study."""
    if study.enrolment != "name":
        return Markup("By invitation only")
    return show_link("Join link", f"/join/{study.slug}")


def change_status(store: Store, name: str | None, status: Status, actor: str) -> list[str]:
    """Open, pause or close a study."""
    if not name:
        raise InputError("Choose a study first.")
    study = set_status(store, name, status, actor)
    return [f"{study.name} is {study.status}. {SAID[status]}"]


def list_answered(store: Store, benchmark: str | None) -> list[str]:
    """Return the systems that answered every item of a benchmark."""
    for one in list_benchmarks(store):
        if one.name == benchmark:
            systems = list_systems(store, one.name)
            return [system.name for system in systems if system.n_items == one.n_items]
    return []


def make_study(store: Store, plan: Plan, actor: str) -> list[str]:
    """Create a study as a draft, and say what to do next."""
    study = create_study(store, plan, hash_wording(), actor)
    progress = count_progress(store, study.study_id)
    return [
        f"{study.name} is made, as a draft: {progress.n_pairs:,} pairs, "
        f"{progress.n_wanted:,} ballots wanted. Open it, and people can vote."
    ]


class Workbench:
    """The tab of studies: the list, what can be done with one of them, and the form for another."""

    def __init__(self, context: Context) -> None:
        """Lay out the tab."""
        self.context = context
        self.store = context.store
        self.table = make_markdown()
        make_markdown("## Run a study", elem_classes="part")
        with gr.Row(elem_classes="line"):
            self.study = gr.Dropdown([], label="Study", scale=3)
            self.open = gr.Button("Open", elem_classes="act")
            self.pause = gr.Button("Pause", elem_classes="act")
            self.close = gr.Button("Close …", elem_classes="act")
        with gr.Row(visible=False, elem_classes="line") as self.sure:
            self.question = make_markdown()
            self.really = gr.Button("Close it", variant="stop", elem_classes="act")
            self.keep = gr.Button("Leave it as it is", elem_classes="act")
        self.said = make_markdown()
        self.join = gr.Textbox(
            label="Join link: anybody who has it can take part, while the study is open",
            interactive=False, buttons=["copy"], visible=False, elem_classes="links",
        )  # fmt: skip
        self.invitations = Invitations(context, self.study)
        make_markdown("## Make a study", elem_classes="part")
        self.form = lay_out_form(context.settings.lease_minutes)
        self.make = gr.Button("Make the study", variant="primary", elem_classes="act")
        self.made = make_markdown()

    def look(self, request: gr.Request, chosen: str | None) -> tuple[Any, ...]:
        """Show all studies, and what can be chosen; the address may name a study."""
        check_admin(self.context, request)
        rows = read_rows(self.store)
        names = [study.name for study, _ in rows]
        asked = chosen or unwrap(request).query_params.get("study")
        known = asked if asked in names else next(iter(names), None)
        benchmarks = [one.name for one in list_benchmarks(self.store)]
        return (
            show_list(rows),
            gr.update(choices=names, value=known),
            gr.update(choices=benchmarks),
            self.show_way(request, known),
        )

    def choose(self, request: gr.Request, name: str | None) -> tuple[Any, Any]:
        """Show the join link of another study; a question about the one before is taken back."""
        check_admin(self.context, request)
        return self.show_way(request, name), gr.update(visible=False)

    def show_way(self, request: gr.Request, name: str | None) -> Any:  # noqa: ANN401
        """Return the join link of a study that has one."""
        study = next((one for one in list_studies(self.store) if one.name == name), None)
        if study is None or study.enrolment != "name":
            return gr.update(visible=False)
        link = f"{find_base(self.context, request)}/join/{study.slug}"
        return gr.update(value=link, visible=True)

    def set_open(self, request: gr.Request, name: str | None) -> str:
        """Open a study."""
        return self.change(request, name, "open")

    def set_paused(self, request: gr.Request, name: str | None) -> str:
        """Pause a study."""
        return self.change(request, name, "paused")

    def ask(self, request: gr.Request, name: str | None) -> tuple[Any, str]:
        """Ask once more before a study is closed."""
        check_admin(self.context, request)
        if not name:
            return gr.update(visible=False), ""
        question = Markup("<p>Close <b>{}</b>? Nobody can vote in it then.</p>").format(name)
        return gr.update(visible=True), finish(question)

    def set_closed(self, request: gr.Request, name: str | None) -> tuple[str, Any]:
        """Close a study, after the second click."""
        return self.change(request, name, "closed"), gr.update(visible=False)

    def change(self, request: gr.Request, name: str | None, status: Status) -> str:
        """Change a study's status."""
        actor = check_admin(self.context, request).name
        return answer(lambda: change_status(self.store, name, status, actor))

    def list_systems(self, request: gr.Request, benchmark: str | None) -> tuple[Any, Any]:
        """Offer the systems that answered a whole benchmark."""
        check_admin(self.context, request)
        names = list_answered(self.store, benchmark)
        pick = [("all with all", ""), *[(f"all with {name}", name) for name in names]]
        return gr.update(choices=names, value=names[:2]), gr.update(choices=pick, value="")

    def create(  # noqa: PLR0913, PLR0917 - one for each field
        self,
        request: gr.Request,
        name: str,
        benchmark: str | None,
        systems: list[str],
        votes: float | None,
        title: str,
        against: str | None,
        enrolment: str,
        quota: float | None,
        lease: float | None,
        seed: str,
    ) -> str:
        """Create a study."""
        actor = check_admin(self.context, request).name

        def deed() -> list[str]:
            plan = Plan(
                name=(name or "").strip(),
                benchmark=benchmark or "",
                systems=tuple(systems or ()),
                against=against or None,
                votes_per_pair=read_number("Votes a pair", votes, 99),
                quota=read_number("Pairs a person", quota, MAX_QUOTA),
                seed=seed or DEFAULTS.seed,
                title=title or "",
                enrolment=cast(Enrolment, enrolment),
                lease_s=60 * read_number("Minutes that a pair is kept", lease, 1440),
            )
            return make_study(self.store, plan, actor)

        return answer(deed)

    def wire(self, site: gr.Blocks, tab: gr.Tab) -> None:
        """Wire the buttons; the list is read again after each act."""
        here = [self.table, self.study, self.form[1], self.join]
        again: dict[str, Any] = {"fn": self.look, "inputs": self.study, "outputs": here, **QUICK}
        site.load(**again)
        tab.select(**again)
        self.open.click(self.set_open, self.study, self.said, **QUICK).then(**again)
        self.pause.click(self.set_paused, self.study, self.said, **QUICK).then(**again)
        self.close.click(self.ask, self.study, [self.sure, self.question], **QUICK)
        self.keep.click(lambda: gr.update(visible=False), None, self.sure, **QUICK)
        self.study.input(self.choose, self.study, [self.join, self.sure], **QUICK)
        closed = self.really.click(self.set_closed, self.study, [self.said, self.sure], **QUICK)
        closed.then(**again)
        _, benchmark, systems, _, _, against, *_ = self.form
        benchmark.change(self.list_systems, benchmark, [systems, against], **QUICK)
        self.make.click(self.create, self.form, self.made, **QUICK).then(**again)
        self.invitations.wire()


def lay_out_form(lease_minutes: int) -> list[Any]:
    """Make the fields of a new study, in the order in which `create` takes them."""
    with gr.Row():
        name = gr.Textbox(label="Name", max_length=80, info="For you; annotators don't see it.")
        benchmark = gr.Dropdown([], label="Benchmark", value=None, info="All of its items.")
        votes = gr.Number(
            DEFAULTS.votes_per_pair, label="Votes a pair", precision=0, minimum=1, maximum=99,
            info="How many people judge each.",
        )  # fmt: skip
    systems = gr.Dropdown(
        [], label="Systems", multiselect=True, info="Those that answered every item."
    )
    with gr.Accordion("Advanced", open=False):
        gr.Markdown(WHERE_FROM, elem_classes="note")
        with gr.Row():
            title = gr.Textbox(label="Title", info="Annotators see it; say no names of models.")
            against = gr.Dropdown([("all with all", "")], value="", label="Compare")
            enrolment = gr.Dropdown(ENROLMENT, value="name", label="Who can take part")
        with gr.Row():
            quota = gr.Number(
                DEFAULTS.quota, label="Pairs a person", precision=0, minimum=1, maximum=MAX_QUOTA
            )
            lease = gr.Number(
                lease_minutes, label="Minutes that a pair is kept", precision=0, minimum=1,
                maximum=1440, info="Default from CAMELID_LEASE_MINUTES.",
            )  # fmt: skip
            seed = gr.Textbox(DEFAULTS.seed, label="Seed", info="Decides which side is which.")
    return [name, benchmark, systems, votes, title, against, enrolment, quota, lease, seed]
