import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.judge.markup import drop_hidden, strip_markup


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("**8** _9_ `x`", "8 9 x"),
        ("***8 9***", "8 9"),
        ("## Scores\n* 8\n• 9", "Scores\n8\n9"),
        ("2**3 * 4, snake_case", "2**3 * 4, snake_case"),
        ("８\u00a0９\u3000𝟗", "8 9 9"),
        ("8\ufe0f\u20e3 9\u200b", "8 9"),
        ("<score>8 9</score>", "score: 8 9 "),
        ("8/10<br>9/10", "8/10\n9/10"),
        ("a < b and c > d", "a < b and c > d"),
        (r"\[ \boxed{\text{8}, 9} \]", " 8, 9 "),
        ("$8, 9$ for $5", "8, 9 for $5"),
        ("Scores\n------\n8 9", "Scores\n\n8 9"),
    ],
)
def test_what_is_dressed_up_says_the_same(text, plain):
    assert strip_markup(text).strip() == plain.strip()


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r", "\u2028", "\x85"])
def test_every_line_end_is_one(end):
    assert drop_hidden(f"8{end}9").split() == ["8", "9"]


@given(st.text())
def test_no_hidden_character_is_left(text):
    plain = strip_markup(text)
    assert not set(plain) & {"\u200b", "\ufeff", "\ue000", "\ue001", "\ue002", "\ue003", "\r"}
