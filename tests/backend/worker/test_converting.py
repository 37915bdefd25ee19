import json
import os
import pickle
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from backend.errors import InputError
from backend.worker.converting import convert_shards, is_same, load_shard


class Evil:
    """What runs a program when it is unpickled."""

    def __init__(self, canary):
        self.canary = canary

    def __reduce__(self):
        return (os.system, (f"touch {self.canary}",))


def save_plain(thing, path):
    path.write_bytes(pickle.dumps(thing, protocol=2))


def save_old(thing, path):
    torch.save(thing, path, _use_new_zipfile_serialization=False)


SAVERS = [save_plain, save_old, torch.save]


@pytest.mark.parametrize("save", SAVERS)
def test_a_pickle_that_runs_a_program_is_refused_and_nothing_runs(tmp_path, save):
    canary, path = tmp_path / "canary", tmp_path / "pytorch_model.bin"
    save({"weight": torch.ones(2), "extra": Evil(canary)}, path)
    with pytest.raises(InputError, match=r"pytorch_model\.bin holds more than weights"):
        load_shard(path)
    assert not canary.exists()


@pytest.mark.parametrize("save", SAVERS)
def test_the_same_pickle_does_run_where_nobody_guards(tmp_path, save):
    canary, path = tmp_path / "canary", tmp_path / "pytorch_model.bin"
    save({"weight": torch.ones(2), "extra": Evil(canary)}, path)
    if save is save_plain:
        pickle.loads(path.read_bytes())
    else:
        torch.load(path, weights_only=False)
    assert canary.exists()


@pytest.mark.parametrize("save", [save_old, torch.save])
def test_numbers_come_out_as_they_were(tmp_path, save):
    told = {
        "half": torch.randn(3, 4).half(),
        "brain": torch.randn(5).bfloat16(),
        "odd": torch.tensor([float("nan"), float("-inf"), -0.0]),
        "scalar": torch.tensor(7),
        "turned": torch.arange(6).reshape(2, 3).t(),
        "empty": torch.empty(0, 3),
    }
    save(told, tmp_path / "pytorch_model.bin")
    convert_shards([tmp_path / "pytorch_model.bin"], tmp_path)
    found = load_file(tmp_path / "model.safetensors")
    assert set(found) == set(told)
    for name, one in told.items():
        assert torch.equal(found[name].nan_to_num(9), one.nan_to_num(9))
        assert (found[name].dtype, found[name].shape) == (one.dtype, one.shape)


def test_tied_weights_stand_under_each_of_their_names(tmp_path):
    whole = torch.randn(4, 4)
    told = {"in": whole, "out": whole, "part": whole[:2], "turned": whole.t()}
    torch.save(told, tmp_path / "pytorch_model.bin")
    convert_shards([tmp_path / "pytorch_model.bin"], tmp_path)
    found = load_file(tmp_path / "model.safetensors")
    assert all(torch.equal(found[name], one) for name, one in told.items())


def test_shards_stay_shards_and_get_an_index(tmp_path):
    first, second = (tmp_path / f"pytorch_model-0000{i}-of-00002.bin" for i in (1, 2))
    torch.save({"a": torch.ones(2), "tied": torch.ones(3)}, first)
    torch.save({"b": torch.zeros(2), "tied": torch.ones(3)}, second)
    convert_shards([first, second], tmp_path)
    index = json.loads((tmp_path / "model.safetensors.index.json").read_text())
    assert index["weight_map"] == {
        "a": "model-00001-of-00002.safetensors",
        "b": "model-00002-of-00002.safetensors",
        "tied": "model-00001-of-00002.safetensors",
    }
    assert index["metadata"]["total_size"] == 4 * 7
    assert set(load_file(tmp_path / "model-00002-of-00002.safetensors")) == {"b"}


@pytest.mark.parametrize(
    "thing",
    [
        {},
        [torch.ones(1)],
        {"a": 3},
        {3: torch.ones(1)},
        {"model": {"a": torch.ones(1)}},
        {"a": torch.ones(1).to_sparse()},
        {"a": torch.empty(2, device="meta")},
    ],
)
def test_what_is_no_list_of_named_tensors_is_refused(tmp_path, thing):
    torch.save(thing, tmp_path / "pytorch_model.bin")
    with pytest.raises(InputError, match=r"pytorch_model\.bin holds"):
        load_shard(tmp_path / "pytorch_model.bin")


@pytest.mark.parametrize("body", [b"", b"PK\x03\x04", b"\x80\x02", b"hello", b"\x80\x02}."])
def test_a_broken_file_is_refused(tmp_path, body):
    path = tmp_path / "pytorch_model.bin"
    path.write_bytes(body)
    with pytest.raises(InputError, match=r"pytorch_model\.bin holds"):
        load_shard(path)


def test_half_a_file_is_refused(tmp_path):
    path = tmp_path / "pytorch_model.bin"
    torch.save({"a": torch.ones(1000)}, path)
    path.write_bytes(path.read_bytes()[:2000])
    with pytest.raises(InputError, match="is broken"):
        load_shard(path)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (torch.ones(2), torch.ones(2), True),
        (torch.tensor([float("nan")]), torch.tensor([float("nan")]), True),
        (torch.tensor([0.0]), torch.tensor([-0.0]), False),
        (torch.ones(2), torch.ones(1, 2), False),
        (torch.ones(2), torch.ones(2).half(), False),
        (torch.empty(0), torch.empty(0), True),
    ],
)
def test_what_is_read_again_is_compared_to_the_bit(one, other, same):
    assert is_same(one, other) == same


@pytest.mark.slow
def test_the_child_limits_itself():
    script = """if True:
        import resource as r
        from backend.worker.converting import limit_self
        limit_self([1000, 3000])
        limits = (r.RLIMIT_AS, r.RLIMIT_FSIZE, r.RLIMIT_CPU, r.RLIMIT_CORE)
        print([r.getrlimit(limit)[0] for limit in limits])
        try:
            bytearray(40 << 30)
        except MemoryError:
            print("true")
    """
    home = Path(__file__).parents[3]
    words = [sys.executable, "-c", script]
    told = subprocess.run(words, cwd=home, capture_output=True, text=True, check=True).stdout
    limits, refused = told.splitlines()
    assert json.loads(limits) == [(24 << 30) + 12_000, (64 << 20) + 6_000, 300, 0]
    assert refused == "true"


@pytest.mark.slow
def test_what_is_wrong_is_one_sentence_and_a_code(tmp_path):
    save_plain([Evil(tmp_path / "canary")], tmp_path / "pytorch_model.bin")
    words = [sys.executable, "-m", "backend.worker.converting", tmp_path, tmp_path]
    home = Path(__file__).parents[3]
    done = subprocess.run(words, cwd=home, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].startswith("pytorch_model.bin holds more than weights")
    assert not (tmp_path / "canary").exists()
