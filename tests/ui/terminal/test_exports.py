import csv
import hashlib
import io
import json

import pytest

from annotations.conversations import start_battle
from annotations.exports import EXPORTS
from tests.judged import add_judgment, make_questions
from tests.ledgers import open_store
from tests.talks import KIM, ask, begin, make_seat, vote


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
    assert "tallies, votes, votes-wide, history, agreement, chats, judgments." in result.stderr


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
        (["chats", "--manifest"], "A manifest is about a study"),
        (["judgments", "--manifest"], "A manifest is about a study; judgments"),
        (["judgments", "--format", "parquet"], "choose from csv, jsonl"),
        (["chats", "--format", "csv"], "There are: jsonl, fastchat"),
        (["chats", "--format", "fastchat", "--criterion", "kind"], "There are: helpful"),
    ],
)
def test_what_can_not_be_written_is_said(camelid, demo, words, problem):
    study = () if words[0] in ("chats", "judgments") else ("--study", "demo")
    result = camelid("export", *words, *study)
    assert (result.exit_code, problem in result.stderr) == (1, True)


def test_a_study_has_to_be_named(camelid, demo):
    result = camelid("export", "votes")
    assert (result.exit_code, "--study NAME" in result.stderr) == (1, True)


@pytest.mark.parametrize("format", ["csv", "jsonl"])
def test_every_judgment_is_written(camelid, data, tmp_path, format):
    with open_store(data) as store:
        make_questions(store)
        for item in (1, 2, 3):
            add_judgment(store, item, ("alpaca", "vicuna"), (8, 9))
    out = tmp_path / "j"
    assert camelid("export", "judgments", "--out", out, "--format", format).exit_code == 0
    assert len(out.read_text().splitlines()) == (4 if format == "csv" else 3)
    assert out.read_bytes() == camelid("export", "judgments", "--format", format).stdout_bytes


def test_judgments_of_one_study_are_not_promised(camelid, demo):
    result = camelid("export", "judgments", "--study", "demo")
    assert (result.exit_code, "leave out --study" in result.stderr) == (1, True)


@pytest.fixture
def chats(data):
    """Two conversations with a vote each, one of them blind."""
    with open_store(data) as store:
        for talk in (begin(store), start_battle(store, KIM, [make_seat("a"), make_seat("b")])):
            vote(store, ask(store, talk, "Hello 好", "one", "two"), "1", "tie", "bad")


@pytest.mark.parametrize("format", ["jsonl", "fastchat"])
def test_chats_are_written_with_names_that_nobody_has_seen(camelid, chats, tmp_path, format):
    out = tmp_path / "chats.jsonl"
    written = camelid("export", "chats", "--out", out, "--format", format)
    assert (written.exit_code, written.stdout) == (0, "")
    assert "chats.jsonl" in written.stderr
    shown = camelid("export", "chats", "--format", format)
    assert out.read_bytes() == shown.stdout_bytes
    lines = [json.loads(line) for line in out.read_text("utf-8").splitlines()]
    assert len(lines) == {"jsonl": 2, "fastchat": 6}[format]
    assert "好" in out.read_text("utf-8")


def test_chats_for_fastchat_are_about_one_question(camelid, chats):
    words = ("export", "chats", "--format", "fastchat", "--criterion", "harmless")
    lines = [json.loads(line) for line in camelid(*words).stdout.splitlines()]
    assert [line["type"] for line in lines if line["type"] != "chat"] == ["bothbad_vote"] * 2
