"""What the fields of a recipe have to be to each other; each fault is a few words."""

import re
from collections.abc import Iterator

from backend.templates.library import list_templates
from training.recipe import Recipe

# What a terminal obeys, and what turns the direction of a text.
STEERING = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
SHAPES = {
    "sft": ("alpaca", "sharegpt"),
    "reward": ("comparison", "preference"),
    "preference": ("comparison", "preference"),
}


def check_recipe(recipe: Recipe) -> list[str]:
    """Return all that doesn't fit together in a recipe; nothing is well."""
    found = (check_words, check_model, check_data, check_batch)
    return [fault for check in found for fault in check(recipe)]


def check_words(recipe: Recipe) -> Iterator[str]:
    """Yield which words hold what would steer a terminal or turn the text around it."""
    said = {"title": recipe.title, "note": recipe.note, "source": recipe.source}
    for name, text in [*said.items(), *recipe.why.items()]:
        if STEERING.search(name + text):
            yield f"{ascii(name)[1:-1]} is {ascii(text)[:60]}, with characters that can't be shown"


def check_model(recipe: Recipe) -> Iterator[str]:
    """Yield what is wrong with the model that is trained."""
    if bool(recipe.base) == (recipe.tiny is not None):
        yield "exactly one of base and tiny has to be given: a model's name, or a model made anew"
    if recipe.template not in list_templates():
        yield f"template is {recipe.template!r}; there are {', '.join(list_templates())}"
    if recipe.quantisation != "none" and recipe.lora is None:
        yield f"quantisation is {recipe.quantisation!r}, and such weights learn by lora only"
    if recipe.tiny is None:
        return
    if recipe.quantisation != "none":
        yield "quantisation of a tiny model gains nothing; leave it at none"
    if recipe.tiny.hidden % (2 * recipe.tiny.heads):
        yield (
            f"tiny.hidden is {recipe.tiny.hidden}, which {recipe.tiny.heads} heads can't share "
            "evenly: each needs an even part"
        )
    if recipe.max_length > recipe.tiny.context:
        yield f"max_length {recipe.max_length} is more than tiny.context {recipe.tiny.context}"


def check_data(recipe: Recipe) -> Iterator[str]:
    """Yield what is wrong with how the data is read."""
    fitting = SHAPES[recipe.kind]
    if recipe.shape not in fitting:
        yield f"shape is {recipe.shape!r}; {recipe.kind} training reads {' or '.join(fitting)}"
    if recipe.overflow == "split" and recipe.shape != "sharegpt":
        yield "overflow is 'split', and only chats (shape sharegpt) can be; take truncate or drop"
    if recipe.packing and recipe.kind != "sft":
        yield f"packing is for sft, and this recipe's kind is {recipe.kind}"


def check_batch(recipe: Recipe) -> Iterator[str]:
    """Yield what is wrong with the batch."""
    if recipe.global_batch % recipe.device_batch:
        yield (
            f"global_batch {recipe.global_batch} is no multiple of device_batch "
            f"{recipe.device_batch}"
        )
