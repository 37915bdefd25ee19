"""The form of the circle: whose preferences count, how, and what is trained on them."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

import gradio as gr

from annotations.pairing import PairWish
from annotations.pairing.wishes import MAX_VOTES, MAX_WEIGHT
from backend.errors import InputError
from backend.records import CRITERIA, hash_text
from backend.registry.cards import LocalCard
from backend.switchboard import Switchboard
from training.orders import Order
from training.recipe import Recipe
from training.recipes import KnownRecipe
from ui.admin.desk import read_number

# The fields of the form, in the order in which their values come; the first ones make the pairs.
WISHED = (
    "studies", "judges", "chats", "criteria", "ties", "disagreement", "min_votes", "combine",
    "weights", "benchmarks", "outside", "excluded",
)  # fmt: skip
TRAINED = ("recipe", "base", "name", "share", "seed", "force_benchmarks", "keep_running")
FIELDS = (*WISHED, *TRAINED)
AS_TOLD = ""  # the base of the recipe
MAX_SEED = 2**32 - 1
MAX_SHARE = 0.5
KINDS = ("reward", "preference")
WORD = re.compile(r"[\s,;]+")
SLUG = re.compile(r"[^A-Za-z0-9]+")

CHATS = [("none", "none"), ("blind ones", "blind"), ("blind and named ones", "all")]
TIES = [("is skipped", "skip"), ("counts against whoever leads", "against")]
DISAGREEMENTS = [
    ("the majority decides", "majority"),
    ("only where all agree", "unanimous"),
    ("the majority, its lead noted as a margin", "share"),
]
COMBINES = [
    ("all of them agree", "all"),
    ("more of them", "majority"),
    ("the weighted mean of their leads", "weighted"),
]


def lay_out_wish() -> list[Any]:
    """Make the fields that say which pairs there are, in the order of WISHED."""
    with gr.Row():
        studies = gr.Dropdown([], value=[], multiselect=True, label="Studies", info="Their votes.")
        judges = gr.Dropdown(
            [], value=[], multiselect=True, label="Judges",
            info="Each verdict is one vote, on helpfulness.",
        )  # fmt: skip
        chats = gr.Dropdown(
            CHATS, value="none", label="Conversations", info="Votes that were cast in the lab."
        )
    criteria = gr.CheckboxGroup(list(CRITERIA), value=[CRITERIA[0]], label="Criteria")
    with gr.Row():
        ties = gr.Dropdown(TIES, value="skip", label="A vote for neither")
        disagreement = gr.Dropdown(
            DISAGREEMENTS, value="majority", label="Where people disagree",
            info="Recipes here train on no margin.",
        )  # fmt: skip
        min_votes = gr.Number(
            1, label="Fewest votes", precision=0, minimum=1, maximum=MAX_VOTES,
            info="On each criterion.",
        )  # fmt: skip
    with gr.Accordion("More about the votes", open=False, elem_classes="fold"):
        with gr.Row():
            combine = gr.Dropdown(COMBINES, value="all", label="Several criteria")
            weights = gr.Textbox(
                label="Their weights", max_length=60, info="As 2, 1, 1; empty weighs all the same."
            )
        with gr.Row():
            benchmarks = gr.Dropdown(
                [], value=[], multiselect=True, label="What the judges judged",
                info="Nothing chosen takes all.",
            )  # fmt: skip
            excluded = gr.Textbox(
                label="People who don't count", max_length=2000, info="Codes, as in the exports."
            )
        outside = gr.Checkbox(value=True, label="Count votes that were collected elsewhere")
    return [
        studies, judges, chats, criteria, ties, disagreement, min_votes, combine, weights,
        benchmarks, outside, excluded,
    ]  # fmt: skip


def lay_out_trained() -> list[Any]:
    """Make the fields that say what is trained on the pairs, in the order of TRAINED."""
    with gr.Row():
        recipe = gr.Dropdown([], label="Recipe", info="A reward model, or a model's preferences.")
        base = gr.Dropdown([("as the recipe says", AS_TOLD)], value=AS_TOLD, label="Start from")
        name = gr.Textbox(label="Name of the new model", max_length=64, info="Empty: the recipe's.")
    with gr.Row():
        share = gr.Number(
            0.1, label="Share kept apart", minimum=0, maximum=MAX_SHARE, step=0.05,
            info="Of the questions, to measure on.",
        )  # fmt: skip
        seed = gr.Number(42, label="Seed", precision=0, minimum=0, maximum=MAX_SEED)
    keep = gr.Checkbox(value=True, label="Goes on when the app stops")
    force = gr.Checkbox(
        value=False, label="Train on benchmarks too",
        info="A model that has seen the 252 or the 80 can't be measured by them.",
    )  # fmt: skip
    return [recipe, base, name, share, seed, force, keep]


def name_values(values: Sequence[Any]) -> dict[str, Any]:
    """Return the form's values by field."""
    return dict(zip(FIELDS, values, strict=True))


def read_wish(told: Mapping[str, Any]) -> PairWish:
    """Return what the form says about pairs.

    Errors: InputError for a number that is none; the rest is checked with the pairs.
    """
    criteria = told["criteria"] or []
    return PairWish(
        studies=tuple(told["studies"] or ()),
        judges=tuple(told["judges"] or ()),
        benchmarks=tuple(told["benchmarks"] or ()),
        chats=told["chats"] or "none",
        criteria=tuple(one for one in CRITERIA if one in criteria),
        combine=told["combine"] or "all",
        weights=tuple(read_weights(told["weights"])),
        ties=told["ties"] or "skip",
        disagreement=told["disagreement"] or "majority",
        min_votes=read_number("Fewest votes", told["min_votes"], MAX_VOTES),
        outside=bool(told["outside"]),
        excluded=tuple(split_words(told["excluded"])),
    )


def split_words(text: str | None) -> list[str]:
    """Return the words of a field, whatever stands between them."""
    return [word for word in WORD.split(text or "") if word]


def read_weights(text: str | None) -> list[float]:
    """Return the weights of a field.

    Errors: InputError for what is no number.
    """
    try:
        return [float(word) for word in split_words(text)]
    except ValueError as error:
        raise InputError(
            f"The weights are {text!r}; they have to be numbers from 0 to {MAX_WEIGHT:g}."
        ) from error


def read_share(value: float | None) -> float:
    """Return the share that is kept apart."""
    if value is None or not 0 <= value <= MAX_SHARE:
        raise InputError(f"The share kept apart is {value}; it can be 0 to {MAX_SHARE:g}.")
    return float(value)


def read_seed(value: float | None) -> int:
    """Return the seed."""
    if value is None or not 0 <= value <= MAX_SEED or value != int(value):
        raise InputError(f"The seed is {value}; it can be 0 to {MAX_SEED:,}.")
    return int(value)


def make_order(
    told: Mapping[str, Any], models: Switchboard, recipe: Recipe, data: str, actor: str
) -> Order:
    """Return the order that the form makes, for a file of pairs.

    Edge: with another model to start from comes its chat template.
    Errors: InputError for a number that is none; NotFound for an unknown model.
    """
    settings: dict[str, object] = {
        "eval_share": read_share(told["share"]), "seed": read_seed(told["seed"])
    }  # fmt: skip
    if told["base"]:
        card = models.find_card(told["base"])
        if recipe.tiny is not None or not isinstance(card, LocalCard):
            raise InputError(
                f"{recipe.title} makes a model of its own; leave the model to start from as it is."
            )
        settings |= {"base": card.name} | ({"template": card.template} if card.template else {})
    return Order(
        name=(told["name"] or "").strip() or recipe.name,
        recipe=recipe.name,
        settings=settings,
        data=(data,),
        actor=actor,
        force_benchmarks=bool(told["force_benchmarks"]),
        keep_running=bool(told["keep_running"]),
    )


def name_data(wish: PairWish, text: str) -> str:
    """Return the name of a file of pairs: where they come from, and a hash of what they are.

    Edge: the same pairs have the same name, so that they are kept once.
    """
    words = [*wish.studies, *wish.judges, *(["chats"] if wish.chats != "none" else [])]
    slug = SLUG.sub("-", "-".join(words)).strip("-").lower()[:60].strip("-")
    return f"pairs-{slug or 'all'}-{hash_text(text)[:8]}.jsonl"


def list_pair_recipes(recipes: Sequence[KnownRecipe]) -> list[tuple[str, str]]:
    """Return (what people read, name) of the recipes that learn from pairs, small ones first."""
    found = [one.recipe for one in recipes if one.recipe is not None and one.recipe.kind in KINDS]
    ordered = sorted(found, key=lambda one: (not one.name.startswith("tiny-"), one.name))
    return [(f"{one.title} ({one.name})", one.name) for one in ordered]


def list_starts(models: Switchboard) -> list[tuple[str, str]]:
    """Return the models on this machine that answer, after what the recipe says."""
    ready = [
        (known.card.label, known.name)
        for known in models.list_cards()
        if isinstance(known.card, LocalCard)
        and known.card.role == "chat"
        and models.check(known.card).ready
    ]
    return [("as the recipe says", AS_TOLD), *ready]
