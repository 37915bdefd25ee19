import pytest

from annotations.judging.numbers import COLUMNS, list_numbers, make_manifest, write_sum
from annotations.judging.panels import Ask, arrange_panels, make_published_panels
from backend.judge.records import VERDICT_OUTCOMES
from tests.verdicts import judge, make_material


def list_rows(judgments, ask):
    material = make_material(judgments)
    rows = list_numbers(material, arrange_panels(material, ask), ask)
    return [dict(zip(COLUMNS, row, strict=True)) for row in rows]


def test_a_row_has_all_that_stands_behind_a_bar():
    judgments = [judge(1, (8, 9)), judge(2, (7, 7.5)), judge(3, None, outcome="refused")]
    ours, published = list_rows(judgments, Ask(4))
    assert (ours["sum_system"], ours["sum_reference"]) == ("15", "16.5")
    assert (ours["source"], ours["files"], ours["scores"]) == ("ours", "run 1", "read")
    assert (ours["n_questions"], ours["n_judgments"], ours["n_failed"]) == (2, 2, 1)
    assert [ours[name] for name in VERDICT_OUTCOMES] == [2, 0, 1, 0, 0, 0, 0]
    assert (ours["wins"], ours["ties"], ours["losses"]) == (0, 0, 2)
    assert (published["sum_system"], published["panel"]) == ("593", "d")


def test_what_was_not_published_is_empty():
    row = list_rows([judge(1)], Ask(4))[1]
    unknown = ("low", "high", "n_questions", "n_failed", "ok", "wins", "mean_difference", "scores")
    assert row["source"] == "published"
    assert [row[name] for name in unknown] == [None] * len(unknown)


@pytest.mark.parametrize("scores, other", [("read", "stored"), ("stored", "read")])
def test_both_ways_of_scoring_are_there_where_a_file_brought_scores(scores, other):
    judgments = [
        judge(1, (10, 4), stored=(10, 2)),
        judge(1, (8, 9), systems=("bard", "gpt-4")),
    ]
    rows = [row for row in list_rows(judgments, Ask(4, scores)) if row["source"] == "ours"]
    assert [(row["system"], row["scores"], row["drawn"]) for row in rows] == [
        ("bard", scores, 1), ("alpaca-13b", scores, 1), ("alpaca-13b", other, 0),
    ]  # fmt: skip
    found = {row["scores"]: row["sum_reference"] for row in rows[1:]}
    assert found == {"read": "4", "stored": "2"}


def test_published_panels_have_rows_without_any_judgment():
    rows = list(list_numbers(None, make_published_panels(5), Ask(5, published=True)))
    assert len(rows) == 8 + 8 + 6


def test_a_name_can_not_run_as_a_formula():
    row = list_rows([judge(1, protocol="=1", source="=2")], Ask(4))[0]
    assert (row["protocol"], row["files"]) == ("'=1", "'=2")


@pytest.mark.parametrize(
    "value, text",
    [(704.0, "704"), (657.5, "657.5"), (0.0, "0"), (100.0, "100"), (-1.5125, "-1.5125")],
)
def test_a_sum_is_written_without_needless_zeros(value, text):
    assert write_sum(value) == text


def test_a_manifest_says_what_was_asked_and_of_which_judgments(store, tmp_path):
    path = tmp_path / "x.csv"
    path.write_text("x")
    one, other = (
        make_manifest(store, Ask(4, judge="j"), make_material([judge(1, read)]), [path], "camelid")
        for read in ((8, 9), (8, 8))
    )
    assert (one["asked"]["judge"], one["judgments"]["n"]) == ("j", 1)
    assert one["judgments"]["sha256"] != other["judgments"]["sha256"]
    assert one["files"][0]["name"] == "x.csv"
