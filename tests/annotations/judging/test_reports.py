import csv
import io

import pytest

from annotations.exports import find_export
from annotations.judging.reports import COLUMNS
from annotations.studies import find_study
from tests.judged import add_judgment
from tests.ledgers import add_outside, make_study

A, B = "=LLaMA", "Alpaca"


def read(store):
    """The rows of the file, each under its names."""
    file = io.StringIO()
    find_export("agreement").write(store, find_study(store, "study"), file, "csv")
    return list(csv.DictReader(io.StringIO(file.getvalue())))


@pytest.fixture
def judged(store):
    make_study(store, (A, B), n_items=2)
    for item, scores in ((1, (9, 8)), (2, (6, 7))):
        add_judgment(store, item, (A, B), scores)
        add_judgment(store, item, (A, B), scores, judge="bard")
    add_outside(store, "helpful", ["a", "a"], n_items=2)
    return store


def test_every_number_of_the_page_is_a_row(judged):
    rows = read(judged)
    found = [
        row for row in rows
        if (row["judge"], row["criterion"], row["between"], row["measure"], row["ties"])
        == ("gpt-4", "helpful", "judge and votes", "raw agreement", "with")
    ]  # fmt: skip
    assert [(row["value"], row["n"], row["n_items"]) for row in found] == [("0.500000", "2", "2")]
    assert {row["measure"] for row in rows} >= {"kappa", "longer answer preferred"}
    assert [row["other_judge"] for row in rows if row["between"] == "two judges"] == ["gpt-4"] * 4


def test_a_number_that_is_not_there_says_why(judged):
    rows = read(judged)
    assert all(bool(row["value"]) != bool(row["undefined"]) for row in rows)
    assert any("nothing was judged by both" in row["undefined"] for row in rows)
    assert not any("nan" in row["value"].lower() for row in rows)


def test_canaries_are_rows_too(judged):
    with judged.write() as db:
        db.execute("INSERT INTO system VALUES (3, 'canary: null answer')")
        db.execute("""INSERT INTO answer(item_id, system_id, sample, text, sha256, source_id)
            VALUES (1, 3, 0, 'Yes.', 'no', 1)""")
    add_judgment(judged, 1, ("canary: null answer", A), (9, 8))
    (row,) = (row for row in read(judged) if row["measure"] == "canary did not lose")
    assert (row["system_a"], row["system_b"]) == ("null answer", f"'{A}")
    assert (row["value"], row["n"]) == ("1.000000", "1")


def test_a_study_without_judgments_has_the_columns_alone(store, study):
    file = io.StringIO()
    find_export("agreement").write(store, study, file, "csv")
    assert file.getvalue() == ",".join(COLUMNS) + "\n"
