"""A ledger for tests in which people, judges and conversations prefer some answers to others."""

from dataclasses import replace

from annotations.store import Store
from annotations.studies import Plan, create_study
from backend.records import Item, Study
from tests.interpreters import add_questions

ITEMS = [
    Item("q1", "What is a camel?"),
    Item("q2", "Sort these words.", "hump, camel"),
    Item("q3", "How many humps has it?"),
    Item("q4", "Say nothing."),
]
ANSWERS = {
    "terse": ["An animal.", "camel, hump", "One or two.", "Fine."],
    "wordy": ["It is an animal.", "Sorted: camel, hump", "It has one or two.", "Fine."],
    "rude": ["Look it up.", "No.", "Count them.", "Go."],
}


def make_study(
    store: Store, *, n: int = 2, benchmark: str = "quiz", first: str = ITEMS[0].instruction
) -> Study:
    """A study of the first n systems, three votes a pair; its pairs are numbered item by item."""
    add_questions(store, [replace(ITEMS[0], instruction=first), *ITEMS[1:]], ANSWERS, benchmark)
    systems = tuple(ANSWERS)[:n]
    return create_study(store, Plan("likes", benchmark, systems), "no", "test")
