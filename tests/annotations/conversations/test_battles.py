import random
import sqlite3
import tempfile
from collections import Counter
from itertools import combinations
from pathlib import Path
from threading import Barrier, Thread

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from annotations.conversations import draw_battle, find_talk, start_battle
from backend.errors import InputError
from tests.ledgers import open_store
from tests.talks import KIM, begin, make_seat

SELECT = "SELECT model_a, model_b, left_is, n_before FROM battle ORDER BY conversation_id"


def make_candidates(n):
    return [make_seat(f"m{number}") for number in range(n)]


def count_meetings(store, n):
    met = Counter({pair: 0 for pair in combinations(sorted(f"m{k}" for k in range(n)), 2)})
    met.update((row[0], row[1]) for row in store.rows(SELECT))
    return met


def test_a_battle_is_blind_between_two_of_the_candidates_and_all_is_written_down(store):
    talk = start_battle(store, KIM, make_candidates(3), random.Random(1))
    row = store.row("SELECT * FROM battle")
    sides = [seat.model for seat in talk.seats]
    assert (talk.mode, talk.revealed, talk.is_open) == ("blind", False, False)
    assert sorted(sides) == [row["model_a"], row["model_b"]]
    assert sides[0] == row[f"model_{row['left_is']}"]
    assert (row["candidates"], row["n_before"]) == ('["m0", "m1", "m2"]', 0)
    assert find_talk(store, talk.key, KIM) == talk


@settings(max_examples=15)
@given(st.integers(2, 6), st.integers(1, 40), st.integers())
def test_every_pair_meets_as_often_as_any_other(n, n_draws, seed):
    chance = random.Random(seed)
    with tempfile.TemporaryDirectory() as folder, open_store(Path(folder)) as store:
        store._writer.execute("PRAGMA synchronous=OFF")
        for _ in range(n_draws):
            start_battle(store, KIM, make_candidates(n), chance)
            met = count_meetings(store, n)
            assert max(met.values()) - min(met.values()) <= 1
        assert met.total() == n_draws


def test_pairs_and_sides_fall_by_chance(store):
    for _ in range(120):
        start_battle(store, KIM, make_candidates(3), random.Random(_))
    rows = store.rows(SELECT)
    n_left = sum(row["left_is"] == "a" for row in rows)
    firsts = Counter((row[0], row[1]) for row in rows[::3])
    assert 40 <= n_left <= 80
    assert len(firsts) == 3 and min(firsts.values()) >= 5


def test_a_new_model_is_seen_before_the_others_meet_again(store):
    for _ in range(4):
        start_battle(store, KIM, make_candidates(2))
    for _ in range(8):
        start_battle(store, KIM, make_candidates(3))
    assert set(count_meetings(store, 3).values()) == {4}


def test_conversations_by_name_are_no_meetings(store):
    begin(store, "m0", "m1")
    start_battle(store, KIM, make_candidates(2))
    assert store.rows(SELECT)[0]["n_before"] == 0


def test_people_who_begin_at_once_draw_one_after_the_other(store):
    barrier = Barrier(6)

    def begin_battle():
        barrier.wait()
        start_battle(store, KIM, make_candidates(4))

    threads = [Thread(target=begin_battle) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(count_meetings(store, 4).values()) == {1}


def test_the_control_drawing_apart_from_beginning_draws_the_same_pair_twice(store):
    chance = [random.Random(1), random.Random(1)]
    drawn = [draw_battle(store, ["m0", "m1", "m2"], one) for one in chance]
    assert drawn[0] == drawn[1]


@pytest.mark.parametrize("models", [(), ("a",), ("a", "a"), ("a", "b", "a")])
def test_a_battle_needs_two_different_models(store, models):
    with pytest.raises(InputError, match="two or more different models"):
        start_battle(store, KIM, [make_seat(model) for model in models])


@pytest.mark.parametrize(
    ("values", "problem"),
    [
        ("(1, 'a', 'b', 'a', '[]', 0)", "only a blind conversation is drawn"),
        ("(2, 'a', 'b', 'a', '[]', 0)", "UNIQUE"),
        ("(3, 'b', 'a', 'a', '[]', 0)", "CHECK"),
        ("(3, 'a', 'b', 'left', '[]', 0)", "CHECK"),
    ],
)
def test_the_database_itself_refuses_a_draw_that_can_not_be(store, values, problem):
    begin(store)
    start_battle(store, KIM, make_candidates(2))
    with store.write() as db:
        db.execute(
            "INSERT INTO conversation VALUES (3, 'a key that nobody guesses', 'x', 'blind', 0)"
        )
    with pytest.raises(sqlite3.IntegrityError, match=problem), store.write() as db:
        db.execute(f"INSERT INTO battle VALUES {values}")
