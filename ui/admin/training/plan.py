"""A new job: choose a recipe and data, see what will happen, start."""

from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import Any

import gradio as gr

from backend.errors import CamelidError, InputError
from training.data.library import list_files
from training.devices import choose_devices
from training.jobs import find_job, list_jobs, suggest_name
from training.orders import Job, Order
from training.recipe import Recipe
from training.recipes import fill_recipe, list_recipes, read_recipe
from ui.admin.desk import answer, check_admin
from ui.admin.training.fields import ALL, BASE
from ui.admin.training.form import (
    BEFORE,
    fill_fields,
    lay_out_first,
    lay_out_machine,
    lay_out_rest,
    list_bases,
    list_kinds,
    list_recipes_of,
    read_order,
    show_lack,
    show_recipe,
    sort_recipe,
)
from ui.admin.training.preview import guess_seconds, read_rows, say_start, show_preview, show_report
from ui.admin.training.supply import Supply, list_data
from ui.context import Context
from ui.pieces import QUICK, make_markdown, show_done, show_problem

# A look reads all rows in a process of its own: one at a time, and it says that it works.
LOOKING: dict[str, Any] = {
    "concurrency_id": "training",
    "concurrency_limit": 1,
    "show_progress": "minimal",
    "api_visibility": "private",
}
WORDS = (
    "A recipe says how to train; its own values and their reasons stand under each field. Nothing "
    "is started before you have seen what will happen. A job goes on when this page is closed."
)
START = "Start training"
CHANGED = "The form has changed since. See what will happen first."
Values = Sequence[Any]


def stamp(values: Values) -> str:
    """Return what tells a form's values from others."""
    return sha256(repr(list(values)).encode("utf-8", "replace")).hexdigest()[:16]


class Planner:
    """The part of the tab where a job is made."""

    def __init__(self, context: Context) -> None:
        """Lay out the part."""
        self.context = context
        self.data = context.settings.data
        make_markdown(WORDS, elem_classes="note")
        self.parent = gr.Textbox(visible="hidden", show_label=False, elem_id="training-parent")
        self.cloned = make_markdown()
        with gr.Row(elem_classes="line"):
            self.kind = gr.Radio([], label="Recipes")
            self.recipe = gr.Dropdown([], label="Recipe")
        self.about = make_markdown()
        first = lay_out_first()
        with gr.Accordion("Add a file of training data", open=False, elem_classes="fold"):
            self.supply = Supply(context, first[0])
        with gr.Accordion("Advanced", open=False, elem_classes="fold"):
            rest, self.groups = lay_out_rest()
            machine = lay_out_machine()
        self.form = [self.recipe, *first, *rest, *machine]
        with gr.Row(elem_classes="line"):
            self.ahead = gr.Button("See what will happen", elem_classes="act")
            self.start = gr.Button(
                START, variant="primary", interactive=False, elem_classes="act",
                elem_id="training-start",
            )  # fmt: skip
        self.said = make_markdown()
        self.report = make_markdown()
        with gr.Row(elem_classes="line", visible=False) as self.asking:
            self.rows = gr.Textbox(
                "1, 2, 3", label="Rows to look at", max_length=80, info="Numbers, counted from 1."
            )
            self.show = gr.Button("Show these rows", elem_classes="act")
        self.preview = make_markdown(elem_id="training-preview")
        self.looked = gr.Textbox(visible="hidden", show_label=False, elem_id="training-looked")

    def list_fields(self) -> list[Any]:
        """Return the components that a recipe fills."""
        states = [self.cloned, self.parent, self.start, self.looked, self.groups[BASE]]
        return [self.kind, self.about, *self.form, *states]

    def look(self, request: gr.Request, kind: str | None, name: str | None) -> tuple[Any, ...]:
        """Offer recipes and data; the form is filled once."""
        check_admin(self.context, request)
        known = list_recipes(self.data)
        kinds = list_kinds(known)
        if name:
            group = next((sort_recipe(one) for one in known if one.name == name), kind)
            files = gr.update(choices=list_data(list_files(self.data)))
            still = gr.update(choices=kinds, value=group)
            rest = [gr.skip()] * (len(self.list_fields()) - 4)
            return still, gr.skip(), gr.skip(), files, *rest
        first = kinds[0][1] if kinds else None
        return self.turn(request, first)

    def turn(self, request: gr.Request, kind: str | None) -> tuple[Any, ...]:
        """Show the recipes of another group, and fill the form with the first."""
        check_admin(self.context, request)
        choices = list_recipes_of(list_recipes(self.data), kind or "")
        return self.fill(choices[0][1]) if choices else (gr.skip(),) * len(self.list_fields())

    def choose(self, request: gr.Request, name: str | None) -> tuple[Any, ...]:
        """Fill the form with another recipe."""
        check_admin(self.context, request)
        return self.fill(name or "")

    def clone(self, request: gr.Request, job_id: str | None) -> tuple[Any, ...]:
        """Fill the form with what another job was told.

        Edge: where that is gone, or its recipe, the form stays as it is, and says so.
        """
        check_admin(self.context, request)
        try:
            return self.fill("", find_job(self.data, job_id or ""))
        except CamelidError as error:
            fields = self.list_fields()
            told = show_problem(error)
            return tuple(told if field is self.cloned else gr.skip() for field in fields)

    def fill(self, name: str, job: Job | None = None) -> tuple[Any, ...]:
        """Return the updates of all that a recipe fills, or a job that followed one.

        Errors: NotFound and InputError for a recipe that is not there, or broken.
        """
        recipe = read_recipe(job.order.recipe if job else name, self.data)
        known = list_recipes(self.data)
        kind = next((sort_recipe(one) for one in known if one.name == recipe.name), None)
        files = list_files(self.data)
        wanted = job.order.data if job else (recipe.data,)
        there = [one.name for one in files]
        settings: Mapping[str, object] = job.order.settings if job else {}
        bases = list_bases(self.context.models, recipe)
        order = job.order if job else Order(name, recipe.name)
        note = f"The form holds what {job.id} was told. Change what is to differ." if job else ""
        return (
            gr.update(choices=list_kinds(known), value=kind),
            show_recipe(recipe) + show_lack(recipe, there, bases),
            gr.update(choices=list_recipes_of(known, kind or ""), value=recipe.name),
            gr.update(choices=list_data(files), value=[one for one in wanted if one in there]),
            suggest_name(self.data, job.order.name if job else recipe.name),
            order.keep_running if job else True,
            *fill_fields(recipe, bases, settings),
            ", ".join(str(number) for number in order.devices),
            str(order.n_processes),
            order.force_benchmarks,
            show_done(note) if note else "",
            job.id if job else "",
            *close_start(),
            "",
            gr.update(visible=recipe.tiny is not None),
        )

    def look_ahead(self, request: gr.Request, *told: Any) -> tuple[Any, ...]:  # noqa: ANN401
        """Say what the form will do: report, rows, and the button that starts it."""
        actor = check_admin(self.context, request).name
        *values, parent, rows = told
        try:
            order, recipe = self.read(values, actor, parent)
            seen = self.context.workshop.look(order, read_rows(rows))
        except CamelidError as error:
            return "", show_problem(error), gr.update(visible=False), "", *close_start(), ""
        seconds = guess_seconds(list_jobs(self.data), order, seen.report)
        devices = choose_devices(order, recipe, self.context.workshop.machine)
        words = say_start(seen.report, seconds, devices)
        ready = not seen.report.faults
        return (
            "",
            show_report(seen.report),
            gr.update(visible=True),
            show_preview(seen.preview),
            gr.update(value=words if ready else START, interactive=ready),
            stamp(values) if ready else "",
        )

    def read(self, values: Values, actor: str, parent: str | None) -> tuple[Order, Recipe]:
        """Return the order of a form, and its recipe with all settings filled in.

        Errors: InputError with all faults of the settings at once.
        """
        recipe = read_recipe(values[0] or "", self.data)
        order = read_order(recipe, values, actor, parent or "")
        return order, fill_recipe(recipe, order.settings)

    def check(self, request: gr.Request, looked: str | None, *values: Any) -> Any:  # noqa: ANN401
        """Close the button that starts when the form says something else than what was seen."""
        check_admin(self.context, request)
        return gr.skip() if looked and looked == stamp(values) else close_start()[0]

    def begin(self, request: gr.Request, looked: str | None, *told: Any) -> tuple[Any, ...]:  # noqa: ANN401
        """Start a job as it was seen; return what was said, and the job's id where there is one."""
        actor = check_admin(self.context, request).name
        *values, parent = told
        made = ""

        def deed() -> list[str]:
            nonlocal made
            if not looked or looked != stamp(values):
                raise InputError(CHANGED)
            order, _ = self.read(values, actor, parent)
            job = self.context.workshop.create(order)
            made = job.id
            return [f"{job.order.name} was put in the queue as {job.id}."]

        said = answer(deed)
        return said, made, *(close_start() if made else (gr.skip(),))

    def wire(self, site: gr.Blocks, tab: gr.Tab) -> None:
        """Wire the form: each change closes the start until it was looked at again."""
        filled = self.list_fields()
        for arrival in (site.load, tab.select):
            arrival(self.look, [self.kind, self.recipe], filled, **QUICK)
        self.kind.input(self.turn, self.kind, filled, **QUICK)
        self.recipe.input(self.choose, self.recipe, filled, **QUICK)
        self.supply.wire()
        seen = [self.said, self.report, self.asking, self.preview, self.start, self.looked]
        for deed in (self.ahead.click, self.show.click, self.rows.submit):
            deed(self.look_ahead, [*self.form, self.parent, self.rows], seen, **LOOKING)
        lora = self.form[len(BEFORE) + [field.path for field in ALL].index("lora")]
        adapter = [
            component
            for field, component in zip(ALL, self.form[len(BEFORE) :], strict=False)
            if field.path.startswith("lora.")
        ]
        lora.input(
            lambda on: [gr.update(visible=bool(on)) for _ in adapter], lora, adapter, **QUICK
        )
        changed = [
            field.blur if isinstance(field, gr.Textbox) else field.input for field in self.form[1:]
        ]
        gr.on(changed, self.check, [self.looked, *self.form], self.start, **QUICK)


def close_start() -> tuple[Any]:
    """Return the update that closes the button that starts."""
    return (gr.update(value=START, interactive=False),)
