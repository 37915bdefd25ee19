"""The finished model: written beside the others under a hidden name, and shown when it is whole."""

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from transformers import AutoModelForCausalLM, AutoModelForSequenceClassification, Trainer

from backend.registry.shelf import CHECKPOINT_CARD, CHECKPOINTS, is_vacant, list_cards
from backend.templates import read_template
from backend.worker.weights import DTYPES, SAFE, open_adapter, read_context
from training.checkpoint import Origin, make_facts
from training.orders import Job
from training.recipe import Recipe
from training.report import read_report
from training.run.keeping import sync
from training.run.load import HALVES, Base
from training.run.reading import locate_data

LONGEST = 64  # characters of a model's name
ADAPTER = "adapter"


def save_checkpoint(
    trainer: Trainer, job: Job, recipe: Recipe, base: Base, metrics: Mapping[str, object]
) -> Path | None:
    """Write the model with its tokenizer, template and card; return its folder.

    Edge: every process gathers, the first one writes; a kill leaves only a hidden folder, which
    the next try replaces.
    """
    gathered = gather_weights(trainer)
    if not trainer.is_world_process_zero():
        return None
    shelf = locate_data(job) / CHECKPOINTS
    name = choose_name(locate_data(job), job)
    partial = shelf / f".{name}.part"
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    model = write_weights(trainer, recipe, base, partial, gathered)
    write_tokenizer(trainer, recipe, partial)
    n = sum(parameter.numel() for parameter in model.parameters())
    n_asked = read_report(job.folder).n_benchmark + count_inherited(locate_data(job), base.card)
    origin = Origin(base.card, read_context(model.config), n, metrics, n_asked)
    facts = make_facts(job, recipe, origin, name)
    text = json.dumps(facts, indent=2, ensure_ascii=False, allow_nan=False)
    (partial / CHECKPOINT_CARD).write_text(text + "\n", "utf-8")
    return show(partial, shelf / name)


def count_inherited(data: Path, parent: str) -> int:
    """Return how many rows that ask a benchmark's questions a parent, trained here, has learned."""
    shelf = {known.name: known.facts for known in list_cards(data) if known.origin == "checkpoint"}
    n = shelf.get(parent, {}).get("n_benchmark_rows")
    return n if isinstance(n, int) and n > 0 else 0


def show(partial: Path, folder: Path) -> Path:
    """Give a finished folder its name, once all of it is on the disk."""
    for path in partial.rglob("*"):
        sync(path)
    sync(partial)
    old = folder.with_name(f".{folder.name}.old")
    if folder.is_dir():  # the same job's, saved before a kill that came too late
        shutil.rmtree(old, ignore_errors=True)
        folder.rename(old)
    partial.rename(folder)
    sync(folder.parent)
    shutil.rmtree(old, ignore_errors=True)
    return folder


def choose_name(data: Path, job: Job) -> str:
    """Return the checkpoint's name: the ordered one, or another where that is taken meanwhile.

    Edge: a checkpoint of the same job is replaced: it was saved just before a kill.
    """
    name = job.order.name
    shelf = (one for one in list_cards(data) if not is_vacant(one))
    taken = {one.name: one.facts.get("job") for one in shelf}
    if taken.get(name, job.id) == job.id and not is_foreign(data / CHECKPOINTS / name, job.id):
        return name
    tail = f"-{job.id.rpartition('-')[2]}"
    return name[: LONGEST - len(tail)] + tail


def is_foreign(folder: Path, job_id: str) -> bool:
    """Return whether a folder is there that another has made."""
    if not folder.is_dir():
        return False
    try:
        told = json.loads((folder / CHECKPOINT_CARD).read_bytes())
    except (OSError, ValueError, RecursionError):
        return True
    return not isinstance(told, dict) or told.get("job") != job_id


def gather_weights(trainer: Trainer) -> dict[str, Any] | None:
    """Return all weights on the first process where they are sharded; None where each has all."""
    if not trainer.is_fsdp_enabled:
        return None
    gathered: dict[str, Any] = trainer.accelerator.get_state_dict(trainer.model)
    return tie(gathered, getattr(trainer.model, "all_tied_weights_keys", None) or {})


def tie(state: dict[str, Any], tied: Mapping[str, str]) -> dict[str, Any]:
    """Return weights of which those are one again that a model has once: each was gathered anew."""
    return state | {name: state[of] for name, of in tied.items() if {name, of} <= state.keys()}


def write_weights(
    trainer: Trainer, recipe: Recipe, base: Base, folder: Path, gathered: dict[str, Any] | None
) -> Any:  # noqa: ANN401
    """Write the weights, in halves where it was trained so; return the model that they make.

    Edge: an adapter is folded into weights that are loaded afresh, since those it was trained on
    may be quantised or sharded. One that is not to be merged is saved with its base's config.
    """
    model = trainer.accelerator.unwrap_model(trainer.model, keep_torch_compile=False)
    kind = HALVES[recipe.precision] if trainer.args.device.type != "cpu" else "float32"
    if recipe.lora is None:
        state = gathered if gathered is not None else model.state_dict()
        model.save_pretrained(folder, state_dict=cast(state, DTYPES[kind]))
        model.config.dtype = kind  # what the file holds; the model that was trained is whole
        model.config.save_pretrained(folder)
        return model
    apart = keeps_adapter(recipe)
    home = folder if apart else folder / ADAPTER
    model.save_pretrained(home, state_dict=gathered)
    (home / "README.md").unlink(missing_ok=True)
    if apart:
        model.base_model.model.config.save_pretrained(folder)
        return model
    merged = merge_adapter(base.folder, home, recipe, kind)
    merged.save_pretrained(folder)
    shutil.rmtree(home)
    return merged


def keeps_adapter(recipe: Recipe) -> bool:
    """Return whether the adapter is saved alone, to be served beside its base.

    Edge: a reward model's head, and a tiny base that goes with its job, are merged in any case.
    """
    apart = recipe.lora is not None and not recipe.lora.merge
    return apart and recipe.tiny is None and recipe.kind != "reward"


def cast(state: Mapping[str, Any], dtype: torch.dtype) -> dict[str, Any]:
    """Return weights in another number format; what shares its memory goes on sharing it."""
    seen: dict[int, torch.Tensor] = {}
    found: dict[str, Any] = {}
    for name, tensor in state.items():
        if not tensor.is_floating_point():
            found[name] = tensor
            continue
        key = tensor.data_ptr()
        seen[key] = found[name] = seen[key] if key in seen else tensor.to(dtype)
    return found


def merge_adapter(base: Path, adapter: Path, recipe: Recipe, kind: str) -> Any:  # noqa: ANN401
    """Return the base's weights, loaded afresh, with the adapter folded in."""
    maker: Any = AutoModelForCausalLM
    words: dict[str, Any] = SAFE | {"dtype": DTYPES[kind], "use_safetensors": True}
    if recipe.kind == "reward":
        maker, words = AutoModelForSequenceClassification, words | {"num_labels": 1}
    whole = maker.from_pretrained(str(base), **words)
    return open_adapter(whole, adapter).merge_and_unload()


def write_tokenizer(trainer: Trainer, recipe: Recipe, folder: Path) -> None:
    """Write the tokenizer, and the chat template that the model was trained with."""
    tokenizer: Any = trainer.processing_class
    tokenizer.chat_template = read_template(recipe.template).source
    tokenizer.save_pretrained(folder)
