import pytest

from annotations.imports import import_file
from annotations.judging.browse import (
    PAGE,
    Filter,
    count_verdicts,
    list_facets,
    open_judgment,
    search_judgments,
)
from annotations.judging.waiting import read_by_hand
from backend.errors import NotFound
from tests.judged import add_judgment, make_questions
from tests.ledgers import open_store
from tests.reviewed import make_answered, make_reviews, write_rows

PAIR = ("alpaca", "vicuna")


@pytest.fixture
def judged(store):
    """Three judgments of alpaca against vicuna on question 1 and 2, one of bard on 3."""
    make_questions(store)
    add_judgment(store, 1, PAIR, (9, 8), stored=(9, 8))
    add_judgment(store, 1, PAIR[::-1], (9, 8), reference_slot=1)
    add_judgment(store, 2, PAIR, None, outcome="unreadable", text="50% of _both_ are fine.")
    add_judgment(store, 3, ("bard", "vicuna"), (7, 7), stored=(7, 2), judge="gpt-3.5")
    return store


def find(store, **wanted):
    return [one.judgment_id for one in search_judgments(store, Filter(**wanted)).rows]


@pytest.mark.parametrize(
    ("wanted", "numbers"),
    [
        ({}, [1, 2, 3, 4]),
        ({"judge": "gpt-3.5"}, [4]),
        ({"system": "alpaca"}, [1, 2, 3]),
        ({"reference": "vicuna"}, [1, 2, 3, 4]),
        ({"reference": "alpaca"}, []),
        ({"benchmark": "vicuna_80", "item": "1"}, [1, 2]),
        ({"category": "math"}, [1, 2, 4]),
        ({"outcome": "unreadable"}, [3]),
        ({"source": "test"}, [1, 2, 3, 4]),
        ({"source": "run 1"}, []),
        ({"differs": True}, [4]),
        ({"flips": True}, [1, 2]),
        ({"text": "50% OF _"}, [3]),
        ({"text": "what is 2"}, [3]),
        ({"text": "% of %"}, []),
        ({"flips": True, "system": "bard"}, []),
    ],
)
def test_a_filter_finds_what_it_says(judged, wanted, numbers):
    assert find(judged, **wanted) == numbers


def test_a_tie_in_one_order_is_no_flip(store):
    make_questions(store)
    add_judgment(store, 1, PAIR, (9, 8))
    add_judgment(store, 1, PAIR[::-1], (8, 8), reference_slot=1)
    add_judgment(store, 1, PAIR, (8, 9), repeat=1)
    assert find(store, flips=True) == []


def test_which_scores_count_decides_what_flips(store):
    make_questions(store)
    add_judgment(store, 1, PAIR, (9, 8), stored=(8, 9))
    add_judgment(store, 1, PAIR[::-1], (9, 8), reference_slot=1)
    found = search_judgments(store, Filter(flips=True), scores="stored")
    assert (find(store, flips=True), found.n) == ([1, 2], 0)


def test_pages_hold_what_the_last_left(store):
    make_questions(store)
    for repeat in range(PAGE + 1):
        add_judgment(store, 1, PAIR, (9, 8), repeat=repeat)
    pages = [search_judgments(store, Filter(), page) for page in range(3)]
    assert [len(page.rows) for page in pages] == [PAGE, 1, 0]
    assert {(page.n, page.n_pages) for page in pages} == {(PAGE + 1, 2)}


def test_facets_are_what_there_is(judged):
    facets = list_facets(judged)
    assert (facets.systems, facets.references) == (("alpaca", "bard"), ("vicuna",))
    assert (facets.judges, facets.sources) == (("gpt-3.5", "gpt-4"), ("test",))
    assert facets.categories == ("generic", "math")


def test_a_judgment_opens_with_all_that_is_known_of_it(judged):
    with judged.write() as db:
        db.execute("INSERT INTO judgment_reading VALUES (NULL, 3, 'ada', 4, 5, 'so', 7)")
    opened = open_judgment(judged, 3)
    assert (opened.item.item_id, opened.item.instruction) == ("2", "What is 2?")
    assert (opened.text_1, opened.text_2) == ("alpaca says 2.", "vicuna says 2.")
    assert opened.reply == "50% of _both_ are fine."
    assert [(one.actor, one.score_1, one.note) for one in opened.readings] == [("ada", 4, "so")]
    assert opened.judgment.by_hand == (4, 5)


def test_the_other_order_lies_beside(judged):
    assert [one.judgment_id for one in open_judgment(judged, 1).siblings] == [2]
    assert open_judgment(judged, 4).siblings == ()


def test_a_judgment_without_its_answers_opens_too(store):
    make_questions(store)
    number = add_judgment(store, 1, PAIR, (9, 8), has_answers=False)
    assert open_judgment(store, number).text_1 is None


def test_a_judgment_that_was_filed_again_leads_to_what_stands(store, tmp_path):
    make_answered(store, tmp_path)
    path = write_rows(tmp_path / "reviews.jsonl", make_reviews())
    import_file(store, path)
    import_file(store, path, judge="gpt-4-0314")
    opened = open_judgment(store, 1)
    assert (opened.judgment.judgment_id, opened.judgment.judge) == (4, "gpt-4-0314")
    assert (opened.ext_id, opened.attempt, opened.item.item_id) == ("r1", 1, "1")
    assert find(store) == [4, 5, 6]
    assert count_verdicts(store) == 3


def test_what_a_person_has_read_is_a_verdict_too(tmp_path):
    with open_store(tmp_path) as store:
        make_questions(store)
        numbers = [
            add_judgment(store, item, PAIR, None, outcome="unreadable") for item in (1, 2, 3)
        ]
        read_by_hand(store, numbers[0], "kim", 7, 8)
        read_by_hand(store, numbers[1], "kim", None, None)
        assert count_verdicts(store) == 1


def test_an_unknown_number_is_not_found(judged):
    with pytest.raises(NotFound, match="no judgment number 99"):
        open_judgment(judged, 99)
