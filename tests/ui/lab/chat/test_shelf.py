import pytest

from backend.errors import NotFound
from ui.lab.chat.shelf import HEAD, find_prompt, list_prompts, list_shelves, shorten


def test_a_shelf_lists_the_items_of_a_benchmark(store, study):
    assert list_shelves(store) == ["tiny"]
    assert list_prompts(store, "tiny")[0] == ("i1: Do it.", "i1")
    assert find_prompt(store, "tiny", "i2") == "Do it."


def test_an_input_stands_under_its_instruction(store, study):
    with store.write() as db:
        db.execute("INSERT INTO benchmark VALUES (2, 'more', 1)")
        db.execute("INSERT INTO item VALUES (99, 2, 'x', 0, 'Sum up.', 'Long.', '', '', 'en', 'n')")
    assert find_prompt(store, "more", "x") == "Sum up.\n\nLong."


def test_what_is_not_there_is_said(store, study):
    with pytest.raises(NotFound):
        find_prompt(store, "tiny", "i99")
    assert list_shelves(store) == ["tiny"]


def test_a_long_instruction_is_shortened_to_one_line():
    assert shorten("a\n\nb") == "a b"
    assert len(shorten("word " * 99)) <= HEAD and shorten("word " * 99).endswith("…")
