import json
import os
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.errors import Conflict, InputError, MissingTool, NotFound
from training.data.library import (
    add_file,
    find_file,
    inspect_file,
    list_files,
    locate_file,
    locate_files,
    read_note,
    settle,
)

ROWS = [{"instruction": "Hi.", "input": "", "output": "Hello."}] * 3
PLENTY = lambda _: 10**12  # noqa: E731


@pytest.fixture
def source(tmp_path):
    """A file from elsewhere."""
    path = tmp_path / "mine.json"
    path.write_text(json.dumps(ROWS))
    return path


def list_hidden(data):
    return [p.name for p in locate_files(data).iterdir() if not p.name.endswith((".json", ".note"))]


def test_a_file_comes_in_by_its_name_and_is_known(tmp_path, source):
    added = add_file(tmp_path, source, free=PLENTY)
    assert (added.name, added.shape, added.n_rows) == ("mine.json", "alpaca", 3)
    assert added.path.read_bytes() == source.read_bytes()
    assert list_files(tmp_path) == [added] == [find_file(tmp_path, "mine.json")]
    assert not list_hidden(tmp_path)


def test_the_same_file_once_more_is_the_one_that_is_there(tmp_path, source):
    assert add_file(tmp_path, source, free=PLENTY) == add_file(tmp_path, source, free=PLENTY)


def test_another_file_of_that_name_is_refused_and_takes_another(tmp_path, source):
    add_file(tmp_path, source, free=PLENTY)
    source.write_text(json.dumps(ROWS * 2))
    with pytest.raises(Conflict, match=r"another file called mine.json"):
        add_file(tmp_path, source, free=PLENTY)
    assert find_file(tmp_path, "mine.json").n_rows == 3
    assert add_file(tmp_path, source, "more.json", free=PLENTY).n_rows == 6


def test_a_file_with_a_broken_row_leaves_nothing(tmp_path, source):
    source.write_text(json.dumps([*ROWS, {"instruction": "Hi."}]))
    with pytest.raises(InputError, match=r"mine.json, line 4: 'output' is missing"):
        add_file(tmp_path, source, free=PLENTY)
    assert list_files(tmp_path) == [] and not list_hidden(tmp_path)


def test_a_full_disk_is_told_first(tmp_path, source):
    with pytest.raises(MissingTool, match="Make room"):
        add_file(tmp_path, source, free=lambda _: 5)


def test_a_file_that_changed_is_counted_again(tmp_path, source):
    path = add_file(tmp_path, source, free=PLENTY).path
    path.write_text(json.dumps(ROWS * 4))
    assert find_file(tmp_path, "mine.json").n_rows == 12


def test_what_is_noted_is_not_counted_again(tmp_path, source):
    path = add_file(tmp_path, source, free=PLENTY).path
    before = path.stat()
    path.write_bytes(path.read_bytes().replace(b"Hello", b"World"))  # as long as it was
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    seen = find_file(tmp_path, "mine.json").sha256
    path.with_name(".mine.json.note").unlink()
    assert find_file(tmp_path, "mine.json").sha256 != seen


def test_what_was_counted_on_its_way_in_is_not_counted_again(tmp_path, source):
    path = tmp_path / "its.json"
    settle(source, path, replace(inspect_file(source), n_rows=7))
    assert read_note(path).n_rows == 7


@pytest.mark.parametrize("note", ["", "[]", '{"state": 1}', '{"state": [], "no": 1}'])
def test_a_broken_note_is_written_anew(tmp_path, source, note):
    path = add_file(tmp_path, source, free=PLENTY).path
    path.with_name(".mine.json.note").write_text(note)
    assert find_file(tmp_path, "mine.json").n_rows == 3


def test_a_broken_file_is_listed_with_its_fault_and_not_given_out(tmp_path):
    folder = locate_files(tmp_path)
    folder.mkdir(parents=True)
    (folder / "bad.json").write_text("[1]")
    (broken,) = list_files(tmp_path)
    assert "bad.json, line 1: A row should be an object" in broken.fault
    with pytest.raises(InputError, match="can't be trained on"):
        find_file(tmp_path, "bad.json")


def test_links_and_folders_are_no_training_data(tmp_path, source):
    folder = locate_files(tmp_path)
    folder.mkdir(parents=True)
    (folder / "link.json").symlink_to(source)
    (folder / "folder").mkdir()
    assert list_files(tmp_path) == []
    with pytest.raises(NotFound):
        find_file(tmp_path, "link.json")


def test_only_what_was_published_is_said_to_be_fetched(tmp_path):
    with pytest.raises(NotFound) as caught:
        find_file(tmp_path, "mine.json")
    assert "training add FILE" in str(caught.value) and "fetch" not in str(caught.value)


def test_what_is_not_there_is_told_how_to_get_it(tmp_path, source):
    add_file(tmp_path, source, "alpaca_gpt4.json", free=PLENTY)
    with pytest.raises(NotFound, match=r"There are: alpaca_gpt4.json.*training fetch alpaca_data"):
        find_file(tmp_path, "alpaca_data.json")


@given(st.text() | st.sampled_from(["..", ".hidden", "../x", "a/b", "", "a\0b", "a" * 200]))
def test_no_name_leaves_the_folder(tmp_path_factory, name):
    data = tmp_path_factory.getbasetemp()
    try:
        path = locate_file(data, name)
    except InputError:
        return
    assert path.resolve().parent == locate_files(data).resolve()
    assert not path.name.startswith(".")


@pytest.mark.parametrize("change", [{"n_rows": "many"}, {"shape": "<b>"}, {"n_bytes": None}])
def test_note_that_is_none_of_ours_is_made_again(tmp_path, source, change):
    added = add_file(tmp_path, source, free=PLENTY)
    note = locate_files(tmp_path) / ".mine.json.note"
    note.write_text(json.dumps({**json.loads(note.read_text()), **change}))
    assert find_file(tmp_path, "mine.json") == added
