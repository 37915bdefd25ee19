"""The form of a judge's run, and the order that it makes."""

import math
from collections.abc import Sequence
from typing import Any

import gradio as gr

from annotations.judging.orders import JudgeOrder
from annotations.judging.wishes import MAX_REPEATS
from annotations.orders import MAX_PARALLEL
from backend.errors import InputError
from ui.admin.answers import read_value
from ui.admin.desk import read_number

PROTOCOLS = [("Camelid's own prompts", "camelid"), ("The published prompts", "original")]
ORDERS = [("both orders", "both"), ("as published: the reference second", "published")]
WANTS = [("scores", "scores"), ("wins only", "wins")]
FORMS = [("what suits the judge", "auto"), ("text", "text"), ("JSON by a schema", "schema")]
# The fields, in the order of the form; those after the fifth are under Advanced.
FIELDS = (
    "judge", "benchmark", "systems", "against", "cap_usd", "protocol", "orders", "repeats",
    "wants", "form", "temperature", "max_tokens", "seed", "n_items", "n_parallel", "sample",
    "canaries", "retry",
)  # fmt: skip
# Fields that may be empty. They are texts: an empty number of Gradio's is shown and sent as 0.
DECIMAL = {"cap_usd": "The cap", "temperature": "Temperature"}
WHOLE = {"max_tokens": "Longest reply", "seed": "Seed"}
COUNTS = {"n_items": "Items", "n_parallel": "At a time", "sample": "Sample"}
MAX_DIGITS = 20


def read_judge_order(values: Sequence[Any]) -> JudgeOrder:
    """Return the order that the form's values make, in the order of its fields.

    Edge: an empty cap, temperature, longest reply or seed is None.
    Errors: InputError for what is no number, or not whole where it has to be.
    """
    told = dict(zip(FIELDS, values, strict=True))
    told |= {name: read_decimal(label, told[name]) for name, label in DECIMAL.items()}
    told |= {name: read_whole(label, told[name]) for name, label in WHOLE.items()}
    told |= {name: int(read_value(label, told[name])) for name, label in COUNTS.items()}
    told["repeats"] = read_number("Repeats", told["repeats"], MAX_REPEATS)
    told |= {name: tuple(told[name] or ()) for name in ("systems", "against")}
    told |= {name: told[name] or "" for name in ("judge", "benchmark")}
    return JudgeOrder(**told)


def read_decimal(what: str, text: str | None) -> float | None:
    """Return a number that was typed, or None where the field is empty.

    Errors: InputError for anything else.
    """
    typed = (text or "").strip()
    if not typed:
        return None
    try:
        value = float(typed)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise InputError(f"{what} is {typed!r}; it has to be a number, or empty.")
    return value


def read_whole(what: str, text: str | None) -> int | None:
    """Return a whole number that was typed, or None where the field is empty.

    Errors: InputError for anything else.
    """
    value = read_decimal(what, text)
    if value is not None and value != int(value):
        raise InputError(f"{what} is {text}; it has to be a whole number.")
    return None if value is None else int(value)


def make_field(label: str, info: str | None = None, **how: Any) -> gr.Textbox:  # noqa: ANN401
    """Return a field for a number that may stay empty."""
    return gr.Textbox(label=label, info=info, max_length=MAX_DIGITS, **how)


def lay_out_judge_form() -> list[Any]:
    """Make the fields of a run, in the order in which `read_judge_order` takes them."""
    with gr.Row():
        judge = gr.Dropdown([], label="Judge", value=None, info="Those that can be asked first.")
        benchmark = gr.Dropdown([], label="Benchmark", value=None, info="What was answered.")
        cap = make_field("Cap, in US$", "The run stops before it costs more.")
    with gr.Row():
        systems = gr.Dropdown(
            [], label="Systems", value=[], multiselect=True, info="Whose answers; none means all."
        )
        against = gr.Dropdown(
            [], label="Against", value=[], multiselect=True,
            info="What each of them is compared with.",
        )  # fmt: skip
    with gr.Accordion("Advanced", open=False):
        rest = lay_out_advanced()
    return [judge, benchmark, systems, against, cap, *rest]


def lay_out_advanced() -> list[Any]:
    """Make the fields that most runs leave as they are."""
    with gr.Row():
        protocol = gr.Dropdown(
            PROTOCOLS, label="Prompts", value="camelid", info="What the judge is told."
        )
        orders = gr.Dropdown(
            ORDERS, label="Order of the answers", value="both", info="Judges favour a side."
        )
        repeats = gr.Number(
            1, label="Repeats", precision=0, minimum=1, maximum=MAX_REPEATS,
            info="How often each is asked.",
        )  # fmt: skip
        wants = gr.Dropdown(
            WANTS, label="Wanted", value="scores", info="Equal answers are scored too, or tie."
        )
    with gr.Row():
        form = gr.Dropdown(
            FORMS, label="Form of the reply", value="auto", info="Some judges can write JSON."
        )
        temperature = make_field("Temperature", "Empty: the prompt's.")
        longest = make_field("Longest reply", "In tokens; empty: the prompt's.")
        seed = make_field("Seed", "Where the judge knows seeds.")
    with gr.Row():
        n_items = gr.Number(
            0, label="Items", precision=0, minimum=0, info="From the first one; 0 takes all."
        )
        n_parallel = gr.Number(
            0, label="At a time", precision=0, minimum=0, maximum=MAX_PARALLEL,
            info="0 takes 16 on this machine, 8 on a server.",
        )  # fmt: skip
        sample = gr.Number(
            0, label="Sample", precision=0, minimum=0, info="Which of several answers."
        )
    with gr.Row():
        canaries = gr.Checkbox(
            value=False,
            label="Canaries",
            info="An answer that says nothing and one that begs ride along.",
        )
        retry = gr.Checkbox(
            value=False, label="Retry", info="Ask again for what ended without a verdict."
        )
    return [
        protocol, orders, repeats, wants, form, temperature, longest, seed, n_items, n_parallel,
        sample, canaries, retry,
    ]  # fmt: skip
