import pytest

from annotations.demo import BENCHMARK, FOLDER, SYSTEMS, load_demo
from annotations.imports import import_file
from annotations.library import list_benchmarks, list_systems
from annotations.studies import count_progress, list_studies


def test_an_empty_ledger_gets_an_open_study(store):
    study = load_demo(store, "words")
    assert (study.name, study.status, study.systems) == ("demo", "open", SYSTEMS)
    assert count_progress(store, study.study_id).n_wanted == 30 * 3
    assert (study.quota, study.wording_sha256) == (10, "words")


def test_a_second_start_changes_nothing(store):
    load_demo(store, "words")
    before = store.rows("SELECT * FROM event")
    assert load_demo(store, "words") is None
    assert store.rows("SELECT * FROM event") == before


def test_a_folder_in_use_gets_no_demo(store, study):
    assert load_demo(store, "words") is None
    assert [one.name for one in list_studies(store)] == [study.name]


def test_another_benchmark_keeps_the_demo_out(store):
    import_file(store, FOLDER / "instructions.jsonl", name="mine")
    assert load_demo(store, "words") is None
    assert [one.name for one in list_benchmarks(store)] == ["mine"]


def test_a_load_that_was_cut_short_goes_on(store):
    import_file(store, FOLDER / "instructions.jsonl", name=BENCHMARK)
    assert load_demo(store, "words").status == "open"
    assert [one.n_items for one in list_systems(store, BENCHMARK)] == [30, 30]


@pytest.mark.parametrize("system", SYSTEMS)
def test_every_task_has_an_answer(store, system):
    load_demo(store, "words")
    assert {one.name: one.n_answers for one in list_systems(store, BENCHMARK)}[system] == 30
