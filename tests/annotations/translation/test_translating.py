"""Translations from their start to their end: what is asked, what is kept, where it goes."""

import pytest

from annotations.library import find_answers, list_items, list_systems
from annotations.translation import list_targets, list_translated
from annotations.translation.runs import read_translation_runs
from backend.errors import Conflict, NotFound
from tests.interpreters import ANSWERS, CODE, QUESTIONS, Models, add_questions, interpret, translate

N_ITEM_TEXTS = 5  # one of the four items has an input


@pytest.fixture
def quiz(store):
    add_questions(store)
    return store


def read_texts(store, system):
    return [answer.text for answer in find_answers(store, "quiz_zh", system).values()]


def test_items_become_a_benchmark_of_their_own(quiz):
    run = translate(quiz, Models())
    assert (run.state, run.outcomes, run.n_wanted) == ("done", {"ok": N_ITEM_TEXTS}, N_ITEM_TEXTS)
    items = list_items(quiz, "quiz_zh")
    assert [(item.item_id, item.app, item.lang) for item in items] == [
        (item.item_id, item.app, "zh") for item in QUESTIONS
    ]
    assert [item.instruction for item in items] == [interpret(q.instruction) for q in QUESTIONS]
    assert [item.input for item in items] == ["", interpret("hump, camel"), "", ""]


def test_answers_become_those_of_a_translated_system(quiz):
    translate(quiz, Models(), "gpt-4")
    assert read_texts(quiz, "gpt-4 (translated)") == [interpret(text) for text in ANSWERS["gpt-4"]]
    assert list_translated(quiz, "quiz_zh") == {"gpt-4 (translated)"}
    assert list_translated(quiz, "quiz") == set()


def test_what_has_no_word_is_taken_over_and_never_asked_for(quiz):
    models = Models()
    translate(quiz, models, "alpaca")
    assert read_texts(quiz, "alpaca (translated)")[2:] == ["2", CODE]
    assert "2" not in models.asked and CODE not in models.asked


def test_a_text_is_asked_for_once_however_often_it_stands_there(quiz):
    models = Models()
    translate(quiz, models, "alpaca", "gpt-4")
    assert len(models.asked) == len(set(models.asked))
    assert models.asked.count("It is an animal.") == 1
    assert len(read_texts(quiz, "alpaca (translated)")) == 4
    assert len(read_texts(quiz, "gpt-4 (translated)")) == 4


def test_the_items_come_before_the_answers(quiz):
    models = Models()
    translate(quiz, models, "alpaca", "gpt-4")
    questions = [text for item in QUESTIONS for text in (item.instruction, item.input) if text]
    assert models.asked[:N_ITEM_TEXTS] == questions


@pytest.mark.parametrize("outcome", ["truncated", "empty", "refused", "timeout", "malformed"])
def test_a_failure_is_a_name_and_never_a_text(quiz, outcome):
    run = translate(quiz, Models(outcome), "alpaca")
    assert run.outcomes[outcome] == 1
    (row,) = quiz.rows("SELECT * FROM translation WHERE outcome <> 'ok'")
    assert (row["text"], row["detail"]) == ("", f"It was {outcome}.")
    assert [item.item_id for item in list_items(quiz, "quiz_zh")] == ["q2", "q3", "q4"]
    assert set(find_answers(quiz, "quiz_zh", "alpaca (translated)")) == {"q2", "q3", "q4"}


def test_a_second_run_asks_only_for_what_failed_and_keeps_the_order(quiz):
    translate(quiz, Models("timeout", "empty", "ok", "refused"), "alpaca")
    (target,) = list_targets(quiz)
    assert (target.n_items, target.n_wanted, target.complete) == (1, 4, False)
    models = Models()
    run = translate(quiz, models, "alpaca")
    assert models.asked == ["What is a camel?", "Sort these words.", "How many humps has it?"]
    assert [item.item_id for item in list_items(quiz, "quiz_zh")] == ["q1", "q2", "q3", "q4"]
    assert list(find_answers(quiz, "quiz_zh", "alpaca (translated)")) == ["q1", "q2", "q3", "q4"]
    assert (list_targets(quiz)[0].complete, run.n_wanted) == (True, 3)


def test_a_third_run_asks_for_nothing(quiz):
    translate(quiz, Models(), "alpaca")
    models = Models()
    run = translate(quiz, models, "alpaca")
    assert (models.asked, run.n_wanted, run.state) == ([], 0, "done")


def test_another_name_is_filled_from_what_is_known(quiz):
    translate(quiz, Models(), "gpt-4")
    models = Models()
    translate(quiz, models, "gpt-4", name="quiz again")
    assert models.asked == []
    assert list_items(quiz, "quiz again") == list_items(quiz, "quiz_zh")
    assert list_translated(quiz, "quiz again") == {"gpt-4 (translated)"}


def test_another_way_to_ask_is_another_translation(quiz):
    translate(quiz, Models())
    models = Models()
    translate(quiz, models, temperature=0.5, name="warmer")
    assert len(models.asked) == N_ITEM_TEXTS


def test_answers_come_later_and_for_the_first_items_only(quiz):
    translate(quiz, Models(), n_items=2)
    assert len(list_items(quiz, "quiz_zh")) == 2
    models = Models()
    translate(quiz, models, "gpt-4", n_items=3)
    assert models.asked[0] == "How many humps has it?"
    assert len(read_texts(quiz, "gpt-4 (translated)")) == 3


def test_a_stop_keeps_what_has_come(quiz):
    run = translate(quiz, Models(stop_at=3, pause_s=0.01), "gpt-4")
    assert run.state == "cancelled"
    assert run.n_translated == 2
    assert [item.item_id for item in list_items(quiz, "quiz_zh")] == ["q1"]


def test_what_no_text_would_survive_ends_the_run_with_its_reason(quiz):
    models = Models("no_quota")
    run = translate(quiz, models)
    assert (run.state, run.message, len(models.asked)) == ("failed", "It was no_quota.", 1)
    assert list_targets(quiz) == []


def test_a_run_has_its_own_cap(quiz):
    models = Models()
    run = translate(quiz, models, cap_usd=3.0)
    assert models.purse.cap_usd == 3.0
    assert run.cost_usd == 0.5 * N_ITEM_TEXTS


def test_a_translation_has_one_translator(quiz):
    translate(quiz, Models())
    other = Models(card=Models().card.model_copy(update={"model": "another"}))
    with pytest.raises(Conflict, match=r"quiz_zh was made with another model\."):
        translate(quiz, other)
    assert translate(quiz, other, name="other").state == "done"
    with pytest.raises(Conflict, match="another temperature"):
        translate(quiz, Models(), temperature=0.5)


def test_a_name_that_stands_for_something_else_is_refused(quiz):
    add_questions(quiz, answers={}, benchmark="quiz_zh")
    with pytest.raises(Conflict, match="quiz_zh is there already and is no translation"):
        translate(quiz, Models())


def test_a_system_that_answered_itself_is_not_mixed_with_translations(quiz):
    translate(quiz, Models())
    with quiz.write() as db:
        (item,) = db.execute("SELECT max(item_id) FROM item").fetchone()
        db.execute("INSERT INTO system(name) VALUES ('gpt-4 (translated)')")
        db.execute(
            """INSERT INTO answer(item_id, system_id, sample, text, sha256, source_id)
            VALUES (?, last_insert_rowid(), 0, 'x', 'x', 1)""",
            (item,),
        )
    with pytest.raises(Conflict, match=r"answers of 'gpt-4 \(translated\)' that are no transl"):
        translate(quiz, Models(), "gpt-4")


def test_whoever_answered_nothing_is_named(quiz):
    with pytest.raises(NotFound, match=r"no answers of 'bard' to quiz\. There are: alp"):
        translate(quiz, Models(), "bard")
    assert read_translation_runs(quiz) == []


def test_every_translation_says_what_it_is_of_and_who_brought_it(quiz):
    translate(quiz, Models(), "gpt-4")
    row = quiz.row(
        """SELECT f.kind, f.name, o.text FROM translated_answer t JOIN answer a USING(answer_id)
            JOIN answer o ON o.answer_id = t.of_answer JOIN source_file f
            ON f.source_id = a.source_id ORDER BY a.answer_id LIMIT 1"""
    )
    assert tuple(row) == ("translated", "translated by free", "It is an animal.")
    (run,) = read_translation_runs(quiz)
    assert (run.actor, run.card, run.systems, run.target) == ("kim", "free", ("gpt-4",), "quiz_zh")
    assert next(one.n_answers for one in list_systems(quiz, "quiz_zh")) == 4
