import json

import pytest

from annotations.imports.folders import sort_files
from backend.errors import InputError

ROWS = {
    "b/question.jsonl": {"question_id": 1, "text": "Why?", "category": "generic"},
    "a/answer_x.jsonl": {"question_id": 1, "text": "So.", "model_id": "x", "answer_id": "one"},
    "a/.hidden.jsonl": {"question_id": 2, "text": "Why?", "category": "generic"},
    "a/other.jsonl": {"colour": "green"},
    "a/notes.txt": {"question_id": 3, "text": "Why?", "category": "generic"},
}


@pytest.fixture
def folder(tmp_path):
    for name, row in ROWS.items():
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(json.dumps(row))
    return tmp_path


def test_a_folder_stands_for_its_files_in_the_order_that_they_need(folder):
    files, left_out = sort_files([folder], 1000)
    assert [path.name for path in files] == ["question.jsonl", "answer_x.jsonl"]
    assert [path.name for path in left_out] == ["other.jsonl"]


def test_files_may_be_named_in_any_order(folder):
    named = [folder / "a/answer_x.jsonl", folder / "b/question.jsonl"]
    assert sort_files(named, 1000) == (named[::-1], [])


@pytest.mark.parametrize("name", ["a/other.jsonl", "a/missing.jsonl"])
def test_a_file_that_was_named_is_never_left_out_and_fails_last(folder, name):
    named = [folder / name, folder / "b/question.jsonl"]
    assert sort_files(named, 1000) == (named[::-1], [])


def test_a_folder_with_nothing_to_import_is_said(folder):
    with pytest.raises(InputError, match=r"no file in .* that can be imported"):
        sort_files([folder], 5)
