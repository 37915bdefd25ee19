import json

import pytest

from annotations.judging.original import read_original
from annotations.judging.records import list_judgments
from annotations.library import list_benchmarks
from backend.benchmarks import FILES
from backend.errors import InputError, MissingTool
from tests.ledgers import make_study
from tests.reviewed import make_answered, make_reviews
from ui.admin.imports import delete_upload, fetch_set, import_upload, list_sets, show_library

LIMIT = 10_000_000


@pytest.fixture
def upload(tmp_path):
    """A folder of its own with one file in it, as an upload lies there."""
    folder = tmp_path / "upload" / "abc"
    folder.mkdir(parents=True)

    def put(text, name="answers.jsonl"):
        path = folder / name
        path.write_text(text)
        return path

    return put


def take(store, path, **words):
    return import_upload(store, path, words, actor="ada", max_bytes=LIMIT, delete=delete_upload)


def test_an_upload_becomes_answers_and_is_deleted(store, study, upload):
    path = upload(
        "".join(json.dumps({"item_id": f"i{k}", "answer": "x"}) + "\n" for k in range(1, 7))
    )
    lines = take(store, path, model="New", benchmark="tiny", study="", name=" ")
    assert lines[0].startswith("answers.jsonl: ")
    assert "6" in lines[1]
    assert not path.parent.exists()


def test_a_faulty_upload_is_deleted_too(store, study, upload):
    path = upload('{"nonsense": 1}')
    with pytest.raises(InputError, match="line 1"):
        take(store, path)
    assert not path.parent.exists()


def test_no_file_is_said_to_be_missing(store):
    with pytest.raises(InputError, match="Choose a file"):
        take(store, None)


def test_words_that_were_left_empty_say_nothing(store, upload):
    path = upload('{"id": "a", "instruction": "Do.", "instances": [{"input": "", "output": ""}]}')
    lines = take(store, path, model="", study=None, benchmark="", name="mine")
    assert "mine" in lines[0]
    assert not any("changed nothing" in line for line in lines)


def test_every_published_benchmark_can_be_fetched_with_its_answers():
    assert [name for _, name in list_sets()] == ["user_oriented_252", "vicuna_80"]
    assert list_sets()[0][0].endswith("and the answers of 3 systems")
    assert list_sets()[1][0].endswith("the answers of 6 systems, with 8 files of reviews")


def test_a_set_is_fetched_and_imported(store, tmp_path, data_sources):
    def fetch(name, folder):
        entry = next(one for one in FILES if one.name == name)
        return next(data_sources.rglob(entry.file))

    lines = fetch_set(store, tmp_path, "user_oriented_252", "ada", fetch)
    assert sum("user_oriented_252" in line for line in lines) >= 4
    assert [(one.name, one.n_items) for one in list_benchmarks(store)] == [
        ("user_oriented_252", 252)
    ]


@pytest.mark.slow
def test_the_vicuna_set_brings_its_reviews_and_prompts(store, tmp_path, data_sources):
    def fetch(name, folder):
        entry = next(one for one in FILES if one.name == name)
        return next(data_sources.rglob(entry.file))

    fetch_set(store, tmp_path, "vicuna_80", "ada", fetch)
    assert len(list_judgments(store)) == 640
    assert set(read_original(store).rubrics) == {"general", "coding", "math"}


def test_the_judge_of_an_upload_can_be_said(store, tmp_path, upload):
    make_answered(store, tmp_path)
    path = upload("".join(f"{json.dumps(row)}\n" for row in make_reviews()))
    lines = take(store, path, judge="gpt-3.5-turbo", model="", study=None)
    assert "Judge: gpt-3.5-turbo." in lines
    assert {one.judge for one in list_judgments(store)} == {"gpt-3.5-turbo"}


def test_offline_the_page_says_what_to_do(store, tmp_path):
    def fail(name, folder):
        raise MissingTool(f"{name} could not be fetched. Put it into {folder} by hand.")

    with pytest.raises(MissingTool, match="by hand"):
        fetch_set(store, tmp_path, "vicuna_80", "ada", fail)
    assert list_benchmarks(store) == []


def test_offline_all_files_that_are_missing_are_named_at_once(store, tmp_path):
    def fail(name, folder):
        raise MissingTool(f"{name} could not be fetched.")

    there = tmp_path / "downloads" / "text-davinci-001_predictions.jsonl"
    there.parent.mkdir()
    there.write_text("")
    with pytest.raises(MissingTool) as error:
        fetch_set(store, tmp_path, "user_oriented_252", "ada", fail)
    assert "/text-davinci-003_predictions.jsonl" in str(error.value)
    assert "/text-davinci-001_predictions.jsonl" not in str(error.value)


@pytest.mark.parametrize("name", [None, "", "everything"])
def test_an_unknown_set_is_refused(store, tmp_path, name):
    with pytest.raises(InputError, match="user_oriented_252, vicuna_80"):
        fetch_set(store, tmp_path, name, "ada")


def test_the_library_is_shown_with_who_answered(store):
    assert "No benchmarks yet" in show_library(store)
    make_study(store)
    assert "Alpaca (6), LLaMA-GPT4 (6)" in show_library(store)
