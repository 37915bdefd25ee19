"""How a run ends, told from what it raised."""

import errno
import json

import pytest
import torch
from safetensors import SafetensorError

from backend.errors import InputError
from training.run.ending import NotFinite, Stopped, forget_outcome, name_end, write_outcome

pytestmark = pytest.mark.slow


def chain(outer, inner):
    """Return an error that came from another."""
    outer.__cause__ = inner
    return outer


@pytest.mark.parametrize(
    ("error", "end"),
    [
        (Stopped("x", asked=True), "cancelled"),
        (Stopped("x", asked=False), "interrupted"),
        (NotFinite("x"), "not_finite"),
        (OSError(errno.ENOSPC, "No space left on device"), "disk_full"),
        (SafetensorError("I/O error: No space left on device (os error 28)"), "disk_full"),
        (
            RuntimeError("[enforce fail] . PytorchStreamWriter failed writing file data/1"),
            "disk_full",
        ),
        (RuntimeError("inline_container.cc:672] . unexpected pos 576 vs 534"), "disk_full"),
        (chain(RuntimeError("while saving"), OSError(errno.EDQUOT, "quota")), "disk_full"),
        (torch.OutOfMemoryError("CUDA out of memory. Tried to allocate"), "out_of_memory"),
        (RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried"), "out_of_memory"),
        (MemoryError(), "out_of_memory"),
        (InputError("this row", 3), "bad_data"),
        (OSError(errno.ENOENT, "no such file"), "crashed"),
        (ValueError("what"), "crashed"),
    ],
)
def test_an_error_has_its_named_end(error, end):
    assert name_end(error)[0] == end
    assert name_end(error)[1]


def test_words_about_a_disk_in_a_persons_data_are_no_full_disk():
    assert name_end(InputError("the row says: No space left on device"))[0] == "bad_data"


def test_the_first_process_that_fails_has_the_word(tmp_path):
    write_outcome(tmp_path, "not_finite", "first")
    write_outcome(tmp_path, "crashed", "second")
    assert json.loads((tmp_path / "outcome.json").read_text()) == {
        "end": "not_finite",
        "message": "first",
    }
    assert [path.name for path in tmp_path.iterdir()] == ["outcome.json"]


def test_an_outcome_is_forgotten_before_the_next_run(tmp_path):
    write_outcome(tmp_path, "crashed", "first")
    forget_outcome(tmp_path)
    write_outcome(tmp_path, "done", "second")
    assert json.loads((tmp_path / "outcome.json").read_text())["end"] == "done"


def test_an_outcome_that_can_not_be_written_raises_nothing(tmp_path):
    write_outcome(tmp_path / "gone", "crashed", "x")
    assert not (tmp_path / "gone").exists()
