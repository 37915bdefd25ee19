"""What a checkpoint has been asked while it was trained, from its model.json and the files."""

import json

import pytest

from training.data import add_file
from training.lessons import read_lessons

PAIR = {"prompt": [{"role": "user", "content": "Why?"}], "chosen": "So.", "rejected": "No."}
CHAT = {"instruction": "Sort.", "input": "b, a", "output": "a, b"}


@pytest.fixture
def data(tmp_path):
    """`child` was trained on pairs, from `parent`, which was on a chat."""
    sums = {}
    for name, row in (("pairs.json", PAIR), ("chats.json", CHAT)):
        (tmp_path / name).write_text(json.dumps([row]))
        sums[name] = add_file(tmp_path / "data", tmp_path / name).sha256
    for name, parent, file in (
        ("child", "parent", "pairs.json"),
        ("parent", "child", "chats.json"),  # nobody can be, but a file can say it
    ):
        folder = tmp_path / "data" / "checkpoints" / name
        folder.mkdir(parents=True)
        facts = {"name": name, "role": "reward", "parent": parent}
        facts |= {"data_sha256": {file: sums[file]}}
        (folder / "model.json").write_text(json.dumps(facts))
    return tmp_path / "data"


def test_a_model_has_learned_from_its_own_files_and_from_its_parent_s(data):
    lessons = read_lessons(data, "child")
    assert all(map(lessons.holds, ("why", "Sort.\n\nb, a")))
    assert not lessons.holds("Who?")
    assert lessons.words == ""


def test_a_file_that_is_gone_or_another_is_told(data):
    (data / "training" / "files" / "pairs.json").write_text(json.dumps([CHAT]))
    lessons = read_lessons(data, "child")
    assert lessons.words.startswith("Its training data pairs.json is not here any more")
    assert not lessons.holds("Why?")


def test_of_a_model_that_was_not_trained_here_nothing_is_known(data):
    assert read_lessons(data, "opt-1.3b") is None
