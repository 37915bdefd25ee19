"""Recipes: every choice that a training run makes, typed, with its reason where one is needed."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

NAME = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$"

MOST = 1_000_000_000  # rows and steps: more than any run has

Kind = Literal["sft", "reward", "preference"]
Shape = Literal["alpaca", "sharegpt", "comparison", "preference"]


class Strict(BaseModel):
    """What all parts of a recipe share: nothing unknown, nothing infinite, never changed."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Lora(Strict):
    """A low-rank adapter in place of all weights; `merge` folds it into them at the end."""

    rank: int = Field(16, ge=1, le=1024)
    alpha: int = Field(32, ge=1, le=4096)
    dropout: float = Field(0.05, ge=0, lt=1)
    targets: Literal["all-linear", "attention"] = "all-linear"
    merge: bool = True


class Tiny(Strict):
    """A base model made on the spot, with a tokenizer trained on the job's own data."""

    hidden: int = Field(128, ge=16, le=1024, multiple_of=16)
    layers: int = Field(4, ge=1, le=32)
    heads: int = Field(4, ge=1, le=16)
    context: int = Field(1024, ge=64, le=8192)
    vocabulary: int = Field(2048, ge=300, le=65536)


class Recipe(Strict):
    """One way to train. A published recipe's `why` says where the values come from.

    Units: lengths in tokens, batches in examples, `warmup` a share of all steps, `eval_share` a
    share of the items, `save_steps` and `log_steps` in optimiser steps; `max_steps` 0 is no limit.
    Edge: `base` is the name of a model card; exactly one of `base` and `tiny` is given.
    `global_batch` is what one optimiser step sees over all devices; gradient accumulation follows.
    `why` has a field's name as its key.
    """

    name: str = Field(pattern=NAME)
    title: str = Field(max_length=120)
    note: str = Field("", max_length=2000)
    kind: Kind
    source: str = Field("", max_length=400)
    why: dict[str, str] = {}

    base: str = Field("", pattern=r"^([A-Za-z0-9][A-Za-z0-9._-]{0,63})?$")
    tiny: Tiny | None = None
    template: str = Field("alpaca", pattern=NAME)

    data: str = Field("", pattern=r"^([A-Za-z0-9][A-Za-z0-9._-]{0,127})?$")
    shape: Shape = "alpaca"
    max_rows: int = Field(0, ge=0, le=MOST)
    max_length: int = Field(512, ge=16, le=131072)
    overflow: Literal["truncate", "split", "drop"] = "truncate"
    max_masked_share: float = Field(0.01, ge=0, le=1)
    eval_share: float = Field(0, ge=0, le=0.5)

    epochs: float = Field(3, gt=0, le=1000)
    max_steps: int = Field(0, ge=0, le=MOST)
    learning_rate: float = Field(2e-5, gt=0, le=1)
    schedule: Literal["cosine", "constant_with_warmup", "linear"] = "cosine"
    warmup: float = Field(0.03, ge=0, lt=1)
    weight_decay: float = Field(0, ge=0, le=1)
    max_grad_norm: float = Field(1.0, gt=0, le=MOST)
    global_batch: int = Field(128, ge=1, le=65536)
    device_batch: int = Field(4, ge=1, le=4096)
    seed: int = Field(42, ge=0, le=2**32 - 1)
    beta: float = Field(0.1, gt=0, le=10)  # of DPO

    precision: Literal["fp32", "bf16", "fp16"] = "bf16"
    tf32: bool = False
    packing: bool = False
    activation_checkpointing: bool = False
    lora: Lora | None = None
    quantisation: Literal["none", "8bit", "4bit"] = "none"
    parallel: Literal["auto", "none", "ddp", "fsdp"] = "auto"
    offload: bool = False

    log_steps: int = Field(1, ge=1, le=MOST)
    save_steps: int = Field(200, ge=1, le=MOST)
    keep: int = Field(2, ge=1, le=100)
