"""Tiny models for tests of the chat that never come to an end by themselves, and their cards."""

import json

from safetensors.torch import load_file, save_file

from tests.tiny import make_llama

EOS = 2


def make_talker(folder, *, seed=0, context=4096):
    """Write a LLaMA whose end token is never likely: every answer goes on to its limit.

    It has layers enough to take its time, so that a test can act while it speaks.
    """
    make_llama(folder, seed=seed, layers=8, context=context)
    path = folder / "model.safetensors"
    weights = load_file(path)
    weights["model.embed_tokens.weight"][:, 0] = 1.0  # a constant that all layers pass on
    head = weights["lm_head.weight"]
    head[:, 0] = 0.0
    head[EOS] = 0.0
    head[EOS, 0] = -50.0
    save_file(weights, path, {"format": "pt"})
    return folder


def add_talkers(data, names=("zebra-7b", "okapi-13b")):
    """Put talkers and their cards into a data folder; titles are the names in capitals."""
    (data / "models").mkdir(parents=True, exist_ok=True)
    for seed, name in enumerate(names):
        make_talker(data / "weights" / name, seed=seed)
        card = {"kind": "local", "name": name, "title": name.replace("-", " ").upper(),
                "template": ("chatml", "llama-base")[seed % 2], "device": "cpu",
                "dtype": "float32"}  # fmt: skip
        (data / "models" / f"{name}.json").write_text(json.dumps(card))
