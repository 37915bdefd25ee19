import pytest

from annotations.judging.orders import JudgeOrder
from backend.errors import InputError
from ui.admin.judge.form import FIELDS, read_decimal, read_judge_order, read_whole

EMPTY = ["j", "b", [], ["r"], "", "camelid", "both", 1, "scores", "auto", "", "", "", 0, 0, 0,
         False, False]  # fmt: skip


def fill(**changed):
    return [changed.get(name, value) for name, value in zip(FIELDS, EMPTY, strict=True)]


def test_a_form_that_is_left_as_it_is_makes_the_usual_order():
    assert read_judge_order(EMPTY) == JudgeOrder("j", "b", (), ("r",))


def test_every_field_finds_its_place_in_the_order():
    told = {
        "systems": ["x", "y"], "against": ["r", "s"], "cap_usd": " 2.5 ", "protocol": "original",
        "orders": "published", "repeats": 3, "wants": "wins", "form": "text", "temperature": "0",
        "max_tokens": "77", "seed": "0", "n_items": 4, "n_parallel": 2, "sample": 1,
        "canaries": True, "retry": True,
    }  # fmt: skip
    assert read_judge_order(fill(**told)) == JudgeOrder(
        "j", "b", ("x", "y"), ("r", "s"), "original", "published", 3, "wins", "text", 0.0, 77, 0,
        2.5, 4, 2, True, True, 1,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("cap_usd", "much", "The cap is 'much'; it has to be a number"),
        ("temperature", "nan", "Temperature is 'nan'"),
        ("seed", "1.5", "Seed is 1.5; it has to be a whole number"),
        ("max_tokens", "inf", "Longest reply is 'inf'"),
        ("repeats", None, "Repeats is None; it can be 1 to 100"),
        ("n_items", None, "Items is empty"),
    ],
)
def test_a_wrong_number_is_said(field, value, words):
    with pytest.raises(InputError, match=words):
        read_judge_order(fill(**{field: value}))


def test_an_empty_field_is_no_number_and_nought_is_one():
    assert [read_decimal("It", text) for text in ("", "  ", None, "0")] == [None, None, None, 0]
    assert [read_whole("It", text) for text in ("", "7")] == [None, 7]
