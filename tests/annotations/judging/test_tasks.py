"""What is put to a judge, and what of it is known already."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from annotations.judging.tasks import (
    Entry,
    Pairing,
    Setup,
    list_tasks,
    make_key,
    sort_tasks,
)
from backend.dialogue import Sampling
from backend.judge.asking import Asking
from backend.judge.protocols import Protocol, Rubric
from backend.records import Item

PROTOCOL = Protocol("camelid", "en", {"general": Rubric("general", "s", "t", 0.2, 64)})
SETUP = Setup("of the card", Asking(PROTOCOL))
WINS = Setup("of the card", Asking(PROTOCOL), "wins")
ITEMS = {1: Item("1", "Why?"), 2: Item("2", "How?")}
KEY = {
    "judge_sha256": "j", "prompt_sha256": "p", "item": Item("1", "Why?"), "texts": ("a", "b"),
    "sampling": Sampling(), "form": "text", "repeat": 0,
}  # fmt: skip


def make_entries(*systems, same=()):
    """Answers by system; those of `same` say the same."""
    return {
        name: {
            row: Entry(name, 10 * place + row, "So." if name in same else f"{name} {row}")
            for row in ITEMS
        }
        for place, name in enumerate(systems, 1)
    }


def list_all(*systems, against=("ref",), setup=SETUP, same=(), **pairing):
    entries = make_entries(*dict.fromkeys((*systems, *against)), same=same)
    return list_tasks(ITEMS, entries, Pairing(systems, against, **pairing), setup)


def show(tasks):
    return [(t.item.item_id, t.first.system, t.second.system, t.reference_slot) for t in tasks]


def test_both_orders_have_the_reference_second_first():
    assert show(list_all("a"))[:2] == [("1", "a", "ref", 2), ("1", "ref", "a", 1)]
    assert len(list_all("a", "b", repeats=3)) == 2 * 2 * 2 * 3


def test_the_published_order_has_the_reference_second_only():
    assert show(list_all("a", orders="published")) == [("1", "a", "ref", 2), ("2", "a", "ref", 2)]


def test_a_system_beside_itself_has_one_order():
    assert show(list_all("ref")) == [("1", "ref", "ref", 2), ("2", "ref", "ref", 2)]


def test_what_two_pairs_share_is_one_task():
    tasks = list_all("a", "b", against=("a", "b"))
    pairs = {(task.first.system, task.second.system) for task in tasks}
    assert pairs == {("a", "a"), ("a", "b"), ("b", "a"), ("b", "b")}
    assert len({task.key for task in tasks}) == len(tasks) == 4 * 2


def test_an_answer_that_lacks_makes_no_task():
    entries = make_entries("a", "ref")
    del entries["a"][2]
    assert len(list_tasks(ITEMS, entries, Pairing(("a",), ("ref",)), SETUP)) == 2


@pytest.mark.parametrize(
    "changed",
    [
        {"judge_sha256": "k"}, {"prompt_sha256": "q"}, {"item": Item("1", "Why not?")},
        {"item": Item("1", "Why?", "x")}, {"item": Item("1", "Why?", app="math")},
        {"item": Item("1", "Why?", lang="zh")}, {"texts": ("b", "a")}, {"texts": ("ab", "")},
        {"sampling": Sampling(temperature=0)}, {"sampling": Sampling(seed=1)},
        {"sampling": Sampling(max_tokens=9)}, {"form": "schema"}, {"repeat": 1},
    ],
)  # fmt: skip
def test_whatever_can_change_a_verdict_changes_its_key(changed):
    assert make_key(**KEY | changed) != make_key(**KEY)


def test_what_no_judge_is_shown_is_not_in_the_key():
    assert make_key(**KEY) == make_key(**KEY | {"item": Item("77", "Why?", reference="So.")})


@given(st.lists(st.text(), min_size=2, max_size=2, unique=True))
@example(["", "\0"])
def test_the_order_of_two_answers_is_in_the_key(texts):
    one, other = texts
    assert make_key(**KEY | {"texts": (one, other)}) != make_key(**KEY | {"texts": (other, one)})


def test_equal_content_is_asked_once_and_the_others_are_its_twins(store):
    tasks = list_all("a", "b", same=("a", "b"), orders="published")
    made = sort_tasks(store, tasks, "scores", retry=False)
    assert show(made.ask) == [("1", "a", "ref", 2), ("2", "a", "ref", 2)]
    assert {len(twins) for twins in made.twins.values()} == {1}
    assert made.twins[made.ask[0].key][0].first.system == "b"


@pytest.mark.parametrize(("setup", "n_asked", "n_ties"), [(SETUP, 2, 0), (WINS, 0, 4)])
def test_equal_answers_are_a_tie_for_wins_and_are_asked_for_scores(store, setup, n_asked, n_ties):
    tasks = list_all("a", same=("a", "ref"), setup=setup)
    made = sort_tasks(store, tasks, setup.wants, retry=False)
    assert (len(made.ask), len(made.identical)) == (n_asked, n_ties)


def test_a_tie_without_a_call_is_no_verdict_for_scores():
    asked = {task.key for task in list_all("a", same=("a", "ref"))}
    tied = {task.key for task in list_all("a", same=("a", "ref"), setup=WINS)}
    assert not asked & tied
