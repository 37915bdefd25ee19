"""The tab of the judge: a form, what it will do and cost, all runs, and what waits for a person."""

from collections.abc import Callable, Sequence
from typing import Any

import gradio as gr

from annotations.judging.judging import resume_judge_order
from annotations.judging.orders import JudgeOrder, look_ahead_judge
from annotations.judging.planting import list_canaries
from annotations.judging.runs import JudgeRun, read_judge_run, read_judge_runs
from annotations.library import list_benchmarks, list_systems
from backend.errors import CamelidError, InputError
from ui.admin.answers import SECONDS, keep_choice, list_models
from ui.admin.desk import answer, check_admin
from ui.admin.judge.form import (
    lay_out_judge_form,
    make_field,
    read_decimal,
    read_judge_order,
)
from ui.admin.judge.readings import Readings
from ui.admin.judge.runs import list_choices, list_lines, show_runs
from ui.context import Context
from ui.pieces import QUICK, make_markdown, show_done, show_problem

N_RUNS = 20
USUAL = "gpt-4"  # the judge of the paper
WORDS = (
    "A judge compares each system's answers with those of others. What is judged already is not "
    "paid for again. A failure is counted under its name and never becomes a score. A run goes on "
    "when this page is closed."
)
FIRST = "Choose a judge, a benchmark, and what the answers are compared with."
Names = Sequence[str] | None


class Tribunal:
    """The tab of the judge."""

    def __init__(self, context: Context) -> None:
        """Lay out the tab."""
        self.context = context
        self.store = context.store
        self.judging = context.judging
        make_markdown(f"## Let a judge compare answers\n\n{WORDS}")
        self.form = lay_out_judge_form()
        self.plan = make_markdown()
        self.start = gr.Button("Start", variant="primary", elem_classes="act")
        self.said = make_markdown()
        make_markdown("## Runs", elem_classes="part")
        with gr.Row(elem_classes="line"):
            self.run = gr.Dropdown([], label="Run", scale=3)
            self.cap = make_field("New cap, in US$", scale=1, placeholder="as before")
            self.hold = gr.Button("Pause", elem_classes="act")
            self.stop = gr.Button("Cancel", elem_classes="act")
            self.resume = gr.Button("Resume", elem_classes="act")
        self.done = make_markdown()
        self.table = make_markdown()
        self.readings = Readings(context)
        self.clock = gr.Timer(SECONDS, active=False)

    def look(
        self, request: gr.Request, judge: str | None, name: str | None, systems: Names, refs: Names
    ) -> tuple[Any, ...]:
        """Show the runs, and what can be chosen."""
        check_admin(self.context, request)
        models = list_models(self.context.models, USUAL)
        benchmarks = [one.name for one in list_benchmarks(self.store)]
        chosen = keep_choice(name, benchmarks)
        return (
            gr.update(choices=models, value=keep_choice(judge, [one for _, one in models])),
            gr.update(choices=benchmarks, value=chosen),
            *self.offer(chosen, systems, refs),
            *self.watch(),
        )

    def offer(self, benchmark: str | None, *chosen: Names) -> list[Any]:
        """Return the systems that answered a benchmark, for each field that takes some."""
        found = list_systems(self.store, benchmark) if benchmark else []
        names = [one.name for one in found if one.name not in list_canaries()]
        return [
            gr.update(choices=names, value=[one for one in told or () if one in names])
            for told in chosen
        ]

    def change(
        self, request: gr.Request, benchmark: str | None, systems: Names, refs: Names
    ) -> list[Any]:
        """Show the systems of another benchmark."""
        check_admin(self.context, request)
        return self.offer(benchmark, systems, refs)

    def watch(self) -> tuple[Any, ...]:
        """Return the runs as they stand; the clock goes on as long as any does."""
        runs = read_judge_runs(self.store, N_RUNS)
        choices = list_choices(runs)
        first = choices[0][1] if choices else None
        return (
            show_runs(list_lines(self.judging, runs), self.store.clock()),
            gr.update(choices=choices, value=first),
            gr.Timer(active=any(run.state == "running" for run in runs)),
        )

    def tick(self, request: gr.Request, reply: int | None) -> tuple[Any, ...]:
        """Show the runs again; all else changes only when the last one has ended."""
        check_admin(self.context, request)
        table, choices, clock = self.watch()
        if clock.active:
            return table, gr.skip(), clock, *[gr.skip()] * len(self.readings.list_outputs())
        return table, choices, clock, *self.readings.look(request, reply)

    def look_ahead(self, request: gr.Request, *values: Any) -> str:  # noqa: ANN401
        """Say what the form will do, and what that can cost."""
        check_admin(self.context, request)
        if not (values[0] and values[1] and values[3]):
            return show_done(FIRST)
        try:
            outlook = look_ahead_judge(self.store, self.context.models, read_judge_order(values))
        except CamelidError as error:
            return show_problem(error)
        cost_words = outlook.cost_words if outlook.tasks else ""
        lines = [line for line in (outlook.words, cost_words) if line]
        return show_done(*lines) + (show_problem(outlook.problem) if outlook.problem else "")

    def begin(self, request: gr.Request, *values: Any) -> str:  # noqa: ANN401
        """Start a run."""
        actor = check_admin(self.context, request).name
        return answer(lambda: self.send(read_judge_order(values), actor))

    def go_on(self, request: gr.Request, run_id: int | None, cap: str | None) -> str:
        """Start a run's order again: only what has no verdict is asked for."""
        actor = check_admin(self.context, request).name

        def deed() -> list[str]:
            cap_usd = read_decimal("The new cap", cap)
            return self.send(resume_judge_order(self.find(run_id), cap_usd), actor)

        return answer(deed)

    def pause(self, request: gr.Request, run_id: int | None) -> str:
        """Stop a run that is to go on later."""
        return self.end(request, run_id, self.judging.pause, "pauses")

    def cancel(self, request: gr.Request, run_id: int | None) -> str:
        """Stop a run; what has come stays."""
        return self.end(request, run_id, self.judging.cancel, "ends")

    def end(
        self, request: gr.Request, run_id: int | None, how: Callable[[int], None], word: str
    ) -> str:
        """Stop a run in one of two ways, and say so."""
        check_admin(self.context, request)

        def deed() -> list[str]:
            run = self.find(run_id)
            how(run.run_id)
            return [f"Run {run.run_id} {word}. What has come is kept."]

        return answer(deed)

    def find(self, run_id: int | None) -> JudgeRun:
        """Return the run that was chosen."""
        if run_id is None:
            raise InputError("Choose a run first.")
        return read_judge_run(self.store, int(run_id))

    def send(self, order: JudgeOrder, actor: str) -> list[str]:
        """Start a run, and say so; nothing is started when nothing is left to do."""
        outlook = look_ahead_judge(self.store, self.context.models, order)
        if outlook.is_idle:
            return [outlook.words]
        run_id = self.judging.start(order, actor)
        return [f"Started run {run_id}. {outlook.words}"]

    def wire(self, site: gr.Blocks, tab: gr.Tab, others: list[gr.Tab]) -> None:
        """Wire the buttons; the runs are shown again as long as one goes on."""
        runs = [self.table, self.run, self.clock]
        chosen = self.form[:4]
        again: dict[str, Any] = {
            "fn": self.look, "inputs": chosen, "outputs": [*chosen, *runs], **QUICK
        }  # fmt: skip
        plan: dict[str, Any] = {
            "fn": self.look_ahead, "inputs": self.form, "outputs": self.plan, **QUICK
        }  # fmt: skip
        read: dict[str, Any] = {
            "fn": self.readings.look, "inputs": self.readings.chosen,
            "outputs": self.readings.list_outputs(), **QUICK,
        }  # fmt: skip
        for arrival in (site.load, tab.select):
            arrival(**again).then(**plan).then(**read)
        self.clock.tick(
            self.tick, self.readings.chosen, [*runs, *self.readings.list_outputs()], **QUICK
        )
        self.run.change(**plan)  # as when the last run has ended
        self.wire_form(plan)
        buttons = (
            self.start.click(self.begin, self.form, self.said, **QUICK),
            self.resume.click(self.go_on, [self.run, self.cap], self.done, **QUICK),
            self.hold.click(self.pause, self.run, self.done, **QUICK),
            self.stop.click(self.cancel, self.run, self.done, **QUICK),
        )
        for deed in buttons:  # a short run has ended by now, and no tick would show its replies
            deed.then(**again).then(**plan).then(**read)
        self.readings.wire()
        for other in others:
            other.select(lambda: gr.Timer(active=False), None, self.clock, **QUICK)

    def wire_form(self, plan: dict[str, Any]) -> None:
        """Wire the fields: each change says anew what would happen."""
        named = self.form[1:4]
        named[0].input(self.change, named, named[1:], **QUICK).then(**plan)
        for field in (self.form[0], *self.form[2:]):
            event = field.blur if isinstance(field, gr.Textbox) else field.input
            event(**plan)
