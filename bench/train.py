"""Tokens that carry loss a second: packed rows, against rows padded as the original scripts did.

One small LLaMA, one machine, one process, the variants in turn; each begins with the same weights
and goes once through its rows. Beside ours stand what Stanford's Alpaca script did (each batch is
padded to its longest row), what Vicuna's did (each row to 2,048 tokens), and ours without packing,
which shows what the packing alone gives. The originals run on transformers' own Trainer.

    python -m bench.train [--sources DIR] [--rows 160] [--rounds 3] [--out FILE]

Without a folder of the published data the rows are made up, as long as Alpaca's.
"""

import argparse
import json
import os
import random
import tempfile
import time
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from statistics import median
from typing import Any

import torch
from datasets import disable_progress_bars
from torch.nn.utils.rnn import pad_sequence
from transformers import AutoModelForCausalLM, PrinterCallback, Trainer, TrainingArguments
from transformers.utils.logging import disable_progress_bar, set_verbosity_error

from bench.ground import write_words
from bench.report import Row, describe_machine, make_parser, report
from training.data import detect_shape
from training.jobs import create_job
from training.orders import Order
from training.recipe import Recipe, Tiny
from training.run.load import Base, open_tokenizer
from training.run.prepare import Prepared, prepare
from training.run.reading import list_texts, read_data
from training.run.sft import build_trainer
from training.run.tiny import make_base

SOURCES = "CAMELID_DATA_SOURCES"
GOAL = 1.4
ALPACA_LENGTH, VICUNA_LENGTH = 512, 2048
VOCABULARY = 2048  # a thirteenth of the weights; of LLaMA 7B, whose rows are as long, a fiftieth
EACH_STEP = 32  # examples that an optimiser step sees, in every variant
N_ROWS = 999  # as many as the published sample has
EACH_PASS, PACKED_PASS = 4, 2  # rows of a forward pass, as published; and about as many tokens
VICUNA_SHARE = 24  # one row in so many is enough for a variant that is slow and even
OURS, APART = "Camelid, packed", "Camelid, each row apart"
STANFORD, VICUNA = "padded to the longest", "padded to 2,048"


@dataclass(frozen=True)
class Turn:
    """Once through the rows. Units: seconds, of the clock and of all cores together."""

    wall_s: float
    cpu_s: float
    n_loss_tokens: int


def write_rows(folder: Path, sources: str) -> Path:
    """Return a file of Alpaca rows: the published ones where they are, else as long as those.

    Source: lengths in words of the published sample's 999 rows: instructions have a median of 9
    and 90 % under 14, answers of 81 and 279.
    """
    path = folder / "rows.json"
    if sources:
        rows = json.loads((Path(sources) / "sft" / "alpaca_en_demo.json").read_text("utf-8"))
    else:
        chance = random.Random(1)
        rows = [
            {"instruction": write_words(chance, 9, 14), "output": write_words(chance, 81, 279)}
            for _ in range(N_ROWS)
        ]
    path.write_text(json.dumps(rows), "utf-8")
    return path


def make_recipe(asked: argparse.Namespace, *, packing: bool, n_each: float = 1.0) -> Recipe:
    """Return what our path trains with; a packed row holds `n_each` examples."""
    n_rows = PACKED_PASS if packing else EACH_PASS
    passes = max(1, round(EACH_STEP / n_each / n_rows))
    return Recipe(
        name="bench",
        title="Bench",
        kind="sft",
        tiny=Tiny(
            hidden=asked.hidden,
            layers=asked.layers,
            context=VICUNA_LENGTH,
            vocabulary=VOCABULARY,
        ),
        max_length=ALPACA_LENGTH,
        max_rows=asked.rows,
        max_masked_share=1.0,
        packing=packing,
        epochs=1,
        precision="fp32",
        global_batch=n_rows * passes,
        device_batch=n_rows,
        log_steps=1000,
        save_steps=100_000,
    )


class Ground:
    """The job and the base model that all variants share."""

    def __init__(self, folder: Path, asked: argparse.Namespace) -> None:
        """Make the rows, a job with them, and a random model with a tokenizer of their words."""
        self.asked = asked
        recipe = make_recipe(asked, packing=False)
        rows = write_rows(folder, asked.sources)
        assert detect_shape(rows) == "alpaca"
        self.job = create_job(folder / "data", Order("bench", "bench"), recipe, [rows])
        everything = recipe.model_copy(update={"max_rows": 0})
        texts = list_texts(read_data(self.job, everything))
        self.base = Base(make_base(recipe, texts, folder / "base"), "")
        self.tokenizer = open_tokenizer(self.base)

    def prepare(self, recipe: Recipe) -> Prepared:
        """Return the rows as tokens."""
        return prepare(self.job.folder, recipe, self.tokenizer)

    def train_ours(self, *, packing: bool) -> Turn:
        """Go once through all rows on our own path."""
        recipe = make_recipe(self.asked, packing=packing)
        prepared = self.prepare(recipe)
        if packing:
            n_each = prepared.report.n_examples / prepared.report.n_sequences
            recipe = make_recipe(self.asked, packing=True, n_each=n_each)
        trainer = build_trainer(self.job, recipe, self.base, self.tokenizer, prepared)
        return run_trainer(trainer, prepared.report.n_loss_tokens)

    def train_padded(self, *, to_length: int = 0) -> Turn:
        """Go through the rows as the original scripts did; they had no end of a row before its."""
        rows = self.prepare(make_recipe(self.asked, packing=False)).rows
        rows = rows[:: VICUNA_SHARE if to_length else 1]
        model = AutoModelForCausalLM.from_pretrained(self.base.folder, dtype=torch.float32)
        trainer = Trainer(
            model=model,
            args=make_arguments(self.job.folder / "padded"),
            train_dataset=[mask_row(row) for row in rows],  # type: ignore[arg-type]
            data_collator=lambda batch: pad_batch(batch, self.tokenizer.pad_token_id, to_length),
        )
        return run_trainer(trainer, sum(sum(row["assistant_masks"][1:]) for row in rows))


def mask_row(row: dict[str, list[int]]) -> dict[str, list[int]]:
    """Return a row as the scripts had it: -100 where no loss is."""
    pairs = zip(row["input_ids"], row["assistant_masks"], strict=True)
    return {"input_ids": row["input_ids"], "labels": [n if loss else -100 for n, loss in pairs]}


def pad_batch(batch: Sequence[dict[str, Any]], pad_id: int, to_length: int) -> dict[str, Any]:
    """Return a batch, padded on the right to its longest row, or to a length that is given."""
    found = {}
    for name, filler in (("input_ids", pad_id), ("labels", -100)):
        rows = [torch.tensor(row[name]) for row in batch]
        padded = pad_sequence(rows, batch_first=True, padding_value=filler)
        room = max(0, to_length - padded.shape[1])
        found[name] = torch.nn.functional.pad(padded, (0, room), value=filler)
    lengths = torch.tensor([len(row["input_ids"]) for row in batch])
    places = torch.arange(found["input_ids"].shape[1])
    return found | {"attention_mask": (places[None] < lengths[:, None]).long()}


def make_arguments(folder: Path) -> TrainingArguments:
    """Return the published numbers: 4 rows a pass, cosine, no weight decay."""
    return TrainingArguments(
        output_dir=str(folder),
        num_train_epochs=1,
        per_device_train_batch_size=EACH_PASS,
        gradient_accumulation_steps=EACH_STEP // EACH_PASS,
        learning_rate=2e-5,
        lr_scheduler_type="cosine",
        use_cpu=not torch.cuda.is_available(),
        dataloader_pin_memory=False,
        save_strategy="no",
        report_to="none",
        disable_tqdm=True,
        logging_steps=1000,
    )


def run_trainer(trainer: Trainer, n_loss_tokens: int) -> Turn:
    """Train, and return what it took."""
    trainer.remove_callback(PrinterCallback)
    cpu_s = time.process_time()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        wall_s = trainer.train().metrics["train_runtime"]
    return Turn(wall_s, time.process_time() - cpu_s, n_loss_tokens)


def measure(ground: Ground, asked: argparse.Namespace) -> list[Row]:
    """Return a row for each variant, and one with ours divided by theirs."""
    variants: dict[str, Callable[[], Turn]] = {
        OURS: lambda: ground.train_ours(packing=True),
        STANFORD: ground.train_padded,
        APART: lambda: ground.train_ours(packing=False),
        VICUNA: lambda: ground.train_padded(to_length=VICUNA_LENGTH),
    }
    for name in (OURS, STANFORD):
        variants[name]()  # what comes first pays for what is loaded late
    found: dict[str, list[Turn]] = {name: [] for name in variants}
    for turn in range(asked.rounds):
        for name in list(variants)[:: 1 if turn % 2 == 0 else -1]:
            found[name].append(variants[name]())
    rows = [{"variant": name} | summarise(of) for name, of in found.items()]
    return [*rows, *(compare(rows[0], row) for row in rows[1:])]


def summarise(turns: Sequence[Turn]) -> Row:
    """Return the medians of a variant's turns, and how far they lie apart."""
    speeds = [turn.n_loss_tokens / turn.wall_s for turn in turns]
    return {
        "loss_tokens": turns[0].n_loss_tokens,
        "loss_tokens_per_s": round(median(speeds)),
        "from_to": f"{min(speeds):.0f}-{max(speeds):.0f}",
        "loss_tokens_per_cpu_s": round(median(turn.n_loss_tokens / turn.cpu_s for turn in turns)),
    }


def compare(ours: Row, theirs: Row) -> Row:
    """Return ours divided by theirs."""
    names = ("loss_tokens_per_s", "loss_tokens_per_cpu_s")
    ratios = {name: round(ours[name] / theirs[name], 2) for name in names}
    return {"variant": f"packed / {theirs['variant']}"} | ratios


def main(words: Sequence[str] | None = None) -> list[Row]:
    """Measure all variants, and show the table."""
    parser = make_parser(__doc__)
    sources = os.environ.get(SOURCES, "")
    parser.add_argument("--sources", default=sources, help="folder with the published data")
    parser.add_argument("--rows", type=int, default=160, help="rows of training data")
    parser.add_argument("--rounds", type=int, default=3, help="turns of each variant")
    parser.add_argument("--hidden", type=int, default=256, help="width of the model")
    parser.add_argument("--layers", type=int, default=8, help="layers of the model")
    parser.add_argument("--threads", type=int, default=0, help="of torch; 0 leaves it to torch")
    asked = parser.parse_args(words)
    if asked.threads:
        torch.set_num_threads(asked.threads)
    disable_progress_bar()
    disable_progress_bars()
    set_verbosity_error()
    names = ("torch", "transformers", "trl")
    machine = describe_machine() | {name: version(name) for name in names}
    with tempfile.TemporaryDirectory() as name:
        rows = measure(Ground(Path(name), asked), asked)
    report(asked, rows, machine, f"Goal: ours at least {GOAL} times what is padded to the longest.")
    return rows


if __name__ == "__main__":
    main()
