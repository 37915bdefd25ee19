import pytest

from backend.dialogue import Message
from backend.errors import InputError
from training.data.alpaca import ANSWER, ASK, PLAIN
from training.data.comparisons import Same
from training.data.preferences import read_preference
from training.data.rows import Row

ASKED = [{"role": "user", "content": "Add.", "input": "1 2"}]


def test_ours_keeps_item_margin_and_input():
    told = {"item": "t7", "prompt": ASKED, "chosen": "3", "rejected": "4", "margin": 0.5}
    pair = read_preference(Row(2, told))
    assert pair.prompt == (Message("user", "Add.", "1 2"),)
    assert (pair.chosen, pair.rejected, pair.line) == ("3", "4", 2)
    assert (pair.item, pair.margin) == ("t7", 0.5)


def test_sharegpt_way_has_turns_for_answers():
    told = {
        "conversations": [
            {"from": "system", "value": "Be brief."},
            {"from": "human", "value": "?"},
        ],
        "chosen": {"from": "gpt", "value": "yes"},
        "rejected": {"role": "assistant", "content": "no"},
    }
    pair = read_preference(Row(1, told))
    assert [message.role for message in pair.prompt] == ["system", "user"]
    assert (pair.chosen, pair.rejected, pair.margin) == ("yes", "no", None)


@pytest.mark.parametrize("prompt", ["Add.", f"{PLAIN}\n\n{ASK}Add.\n\n{ANSWER}"])
def test_a_text_asks_too_and_is_never_wrapped_twice(prompt):
    told = {"prompt": prompt, "chosen": [{"role": "assistant", "content": "3"}], "rejected": "4"}
    pair = read_preference(Row(1, told))
    assert (pair.prompt, pair.chosen) == ((Message("user", "Add."),), "3")


def test_same_answers_are_no_pair():
    assert read_preference(Row(1, {"prompt": ASKED, "chosen": "3", "rejected": "3"})) == Same()


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"prompt": []}, "should end with the user's turn"),
        ({"prompt": [*ASKED, {"role": "assistant", "content": "3"}]}, "should end with the user's"),
        ({"prompt": 7}, "should be a list"),
        ({"chosen": []}, "'chosen' holds 0 turns"),
        ({"chosen": None}, "'chosen' is missing"),
        ({"chosen": {"from": "human", "value": "3"}}, "should be the assistant's"),
        ({"margin": "much"}, "'margin' should be a number"),
    ],
)
def test_a_row_that_is_no_pair_is_refused(changed, words):
    told = {"prompt": ASKED, "chosen": "3", "rejected": "4", **changed}
    with pytest.raises(InputError, match=words) as caught:
        read_preference(Row(8, told))
    assert caught.value.line == 8
