import pytest

from backend.judge.lines import is_numbers, read_labels, read_opening, read_score, read_scores
from backend.judge.phrases import clean_text


@pytest.mark.parametrize(
    ("line", "values"),
    [
        ("Scores: 8 9", (8, 9)),
        ("8 9", (8, 9)),
        ("12 9", (None, 9)),
        ("x = 8, 9", None),
        ("Accuracy score: 8 9", None),
        ("8 9, as I said", None),
    ],
)
def test_a_line_is_two_scores_or_something_else(line, values):
    told = read_scores(line, "last line")
    assert (told and told.values) == values


def test_words_may_follow_on_the_first_line_only():
    assert read_scores("8 9. Both are good", "first line").values == (8, 9)
    assert read_scores("8 9. Both are good", "last line") is None
    assert read_score("8: good", "first line").values == (8,)


def test_two_labels_make_a_verdict_in_either_order():
    told = read_labels(clean_text("Assistant 2: 9, Assistant 1: 8"))
    assert (told.values, told.firm) == ((8, 9), False)
    assert read_labels(clean_text("Assistant 2: 9/10, Assistant 1: 8/10")).firm
    assert read_labels(clean_text("Assistant 1: 9, Assistant 1: 8")) is None


def test_numbers_behind_names_that_are_no_scores_are_something_else():
    assert read_labels(clean_text("Assistant 1: 39, Assistant 2: 8")) is None


@pytest.mark.parametrize("line", ["nan 5", "8 9 7", "1e3 -4", "85/100 90/100", "7-8 9", "inf, 3"])
def test_numbers_that_should_have_been_scores_are_told_from_words(line):
    assert is_numbers(line)
    assert read_opening([line, "8 9"]).values == (None, None)
    assert not is_numbers(f"{line} points of the task")
