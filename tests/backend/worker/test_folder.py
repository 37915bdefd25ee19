"""A model's folder is looked through before anything in it is loaded."""

import json
import os
import shutil

import pytest

from backend.errors import InputError, NotFound
from backend.worker.folder import check_folder


def write_folder(folder):
    """A folder that is in order, as far as can be seen without loading it."""
    folder.mkdir(parents=True)
    (folder / "config.json").write_text(json.dumps({"model_type": "llama"}))
    (folder / "tokenizer_config.json").write_text("{}")
    (folder / "tokenizer.json").write_text("{}")
    (folder / "model.safetensors").write_bytes(b"")
    return folder


@pytest.fixture
def folder(tmp_path):
    return write_folder(tmp_path / "model")


def test_a_plain_folder_passes(folder):
    assert check_folder(folder) == folder.resolve()


def test_a_folder_that_is_not_there(tmp_path):
    with pytest.raises(NotFound, match=r"no model folder .*/nowhere"):
        check_folder(tmp_path / "nowhere")


def remove(name):
    return lambda folder: (folder / name).unlink()


def write(name, value):
    return lambda folder: (folder / name).write_text(json.dumps(value))


def pickle_only(folder):
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")


def link_out(folder):
    (folder.parent / "secret.json").write_text("{}")
    (folder / "generation_config.json").symlink_to("../secret.json")


def link_out_below(folder):
    (folder / "sub").mkdir()
    (folder / "sub" / "model").symlink_to("/etc")


def link_to_nothing(folder):
    (folder / "generation_config.json").symlink_to("gone.json")


def index(*names):
    return write(
        "model.safetensors.index.json",
        {"weight_map": {f"t{n}": name for n, name in enumerate(names)}},
    )


HOSTILE = {"AutoModelForCausalLM": "evil.Model"}


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (remove("config.json"), "no config.json"),
        (write("config.json", {"auto_map": HOSTILE}), "config.json asks for code .*auto_map"),
        (write("config.json", {"text_config": {"auto_map": HOSTILE}}), "asks for code"),
        (write("tokenizer_config.json", {"auto_map": HOSTILE}), "tokenizer_config.json asks"),
        (write("config.json", {"_attn_implementation": "evil/kernel"}), "asks for code"),
        (
            write("config.json", {"text_config": {"_attn_implementation": "evil/kernel"}}),
            "asks for code",
        ),
        (lambda folder: os.mkfifo(folder / "vocab.json"), "vocab.json is no plain file"),
        (write("config.json", []), "holds list, not a JSON object"),
        (lambda folder: (folder / "config.json").write_text("{"), "is not JSON"),
        (remove("tokenizer.json"), "has no tokenizer"),
        (remove("model.safetensors"), "has no weights"),
        (pickle_only, "pickled weights only .pytorch_model.bin.*models convert"),
        (link_out, "link that leads out of its folder"),
        (link_out_below, "link that leads out of its folder, to /etc"),
        (link_to_nothing, "link to nothing"),
        (index("model.safetensors", "model-2.safetensors"), "model-2.safetensors is missing"),
        (index("../model/model.safetensors"), "no safetensors file here"),
        (index("pytorch_model.bin"), "no safetensors file here"),
        (write("model.safetensors.index.json", {}), "no weight_map"),
    ],
)
def test_a_folder_that_is_refused_says_why(folder, spoil, words):
    spoil(folder)
    with pytest.raises(InputError, match=words):
        check_folder(folder)


def test_the_hubs_own_links_pass(tmp_path):
    """The hub's cache keeps files as links from snapshots/REVISION to blobs."""
    root = tmp_path / "models--who--what"
    write_folder(root / "blobs")
    revision = root / "snapshots" / "0123"
    revision.mkdir(parents=True)
    for path in (root / "blobs").iterdir():
        (revision / path.name).symlink_to(f"../../blobs/{path.name}")
    assert check_folder(revision) == revision.resolve()


def test_a_hub_folder_may_not_lead_out_of_its_model_either(tmp_path):
    revision = write_folder(tmp_path / "models--who--what" / "snapshots" / "0123")
    (tmp_path / "elsewhere").mkdir()
    (revision / "more").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(InputError, match="leads out"):
        check_folder(revision)


def test_the_folder_itself_may_be_a_link(tmp_path, folder):
    (tmp_path / "name").symlink_to(folder)
    assert check_folder(tmp_path / "name") == folder.resolve()


def test_pickles_beside_safetensors_do_no_harm(folder):
    shutil.copy(folder / "model.safetensors", folder / "pytorch_model.bin")
    assert check_folder(folder)
