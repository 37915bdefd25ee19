import pytest

from annotations import library
from annotations.library import Source
from backend.errors import NotFound
from backend.records import Answer, Item
from tests.ledgers import open_store

ITEMS = [Item("t2", "Second?"), Item("t1", "First?", "an input", "a reference", "Mail", "de")]


@pytest.fixture
def store(tmp_path):
    with open_store(tmp_path) as opened:
        with opened.write() as db:
            fill_library(db)
        yield opened


def fill_library(db):
    source = Source("f.jsonl", "0" * 64, "items", 2)
    source_id = library.add_source(db, source, "2024-01-01T00:00:00.000+00:00", "cli")
    benchmark_id = library.add_benchmark(db, "small", source_id)
    library.add_items(db, benchmark_id, ITEMS)
    first = library.select_items(db, benchmark_id)["t2"][0]
    for name, samples in (("terse", (0, 1)), ("long", (0,))):
        answers = [(first, Answer("t2", f"{name} {n}", n)) for n in samples]
        library.add_answers(db, library.add_system(db, name), source_id, answers)


def test_items_keep_their_order_and_every_field(store):
    assert library.list_items(store, "small") == ITEMS


def test_more_items_go_behind_those_that_are_there(store):
    with store.write() as db:
        library.add_items(db, library.add_benchmark(db, "small", 1), [Item("t0", "Third?")])
    assert [item.item_id for item in library.list_items(store, "small")] == ["t2", "t1", "t0"]


def test_benchmarks_are_counted(store):
    found = library.list_benchmarks(store)
    assert [(one.name, one.n_items) for one in found] == [("small", 2)]
    assert library.find_benchmark(store, "small") == found[0]


def test_systems_are_counted_by_item_and_by_answer(store):
    found = [(one.name, one.n_items, one.n_answers) for one in library.list_systems(store, "small")]
    assert found == [("long", 1, 1), ("terse", 1, 2)]


def test_answers_are_found_by_sample(store):
    assert library.find_answers(store, "small", "terse") == {"t2": Answer("t2", "terse 0")}
    assert library.find_answers(store, "small", "terse", 1) == {"t2": Answer("t2", "terse 1", 1)}
    assert library.find_answers(store, "small", "long", 1) == {}


def test_a_benchmark_that_is_not_there_names_those_that_are(store):
    with pytest.raises(NotFound, match=r"no benchmark 'smal'\. There are: small"):
        library.list_items(store, "smal")


def test_a_system_without_answers_names_those_that_have_some(store):
    with pytest.raises(NotFound, match=r"'vicuna' to small\. There are: long, terse"):
        library.find_answers(store, "small", "vicuna")
