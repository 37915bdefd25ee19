"""Answers: a model answers a benchmark in the background, whoever looks."""

from collections.abc import Sequence
from typing import Any

import gradio as gr

from annotations.generation import Run, read_run, read_runs
from annotations.library import list_benchmarks
from annotations.orders import (
    MAX_PARALLEL,
    MAX_SAMPLES,
    MAX_TOKENS,
    Order,
    is_speaker,
    look_ahead,
    resume_order,
)
from backend.dialogue import Sampling
from backend.errors import CamelidError, InputError
from backend.registry.cards import RecordedCard
from backend.switchboard import Switchboard
from backend.templates import list_templates
from ui.admin.desk import answer, check_admin, read_number
from ui.admin.runs import list_choices, list_lines, show_runs
from ui.context import Context
from ui.pieces import QUICK, make_markdown, show_done, show_problem

SECONDS = 1.0
N_RUNS = 20
DEFAULTS = Sampling()
WORDS = (
    "Only what is missing is asked for, so the same words a second time finish what was left. A "
    "failure is counted under its name and never becomes an answer. A run goes on when this page "
    "is closed."
)


def list_models(models: Switchboard, usual: str = "") -> list[tuple[str, str]]:
    """Return the models that can be asked, then those that can't be yet; in both `usual` first."""
    asked = [
        (known.card.label, known.name, models.check(known.card).ready)
        for known in models.list_cards()
        if known.card and is_speaker(known.card) and not isinstance(known.card, RecordedCard)
    ]
    ordered = sorted(asked, key=lambda one: (not one[2], one[1] != usual))
    return [(label if ready else f"{label} (not yet)", name) for label, name, ready in ordered]


def read_order(values: Sequence[Any]) -> Order:
    """Return the order that the form's values make, in the order of its fields.

    Errors: InputError for a number that is missing or out of range.
    """
    model, benchmark, samples, name, *advanced = values
    temperature, top_p, top_k, longest, system, template, n_items, n_parallel = advanced
    return Order(
        model=model or "",
        benchmark=benchmark or "",
        samples=read_number("Samples", samples, MAX_SAMPLES),
        sampling=Sampling(
            temperature=read_value("Temperature", temperature),
            top_p=read_value("Top-p", top_p),
            top_k=int(read_value("Top-k", top_k)),
            max_tokens=read_number("Longest answer", longest, MAX_TOKENS),
        ),
        name=(name or "").strip(),
        system=(system or "").strip(),
        template=template or "",
        n_items=int(read_value("Items", n_items)),
        n_parallel=int(read_value("At a time", n_parallel)),
    )


def read_value(what: str, value: float | None) -> float:
    """Return a number from a form.

    Errors: InputError when there is none.
    """
    if value is None:
        raise InputError(f"{what} is empty.")
    return value


class Writer:
    """The tab of answers: the form, what it will do, and all runs."""

    def __init__(self, context: Context) -> None:
        """Lay out the tab."""
        self.context = context
        self.store = context.store
        self.answering = context.answering
        make_markdown(f"## Let a model answer a benchmark\n\n{WORDS}")
        self.form = lay_out_form()
        self.plan = make_markdown()
        self.start = gr.Button("Start", variant="primary", elem_classes="act")
        self.said = make_markdown()
        make_markdown("## Runs", elem_classes="part")
        self.table = make_markdown()
        with gr.Row(elem_classes="line"):
            self.run = gr.Dropdown([], label="Run", scale=3)
            self.stop = gr.Button("Cancel", elem_classes="act")
            self.resume = gr.Button("Resume", elem_classes="act")
        self.done = make_markdown()
        self.clock = gr.Timer(SECONDS, active=False)

    def look(self, request: gr.Request, model: str | None, name: str | None) -> tuple[Any, ...]:
        """Show the runs, and what can be chosen."""
        check_admin(self.context, request)
        models = list_models(self.context.models)
        benchmarks = [one.name for one in list_benchmarks(self.store)]
        return (
            gr.update(choices=models, value=keep_choice(model, [one for _, one in models])),
            gr.update(choices=benchmarks, value=keep_choice(name, benchmarks)),
            *self.watch(),
        )

    def watch(self) -> tuple[Any, ...]:
        """Return the runs as they stand; the clock goes on as long as any does."""
        runs = read_runs(self.store, N_RUNS)
        choices = list_choices(runs)
        first = choices[0][1] if choices else None
        return (
            show_runs(list_lines(self.answering, runs), self.store.clock()),
            gr.update(choices=choices, value=first),
            gr.Timer(active=any(run.state == "running" for run in runs)),
        )

    def tick(self, request: gr.Request) -> tuple[Any, ...]:
        """Show the runs again; what can be chosen changes only when the last one has ended."""
        check_admin(self.context, request)
        table, choices, clock = self.watch()
        return table, gr.skip() if clock.active else choices, clock

    def look_ahead(self, request: gr.Request, *values: Any) -> str:  # noqa: ANN401
        """Say what the form will do."""
        check_admin(self.context, request)
        if not values[0] or not values[1]:
            return ""
        try:
            outlook = look_ahead(self.store, self.context.models, read_order(values))
        except CamelidError as error:
            return show_problem(error)
        return show_done(*[line for line in (outlook.words, outlook.cost_words) if line])

    def begin(self, request: gr.Request, *values: Any) -> str:  # noqa: ANN401
        """Start a run."""
        actor = check_admin(self.context, request).name
        return answer(lambda: self.send(read_order(values), actor))

    def go_on(self, request: gr.Request, run_id: int | None) -> str:
        """Start a run again with the same words: only what is missing is asked for."""
        actor = check_admin(self.context, request).name
        return answer(lambda: self.send(resume_order(self.find(run_id)), actor))

    def cancel(self, request: gr.Request, run_id: int | None) -> str:
        """Stop a run; what has come stays."""
        check_admin(self.context, request)

        def deed() -> list[str]:
            run = self.find(run_id)
            self.answering.cancel(run.run_id)
            return [f"The run for {run.system} ends. What has come is kept."]

        return answer(deed)

    def find(self, run_id: int | None) -> Run:
        """Return the run that was chosen."""
        if run_id is None:
            raise InputError("Choose a run first.")
        return read_run(self.store, int(run_id))

    def send(self, order: Order, actor: str) -> list[str]:
        """Start a run, and say so; nothing is started when nothing is missing."""
        outlook = look_ahead(self.store, self.context.models, order)
        if not outlook.missing:
            return [outlook.words]
        run = read_run(self.store, self.answering.start(order, actor))
        return [f"Started: {run.n_wanted:,} answers of {run.system} to {run.benchmark}."]

    def wire(self, site: gr.Blocks, tab: gr.Tab, others: list[gr.Tab]) -> None:
        """Wire the buttons; the runs are shown again as long as one goes on."""
        runs = [self.table, self.run, self.clock]
        chosen = self.form[:2]
        again: dict[str, Any] = {
            "fn": self.look, "inputs": chosen, "outputs": [*chosen, *runs], **QUICK
        }  # fmt: skip
        plan: dict[str, Any] = {
            "fn": self.look_ahead, "inputs": self.form, "outputs": self.plan, **QUICK
        }  # fmt: skip
        site.load(**again).then(**plan)
        tab.select(**again).then(**plan)
        self.clock.tick(self.tick, None, runs, **QUICK)
        for field in self.form:
            (field.blur if isinstance(field, gr.Textbox) else field.change)(**plan)
        started = self.start.click(self.begin, self.form, self.said, **QUICK)
        resumed = self.resume.click(self.go_on, self.run, self.done, **QUICK)
        cancelled = self.stop.click(self.cancel, self.run, self.done, **QUICK)
        for deed in (started, resumed, cancelled):
            deed.then(**again).then(**plan)
        for other in others:
            other.select(lambda: gr.Timer(active=False), None, self.clock, **QUICK)


def keep_choice(chosen: str | None, names: Sequence[str]) -> str | None:
    """Return what was chosen as long as it is there, else the first of what there is."""
    return chosen if chosen in names else next(iter(names), None)


def lay_out_form() -> list[Any]:
    """Make the fields of a run, in the order in which `read_order` takes them."""
    with gr.Row():
        model = gr.Dropdown([], label="Model", value=None, info="Those that can run first.")
        benchmark = gr.Dropdown([], label="Benchmark", value=None, info="All of its items.")
        samples = gr.Number(
            1, label="Samples", precision=0, minimum=1, maximum=MAX_SAMPLES,
            info="Answers to each item.",
        )  # fmt: skip
        name = gr.Textbox(
            label="Name", max_length=80, info="Of the answers; empty takes the model's."
        )
    with gr.Accordion("Advanced", open=False):
        with gr.Row():
            temperature = gr.Number(
                DEFAULTS.temperature, label="Temperature", minimum=0, maximum=2, step=0.1,
                info="0 always takes the likeliest token.",
            )  # fmt: skip
            top_p = gr.Number(
                DEFAULTS.top_p, label="Top-p", minimum=0.01, maximum=1, step=0.05,
                info="1 is off.",
            )  # fmt: skip
            top_k = gr.Number(
                DEFAULTS.top_k, label="Top-k", precision=0, minimum=0, info="0 is off."
            )
            longest = gr.Number(
                DEFAULTS.max_tokens, label="Longest answer", precision=0, minimum=1,
                maximum=MAX_TOKENS, info="In tokens.",
            )  # fmt: skip
        system = gr.Textbox(label="System text", info="Said before every item.", lines=2)
        with gr.Row():
            template = gr.Dropdown(
                [("the model's own", ""), *[(one, one) for one in list_templates()]],
                value="",
                label="Chat template",
                info="For models on this machine.",
            )
            n_items = gr.Number(
                0, label="Items", precision=0, minimum=0, info="From the first one; 0 takes all."
            )
            n_parallel = gr.Number(
                0, label="At a time", precision=0, minimum=0, maximum=MAX_PARALLEL,
                info="0 takes 16 on this machine, 8 on a server.",
            )  # fmt: skip
    return [
        model, benchmark, samples, name, temperature, top_p, top_k, longest, system, template,
        n_items, n_parallel,
    ]  # fmt: skip
