from dataclasses import replace

import pytest

from annotations.translation.sheets import Sheet, Told, Voice, index_texts
from backend.records import Item

VOICE = Voice("card", "prompt", 0.0)


def make_sheet(number, text, *answers):
    told = tuple(Told(place, f"system {place}", answer) for place, answer in enumerate(answers))
    return Sheet(number, number, Item(f"q{number}", text), told)


@pytest.mark.parametrize(
    "change", [{"card_sha256": "x"}, {"prompt_sha256": "x"}, {"temperature": 0.1}]
)
def test_a_key_hangs_on_all_that_can_change_a_translation(change):
    assert VOICE.make_key("Hello.") == Voice("card", "prompt", 0.0).make_key("Hello.")
    assert VOICE.make_key("Hello.") != VOICE.make_key("Hello")
    assert VOICE.make_key("Hello.") != replace(VOICE, **change).make_key("Hello.")


def test_all_questions_come_before_all_answers_each_text_once():
    sheets = [make_sheet(1, "One?", "Yes.", "No."), make_sheet(2, "Two?", "Yes.", "3", "")]
    found = index_texts(sheets, VOICE)
    assert [entry.text for entry in found.values()] == ["One?", "Two?", "Yes.", "No."]
    assert [list(entry.sheets) for entry in found.values()] == [[1], [2], [1, 2], [1]]
