import pytest

from backend.judge.markup import FIRST, SECOND
from backend.judge.phrases import clean_text, find_clause, parse_score


@pytest.mark.parametrize(
    "name",
    ["Assistant 1", "assistant 1's", "AI Assistant #1", "Assistant A", "the first assistant",
     "Response 1", "助手1", "助手 １", "助手一", "第一个助手", "AI助手1的回答"],
)  # fmt: skip
def test_a_name_becomes_a_mark(name):
    assert clean_text(f"So {name}: 8") == f"So {FIRST}: 8"


def test_one_name_can_stand_for_both():
    assert clean_text("Assistants 1 and 2") == f"{FIRST} and {SECOND}"
    assert clean_text("助手1和2") == f"{FIRST}和{SECOND}"


@pytest.mark.parametrize(
    "text",
    ["Assistant 10", "Assistant 1.5", "assistant a score of 8", "the answer 2", "回答一样好"],
)
def test_other_words_stay_words(text):
    assert clean_text(text) == text


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("**8** _ `9`", "8 _ 9"),
        ("## Scores\n* 8\n- 9", "Scores\n8\n9"),
        ("2**3 * 4", "2**3 * 4"),
        ("８½ ，９", "8.5 ,9"),
        ("1234567890123", "1111111"),
        (f"{FIRST}8\u200b9", "89"),
        ("8（满分10分）", "8"),
    ],
)
def test_a_clean_text_has_plain_digits_and_no_markdown(text, plain):
    assert clean_text(text) == plain


def test_a_score_lies_between_nought_and_ten():
    assert [parse_score(number) for number in ("0", "10", "10.5", "9" * 400)] == [0, 10, None, None]


def test_a_clause_begins_after_the_last_sentence():
    assert find_clause("One. Two, three 8", 15) == " Two, three"
