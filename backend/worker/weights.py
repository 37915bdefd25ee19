"""Loads a model and its tokenizer: from this machine only, safetensors only, no code from outside.

One place decides what "auto" means: the GPU where there is one; bfloat16 where the GPU has it, else
float16 there and float32 on a CPU; flash attention where it is installed, else torch's own.
"""

import importlib.util
import os
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import torch
from safetensors import SafetensorError
from transformers import (
    AutoModelForCausalLM,
    AutoModelForSequenceClassification,
    AutoTokenizer,
    BitsAndBytesConfig,
    PreTrainedConfig,
    PreTrainedModel,
    PreTrainedTokenizerBase,
)
from transformers.utils.import_utils import is_flash_attn_2_available, is_flash_attn_3_available

from backend.errors import InputError, MissingTool
from backend.worker.folder import check_folder, find_base, is_adapter

Role = Literal["chat", "reward"]

DTYPES = {"bfloat16": torch.bfloat16, "float16": torch.float16, "float32": torch.float32}
SAFE: dict[str, Any] = {"local_files_only": True, "trust_remote_code": False}
LENGTHS = ("max_position_embeddings", "n_positions", "max_seq_len", "seq_length")
USUAL_LENGTH = 2048  # LLaMA's, for a config that tells none
# These name the length after scaling; the other kinds name the one before it.
SCALED_ALREADY = frozenset({"default", "llama3", "longrope", "su", "mrope", "proportional"})
# What transformers raises for a folder that it can't make a model of.
LOADING = (
    *(OSError, ValueError, KeyError, TypeError, AttributeError, ImportError, RuntimeError),
    SafetensorError,
)


@dataclass(frozen=True, slots=True)
class Weights:
    """A model that is ready to run. Units: `context` in tokens, prompt and answer together."""

    model: PreTrainedModel
    tokenizer: PreTrainedTokenizerBase
    context: int
    device: str
    dtype: str


def load_weights(
    path: Path,
    *,
    dtype: str = "auto",
    device: str = "auto",
    quantisation: str = "none",
    context: int = 0,
    role: Role = "chat",
) -> Weights:
    """Load a folder's model and tokenizer; context 0 takes the model's own.

    Errors: NotFound, InputError or MissingTool, saying what to do.
    """
    folder = check_folder(path)
    where = choose_device(device)
    kind = choose_dtype(dtype, where)
    words = SAFE | {"dtype": DTYPES[kind], "attn_implementation": choose_attention(kind, where)}
    words |= choose_quantisation(quantisation, kind, where)
    set_threads(where)
    model = load_model(find_base(folder), role, where, words)
    if is_adapter(folder):
        model = join_adapter(model, folder)
    tokenizer = load_tokenizer(folder)
    length = choose_context(model.config, context)
    return Weights(model, tokenizer, length, where, kind)


def choose_device(asked: str) -> str:
    """Return cpu or cuda:N. Errors: MissingTool when a GPU is asked for and none is seen."""
    there = torch.cuda.is_available()
    if asked == "cpu" or (asked == "auto" and not there):
        return "cpu"
    number = int(asked.partition(":")[2] or 0)
    if not there or number >= torch.cuda.device_count():
        raise MissingTool(f"The device {asked} is not on this machine. Use cpu or auto.")
    return f"cuda:{number}"


def choose_dtype(asked: str, device: str) -> str:
    """Return the number format; "auto" is the best that the device has."""
    if asked != "auto":
        if asked not in DTYPES:
            raise InputError(f"The dtype {asked!r} is not known. Use auto, {', '.join(DTYPES)}.")
        return asked
    if device == "cpu":
        return "float32"
    return "bfloat16" if torch.cuda.is_bf16_supported(including_emulation=False) else "float16"


def choose_attention(dtype: str, device: str) -> str:
    """Return the attention to use: flash where it is installed and can run, never fetched."""
    if device == "cpu" or dtype == "float32":
        return "sdpa"
    if is_flash_attn_3_available():
        return "flash_attention_3"
    return "flash_attention_2" if is_flash_attn_2_available() else "sdpa"


def choose_quantisation(asked: str, dtype: str, device: str) -> dict[str, Any]:
    """Return what loading in 8 or 4 bits takes. Errors: MissingTool without bitsandbytes or GPU."""
    if asked == "none":
        return {}
    if asked not in ("8bit", "4bit"):
        raise InputError(f"The quantisation {asked!r} is not known. Use none, 8bit or 4bit.")
    if device == "cpu" or importlib.util.find_spec("bitsandbytes") is None:
        raise MissingTool(
            f"Loading in {asked} needs a GPU and bitsandbytes (pip install bitsandbytes). "
            "Without them, set the quantisation to none."
        )
    if asked == "8bit":
        return {"quantization_config": BitsAndBytesConfig(load_in_8bit=True)}  # type: ignore[no-untyped-call]
    config = BitsAndBytesConfig(  # type: ignore[no-untyped-call]
        load_in_4bit=True, bnb_4bit_quant_type="nf4", bnb_4bit_compute_dtype=DTYPES[dtype]
    )
    return {"quantization_config": config}


def set_threads(device: str) -> None:
    """Let torch use all cores of this process but one, unless OMP_NUM_THREADS says otherwise.

    Its threads wait for one another at every step: one more than there are free cores makes a step
    several times slower, and one core is busy with HTTP, the other model or the app.
    """
    if device != "cpu":
        torch.cuda.set_device(device)  # the manager asks the current GPU for its memory
    elif "OMP_NUM_THREADS" not in os.environ and hasattr(os, "sched_getaffinity"):
        torch.set_num_threads(max(1, len(os.sched_getaffinity(0)) - 1))


def load_model(folder: Path, role: Role, device: str, words: dict[str, Any]) -> PreTrainedModel:
    """Load the model onto its device. Errors: InputError, also when a tensor is missing."""
    maker = AutoModelForCausalLM if role == "chat" else AutoModelForSequenceClassification
    if device != "cpu":
        words = words | {"device_map": {"": device}}
    try:
        model, told = maker.from_pretrained(  # type: ignore[misc]
            str(folder), use_safetensors=True, output_loading_info=True, **words
        )
    except torch.OutOfMemoryError as error:
        raise InputError(
            f"{folder} does not fit the memory of {device}. Use 8bit or 4bit, or a smaller model."
        ) from error
    except LOADING as error:
        raise InputError(
            f"{folder} can't be loaded as a model: {first_line(str(error))}"
        ) from error
    if told["missing_keys"]:
        missing = sorted(told["missing_keys"])
        raise InputError(
            f"{folder} is no {role} model, or not complete: {len(missing)} of its tensors are "
            f"missing, {missing[0]} among them."
        )
    return model.eval()  # type: ignore[no-any-return]


def join_adapter(model: PreTrainedModel, folder: Path) -> PreTrainedModel:
    """Return a model with a LoRA adapter folded into its weights: no step is slower for it.

    Errors: InputError when the adapter does not belong to the model.
    """
    try:
        joined = open_adapter(model, folder)
    except LOADING as error:
        raise InputError(
            f"The adapter in {folder} does not fit its base: {first_line(str(error))}"
        ) from error
    return joined.merge_and_unload().eval()  # type: ignore[no-any-return]


def open_adapter(model: PreTrainedModel, folder: Path) -> Any:  # noqa: ANN401
    """Return a model with an adapter before it is folded in.

    Errors: one of LOADING, also when the adapter's file lacks a part: the library only warns of
    that, and what is folded in would be nothing.
    """
    from peft import PeftModel  # noqa: PLC0415 - a second to import, and few models have one

    with warnings.catch_warnings():
        warnings.filterwarnings("error", "Found missing adapter keys", UserWarning)
        try:
            return PeftModel.from_pretrained(model, str(folder), local_files_only=True)
        except UserWarning as error:
            raise ValueError(str(error)) from error


def load_tokenizer(folder: Path) -> PreTrainedTokenizerBase:
    """Load the tokenizer. Errors: InputError."""
    try:
        return AutoTokenizer.from_pretrained(str(folder), **SAFE)
    except LOADING as error:
        raise InputError(
            f"{folder}: its tokenizer can't be loaded: {first_line(str(error))}"
        ) from error


def first_line(said: str) -> str:
    """Return the first line of what an error says."""
    return next(iter(said.strip().splitlines()), "")[:300]


def choose_context(config: PreTrainedConfig, asked: int) -> int:
    """Return the context in tokens. Errors: InputError when more is asked for than there is."""
    own = read_context(config)
    if asked > own:
        raise InputError(f"A context of {asked} tokens is more than this model's {own}.")
    return asked or own


def read_context(config: PreTrainedConfig) -> int:
    """Return how many tokens a model was made for, with its position scaling.

    Edge: a config that tells none gives LLaMA's 2,048.
    """
    config = config.get_text_config()
    told = [getattr(config, name, None) for name in LENGTHS]
    length = next((n for n in told if isinstance(n, int) and n > 0), USUAL_LENGTH)
    rope = getattr(config, "rope_parameters", None) or {}
    kind, factor = rope.get("rope_type", "default"), rope.get("factor", 1.0)
    if kind in SCALED_ALREADY or not isinstance(factor, int | float):
        return length
    return int(rope.get("original_max_position_embeddings", length) * factor)
