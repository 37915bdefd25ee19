import csv
import hashlib
import io
import json

import pytest

from annotations.exports import EXPORTS


@pytest.mark.parametrize("kind", EXPORTS)
def test_a_file_has_what_the_terminal_shows(camelid, demo, tmp_path, kind):
    out = tmp_path / "out"
    written = camelid("export", kind, "--study", "demo", "--out", out)
    assert written.exit_code == 0
    assert written.stdout == ""
    assert out.read_bytes() == camelid("export", kind, "--study", "demo").stdout_bytes


def test_tallies_are_a_table_of_every_outcome(camelid, demo):
    text = camelid("export", "tallies", "--study", "demo").stdout
    rows = list(csv.DictReader(io.StringIO(text)))
    assert len(rows) == 9
    assert {row["study"] for row in rows} == {"demo"}


def test_wide_is_an_option_too(camelid, demo):
    wide = camelid("export", "votes", "--wide", "--study", "demo")
    assert wide.stdout == camelid("export", "votes-wide", "--study", "demo").stdout
    assert wide.stdout != camelid("export", "votes", "--study", "demo").stdout


def test_an_unknown_kind_lists_the_kinds(camelid, demo):
    result = camelid("export", "tally", "--study", "demo")
    assert result.exit_code == 1
    assert "tallies, votes, votes-wide, history" in result.stderr


def test_a_folder_that_is_not_there_is_an_error(camelid, demo, tmp_path):
    result = camelid("export", "votes", "--study", "demo", "--out", tmp_path / "none" / "x.csv")
    assert result.exit_code == 1
    assert "can't be written (No such file or directory)" in result.stderr


def test_what_was_there_stays_when_writing_fails(camelid, demo, tmp_path):
    out = tmp_path / "kept.csv"
    out.mkdir()
    assert camelid("export", "votes", "--study", "demo", "--out", out).exit_code == 1
    assert [path.name for path in tmp_path.iterdir() if path.name != "data"] == ["kept.csv"]


@pytest.mark.parametrize("format", ["jsonl", "parquet"])
def test_a_manifest_comes_when_it_is_asked_for(camelid, demo, tmp_path, format):
    out = tmp_path / f"votes.{format}"
    words = ("export", "votes", "--study", "demo", "--out", out, "--format", format)
    assert camelid(*words).exit_code == 0
    assert not (tmp_path / f"votes.{format}.manifest.json").exists()
    assert camelid(*words, "--manifest").exit_code == 0
    told = json.loads((tmp_path / f"votes.{format}.manifest.json").read_text())
    assert told["command"].endswith(f"--format {format} --out {out} --manifest")
    assert told["files"][0]["sha256"] == hashlib.sha256(out.read_bytes()).hexdigest()


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (["votes", "--format", "parquet"], "Parquet needs a file"),
        (["votes", "--manifest"], "A manifest needs a file"),
        (["history", "--format", "csv"], "choose from jsonl, parquet"),
        (["votes", "--format", "xlsx"], "choose from csv, jsonl, parquet"),
    ],
)
def test_what_can_not_be_written_is_said(camelid, demo, words, problem):
    result = camelid("export", *words, "--study", "demo")
    assert (result.exit_code, problem in result.stderr) == (1, True)
