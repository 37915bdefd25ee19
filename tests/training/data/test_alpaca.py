import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backend.dialogue import Message
from backend.errors import InputError
from backend.templates.library import read_template
from backend.templates.rendering import render
from training.data.alpaca import read_example, split_prompt
from training.data.rows import Row

ALPACA = read_template("alpaca")
TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r")).map(str.strip)
ASKED = TEXTS.filter(lambda text: text and "###" not in text)


def test_a_row_is_a_question_with_its_input_and_its_answer():
    row = Row(4, {"instruction": "Add.", "input": "1 2", "output": "3"})
    example = read_example(row)
    assert example.messages == (Message("user", "Add.", "1 2"), Message("assistant", "3"))
    assert (example.line, example.item) == (4, "")


@pytest.mark.parametrize("given", [{}, {"input": ""}, {"input": None}])
def test_no_input_is_no_input(given):
    example = read_example(Row(1, {"instruction": "Hi.", "output": "Hello.", **given}))
    assert example.messages[0] == Message("user", "Hi.")


def test_what_was_said_before_comes_first():
    told = {"system": "Be brief.", "history": [["Hi.", "Hello."]]}
    example = read_example(Row(1, {**told, "instruction": "And now?", "output": "Bye."}))
    roles = ["system", "user", "assistant", "user", "assistant"]
    assert [message.role for message in example.messages] == roles


@pytest.mark.parametrize(
    "fields",
    [
        {"instruction": "Hi."},
        {"instruction": "Hi.", "output": None},
        {"instruction": 3, "output": "x"},
        {"instruction": "Hi.", "output": "x", "input": ["y"]},
        {"instruction": "Hi.", "output": "x", "history": [["only one"]]},
        {"instruction": "Hi.", "output": "x", "history": "before"},
    ],
)
def test_a_row_that_lacks_something_is_refused(fields):
    with pytest.raises(InputError, match="line 9: "):
        read_example(Row(9, fields))


@settings(max_examples=30)
@given(ASKED, TEXTS)
def test_a_prompt_is_taken_apart_into_what_it_was_made_of(instruction, given):
    asked = Message("user", instruction, given)
    assert split_prompt(render(ALPACA, [asked])) == asked


@settings(max_examples=20)
@given(TEXTS.filter(bool))
def test_without_an_input_marks_in_the_text_are_text(instruction):
    told = split_prompt(render(ALPACA, [Message("user", f"a\n\n### Input:\n{instruction}")]))
    assert told == Message("user", f"a\n\n### Input:\n{instruction}")


def test_an_input_may_be_empty():
    asked = render(ALPACA, [Message("user", "Add.", "1 2")]).replace("1 2", "")
    assert split_prompt(asked) == Message("user", "Add.")


@pytest.mark.parametrize("text", ["Say hello.", "### Instruction:\nHi.\n\n### Response:", ""])
def test_another_text_is_no_alpaca_prompt(text):
    assert split_prompt(text) is None
