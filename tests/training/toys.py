"""A toy to train: sixteen short answers and a model of twenty thousand numbers."""

import json

from training.jobs import create_job
from training.orders import Order
from training.recipe import Recipe, Tiny

TOY = Recipe(
    name="toy",
    title="A toy",
    note="It learned sixteen sentences and nothing else.",
    kind="sft",
    tiny=Tiny(hidden=32, layers=1, heads=2, context=128, vocabulary=300),
    max_length=128,
    overflow="drop",
    epochs=3,
    global_batch=4,
    device_batch=4,
    learning_rate=1e-2,
    save_steps=5,
)
ROWS = [
    {"instruction": f"Say number {n}.", "input": "", "output": f"It is {n}, then {n + 1}."}
    for n in range(16)
]


def make_job(data, recipe=TOY, rows=ROWS, **words):
    """Return a new job on these rows, in a data folder."""
    source = data / "toy.json"
    data.mkdir(parents=True, exist_ok=True)
    source.write_text(json.dumps(rows))
    return create_job(
        data, Order(**{"name": "toy", "recipe": recipe.name} | words), recipe, [source]
    )
