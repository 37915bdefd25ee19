import json

import pytest

from annotations.demo import FOLDER
from annotations.library import list_benchmarks
from annotations.store import Store
from tests.ledgers import open_store
from tests.reviewed import MODEL, PROMPT, REVIEWER, make_answered, make_reviews, write_rows


def test_an_import_ends_with_what_comes_next(camelid):
    items = camelid("import", FOLDER / "instructions.jsonl")
    assert items.exit_code == 0
    assert "import the answers of two systems to demo" in items.stderr
    words = ("import", FOLDER / "alpaca-demo.jsonl", "--benchmark", "demo", "--model")
    camelid(*words, "first")
    assert "study create NAME --benchmark demo --systems first second" in (
        camelid(*words, "second").stderr
    )


def test_several_files_go_in_one_after_another(camelid, tmp_path):
    lines = (FOLDER / "alpaca-demo.jsonl").read_text("utf-8").splitlines()
    answers = map(json.loads, lines)
    named = tmp_path / "named.jsonl"
    named.write_text("\n".join(json.dumps(row | {"model": "alpaca"}) for row in answers))
    result = camelid("import", FOLDER / "instructions.jsonl", named)
    assert result.exit_code == 0, result.stderr
    assert result.stdout.count("new: 30") == 2


def test_reviews_are_followed_by_what_they_are_good_for(camelid, data, tmp_path):
    with open_store(data) as store:
        make_answered(store, tmp_path)
    path = write_rows(tmp_path / "reviews.jsonl", make_reviews())
    result = camelid("import", path, "--judge", "gpt-4-0314")
    assert result.exit_code == 0, result.stderr
    assert "Judge: gpt-4-0314." in result.stdout
    assert "export judgments --out FILE" in result.stderr


def test_prompts_belong_to_no_benchmark(camelid, tmp_path):
    files = [
        write_rows(tmp_path / "prompt.jsonl", [PROMPT]),
        write_rows(tmp_path / "reviewer.jsonl", [REVIEWER]),
        write_rows(tmp_path / "model.jsonl", [MODEL]),
    ]
    assert "--protocol original" in camelid("import", *files[:2]).stderr
    assert camelid("import", files[2]).exit_code == 0


def test_a_bad_file_is_named_and_nothing_of_it_is_kept(camelid, data, tmp_path):
    bad = tmp_path / "bad.jsonl"
    bad.write_text('{"id": 1}\n')
    result = camelid("import", FOLDER / "instructions.jsonl", bad)
    assert result.exit_code == 1
    assert str(bad) in result.stderr
    with Store(data) as store:
        assert [one.name for one in list_benchmarks(store)] == ["demo"]


def test_downloads_are_listed(camelid, data):
    result = camelid("import", "--download", "list")
    assert "user_oriented_252 " in result.stdout
    assert not data.exists()


def test_an_unknown_download_lists_the_names(camelid, data):
    result = camelid("import", "--download", "user_oriented")
    assert result.exit_code == 1
    assert "vicuna_80" in result.stderr
    assert not data.exists()


@pytest.mark.parametrize("words", [[], ["--model", "x"]])
def test_nothing_to_import_is_said(camelid, words):
    result = camelid("import", *words)
    assert result.exit_code == 1
    assert "--download list" in result.stderr


def test_a_download_that_is_there_already_is_imported(camelid, data, data_sources):
    source = data_sources / "user_oriented_252"
    (data / "downloads").mkdir(parents=True)
    for path in (source / "user_oriented_instructions.jsonl", *source.glob("predictions/*-003*")):
        (data / "downloads" / path.name).write_bytes(path.read_bytes())
    names = ("user_oriented_252", "text-davinci-003@user_oriented_252")
    result = camelid("import", "--download", names[0], "--download", names[1])
    assert result.exit_code == 0, result.stderr
    assert result.stdout.count("new: 252") == 2


def test_whoever_writes_is_named_before_anything_is_read(camelid, data):
    with Store(data, purpose="serving on somewhere"):
        result = camelid("import", FOLDER / "instructions.jsonl")
    assert result.exit_code == 1
    assert "serving on somewhere" in result.stderr
