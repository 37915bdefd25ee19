import pytest

from backend.judge.markup import FIRST, SECOND
from backend.judge.phrases import clean_text
from backend.judge.quotations import split_lines
from backend.judge.tables import read_tables


def read(text):
    return read_tables(split_lines(clean_text(text)))


HEAD = "| Criterion | Assistant 1 | Assistant 2 |\n|---|:-:|---|\n"


@pytest.mark.parametrize(
    ("table", "lines"),
    [
        (HEAD + "| Depth | 7 | 6 |\n| Score | 8 | 9 |", ["Depth: 1: 7, 2: 6", "Score: 1: 8, 2: 9"]),
        ("| Assistant 2 | Assistant 1 |\n|---|---|\n| 9 | 8 |", ["Scores: 1: 8, 2: 9"]),
        ("| Assistant | Score |\n|---|---|\n| 1 | 8 |\n| 2 | 9 |", ["Score: 1: 8, 2: 9"]),
        (
            "| Model | Depth | Overall |\n| Assistant 2 | 7 | 9 |\n| Assistant 1 | 6 | 8 |",
            ["Overall: 1: 8, 2: 9"],
        ),
        ("Assistant 1 | 8\nAssistant 2 | 9", ["Scores: 1: 8, 2: 9"]),
        (HEAD + "| 1 | 7 | 6 |", ["…"]),
        ("| Model | Depth | Tone |\n| Assistant 1 | 7 | 6 |\n| Assistant 2 | 9 | 9 |", ["…"]),
        ("| 1 | 8 |\n| 2 | 9 |", ["…"]),
        ("|x| = 8\n|y| = 9", ["…"]),
    ],
)
def test_a_table_says_what_its_heads_say(table, lines):
    told = [line.replace("1:", f"{FIRST}:").replace("2:", f"{SECOND}:") for line in lines]
    assert read(table) == told


def test_one_line_with_bars_is_no_table():
    assert read("So:\n| 8 | 9 |\nEnd.") == ["So:", "| 8 | 9 |", "End."]


def test_the_lines_around_a_table_stay():
    assert read("Before\n| a |\n| b |\n\nAfter") == ["Before", "…", "After"]
