import pytest

from backend.judge.phrases import clean_text
from backend.judge.quotations import split_lines
from backend.judge.statements import find_statements
from backend.judge.tuples import BARE, FINAL, SCORED


def hear(text):
    return [
        (one.who, one.value, one.level) for one in find_statements(split_lines(clean_text(text)))
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Assistant 1: 8", [(1, 8, BARE)]),
        ("Assistant 1: 8/10", [(1, 8, SCORED)]),
        ("Assistant 1 gets a score of 11.", [(1, None, SCORED)]),
        ("The final score of Assistant 2 is 9.", [(2, 9, FINAL)]),
        ("Scores of 8 and 9 for Assistant 1 and Assistant 2.", [(1, 8, SCORED), (2, 9, SCORED)]),
        ("A score of 7 for both Assistant 1 and Assistant 2.", [(1, 7, SCORED), (2, 7, SCORED)]),
        ("Output: (8, 9)", [(1, 8, SCORED), (2, 9, SCORED)]),
        ("Assistant 1 claims a score of 10.", []),
        ("Assistant 1's accuracy: 9/10", []),
        ("Assistant 1 made 2 slips.", []),
        ("Assistant 1 got 9/10 facts right.", []),
    ],
)
def test_a_sentence_gives_scores_or_none(text, said):
    assert hear(text) == said


def test_a_heading_speaks_for_the_lines_under_it():
    assert hear("Scores:\nAssistant 1: 8\nAssistant 2: 9") == [(1, 8, SCORED), (2, 9, SCORED)]
    assert hear("Overall scores:\nAssistant 1: 8. It is short.") == [(1, 8, FINAL)]
    assert hear("Steps:\nAssistant 1: 8. It is short.") == []


def test_a_section_belongs_to_the_assistant_it_is_named_after():
    said = hear("Assistant 1:\nScore: 6/10\n\nAssistant 2:\nFine.\nOverall score: 8/10")
    assert said == [(1, 6, SCORED), (2, 8, FINAL)]
    assert hear("Score: 6/10") == []


def test_tuples_that_stand_alone_count_where_they_agree():
    assert hear("(8, 9)\nso\n(8, 9)") == [(1, 8, SCORED), (2, 9, SCORED)]
    assert hear("(8, 9)\nso\n(2, -2)") == []
