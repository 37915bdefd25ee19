"""The model that a run begins with: found on the shelf by its card, or made on the spot."""

import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from accelerate import PartialState
from peft import LoraConfig
from transformers import (
    AutoModelForCausalLM,
    AutoModelForSequenceClassification,
    PreTrainedModel,
    PreTrainedTokenizerBase,
    set_seed,
)

from backend.errors import InputError
from backend.worker.weights import (
    DTYPES,
    LOADING,
    choose_attention,
    choose_quantisation,
    first_line,
)
from training.orders import Job
from training.recipe import Recipe
from training.run.reading import list_texts, locate_base, read_data, read_tokenizer
from training.run.tiny import make_base
from training.run.within import register_attention

BASE = "base"
HALVES = {"bf16": "bfloat16", "fp16": "float16", "fp32": "float32"}
ATTENTION = r".*\.(q_proj|k_proj|v_proj|o_proj|out_proj)"
HEAD = "score.weight"  # what a reward model has and its base has not


@dataclass(frozen=True, slots=True)
class Base:
    """The weights that a run begins with. `card` is their model card's name, empty for new ones."""

    folder: Path
    card: str


def find_base(job: Job, recipe: Recipe) -> Base:
    """Return the base model's folder, looked through as a worker does; a tiny one is made.

    Errors: NotFound, InputError or MissingTool, saying what to do.
    """
    if recipe.tiny:
        return Base(make_once(job, recipe), "")
    return Base(locate_base(job, recipe), recipe.base)


def make_once(job: Job, recipe: Recipe) -> Path:
    """Make a tiny base in the job's folder, by one process; the others wait for it."""
    folder = job.folder / BASE
    with PartialState(cpu=not torch.cuda.is_available()).main_process_first():
        if not folder.is_dir():
            partial = job.folder / f".{BASE}.part"
            shutil.rmtree(partial, ignore_errors=True)
            make_base(recipe, list_texts(read_data(job, recipe)), partial)
            partial.rename(folder)
    return folder


def open_tokenizer(base: Base) -> PreTrainedTokenizerBase:
    """Load a base's tokenizer, as a look before the start does. Errors: InputError."""
    tokenizer: PreTrainedTokenizerBase = read_tokenizer(base.folder)
    return tokenizer


def open_model(base: Base, recipe: Recipe) -> PreTrainedModel:
    """Load the weights to be trained: whole ones in fp32, those under an adapter in halves.

    Edge: whole weights are fp32 also where the arithmetic is bf16, or small steps would round to
    nothing. On a CPU everything is fp32.
    """
    return read_model(base.folder, recipe, make_loading(recipe))


def make_loading(recipe: Recipe) -> dict[str, Any]:
    """Return the words that from_pretrained is given, by us or by a trainer that loads by path.

    Errors: MissingTool for a quantisation that this machine can't do.
    """
    gpu = torch.cuda.is_available()
    kind = HALVES[recipe.precision] if gpu else "float32"
    stored = kind if recipe.lora else "float32"
    place = f"cuda:{os.environ.get('LOCAL_RANK', '0')}" if gpu else "cpu"
    attention = choose_attention(kind, place)
    if recipe.packing and not gpu:
        attention = register_attention()
    words = {"dtype": DTYPES[stored], "attn_implementation": attention}
    words |= {"local_files_only": True, "use_safetensors": True, "device_map": None}
    if recipe.quantisation != "none":
        words |= choose_quantisation(recipe.quantisation, kind, place)
        words |= {"device_map": {"": place}}
    return words


def read_model(folder: Path, recipe: Recipe, words: dict[str, Any]) -> PreTrainedModel:
    """Load a model from safetensors. A reward model's head may be missing: it is what is learned.

    Errors: InputError, also when a tensor is missing.
    """
    set_seed(recipe.seed)
    maker: Any = AutoModelForCausalLM
    is_reward = recipe.kind == "reward"
    if is_reward:
        maker, words = AutoModelForSequenceClassification, words | {"num_labels": 1}
    try:
        model, told = maker.from_pretrained(
            str(folder), trust_remote_code=False, output_loading_info=True, **words
        )
    except torch.OutOfMemoryError:
        raise
    except LOADING as error:
        raise InputError(
            f"{folder} can't be loaded as a model: {first_line(str(error))}"
        ) from error
    missing = sorted(set(told["missing_keys"]) - ({HEAD} if is_reward else set()))
    if missing:
        raise InputError(
            f"{folder} is not complete: {len(missing)} of its tensors are missing, {missing[0]} "
            "among them. Fetch it again."
        )
    return model


def make_lora(recipe: Recipe) -> LoraConfig | None:
    """Return the adapter that a recipe asks for, if any."""
    if recipe.lora is None:
        return None
    return LoraConfig(
        task_type="SEQ_CLS" if recipe.kind == "reward" else "CAUSAL_LM",
        r=recipe.lora.rank,
        lora_alpha=recipe.lora.alpha,
        lora_dropout=recipe.lora.dropout,
        target_modules="all-linear" if recipe.lora.targets == "all-linear" else ATTENTION,
    )
