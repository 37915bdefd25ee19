"""The form of a training job: recipe, data, a few fields, all others, and the order they make."""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import gradio as gr
from markupsafe import Markup

from backend.errors import InputError
from backend.registry.cards import LocalCard
from backend.switchboard import Switchboard
from training.orders import Order
from training.recipe import Recipe
from training.recipes import KnownRecipe
from ui.admin.training.fields import (
    ALL,
    FIRST,
    GROUPS,
    collect_settings,
    fill_component,
    make_component,
)
from ui.pieces import finish, join, make_markdown

KINDS = [
    ("Demo", "demo"),
    ("As published", "published"),
    ("Today", "today"),
    ("Reward", "reward"),
    ("Preference", "preference"),
    ("Own", "own"),
]
LATER = re.compile(r"-(today|lora|qlora)$")
# What stands in front of the recipe's own fields.
BEFORE = ("recipe", "data", "name", "keep_running")
AFTER = ("devices", "n_processes", "force_benchmarks")
ABSENT = "(not on this machine)"
MAX_NAME = 64
MAX_DEVICES = 60
MAX_PROCESSES = 64


def sort_recipe(known: KnownRecipe) -> str:
    """Return the group that a recipe stands in."""
    recipe = known.recipe
    if recipe is None or known.origin != "built-in":
        return "own"
    if recipe.tiny is not None:
        return "demo"
    if recipe.kind != "sft":
        return recipe.kind
    return "today" if LATER.search(recipe.name) else "published"


def list_kinds(recipes: Iterable[KnownRecipe]) -> list[tuple[str, str]]:
    """Return the groups that have a recipe."""
    there = {sort_recipe(one) for one in recipes}
    return [(label, kind) for label, kind in KINDS if kind in there]


def list_recipes_of(recipes: Iterable[KnownRecipe], kind: str) -> list[tuple[str, str]]:
    """Return (what people read, name) of a group's recipes; broken ones can't be chosen."""
    return [
        (f"{one.recipe.title} ({one.name})", one.name)
        for one in recipes
        if one.recipe is not None and sort_recipe(one) == kind
    ]


def list_bases(models: Switchboard, recipe: Recipe) -> list[tuple[str, str]]:
    """Return the models on this machine; the recipe's own base is there even where it is not."""
    found = [
        (one.card.label, one.name)
        for one in models.list_cards()
        if isinstance(one.card, LocalCard) and models.check(one.card).ready
    ]
    if recipe.base and recipe.base not in [name for _, name in found]:
        found.insert(0, (f"{recipe.base} {ABSENT}", recipe.base))
    return found


def show_recipe(recipe: Recipe) -> str:
    """Return what a recipe is, where it comes from, and why it does what it does."""
    source = Markup("<p class='quiet'>Source: {}</p>").format(recipe.source)
    note = Markup("<p>{}</p>").format(recipe.note)
    parts = [note if recipe.note else "", source if recipe.source else ""]
    if recipe.why:
        rows = join(
            [Markup("<dt>{}</dt><dd>{}</dd>").format(name, why) for name, why in recipe.why.items()]
        )
        html = Markup(
            "<details><summary>Why these values</summary><dl class='facts'>{}</dl></details>"
        )
        parts.append(html.format(rows))
    return finish(Markup("<div class='recipe'>{}</div>").format(join(parts)))


def show_lack(recipe: Recipe, files: Sequence[str], bases: Sequence[tuple[str, str]]) -> str:
    """Return what a recipe needs that is not on this machine, and what to do; or nothing."""
    lack = []
    if any(name == recipe.base and label.endswith(ABSENT) for label, name in bases):
        lack.append(
            f"Its base, {recipe.base}, is not on this machine: the tab Models says what it needs. "
            "Any other base can be chosen below."
        )
    if recipe.data and recipe.data not in files:
        lack.append(
            f"Its data, {recipe.data}, is not here yet: add it below, or fetch it if published."
        )
    words = join([Markup("<p>{}</p>").format(one) for one in lack])
    return finish(Markup('<div class="warn">{}</div>').format(words)) if lack else ""


def lay_out_first() -> list[Any]:
    """Make the fields that most people change, after the recipe: data, name, and the first ones."""
    with gr.Row():
        data = gr.Dropdown(
            [], label="Training data", value=[], multiselect=True,
            info="Files of the training folder; add one below.",
        )  # fmt: skip
        name = gr.Textbox(
            label="Name of the new model", max_length=MAX_NAME,
            info="Letters, digits, dots, dashes, underscores.",
        )  # fmt: skip
    with gr.Row():
        first = [make_component(field) for field in FIRST]
    keep = gr.Checkbox(
        value=True,
        label="Goes on when the app stops",
        info="Else the job is stopped with the app; its last checkpoint is kept.",
    )
    return [data, name, keep, *first]


def lay_out_rest() -> tuple[list[Any], dict[str, gr.Column]]:
    """Make all other fields of a recipe in the order of `ALL`, and their groups by title."""
    made: list[Any] = []
    groups = {}
    for title, fields in GROUPS.items():
        with gr.Column(elem_classes="group") as groups[title]:
            make_markdown(f"### {title}")
            with gr.Row():
                made += [make_component(field) for field in fields]
    return made, groups


def lay_out_machine() -> list[Any]:
    """Make the fields of what a job runs on."""
    with gr.Column(elem_classes="group"):
        make_markdown("### Machine")
        with gr.Row():
            devices = gr.Textbox(
                label="GPUs",
                max_length=MAX_DEVICES,
                info="Numbers, as 0,1; empty takes what is there.",
            )
            processes = gr.Textbox(
                "1",
                label="Processes",
                max_length=3,
                info="Without GPUs; two need twice the memory.",
            )
            force = gr.Checkbox(
                value=False,
                label="Train on benchmarks too",
                info="The 252 and the 80 are refused otherwise: a model that has seen them can't "
                "be measured by them.",
            )
    return [devices, processes, force]


def read_order(recipe: Recipe, values: Sequence[Any], actor: str, parent: str = "") -> Order:
    """Return the order that a form's values make, in the order of its fields.

    Errors: InputError for a machine that is written wrongly, or without a name.
    """
    _, data, name, keep, *rest = values
    fields, (devices, processes, force) = rest[: len(ALL)], rest[len(ALL) :]
    name = (name or "").strip()
    if not name:
        raise InputError("Give the new model a name.")
    return Order(
        name=name,
        recipe=recipe.name,
        settings=collect_settings(recipe, fields),
        data=tuple(data or ()),
        devices=read_devices(devices),
        n_processes=read_processes(processes),
        actor=actor,
        parent=parent,
        force_benchmarks=bool(force),
        keep_running=bool(keep),
    )


def read_devices(text: str | None) -> tuple[int, ...]:
    """Return the GPU numbers that were typed.

    Errors: InputError for anything but numbers with commas.
    """
    words = [word.strip() for word in (text or "").split(",") if word.strip()]
    if not all(word.isascii() and word.isdecimal() and len(word) < 4 for word in words):
        raise InputError(f"GPUs is {text!r}; it has to be numbers with commas, as 0,1, or empty.")
    return tuple(int(word) for word in words)


def read_processes(text: str | None) -> int:
    """Return the number of processes that was typed.

    Errors: InputError where it is none.
    """
    word = (text or "1").strip()
    number = int(word) if word.isascii() and word.isdecimal() and len(word) < 4 else 0
    if not 1 <= number <= MAX_PROCESSES:
        raise InputError(f"Processes is {text!r}; it can be 1 to {MAX_PROCESSES}.")
    return number


def fill_fields(
    recipe: Recipe, bases: Sequence[tuple[str, str]], settings: Mapping[str, object]
) -> list[Any]:
    """Return the updates of all fields of a recipe, in the order of `ALL`."""
    updates = [fill_component(recipe, field, settings) for field in ALL]
    place = ALL.index(next(field for field in ALL if field.path == "base"))
    updates[place] = {**updates[place], "choices": list(bases)}
    return updates


def suggest_name(recipe: Recipe, taken: Iterable[str]) -> str:
    """Return a name for a new model that none has yet."""
    names = set(taken)
    stem = recipe.name[: MAX_NAME - 4]
    tries = [stem, *(f"{stem}-{number}" for number in range(2, 999))]
    return next((name for name in tries if name not in names), stem)
