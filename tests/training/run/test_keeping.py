"""Which checkpoints count, which is gone on from, and which are let go."""

import pytest

from training.run.keeping import (
    MARK,
    drop_older,
    drop_torn,
    find_newest,
    list_whole,
    locate_checkpoint,
    mark_whole,
)


def make_checkpoint(run, step, whole=True):
    folder = locate_checkpoint(run, step)
    folder.mkdir(parents=True)
    (folder / "model.safetensors").write_text("weights")
    if whole:
        mark_whole(folder)
    return folder


def test_the_newest_is_by_step_not_by_name(tmp_path):
    for step in (9, 10, 2):
        make_checkpoint(tmp_path, step)
    assert find_newest(tmp_path) == tmp_path / "checkpoint-10"


def test_a_torn_checkpoint_is_not_gone_on_from(tmp_path):
    make_checkpoint(tmp_path, 5)
    make_checkpoint(tmp_path, 10, whole=False)
    assert find_newest(tmp_path) == tmp_path / "checkpoint-5"
    mark_whole(tmp_path / "checkpoint-10")  # the mark is what decides
    assert find_newest(tmp_path) == tmp_path / "checkpoint-10"


def test_without_a_run_there_is_nothing_to_go_on_from(tmp_path):
    assert find_newest(tmp_path / "run") is None
    drop_torn(tmp_path / "run")


def test_torn_ones_are_swept_and_whole_ones_stay(tmp_path):
    make_checkpoint(tmp_path, 5)
    make_checkpoint(tmp_path, 10, whole=False)
    (tmp_path / "README.md").write_text("not a checkpoint")
    drop_torn(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["README.md", "checkpoint-5"]


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (lambda folder: (folder / "model.safetensors").write_text("wei"), "3 bytes in place of 7"),
        (lambda folder: (folder / "model.safetensors").unlink(), "0 bytes in place of 7"),
        (lambda folder: (folder / MARK).write_text("{"), "JSONDecodeError"),
        (lambda folder: (folder / MARK).write_text("[]"), "AttributeError"),
    ],
)
def test_a_checkpoint_that_was_damaged_gives_way_to_the_one_before(tmp_path, damage, words):
    make_checkpoint(tmp_path, 5)
    damage(make_checkpoint(tmp_path, 10))
    (said,) = drop_torn(tmp_path)
    assert "checkpoint-10 is damaged" in said and words in said
    assert find_newest(tmp_path) == tmp_path / "checkpoint-5" and drop_torn(tmp_path) == []


def test_only_the_newest_are_kept(tmp_path):
    for step in (5, 10, 15, 20):
        make_checkpoint(tmp_path, step)
    drop_older(tmp_path, 2)
    assert [path.name for path in list_whole(tmp_path)] == ["checkpoint-15", "checkpoint-20"]
