"""Ranks from their start to their end: what is scored, what is kept, which systems there are."""

import sqlite3

import pytest

from annotations.endings import mark_interrupted
from annotations.library import find_answers, list_systems
from annotations.ranking import Ranked, list_ranked
from annotations.ranking.orders import RankOrder, look_ahead_rank
from annotations.ranking.runs import start_ranking
from backend.dialogue import Message
from backend.errors import Conflict, InputError, NotFound, Refused
from tests.interpreters import PLAIN, QUESTIONS, REWARD, Models, add_questions, rank

# Longer is better for the stand-in: the ranks of each item's five samples are known.
SAMPLES = [["bb", "a", "eeeee", "dddd", "ccc"], ["5" * 5, "4" * 4, "333", "22", "1"],
           ["x", "xx", "x", "xx", "xxx"], ["same"] * 5]  # fmt: skip


def models(*outcomes, **words):
    """A reward model that likes long answers."""
    return Models(*outcomes, **{"card": REWARD, "answer": len, **words})


@pytest.fixture
def quiz(store):
    add_questions(store, answers={"alpaca": SAMPLES, "plain": ["p"] * 4})
    return store


def read_rank(store, place, name="alpaca"):
    return [answer.text for answer in find_answers(store, "quiz", f"{name} R{place}").values()]


def test_each_rank_is_a_system_that_answers_with_its_sample(quiz):
    run = rank(quiz, models(), baseline="plain")
    assert (run.state, run.outcomes, run.n_wanted) == ("done", {"ok": 20}, 20)
    assert read_rank(quiz, 1) == ["eeeee", "55555", "xxx", "same"]
    assert read_rank(quiz, 2) == ["dddd", "4444", "xx", "same"]
    assert read_rank(quiz, 5) == ["a", "1", "x", "same"]
    assert list_ranked(quiz, "quiz") == [
        *(Ranked(f"alpaca R{n}", "alpaca", n, "judge-dredd", 5) for n in range(1, 6)),
        Ranked("plain", "alpaca", 0, "judge-dredd", 5),
    ]


def test_equal_scores_stay_in_the_order_of_the_samples(quiz):
    rank(quiz, models())
    row = quiz.rows(
        """SELECT o.sample FROM ranked_answer r JOIN answer a USING(answer_id)
            JOIN answer o ON o.answer_id = r.of_answer JOIN item i ON i.item_id = a.item_id
            JOIN system s ON s.system_id = a.system_id WHERE i.ext_id = 'q3' ORDER BY s.name"""
    )
    assert [one["sample"] for one in row] == [4, 1, 3, 0, 2]


def test_the_first_sample_is_the_baseline_where_none_is_named(quiz):
    rank(quiz, models())
    assert list_ranked(quiz, "quiz")[-1] == Ranked("alpaca", "alpaca", 0, "judge-dredd", 5)


def test_a_question_goes_with_its_input_and_the_cards_template(quiz):
    model = models()
    rank(quiz, model)
    question, answers, template = model.asked[1]
    assert question == Message("user", QUESTIONS[1].instruction, "hump, camel")
    assert (answers, template) == (tuple(SAMPLES[1]), "alpaca")


def test_a_failure_is_a_name_and_its_item_has_no_ranks(quiz):
    run = rank(quiz, models("too_long"))
    assert (run.outcomes, run.n_scored) == ({"ok": 15, "too_long": 5}, 15)
    rows = quiz.rows("SELECT DISTINCT outcome, score, detail FROM reward WHERE outcome <> 'ok'")
    assert [tuple(row) for row in rows] == [("too_long", None, "It was too_long.")]
    assert set(find_answers(quiz, "quiz", "alpaca R1")) == {"q2", "q3", "q4"}


def test_a_second_run_scores_only_what_has_no_score(quiz):
    rank(quiz, models("timeout", "ok", "malformed"))
    model = models()
    run = rank(quiz, model)
    assert (len(model.asked), run.n_wanted, run.state) == (2, 10, "done")
    assert list(find_answers(quiz, "quiz", "alpaca R3")) == ["q1", "q2", "q3", "q4"]
    assert rank(quiz, models()).n_wanted == 0


def test_fewer_samples_under_another_name_need_no_new_scores(quiz):
    rank(quiz, models())
    model = models()
    rank(quiz, model, samples=2, name="two of alpaca")
    assert model.asked == []
    assert read_rank(quiz, 1, "two of alpaca") == ["bb", "55555", "xx", "same"]
    assert [one.base for one in list_ranked(quiz, "quiz")] == ["alpaca"] * 6 + ["two of alpaca"] * 3


@pytest.mark.parametrize(
    ("words", "card", "said"),
    [
        ({"samples": 3}, REWARD, "another number of samples"),
        ({"baseline": "plain"}, REWARD, "another baseline"),
        ({}, REWARD.model_copy(update={"path": "/other"}), "another reward model"),
        ({}, REWARD.model_copy(update={"template": "chatml"}), "another reward model"),
    ],
)
def test_ranks_have_one_reward_model_and_one_number(quiz, words, card, said):
    rank(quiz, models())
    with pytest.raises(Conflict, match=said):
        rank(quiz, models(card=card), **words)
    assert rank(quiz, models(card=card), **words, name="other").state == "done"


def test_answers_that_are_no_rank_are_not_mixed_with_ranks(store):
    add_questions(store, answers={"alpaca": SAMPLES, "alpaca R2": ["?"] * 4})
    with pytest.raises(Conflict, match="answers of 'alpaca R2' that are no rank"):
        rank(store, models())


@pytest.mark.parametrize(
    ("words", "error", "said"),
    [
        ({"samples": 6}, InputError, "6 samples of 0 of 4 items of quiz. Ask for the others"),
        ({"samples": 1}, InputError, "Samples is 1; it can be 2 to 100"),
        ({"system": "plain"}, InputError, "plain has 5 samples of 0 of 4 items"),
        ({"system": "bard"}, NotFound, "no answers of 'bard' to quiz"),
        ({"baseline": "bard"}, NotFound, "no answers of 'bard' to quiz"),
        ({"benchmark": "x"}, NotFound, "There are: quiz"),
    ],
)
def test_what_cannot_be_ranked_is_said_first(quiz, words, error, said):
    with pytest.raises(error, match=said):
        rank(quiz, models(), **words)
    assert quiz.rows("SELECT * FROM ranking_run") == []


def test_a_model_that_answers_gives_no_scores(quiz):
    for card in (PLAIN, REWARD.model_copy(update={"role": "chat"})):
        with pytest.raises(Refused, match="gives no scores"):
            rank(quiz, models(card=card))


def test_a_stop_keeps_what_has_come(quiz):
    run = rank(quiz, models(stop_at=3, pause_s=0.01))
    assert run.state == "cancelled"
    assert 5 <= run.n_scored <= 15
    assert rank(quiz, models()).state == "done"


def test_one_run_at_a_time_and_a_dead_one_is_ended(quiz):
    start = look_ahead_rank(quiz, models(), RankOrder("alpaca", "quiz", "r")).start
    start_ranking(quiz, "kim", start, 20)
    with pytest.raises(Conflict, match="are being ranked already"):
        start_ranking(quiz, "kim", start, 20)
    assert mark_interrupted(quiz) == 1
    assert rank(quiz, models()).state == "done"


def test_scores_and_ranks_are_never_changed(quiz):
    rank(quiz, models())
    for table in ("reward", "ranked_system", "ranked_answer"):
        with pytest.raises(sqlite3.IntegrityError, match="never"), quiz.write() as db:
            db.execute(f"DELETE FROM {table}")


def test_ranks_are_systems_like_all_others(quiz):
    rank(quiz, models())
    assert [one.name for one in list_systems(quiz, "quiz")] == [
        "alpaca", *(f"alpaca R{n}" for n in range(1, 6)), "plain",
    ]  # fmt: skip
    assert look_ahead_rank(quiz, models(), RankOrder("alpaca", "quiz", "r")).words == (
        "4 items × 5 samples of alpaca: nothing is to be scored by judge-dredd."
    )


def test_an_item_with_fewer_samples_gets_no_ranks_until_the_others_come(store):
    short = [SAMPLES[0], SAMPLES[1][:4], *SAMPLES[2:]]
    add_questions(store, answers={"alpaca": short, "plain": ["p"] * 4})
    outlook = look_ahead_rank(store, models(), RankOrder("alpaca", "quiz", "r"))
    assert "3 items × 5 samples" in outlook.words and "1 item with fewer samples" in outlook.words
    assert rank(store, models()).outcomes == {"ok": 15}
    assert read_rank(store, 1) == ["eeeee", "xxx", "same"]
