"""A folder with a model's weights: looked through before anything in it is loaded.

Weights come from anywhere, so a folder has to be plain: safetensors, a config and a tokenizer, no
code of its own, and nothing that leads out of it. Needs no torch.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from backend.errors import InputError, NotFound
from backend.worker.claims import check_sizes

PICKLES = frozenset({".bin", ".pt", ".pth", ".ckpt", ".pkl"})
TOKENIZERS = ("tokenizer.json", "tokenizer.model", "vocab.json", "spiece.model")
INDEX = "model.safetensors.index.json"
AUTO = "auto_map"  # names code in the folder, or on a hub
# These can name code of a hub, as "owner/kernel".
ATTENTION = ("attn_implementation", "_attn_implementation")
ADAPTER, ADAPTER_WEIGHTS = "adapter_config.json", "adapter_model.safetensors"


def check_folder(path: Path) -> Path:
    """Return the folder's real path when it holds a model that can be loaded safely.

    Errors: NotFound without a folder; InputError saying what is wrong with it and what to do.
    """
    if not path.is_dir():
        raise NotFound(f"There is no model folder {path}. Fetch the weights, or correct the path.")
    folder = path.resolve()
    check_links(folder)
    check_configs(folder)
    check_weights(folder)
    if not is_adapter(folder):
        check_sizes(folder, read_json(folder / "config.json"))
    if not any((folder / name).is_file() for name in TOKENIZERS):
        raise InputError(f"{folder} has no tokenizer (tokenizer.json or tokenizer.model).")
    return folder


def is_adapter(folder: Path) -> bool:
    """Return whether a folder holds an adapter, which needs the weights of another."""
    return (folder / ADAPTER).is_file()


def find_base(folder: Path) -> Path:
    """Return the folder whose weights are loaded: an adapter's base, looked through as well.

    Errors: NotFound without the base; InputError when it is named by no path, or an adapter itself.
    """
    if not is_adapter(folder):
        return folder
    told = read_json(folder / ADAPTER)
    named = told.get("base_model_name_or_path")
    if told.get("peft_type") != "LORA" or not (folder / ADAPTER_WEIGHTS).is_file():
        raise InputError(f"{folder} is no LoRA adapter with an {ADAPTER_WEIGHTS}.")
    if not isinstance(named, str) or not Path(named).is_absolute():
        raise InputError(f"{folder / ADAPTER} names its base as {named!r}; a full path is needed.")
    base = check_folder(Path(named))
    if is_adapter(base):
        raise InputError(f"{folder} is an adapter of an adapter, {base}. Merge that one first.")
    return base


def check_links(folder: Path) -> None:
    """Refuse a link that leads out of the folder.

    Edge: the hub's cache keeps files as links from snapshots/REVISION to blobs beside it; there
    the whole model's folder counts as one.
    """
    root = folder.parent.parent if folder.parent.name == "snapshots" else folder
    for entry in list_entries(folder):
        if not entry.is_symlink():
            check_plain(entry)
            continue
        target = entry.resolve()
        if not target.is_relative_to(root):
            raise InputError(
                f"{entry} is a link that leads out of its folder, to {target}. "
                "Put the file itself there."
            )
        if not target.exists():
            raise InputError(f"{entry} is a link to nothing: {target} is missing. Fetch it again.")


def check_plain(entry: Path) -> None:
    """Refuse a pipe or a device, which a reader would wait for. Errors: InputError."""
    if not entry.is_file() and not entry.is_dir():
        raise InputError(f"{entry} is no plain file. Put the file itself there.")


def list_entries(folder: Path) -> Iterator[Path]:
    """Yield everything below a folder; links are told, not followed."""
    for entry in sorted(folder.iterdir()):
        yield entry
        if entry.is_dir() and not entry.is_symlink():
            yield from list_entries(entry)


def check_configs(folder: Path) -> None:
    """Refuse a folder without config.json, or with one that asks for code of its own."""
    if not (folder / "config.json").is_file():
        raise InputError(f"{folder} has no config.json, so it is no model in Hugging Face's form.")
    for path in sorted(folder.glob("*config*.json")):
        pairs = list_pairs(read_json(path))
        asked = [key for key, value in pairs if asks_for_code(key, value)]
        if asked:
            raise InputError(
                f"{path} asks for code of its own ({asked[0]}), which is never run here. "
                "Use a model that transformers knows by itself."
            )


def read_json(path: Path) -> dict[str, Any]:
    """Return a file's JSON object. Errors: InputError when it isn't one."""
    try:
        found = json.loads(path.read_text("utf-8"))
    except (ValueError, RecursionError) as error:
        raise InputError(f"{path} is not JSON: {error}") from error
    if not isinstance(found, dict):
        raise InputError(f"{path} holds {type(found).__name__}, not a JSON object.")
    return found


def list_pairs(value: object) -> Iterator[tuple[str, object]]:
    """Yield every key with its value, at any depth."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield key, inner
            yield from list_pairs(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from list_pairs(inner)


def asks_for_code(key: str, value: object) -> bool:
    """Return whether a line of a config names code that would have to be run."""
    return key == AUTO or (key in ATTENTION and "/" in str(value))


def check_weights(folder: Path) -> None:
    """Refuse a folder without safetensors, or with a part of them missing."""
    index = folder / INDEX
    if index.is_file():
        check_index(folder, read_json(index))
    elif not any(folder.glob("*.safetensors")):
        raise InputError(explain_weights(folder))


def explain_weights(folder: Path) -> str:
    """Return what to do about a folder without safetensors."""
    pickled = sorted(path.name for path in folder.iterdir() if path.suffix in PICKLES)
    if pickled:
        return (
            f"{folder} has pickled weights only ({pickled[0]}), which can run code when they are "
            f"loaded. Turn them into safetensors first: python app.py models convert {folder}"
        )
    return f"{folder} has no weights (*.safetensors)."


def check_index(folder: Path, index: dict[str, Any]) -> None:
    """Refuse an index that names files elsewhere, or files that are not there."""
    names = index.get("weight_map")
    if not isinstance(names, dict) or not names:
        raise InputError(f"{folder / INDEX} has no weight_map.")
    for name in sorted({str(name) for name in names.values()}):
        if Path(name).name != name or not name.endswith(".safetensors"):
            raise InputError(f"{folder / INDEX} names {name!r}, which is no safetensors file here.")
        if not (folder / name).is_file():
            raise InputError(f"{folder} is not complete: {name} is missing. Fetch it again.")
