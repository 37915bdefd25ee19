import csv
import io
import json

import pytest

from annotations.judging.browse import Filter
from annotations.judging.exports import COLUMNS, write_judgments
from annotations.judging.records import choose_scores
from backend.errors import InputError
from tests.judged import add_judgment, make_questions

PAIR = ("alpaca", "vicuna")


@pytest.fixture
def judged(store):
    """One judgment whose file scores it otherwise, one in the other order, one unreadable."""
    make_questions(store)
    add_judgment(store, 1, PAIR, (9, 8), stored=(8, 9))
    add_judgment(store, 1, PAIR[::-1], (7, 7), reference_slot=1)
    add_judgment(store, 2, PAIR, None, outcome="unreadable", text="Both?")
    return store


def read_csv(store, *words):
    file = io.StringIO()
    n_rows = write_judgments(store, file, *words)
    rows = list(csv.DictReader(io.StringIO(file.getvalue())))
    assert n_rows == len(rows)
    return rows


def test_each_judgment_is_a_row_with_every_score(judged):
    rows = read_csv(judged)
    assert list(rows[0]) == COLUMNS
    first = rows[0]
    assert (first["read_1"], first["stored_1"], first["score_1"]) == ("9.0", "8.0", "9.0")
    assert (first["differs"], first["winner_system"], first["scores"]) == ("1", "alpaca", "read")
    assert [row["outcome"] for row in rows] == ["ok", "ok", "unreadable"]
    assert (rows[2]["score_1"], rows[2]["winner"]) == ("", "")


def test_the_measured_system_is_told_in_either_order(judged):
    rows = read_csv(judged)
    assert {(row["system"], row["reference"]) for row in rows} == {PAIR}
    assert [row["system_1"] for row in rows] == ["alpaca", "vicuna", "alpaca"]


def test_the_choice_in_the_ledger_says_which_scores_count(judged):
    choose_scores(judged, "stored", "ada")
    first = read_csv(judged)[0]
    assert (first["scores"], first["score_1"], first["winner_system"]) == (
        "stored", "8.0", "vicuna"
    )  # fmt: skip


def test_a_filter_leaves_out_the_others(judged):
    rows = read_csv(judged, "csv", Filter(outcome="unreadable"))
    assert [row["item_id"] for row in rows] == ["2"]


def test_json_lines_hold_the_replies(judged):
    file = io.StringIO()
    assert write_judgments(judged, file, "jsonl") == 3
    lines = [json.loads(line) for line in file.getvalue().splitlines()]
    assert [line["text"] for line in lines][2] == "Both?"
    assert lines[2]["read_1"] is None and lines[0]["score_1"] == 9


def test_replies_stay_out_of_spreadsheets(judged):
    assert not {"text", "first_text"} & set(read_csv(judged)[0])


def test_a_name_that_could_run_as_a_formula_is_guarded(store):
    make_questions(store, ("=1+1", "vicuna"), lang="=2+2")
    add_judgment(store, 1, ("=1+1", "vicuna"), (9, 8), judge="@judge", detail="-1")
    row = read_csv(store)[0]
    assert (row["system"], row["judge"], row["detail"]) == ("'=1+1", "'@judge", "'-1")
    assert row["lang"] == "'=2+2"


def test_no_judgments_are_a_header(store):
    assert read_csv(store) == []


def test_an_unknown_format_lists_the_known(store):
    with pytest.raises(InputError, match="csv, jsonl"):
        write_judgments(store, io.StringIO(), "parquet")
