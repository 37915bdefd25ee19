"""Cards: the form that adds a model, or changes one."""

from typing import Any, get_args

import gradio as gr
from pydantic import ValidationError

from annotations.library import list_benchmarks, list_systems
from annotations.store import Store
from backend.errors import InputError
from backend.registry import add_card
from backend.registry.cards import CARD, Card, LocalCard
from backend.registry.shelf import explain, locate_card
from backend.switchboard import Switchboard
from backend.templates import list_templates
from ui.admin.desk import answer, check_admin
from ui.context import Context
from ui.pieces import QUICK, make_markdown

KINDS = [
    ("Weights on this machine", "local"),
    ("An OpenAI-compatible server", "openai"),
    ("Answers in the ledger", "recorded"),
]
WORDS = (
    "A card says where a model is and how it has to be asked. A card of the same name is "
    "replaced; keys are never part of it, only the name of the variable that holds one."
)
OWN = ("the tokenizer's own", "")
# The fields of each kind of card, in the order of the form.
COMMON = ("name", "title")
FIELDS: dict[str, tuple[str, ...]] = {
    "local": ("path", "template", "dtype", "device", "quantisation", "context"),
    "openai": (
        "base_url", "model", "key_env", "price_input_usd", "price_output_usd", "daily_cap_usd"
    ),
    "recorded": ("system",),
}  # fmt: skip
ALL = (*COMMON, *(field for fields in FIELDS.values() for field in fields))
WHOLE = ("context",)  # numbers without a fraction


def build_card(kind: str | None, words: dict[str, Any], before: Card | None = None) -> Card:
    """Return the card that a form describes; fields of other kinds are left out.

    Edge: what the form has no field for stays as in the card that was there before.
    Errors: InputError naming every field that is wrong, with its value.
    """
    if kind not in FIELDS:
        raise InputError("Choose first what kind of model it is.")
    said = {name: words[name] for name in (*COMMON, *FIELDS[kind])}
    told = {name: tidy(name, value) for name, value in said.items() if value not in (None, "")}
    kept = before.model_dump(exclude=set(said)) if before and before.kind == kind else {}
    try:
        return CARD.validate_python({**kept, **told, "kind": kind})
    except ValidationError as error:
        raise InputError(explain(error).replace(f"{kind}.", "")) from error


def tidy(name: str, value: Any) -> Any:  # noqa: ANN401 - a form's values are of all kinds
    """Return what was typed as a card has it."""
    if isinstance(value, str):
        return value.strip()
    return int(value) if name in WHOLE and value == int(value) else value


def save_card(models: Switchboard, kind: str | None, words: dict[str, Any]) -> list[str]:
    """Write a card, and say whether its model can be asked now."""
    name = str(words["name"] or "").strip()
    if not name:
        raise InputError("Give the model a name.")
    locate_card(models.data, name)
    before = next((one.card for one in models.list_cards() if one.name == name), None)
    card = build_card(kind, words, before)
    add_card(models.data, card)
    readiness = models.check(card)
    if readiness.ready:
        return [f"{card.name} is saved, and can be asked."]
    return [f"{card.name} is saved. {readiness.why}", readiness.todo]


def read_fields(models: Switchboard, name: str) -> tuple[str, list[Any]]:
    """Return the kind of a card and what each field of the form holds for it."""
    card = models.find_card(name)
    told = card.model_dump()
    # an unknown price is an empty text
    values = [value if (value := told.get(field)) is not None else BLANK[field] for field in ALL]
    return card.kind, values


BLANK: dict[str, Any] = {
    **dict.fromkeys(ALL, ""),
    "dtype": "auto",
    "device": "auto",
    "quantisation": "none",
    "context": 0,
    "daily_cap_usd": 0,
    "system": None,
}


def list_recorded(store: Store) -> list[str]:
    """Return every system that has answers in the ledger."""
    names = {
        system.name for one in list_benchmarks(store) for system in list_systems(store, one.name)
    }
    return sorted(names)


class CardForm:
    """The part of the tab in which a card is made."""

    def __init__(self, context: Context) -> None:
        """Lay out the fields; those of one kind are shown at a time."""
        self.context = context
        self.models = context.models
        make_markdown(f"## Add a model, or change its card\n\n{WORDS}", elem_classes="part")
        with gr.Row(elem_classes="line"):
            self.base = gr.Dropdown([], label="Start from", info="Fills in the fields.")
            self.kind = gr.Radio(KINDS, value="local", label="Where it is")
        with gr.Row():
            name = gr.Textbox(
                label="Name", max_length=64, info="Letters, digits, dots, dashes, underscores."
            )
            title = gr.Textbox(label="Title", info="What people read; empty takes the name.")
        self.groups: dict[str, gr.Column] = {}
        fields = [name, title]
        for kind, lay_out in (
            ("local", lay_out_local), ("openai", lay_out_server), ("recorded", lay_out_recorded)
        ):  # fmt: skip
            with gr.Column(visible=kind == "local") as self.groups[kind]:
                fields += lay_out()
        self.fields = fields
        self.save = gr.Button("Save the card", variant="primary", elem_classes="act")
        self.said = make_markdown()

    def look(self, request: gr.Request) -> tuple[Any, Any]:
        """Offer the cards to start from, and the systems that have answers."""
        check_admin(self.context, request)
        names = [(one.card.label, one.name) for one in self.models.list_cards() if one.card]
        systems = list_recorded(self.context.store)
        return gr.update(choices=names, value=None), gr.update(choices=systems)

    def choose(self, request: gr.Request, kind: str | None) -> list[Any]:
        """Show the fields of one kind."""
        check_admin(self.context, request)
        return [gr.update(visible=one == kind) for one in self.groups]

    def copy(self, request: gr.Request, name: str | None) -> list[Any]:
        """Fill the form from a card."""
        check_admin(self.context, request)
        kind, values = read_fields(self.models, name or "")
        return [kind, *self.choose(request, kind), *values]

    def add(self, request: gr.Request, kind: str | None, *values: Any) -> str:  # noqa: ANN401
        """Write the card."""
        check_admin(self.context, request)
        words = dict(zip(ALL, values, strict=True))
        return answer(lambda: save_card(self.models, kind, words))

    def wire(self, tab: gr.Tab) -> Any:  # noqa: ANN401 - an event to go on from
        """Wire the fields; return what happens when a card is saved."""
        groups = list(self.groups.values())
        offered = [self.base, self.fields[-1]]
        tab.select(self.look, None, offered, **QUICK)
        self.kind.input(self.choose, self.kind, groups, **QUICK)
        self.base.input(self.copy, self.base, [self.kind, *groups, *self.fields], **QUICK)
        return self.save.click(self.add, [self.kind, *self.fields], self.said, **QUICK)


def lay_out_local() -> list[Any]:
    """Make the fields of a model on this machine."""
    with gr.Row():
        path = gr.Textbox(label="Folder", info="Absolute, or below the data folder.")
        template = gr.Dropdown(
            [OWN, *[(name, name) for name in list_templates()]],
            value="",
            label="Chat template",
            info="How a conversation is written for it.",
        )
    with gr.Accordion("Advanced", open=False), gr.Row():
        dtype = gr.Dropdown(read_choices("dtype"), value="auto", label="Numbers")
        device = gr.Textbox("auto", label="Device", info="auto, cpu, cuda or cuda:0.")
        quantisation = gr.Dropdown(read_choices("quantisation"), value="none", label="Quantisation")
        context = gr.Number(
            0, label="Context, in tokens", precision=0, minimum=0, info="0 takes the model's own."
        )
    return [path, template, dtype, device, quantisation, context]


def read_choices(field: str) -> list[str]:
    """Return the values that a field of a local card can have."""
    return list(get_args(LocalCard.model_fields[field].annotation))


def lay_out_server() -> list[Any]:
    """Make the fields of a model behind a server."""
    with gr.Row():
        base_url = gr.Textbox(
            label="Address", placeholder="https://api.openai.com/v1", info="Most end in /v1."
        )
        model = gr.Textbox(label="Model", info="As the server calls it.")
        key_env = gr.Textbox(
            label="Variable with the key",
            placeholder="OPENAI_API_KEY",
            info="Its name, never the key; empty needs none.",
        )
    with gr.Row():
        # no gr.Number: it shows and sends 0 where nothing is known, and 0 means free
        into = gr.Textbox(label="Dollars a million tokens in", info="0 is free; empty is unknown.")
        out = gr.Textbox(label="Dollars a million tokens out", info="0 is free; empty is unknown.")
        cap = gr.Number(0, label="Daily cap in dollars", minimum=0, info="0 spends nothing.")
    return [base_url, model, key_env, into, out, cap]


def lay_out_recorded() -> list[Any]:
    """Make the field of a system that can't be asked anything new."""
    system = gr.Dropdown(
        [], label="System", info="Whose answers are in the ledger.", allow_custom_value=True
    )
    return [system]
