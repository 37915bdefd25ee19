"""Studies: what is frozen when one is made, and what is refused."""

import pytest

from annotations.studies import (
    Plan,
    count_progress,
    create_study,
    find_study,
    find_study_by_slug,
    hash_side,
    list_comparisons,
    list_studies,
    pair_systems,
    set_status,
)
from backend.errors import InputError, NotFound
from backend.records import Comparison
from tests.ledgers import make_study, open_store


@pytest.fixture
def store(tmp_path):
    with open_store(tmp_path) as opened:
        yield opened


def test_a_study_freezes_every_pair_with_its_hashes(store):
    study = make_study(store, n_items=4)
    rows = store.rows("SELECT * FROM pair")
    assert len(rows) == 4
    assert {row["target_k"] for row in rows} == {study.votes_per_pair}
    assert all(row["sha256_a"] and row["sha256_b"] and row["item_sha256"] for row in rows)


def test_all_pairs_of_systems_or_each_against_one():
    plan = Plan("s", "b", ("x", "y", "z"))
    assert pair_systems(plan) == [("x", "y"), ("x", "z"), ("y", "z")]
    against = Plan("s", "b", ("x", "y", "z"), against="z")
    assert pair_systems(against) == [("x", "z"), ("y", "z")]


def test_a_study_keeps_the_order_in_which_systems_were_named(store):
    study = make_study(store, systems=("zeta", "alpha", "mid"))
    assert study.systems == ("zeta", "alpha", "mid")
    assert list_comparisons(store, study.study_id)[0] == Comparison("zeta", "alpha")


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"name": " "}, "printable"),
        ({"systems": ("LLaMA-GPT4",)}, "two systems"),
        ({"systems": ("Alpaca", "Alpaca")}, "twice"),
        ({"votes_per_pair": 0}, "votes per pair"),
        ({"votes_per_pair": 100}, "votes per pair"),
        ({"quota": 0}, "quota"),
        ({"lease_s": 0}, "seconds"),
        ({"enrolment": "anyone"}, "enrolment"),
    ],
)
def test_a_bad_plan_is_refused_and_nothing_is_written(store, change, word):
    make_study(store)
    plan = {"name": "next", "benchmark": "tiny", "systems": ("LLaMA-GPT4", "Alpaca")}
    with pytest.raises(InputError, match=word):
        create_study(store, Plan(**{**plan, **change}), "no", "test")
    assert len(list_studies(store)) == 1


def test_all_faults_of_a_plan_are_named_at_once(store):
    with pytest.raises(InputError, match=r"votes per pair.*quota"):
        create_study(store, Plan("n", "b", ("x", "y"), votes_per_pair=0, quota=0), "no", "test")


@pytest.mark.parametrize(
    ("plan", "word"),
    [
        (Plan("n", "other", ("LLaMA-GPT4", "Alpaca")), "There are: tiny"),
        (Plan("n", "tiny", ("LLaMA-GPT4", "Bard")), "There are: Alpaca, LLaMA-GPT4"),
    ],
)
def test_an_unknown_name_lists_the_known_ones(store, plan, word):
    make_study(store)
    with pytest.raises(NotFound, match=word):
        create_study(store, plan, "no", "test")
    assert len(list_studies(store)) == 1


def test_a_system_without_all_answers_is_refused_with_the_missing_items(store):
    make_study(store)
    with store.write() as db:
        db.execute("INSERT INTO system VALUES (9, 'Bard')")
    with pytest.raises(NotFound, match=r"Bard has no answer to 6 of 6 items of tiny \(i1, i2, i3"):
        create_study(store, Plan("n", "tiny", ("Alpaca", "Bard")), "no", "test")
    assert [study.name for study in list_studies(store)] == ["study"]


def test_a_name_is_taken_once(store):
    make_study(store)
    with pytest.raises(InputError, match="already"):
        create_study(store, Plan("study", "tiny", ("Alpaca", "LLaMA-GPT4")), "no", "test")


def test_a_link_says_nothing_about_the_study(store):
    study = make_study(store, systems=("gpt-4", "alpaca"))
    assert find_study_by_slug(store, study.slug) == study
    assert not any(word in study.slug + study.title for word in ("gpt-4", "alpaca", "study "))
    assert find_study_by_slug(store, "nothing") is None


def test_the_status_is_written_down_with_who_changed_it(store):
    make_study(store)
    assert set_status(store, "study", "open", "ada").status == "open"
    assert set_status(store, "study", "open", "ada").status == "open"
    rows = store.rows("SELECT actor, kind FROM event WHERE kind LIKE 'study_open'")
    assert [(row["actor"], row["kind"]) for row in rows] == [("ada", "study_open")]


def test_progress_of_a_fresh_study(store):
    progress = count_progress(store, make_study(store, n_items=4).study_id)
    assert (progress.n_pairs, progress.n_wanted, progress.n_saved) == (4, 12, 0)


def test_an_unknown_study_lists_the_known_ones(store):
    make_study(store)
    with pytest.raises(NotFound, match="There are: study"):
        find_study(store, "studdy")


def test_the_side_is_a_function_of_seed_item_and_systems():
    assert hash_side("1", "i1", ("x", "y")) == hash_side("1", "i1", ("x", "y"))
    bytes_ = {hash_side(str(seed), "i1", ("x", "y")) & 1 for seed in range(20)}
    assert bytes_ == {0, 1}
