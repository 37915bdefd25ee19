import pytest

from annotations.library import list_benchmarks
from annotations.translation.orders import TranslationOrder, look_ahead_translation
from annotations.translation.runs import read_translation_runs
from backend.errors import InputError, NotFound
from backend.registry.cards import LocalCard, OpenAICard
from tests.interpreters import Models, add_questions, translate

DEAR = OpenAICard(
    name="dear", base_url="https://api.example.org/v1", model="m", price_input_usd=10,
    price_output_usd=30, daily_cap_usd=5,
)  # fmt: skip


def look(store, card=None, **words):
    order = TranslationOrder(**{"model": "m", "benchmark": "quiz", "lang": "zh", **words})
    return look_ahead_translation(store, Models(card=card) if card else Models(), order)


def test_what_will_happen_is_said_before_anything_is_asked(store):
    add_questions(store)
    outlook = look(store, systems=("alpaca", "gpt-4"))
    assert outlook.words == "4 items and 8 answers into quiz_zh: 10 texts, 10 are missing."
    assert outlook.cost_words == ""
    assert read_translation_runs(store) == []
    assert len(list_benchmarks(store)) == 1


def test_what_is_translated_already_is_not_counted(store):
    add_questions(store)
    translate(store, Models())
    assert look(store).words == "4 items and 0 answers into quiz_zh: 5 texts, nothing is missing."
    first = next(iter(look(store, systems=("alpaca",)).missing.values()))
    assert first.text == "It is an animal."


def test_answers_that_are_not_there_are_told(store):
    add_questions(store, answers={"alpaca": ["Yes.", "No."]})
    outlook = look(store, systems=("alpaca",))
    assert outlook.words.endswith("2 answers to translate can't be found.")


def test_money_is_estimated_from_every_text_and_never_too_low(store):
    add_questions(store)
    outlook = look(store, DEAR, cap_usd=2.0)
    longest = sum(256 + len(entry.text) for entry in outlook.missing.values())
    assert outlook.cost_usd > longest * 30 / 1e6
    assert look(store, DEAR, max_tokens=10).cost_usd < outlook.cost_usd
    assert "at most, at the prices of its card; $5.00 of today's cap" in outlook.cost_words
    assert outlook.cost_words.endswith("This run stops at $2.00.")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ({"lang": "fr"}, "into 'fr'; choose one of en, zh"),
        ({"name": "quiz"}, "quiz can't be its own translation"),
        ({"model": ""}, "Choose a model and a benchmark"),
        ({"temperature": 3.0}, "Temperature is 3"),
        ({"max_tokens": 0}, "Longest translation is 0"),
        ({"n_items": -1}, "Items is -1"),
        ({"n_parallel": 1000}, "At a time is 1000"),
        ({"cap_usd": -1.0}, "Cap is -1"),
    ],
)
def test_what_makes_no_sense_is_refused(store, words, said):
    add_questions(store)
    with pytest.raises(InputError, match=said):
        look(store, **words)


def test_an_unknown_benchmark_lists_those_there_are(store):
    add_questions(store)
    with pytest.raises(NotFound, match="There are: quiz"):
        look(store, benchmark="x")


def test_a_local_model_is_asked_more_at_a_time(store):
    add_questions(store)
    local = LocalCard(name="tiny", path="/x", template="alpaca")
    assert (look(store).n_parallel, look(store, local).n_parallel) == (8, 16)
    assert look(store, local, n_parallel=3).n_parallel == 3
