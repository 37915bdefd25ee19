"""Trainers on planted pairs that are done within a second on one core, and whole jobs of them."""

import json

from transformers import AutoTokenizer

from backend.templates import read_template
from backend.templates.tokens import Encoder
from tests.training.planted import plant_pairs
from training.jobs import create_job
from training.orders import Order
from training.recipe import Recipe, Tiny
from training.run.load import Base, open_model
from training.run.pairing import encode_pair
from training.run.parts import Parts

ARGUMENTS = {
    "use_cpu": True,
    "bf16": False,
    "activation_checkpointing": False,
    "report_to": "none",
    "save_strategy": "no",
    "disable_tqdm": True,
    "logging_steps": 1000,
    "per_device_train_batch_size": 16,
    "num_train_epochs": 3,
    "dataloader_pin_memory": False,
}


def make_recipe(kind, **words):
    """A recipe for planted pairs: small, and with a fifth of the items held out."""
    told = {
        "name": f"planted-{kind}",
        "title": "Planted",
        "kind": kind,
        "tiny": Tiny(hidden=32, layers=1, heads=2, context=128, vocabulary=640),
        "shape": "preference",
        "max_length": 128,
        "overflow": "drop",
        "eval_share": 0.2,
        "global_batch": 16,
        "device_batch": 16,
        "learning_rate": 1e-2,
        "precision": "fp32",
        "save_steps": 1000,
    }
    return Recipe(**told | words)


def list_texts(pairs):
    """What a tokenizer is trained on."""
    return [text for pair in pairs for text in (pair.prompt[0].content, pair.chosen, pair.rejected)]


def load(base, recipe):
    return open_model(Base(base, ""), recipe)


def encode(base, pairs, recipe):
    """The base's tokenizer, and the rows as the job's preparation makes them."""
    tokenizer = AutoTokenizer.from_pretrained(base)
    encoder = Encoder(tokenizer, read_template(recipe.template))
    return tokenizer, [encode_pair(encoder, pair, recipe).as_row(recipe.kind) for pair in pairs]


def make_parts(base, out, pairs, recipe, n_held_out, **arguments):
    """A trainer's parts; the pairs of the first `n_held_out` items, three each, are held out."""
    tokenizer, rows = encode(base, pairs, recipe)
    n = 3 * n_held_out
    told = ARGUMENTS | {"output_dir": str(out), "learning_rate": recipe.learning_rate} | arguments
    return Parts(load(base, recipe), tokenizer, rows[n:], rows[:n], told)


def make_job(data, recipe, n_items=60):
    """A job that has been ordered, with its pairs in a file."""
    path = data / "pairs.jsonl"
    rows = [
        {
            "item": pair.item,
            "prompt": [{"role": "user", "content": pair.prompt[0].content}],
            "chosen": pair.chosen,
            "rejected": pair.rejected,
        }
        for pair in plant_pairs(n_items)
    ]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return create_job(data, Order(recipe.name, recipe.name, data=(path.name,)), recipe, [path])
