import pytest

from backend.judge.tuples import FINAL, SCORED, find_lone_tuples, find_tuples


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("The scores are (8, 9).", [(8, SCORED), (9, SCORED)]),
        ("Output: [8, 9]", [(8, SCORED), (9, SCORED)]),
        ("Final scores: (8, 9)", [(8, FINAL), (9, FINAL)]),
        ("It uses (10, 4). The tuple is (1, 7).", [(1, SCORED), (7, SCORED)]),
        ("The scores are (8, 19).", [(8, SCORED), (None, SCORED)]),
        ("The scores are (8, 9) or (9, 8).", []),
        ("The points (10, 4) cost it the score.", []),
        ("The function should output the tuple (8, 9).", []),
        ("It says that its score is (10, 1).", []),
        ("Let (a, b) = (8, 9).", []),
    ],
)
def test_a_tuple_counts_where_its_sentence_speaks_of_scores(line, said):
    assert [(one.value, one.level) for one in find_tuples(line, 0)] == said


@pytest.mark.parametrize(
    ("lines", "values"),
    [
        (["It is checked.", "(8, 9)"], [8, 9]),
        (["The scores of the answers are", "(8, 9)  # 1 and 2"], [8, 9]),
        (["The points are (2, -2) and (10, 4).", "(8, 9)"], [8, 9]),
        (["The vector is", "(8, 9)"], []),
        (["The midpoint is:", "(6, 1)"], []),
        (["(2, -2)", "(10, 4)"], []),
    ],
)
def test_a_tuple_counts_where_it_stands_alone_and_ends_no_sentence(lines, values):
    assert [one.value for one in find_lone_tuples(lines)] == values
