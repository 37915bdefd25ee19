import os

import pytest
import torch
from transformers import OPTConfig, OPTForCausalLM

from backend.errors import CamelidError, Conflict, InputError, MissingTool, NotFound
from backend.registry.cards import LocalCard
from backend.registry.converting import convert_weights, run_child
from backend.registry.shelf import add_card, find_card, find_known

ENVIRONMENT = {"PATH": os.environ["PATH"], "OMP_NUM_THREADS": "1"}


def make_bin(folder, thing=None):
    """A folder with `.bin` weights, words, and a program that must not be taken along."""
    folder.mkdir(parents=True, exist_ok=True)
    torch.save(thing or {"a": torch.ones(2)}, folder / "pytorch_model.bin")
    (folder / "config.json").write_text("{}")
    (folder / "pytorch_model.bin.index.json").write_text("{}")
    (folder / "modeling.py").write_text("import os")
    return folder


def convert(data, wanted, **more):
    return convert_weights(data, wanted, environment=ENVIRONMENT, **more)


def play_child(source, target, environment):
    (target / "model.safetensors").write_bytes(b"weights")


def check_nothing_left(data):
    assert not list((data / "weights").glob("*safetensors*"))


@pytest.mark.slow
def test_a_model_with_tied_weights_says_the_same_after_it(tmp_path):
    model = make_model(tmp_path / "weights" / "mine")
    add_card(tmp_path, LocalCard(name="mine", template="alpaca"))
    got = convert(tmp_path, "mine")
    assert got.card == find_card(tmp_path, "mine")
    assert got.card.path == "weights/mine-safetensors"
    again = OPTForCausalLM.from_pretrained(got.folder, use_safetensors=True, local_files_only=True)
    ids = torch.tensor([[1, 5, 9, 40]])
    assert torch.equal(again(ids).logits, model(ids).logits)


def make_model(folder):
    """A tiny model as its makers used to publish them: `.bin`, in two shards."""
    torch.manual_seed(0)
    config = OPTConfig(
        vocab_size=64,
        hidden_size=32,
        word_embed_proj_dim=32,
        ffn_dim=64,
        num_hidden_layers=2,
        num_attention_heads=2,
    )
    model = OPTForCausalLM(config).eval()
    folder.mkdir(parents=True)
    model.config.save_pretrained(folder)
    state = list(model.state_dict().items())
    halves = (dict(state[:5]), dict(state[5:]))
    for number, half in enumerate(halves, 1):
        torch.save(half, folder / f"pytorch_model-0000{number}-of-00002.bin")
    return model


def test_the_original_stays_and_only_words_are_copied(tmp_path):
    source = make_bin(tmp_path / "weights" / "vicuna-7b-v1.3")
    before = {path.name: path.read_bytes() for path in source.iterdir()}
    got = convert(tmp_path, "vicuna-7b-v1.3", run=play_child)
    assert {path.name: path.read_bytes() for path in source.iterdir()} == before
    assert {path.name for path in got.folder.iterdir()} == {"config.json", "model.safetensors"}
    assert find_known(tmp_path, "vicuna-7b-v1.3").origin == "data folder"


def test_a_folder_without_a_card_is_converted_too(tmp_path):
    got = convert(tmp_path / "data", str(make_bin(tmp_path / "old-model")), run=play_child)
    assert got.folder == tmp_path / "data" / "weights" / "old-model-safetensors"
    assert (got.card, got.n_bytes) == (None, 7)


@pytest.mark.slow
def test_a_hostile_pickle_leaves_no_trace(tmp_path):
    source = make_bin(tmp_path / "weights" / "mine", {"a": torch.ones(1), "b": Evil(tmp_path)})
    add_card(tmp_path, LocalCard(name="mine"))
    with pytest.raises(InputError, match=r"pytorch_model\.bin holds more than weights"):
        convert(tmp_path, "mine")
    assert not (tmp_path / "canary").exists()
    assert [path.name for path in source.parent.iterdir()] == ["mine"]
    assert find_card(tmp_path, "mine").path == ""


class Evil:
    """What runs a program when it is unpickled."""

    def __init__(self, folder):
        self.folder = folder

    def __reduce__(self):
        return (os.system, (f"touch {self.folder}/canary",))


@pytest.mark.slow
def test_the_child_is_told_what_it_is_told_and_no_more(tmp_path):
    spy = tmp_path / "spy"
    script = f"import os, pathlib; pathlib.Path({str(spy)!r}).write_text(' '.join(os.environ))"
    (tmp_path / "sitecustomize.py").write_text(script)
    make_bin(tmp_path / "mine")
    run_child(tmp_path / "mine", tmp_path, {**ENVIRONMENT, "PYTHONPATH": str(tmp_path)})
    assert (tmp_path / "model.safetensors").is_file()
    assert "PYTEST_CURRENT_TEST" in os.environ
    assert set(spy.read_text().split()) <= {*ENVIRONMENT, "PYTHONPATH", "LC_CTYPE"}


def test_a_child_that_takes_too_long_is_ended(tmp_path):
    with pytest.raises(InputError, match="took more than 0 s"):
        run_child(make_bin(tmp_path / "mine"), tmp_path, ENVIRONMENT, 0.01)


def test_what_a_child_leaves_when_it_fails_is_cleared_away(tmp_path):
    def fail(source, target, environment):
        play_child(source, target, environment)
        raise InputError("It was not converted.")

    source = make_bin(tmp_path / "mine")
    with pytest.raises(InputError, match="not converted"):
        convert(tmp_path, str(source), run=fail)
    check_nothing_left(tmp_path)
    assert convert(tmp_path, str(source), run=play_child).folder.is_dir()


@pytest.mark.parametrize(
    ("wanted", "error", "why"),
    [
        ("nobody", NotFound, "no model"),
        ("gpt-4", InputError, "no weights on this machine"),
        ("alpaca-7b", MissingTool, "no weights here"),
        ("done", InputError, "nothing to convert"),
        ("linked", InputError, "is a link"),
        ("broken", InputError, r"models/broken\.json"),
    ],
)
def test_what_cannot_be_converted_says_why(tmp_path, wanted, error, why):
    for name in ("done", "linked"):
        add_card(tmp_path, LocalCard(name=name))
        (tmp_path / "weights" / name).mkdir(parents=True)
    (tmp_path / "models" / "broken.json").write_text("{")
    (tmp_path / "weights" / "linked" / "pytorch_model.bin").symlink_to("/etc/hostname")
    with pytest.raises(error, match=why):
        convert(tmp_path, wanted)


def test_a_linked_word_is_not_followed(tmp_path):
    source = make_bin(tmp_path / "mine")
    (source / "tokenizer.json").symlink_to("/etc/hostname")
    with pytest.raises(InputError, match=r"tokenizer\.json is a link"):
        convert(tmp_path, str(source))


def test_a_full_disk_is_seen_first(tmp_path):
    make_bin(tmp_path / "mine")
    with pytest.raises(MissingTool, match="Make room"):
        convert(tmp_path, str(tmp_path / "mine"), free=lambda _: 10**9)
    check_nothing_left(tmp_path)


def test_a_conversion_is_not_done_twice(tmp_path):
    make_bin(tmp_path / "mine")
    (tmp_path / "weights" / "mine-safetensors").mkdir(parents=True)
    with pytest.raises(Conflict, match="there already"):
        convert(tmp_path, str(tmp_path / "mine"))


def test_a_folder_whose_name_no_model_can_have_is_refused(tmp_path):
    with pytest.raises(CamelidError, match="Rename it"):
        convert(tmp_path, str(make_bin(tmp_path / "my model")))
