import csv
import io
import json
import subprocess
import sys
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyarrow import parquet

from annotations.cells import unguard_cell
from annotations.exports import EXPORTS
from annotations.formats import Table, write_table
from backend.errors import InputError
from tests.ledgers import add_ballot, add_outside

TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\r\0"), max_size=20)


def export(store, study, kind, format):
    file = io.BytesIO() if format == "parquet" else io.StringIO()
    EXPORTS[kind].write(store, study, file, format)
    file.seek(0)
    return file


@given(st.lists(st.tuples(TEXT, st.none() | st.integers(-(2**40), 2**40), st.none() | TEXT)))
def test_lines_and_parquet_hold_every_value_as_it_is(values):
    columns = ["annotator", "n", "winner"]
    rows = [dict(zip(columns, row, strict=True)) for row in values]
    text, binary = io.StringIO(), io.BytesIO()
    write_table(Table(columns, rows), text, "jsonl")
    write_table(Table(columns, rows), binary, "parquet")
    assert [json.loads(line) for line in text.getvalue().split("\n")[:-1]] == rows
    binary.seek(0)
    assert parquet.read_table(binary).to_pylist() == rows


@given(TEXT)
def test_csv_guards_names_and_the_guard_comes_off(name):
    file = io.StringIO()
    write_table(Table(["annotator", "winner"], [{"annotator": name, "winner": "=a"}]), file, "csv")
    file.seek(0)
    (row,) = csv.DictReader(file)
    assert unguard_cell(row["annotator"]) == name
    assert row["winner"] == "=a"


def test_csv_rounds_fractions_and_the_others_do_not(store, study):
    add_outside(store, "helpful", ["a", "b", "tie"])
    (first, *_) = csv.DictReader(export(store, study, "tallies", "csv"))
    assert (first["share"], first["percent"], first["sign_p"]) == ("0.333333", "33.33", "1")
    (line, *_) = export(store, study, "tallies", "jsonl")
    assert json.loads(line)["share"] == 1 / 3
    (row, *_) = parquet.read_table(export(store, study, "tallies", "parquet")).to_pylist()
    assert (row["share"], row["n"], row["percent"]) == (1 / 3, 1, 100 * (1 / 3))


@pytest.mark.parametrize("kind", EXPORTS)
def test_an_empty_study_has_the_same_types(store, study, kind):
    empty = parquet.read_table(export(store, study, kind, "parquet")).schema
    add_ballot(store, ["left", "tie", "right"], who="=me", comment="=é")
    add_outside(store, "helpful", ["a"])
    assert parquet.read_table(export(store, study, kind, "parquet")).schema == empty


def test_parquet_knows_moments_and_choices(store, study):
    add_ballot(store, ["left", "tie", "right"], who="=me", comment="=é")
    (row,) = parquet.read_table(export(store, study, "history", "parquet")).to_pylist()
    assert row["saved_at"] == datetime.fromtimestamp(1060.5, UTC)
    assert row["choices"] == {"helpful": "left", "honest": "tie", "harmless": "right"}
    assert (row["annotator"], row["comment"]) == ("=me", "=é")
    (vote, *_) = parquet.read_table(export(store, study, "votes", "parquet")).to_pylist()
    assert (vote["seconds"], vote["revision"], vote["surplus"]) == (60.5, 0, 0)


def test_what_people_wrote_is_never_csv(store, study):
    with pytest.raises(InputError, match="choose from jsonl, parquet"):
        EXPORTS["history"].write(store, study, io.StringIO(), "csv")


def test_without_pyarrow_a_sentence_says_what_to_do():
    code = """
import io, sys
sys.modules["pyarrow"] = None
from annotations.formats import Table, write_table
write_table(Table(["n"], [{"n": 1}]), io.StringIO(), "csv")
write_table(Table(["n"], []), io.BytesIO(), "parquet")"""
    words = [sys.executable, "-c", code]
    result = subprocess.run(words, capture_output=True, text=True, check=False)
    assert "MissingTool: Parquet needs pyarrow" in result.stderr
