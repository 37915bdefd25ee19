"""The fields of a recipe as a form has them: labels, defaults, and where those come from."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, get_args

import gradio as gr

from backend.templates import list_templates
from training.recipe import Lora, Recipe, Tiny

MAX_DIGITS = 24
BASE = "Base made on the spot"
OTHERS: dict[str, type[Lora | Tiny]] = {"lora": Lora, "tiny": Tiny}


@dataclass(frozen=True, slots=True)
class Field:
    """One field: its place in a recipe (`lora.rank`), its label, and what it means."""

    path: str
    label: str
    words: str = ""


# What most people change, and then all else in groups.
FIRST = (
    Field("base", "Base model", "A model of the shelf, by its name."),
    Field("epochs", "Epochs", "How often all rows are seen."),
    Field("max_rows", "Rows", "From the first one; 0 takes all."),
    Field("learning_rate", "Learning rate", "The highest."),
)
GROUPS: dict[str, tuple[Field, ...]] = {
    "Data": (
        Field("shape", "Shape", "What a row of the file looks like."),
        Field("template", "Chat template", "How a conversation is written for the model."),
        Field("max_length", "Longest example", "In tokens."),
        Field("overflow", "What is longer", "Cut at the end, split on turns, or left out."),
        Field("max_masked_share", "Share that may carry no loss", "More of them forbid the start."),
        Field("eval_share", "Held out", "A share of the items, to measure on."),
    ),
    "Learning": (
        Field("max_steps", "Most steps", "0 is no limit."),
        Field("schedule", "Schedule", "How the learning rate goes down."),
        Field("warmup", "Warm-up", "A share of all steps."),
        Field("weight_decay", "Weight decay"),
        Field("max_grad_norm", "Longest gradient", "A longer one is cut to it."),
        Field("global_batch", "Batch", "Examples a step, over all devices."),
        Field("device_batch", "Batch on a device", "The rest of a batch is accumulated."),
        Field("seed", "Seed"),
        Field("beta", "Beta", "How near preference training stays to its base."),
    ),
    "Memory and speed": (
        Field("precision", "Precision"),
        Field("quantisation", "Quantisation", "Of the base; needs LoRA."),
        Field("parallel", "Several devices"),
        Field("packing", "Packing", "Short examples share a sequence."),
        Field("activation_checkpointing", "Activation checkpointing", "Less memory, more time."),
        Field("tf32", "TF32"),
        Field("offload", "Offload", "What a GPU can't hold goes to memory."),
    ),
    "LoRA": (
        Field("lora", "Train a low-rank adapter", "In place of all weights."),
        Field("lora.rank", "Rank"),
        Field("lora.alpha", "Alpha"),
        Field("lora.dropout", "Dropout"),
        Field("lora.targets", "Layers"),
        Field("lora.merge", "Merge at the end", "Folded into the weights."),
    ),
    BASE: (
        Field("tiny.hidden", "Width"),
        Field("tiny.layers", "Layers"),
        Field("tiny.heads", "Heads"),
        Field("tiny.context", "Context", "In tokens."),
        Field("tiny.vocabulary", "Vocabulary", "Tokens of its tokenizer."),
    ),
    "Log and checkpoints": (
        Field("log_steps", "Logged every", "In steps."),
        Field("save_steps", "Saved every", "In steps."),
        Field("keep", "Checkpoints kept", "Of those under way."),
    ),
}
REST = tuple(field for fields in GROUPS.values() for field in fields)
ALL = (*FIRST, *REST)
WORDS: dict[str, str] = {
    "constant_with_warmup": "constant after warm-up",
    "truncate": "is cut",
    "split": "is split on turns",
    "drop": "is left out",
    "all-linear": "all linear layers",
    "attention": "attention only",
    "auto": "as the machine has it",
    "ddp": "a copy on each (DDP)",
    "fsdp": "shared out (FSDP)",
    "sharegpt": "ShareGPT",
    "alpaca": "Alpaca",
}


def find_type(path: str) -> Any:  # noqa: ANN401 - an annotation can be anything
    """Return the type of a field as the recipe declares it."""
    outer, _, inner = path.partition(".")
    return (OTHERS[outer] if inner else Recipe).model_fields[inner or outer].annotation


def is_yes_or_no(path: str) -> bool:
    """Say whether a field is a box to tick; so is a part of the recipe that may be missing."""
    return path == "lora" or find_type(path) is bool


def list_words(path: str) -> list[tuple[str, str]]:
    """Return (label, value) of what a field can be; empty where it is a number or a name."""
    if path == "template":
        return [(name, name) for name in list_templates()]
    values = get_args(find_type(path))
    if not all(isinstance(value, str) for value in values):
        return []
    return [(WORDS.get(value, value), value) for value in values]


def make_component(field: Field) -> Any:  # noqa: ANN401 - one of three components
    """Return an empty component for a field.

    Edge: numbers are texts, for an empty number of Gradio's is shown and sent as 0.
    """
    how: dict[str, Any] = {"label": field.label, "info": field.words or None}
    if is_yes_or_no(field.path):
        return gr.Checkbox(value=False, **how)
    choices = list_words(field.path)
    if choices or field.path == "base":
        return gr.Dropdown(choices, value=None, **how)
    return gr.Textbox(max_length=MAX_DIGITS, **how)


def read_value(recipe: Recipe, path: str) -> Any:  # noqa: ANN401 - of the field's type
    """Return a field's value; of a part that the recipe has none of, that part's default."""
    outer, _, inner = path.partition(".")
    value = getattr(recipe, outer)
    if not inner:
        return value is not None if outer == "lora" else value
    return OTHERS[outer].model_fields[inner].default if value is None else getattr(value, inner)


def show_value(recipe: Recipe, path: str) -> Any:  # noqa: ANN401 - what its component takes
    """Return a field's value as its component shows it."""
    value = read_value(recipe, path)
    if isinstance(value, bool | str):
        return value
    return f"{value:g}" if isinstance(value, float) else str(value)


def say_default(recipe: Recipe, field: Field) -> str:
    """Return what stands under a field: what it means, the recipe's value, and why that."""
    value = show_value(recipe, field.path)
    said = ("yes" if value else "no") if isinstance(value, bool) else WORDS.get(value, value)
    why = recipe.why.get(field.path, "")
    return f"{field.words} Recipe: {said or 'none'}. {why}".strip()


def fill_component(recipe: Recipe, field: Field, settings: Mapping[str, object]) -> Any:  # noqa: ANN401
    """Return the update of a field for a recipe, or for a job that set it otherwise."""
    value = show_value(recipe, field.path)
    if field.path in settings:
        value = show_setting(settings[field.path])
    elif field.path == "lora" and has_lora(recipe, settings):
        value = True
    shown = is_shown(recipe, field.path)
    if field.path.startswith("lora."):
        shown = has_lora(recipe, settings)
    return gr.update(
        value=None if value == "" and field.path == "base" else value,
        info=say_default(recipe, field),
        visible=shown,
    )


def has_lora(recipe: Recipe, settings: Mapping[str, object]) -> bool:
    """Say whether an adapter is trained, with some settings on top of a recipe."""
    if settings.get("lora", recipe.lora) is None:
        return any(name.startswith("lora.") for name in settings)
    return True


def show_setting(value: object) -> Any:  # noqa: ANN401 - what its component takes
    """Return a value that was set as a component shows it."""
    if value is None:
        return False  # of the parts only LoRA can be taken away
    if isinstance(value, bool | str):
        return value
    return f"{value:g}" if isinstance(value, float) else str(value)


def is_shown(recipe: Recipe, path: str) -> bool:
    """Say whether a recipe has a use for a field, LoRA's own fields aside."""
    if path.startswith("tiny."):
        return recipe.tiny is not None
    if path == "base":
        return recipe.tiny is None
    if path == "beta":
        return recipe.kind == "preference"
    return True


def collect_settings(recipe: Recipe, values: Sequence[Any]) -> dict[str, object]:
    """Return what a form, in the order of `ALL`, sets otherwise than its recipe.

    Edge: text that is no number where one is wanted stays as it was typed: the recipe's own check
    tells of all faults at once.
    """
    told = {field.path: value for field, value in zip(ALL, values, strict=True)}
    found: dict[str, object] = {}
    wants_lora = bool(told["lora"])
    for path, value in told.items():
        if path == "lora" or not is_shown(recipe, path):
            continue
        new = path.startswith("lora.") and wants_lora and recipe.lora is None
        if path.startswith("lora.") and not wants_lora:
            continue
        if new or differs(recipe, path, value):
            found[path] = parse_value(path, value)
    if recipe.lora is not None and not wants_lora:
        found["lora"] = None
    return found


def differs(recipe: Recipe, path: str, value: Any) -> bool:  # noqa: ANN401
    """Say whether a field says something else than the recipe."""
    return parse_value(path, value) != parse_value(path, show_value(recipe, path))


def parse_value(path: str, value: Any) -> object:  # noqa: ANN401 - what a component sends
    """Return what was typed as a value of the field's type, or as it is where it is none."""
    wanted = find_type(path)
    if not isinstance(value, str):
        return False if value is None and wanted is bool else value
    text = value.strip()
    for kind in (int, float):
        if wanted is kind:
            try:
                return kind(text)
            except ValueError:
                return text
    return text
