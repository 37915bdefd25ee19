from dataclasses import replace

import pytest

from annotations.judging.records import choose_scores, list_judgments, read_choice
from tests.judged import add_judgment, make_questions
from tests.judges import ORDER, Judge
from tests.judges import judge as send_judge
from tests.verdicts import judge


@pytest.mark.parametrize(
    ("stored", "counted"),
    [((10, 2), (10, 2)), ((0, 10), (0, 10)), ((-1, -1), None), ((8, 10.5), None), (None, (8, 9))],
)
def test_stored_scores_count_where_they_can_be_scores(stored, counted):
    one = judge(1, (8, 9), stored=stored)
    assert (one.score("stored"), one.score("read")) == (counted, (8, 9))


@pytest.mark.parametrize("scores", ["read", "stored"])
def test_what_a_person_read_goes_before_all(scores):
    read = judge(1, (8, 9), stored=(9, 1), by_hand=(5, 5), flags=("stored winner 1",))
    assert (read.score(scores), read.winner(scores)) == ((5, 5), "tie")
    unread = judge(1, (8, 9), stored=(9, 1), hand_unreadable=True, flags=("stored winner 1",))
    assert (unread.score(scores), unread.winner(scores)) == (None, None)


@pytest.mark.parametrize(
    ("fields", "read", "stored"),
    [
        ({"given_winner": "1"}, "1", "1"),
        ({"given_winner": "1", "flags": ("stored winner tie",)}, "1", "tie"),
        ({"outcome": "unreadable", "flags": ("stored winner 2",)}, None, "2"),
        ({"outcome": "unreadable"}, None, None),
    ],
)
def test_a_files_own_winner_counts_where_stored_scores_do(fields, read, stored):
    one = judge(1, None, **fields)
    assert (one.winner("read"), one.winner("stored")) == (read, stored)


def test_scores_that_differ_by_rounding_are_a_tie():
    assert judge(1, (0.1 + 0.2, 0.3)).winner() == "tie"
    assert judge(1, (8.5, 8.4)).winner() == "1"


def test_the_choice_is_the_last_one_and_what_was_read_at_first(store):
    assert read_choice(store) == "read"
    for choice in ("stored", "read", "stored"):
        choose_scores(store, choice, "ada")
    assert read_choice(store) == "stored"


def test_the_latest_reading_by_a_person_stands(store):
    make_questions(store)
    number = add_judgment(store, 1, ("alpaca", "bard"), None, outcome="unreadable")
    with store.write() as db:
        for scores in ((3, 4), (None, None), (5, 6)):
            db.execute(
                "INSERT INTO judgment_reading VALUES (NULL, ?, 'ada', ?, ?, '', 0)",
                (number, *scores),
            )
    (one,) = list_judgments(store)
    assert (one.by_hand, one.hand_unreadable, one.score()) == ((5, 6), False, (5, 6))


def test_what_was_asked_in_another_way_stands_apart(store):
    make_questions(store)
    orders = [ORDER, *(replace(ORDER, **one) for one in (
        {"temperature": 1.0}, {"max_tokens": 50, "temperature": 0.0}, {"form": "schema"},
    ))]  # fmt: skip
    for order in (*orders, replace(ORDER, seed=7)):
        send_judge(store, Judge(), order)
    (sha256,) = {row[0] for row in store.rows("SELECT DISTINCT prompt_sha256 FROM judgment")}
    usual = f"camelid {sha256[:6]}, judge-0613"
    found = {one.source: one.way for one in list_judgments(store)}
    assert found == {
        "run 1": usual, "run 2": f"{usual}, temperature 1",
        "run 3": f"{usual}, temperature 0, max tokens 50", "run 4": f"{usual}, by schema",
        "run 5": usual,
    }  # fmt: skip


def test_a_file_says_its_protocol_and_no_more(store):
    make_questions(store)
    add_judgment(store, 1, ("alpaca", "bard"), (8, 9))
    assert list_judgments(store)[0].way == "original"
    assert judge(1, protocol="llm_judge pair-math-v1").way == "llm_judge"
