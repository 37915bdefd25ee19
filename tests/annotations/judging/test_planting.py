"""Canaries are systems with answers like any other."""

import pytest

from annotations.judging.planting import list_canaries, plant_canaries
from annotations.library import find_answers
from backend.errors import NotFound
from tests.judged import make_questions
from tests.ledgers import open_store


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_canaries_answer_every_item_in_its_language_once(tmp_path, lang):
    with open_store(tmp_path) as store:
        make_questions(store, lang=lang)
        assert plant_canaries(store, "vicuna_80", "kim") == 2 * 3
        assert plant_canaries(store, "vicuna_80", "kim") == 0
        for name, text in list_canaries(lang).items():
            answers = find_answers(store, "vicuna_80", name)
            assert [one.text for one in answers.values()] == [text] * 3


def test_canaries_know_where_they_come_from(store):
    make_questions(store)
    plant_canaries(store, "vicuna_80", "kim")
    row = store.row("SELECT kind, n_rows, imported_by FROM source_file ORDER BY source_id DESC")
    assert tuple(row) == ("canary", 6, "kim")


def test_an_unknown_benchmark_is_said(store):
    with pytest.raises(NotFound, match="no benchmark 'x'"):
        plant_canaries(store, "x", "kim")
