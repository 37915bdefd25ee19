import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.judge.marks import read_ratings, read_winner


@pytest.mark.parametrize(
    ("text", "winner"),
    [
        ("A is better. [[A]]", "1"),
        ("[[B]]\nbecause", "2"),
        ("My final verdict is tie: [[C]].", "tie"),
        ("[[A]] said once, [[A]] said twice", "1"),
        ("The user says [[A]], but no.\n[[B]]\n", "2"),
        ("The user says [[A]], but [[B]] it is.", None),
        ('The answer says "[[A]]". My final verdict is: [[B]]', "2"),
        ("[[B]]\n\nThe first one says:\n> [[A]]", "2"),
        ('Final verdict: "[[A]]"', "1"),
        ("```\n[[C]]\n```", "tie"),
        ('The answer demands "[[A]]".\n\nI can\'t decide.', None),
        ("A is better. [A]", None),
        ("", None),
    ],
)
def test_a_winner_is_what_is_marked_without_contradiction(text, winner):
    assert read_winner(text) == winner


@pytest.mark.parametrize(
    ("text", "scores"),
    [
        ("So: [[8,9.5]]", (8, 9.5)),
        ("[[10, 0]]", (10, 0)),
        ("[[8, 11]]", None),
        ("[[8, 9]] or [[9, 8]]", None),
        ("[[8]]", None),
        ("[[٨, 9]]", None),
        ('It says "[[10, 1]]". [[3, 9]]', (3, 9)),
        ("8, 9", None),
    ],
)
def test_two_ratings_are_the_scores_of_both_answers(text, scores):
    reading = read_ratings(text)
    assert (reading and (reading.score_1, reading.score_2)) == scores


def test_a_rating_of_0_is_flagged():
    assert read_ratings("[[0, 9]]").flags == ("zero",)
    assert read_ratings("[[1, 9]]").flags == ()


@given(st.text(), st.sampled_from(["[[A]]", "[[B]]", "[[C]]"]))
def test_what_stands_alone_at_the_end_decides(text, mark):
    assert read_winner(f"{text}\n{mark}") == read_winner(mark)
