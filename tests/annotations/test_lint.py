import pytest

from annotations.imports.lint import Said, describe_lengths, find_leaks, inspect_system
from backend.records import Item


@pytest.mark.parametrize(
    ("text", "leaks"),
    [
        ("I am ChatGPT.", True),
        ("As an AI language model, I can't.", True),
        ("made by OPENAI", True),
        ("I am Zephyr, a model", True),
        ("GPT-4 says so", True),
        ("a metaphor about llamas", False),
        ("Open it in Google Sheets", False),
    ],
)
def test_an_answer_that_tells_whose_it_is_is_found(text, leaks):
    items = [Item("1", "Sum a column in google sheets.")]
    found = find_leaks("zephyr:7b", items, [Said("zephyr:7b", "1", text)])
    assert found == (["1"] if leaks else [])


def test_lengths_stand_beside_those_of_other_systems():
    said = [Said("x", str(n), "w " * n) for n in range(11)] + [Said("y", "1", "one two")]
    assert describe_lengths(said) == ["Words an answer (median, 90th percentile): x 5, 9; y 2, 2."]


def test_only_the_first_few_items_are_listed():
    items = [Item(str(n), "Why?") for n in range(9)]
    assert inspect_system("x", items, []) == [
        "items without an answer of x: 9 of 9 (0, 1, 2, 3, 4, …)."
    ]


def test_a_name_of_two_letters_is_no_leak():
    assert find_leaks("an", [Item("1", "Why?")], [Said("an", "1", "an answer")]) == []


@pytest.mark.parametrize(
    ("text", "is_error"),
    [
        ("$ERROR$", True),
        ("#ERROR#\n", True),
        ("error", True),
        ("**NETWORK ERROR DUE TO HIGH TRAFFIC. PLEASE REGENERATE OR REFRESH THIS PAGE.**", True),
        ("Error: the file was not found.", True),
        ("An error is a difference.", False),
        ("Use $ERROR$ as a mark.", False),
    ],
)
def test_an_error_that_was_stored_as_an_answer_is_said(text, is_error):
    lines = inspect_system("x", [Item("1", "Why?")], [Said("x", "1", text)])
    assert lines == (
        ["answers of x that look like an error of what asked it: 1 (1)."] if is_error else []
    )
