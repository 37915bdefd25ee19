"""Checks of a reward model: what is scored, what is kept, and who it is compared with."""

import sqlite3

import pytest

from annotations.ranking.checks import (
    CheckErrand,
    CheckOrder,
    look_ahead_check,
    read_calibration,
)
from annotations.studies import Plan, create_study
from backend.dialogue import Message
from backend.errors import InputError, NotFound, Refused
from tests.interpreters import PLAIN, REWARD, Models, carry_out
from tests.judged import add_judgment
from tests.ledgers import add_ballot, add_outside
from tests.preferred import make_study

STUDY = CheckOrder("r", "likes")


def models(*outcomes, **words):
    """A reward model that likes long answers."""
    return Models(*outcomes, **{"card": REWARD, "answer": len, **words})


def check(store, models, order=STUDY):
    return carry_out(lambda: CheckErrand(store, models, order, "kim"), models)


@pytest.fixture
def likes(store):
    """The longer of two answers is preferred on q1, the shorter on q2, neither on q3."""
    make_study(store)
    for pair, choice in ((1, "right"), (2, "left"), (3, "tie")):
        add_ballot(store, (choice, "tie", "tie"), pair=pair)
    return store


def test_the_answers_people_voted_on_are_scored_once_with_their_question(likes):
    model = models()
    end = check(likes, model)
    assert (end.ending, end.n_wanted, end.outcomes) == ("done", 6, {"ok": 6})
    assert model.asked[1] == (
        Message("user", "Sort these words.", "hump, camel"),
        ("camel, hump", "Sorted: camel, hump"), "alpaca",
    )  # fmt: skip
    again = models()
    assert check(likes, again).n_wanted == 0
    assert again.asked == []


def test_agreement_is_read_from_what_is_scored(likes):
    assert read_calibration(likes, REWARD, STUDY).n_missing == 3
    check(likes, models())
    found = read_calibration(likes, REWARD, STUDY)
    assert (found.n, found.n_agree, found.n_ties, found.n_missing) == (2, 1, 1, 0)
    assert [one.system for one in found.spreads] == ["wordy", "terse"]


def test_pairs_whose_question_it_was_trained_on_are_counted_apart(likes):
    check(likes, models())
    learned = {"What is a camel?", "How many humps has it?"}.__contains__
    found = read_calibration(likes, REWARD, STUDY, learned)
    assert (found.n, found.fresh.n, found.fresh.n_agree) == (2, 1, 0)
    assert read_calibration(likes, REWARD, STUDY).fresh is None


def test_what_two_studies_asked_about_is_one_pair_with_all_votes(likes):
    create_study(likes, Plan("more", "quiz", ("wordy", "terse")), "no", "test")
    add_outside(likes, "helpful", ["b", "b"], comparison=2, n_items=2)  # b is terse there
    duels = look_ahead_check(likes, models(), CheckOrder("r", benchmark="quiz")).duels
    assert [one.winner for one in duels] == ["tie", "a", "tie"]


def test_scores_of_other_weights_are_others(likes):
    check(likes, models())
    other = REWARD.model_copy(update={"path": "/other"})
    assert read_calibration(likes, other, STUDY).n == 0


def test_a_failure_is_a_name_and_is_asked_again(likes):
    end = check(likes, models("too_long"))
    assert end.outcomes == {"too_long": 2, "ok": 4}
    assert read_calibration(likes, REWARD, STUDY).n_missing == 1
    assert check(likes, models()).n_wanted == 2


def test_another_criterion_is_compared_with_its_own_votes(likes):
    check(likes, models())
    found = read_calibration(likes, REWARD, CheckOrder("r", "likes", criterion="honest"))
    assert (found.n, found.n_ties) == (0, 3)


def test_a_benchmark_stands_for_all_its_studies_and_a_judge_for_people(likes):
    check(likes, models())
    assert read_calibration(likes, REWARD, CheckOrder("r", benchmark="quiz")).n == 2
    add_judgment(likes, 1, ("terse", "wordy"), (3, 9))
    found = read_calibration(likes, REWARD, CheckOrder("r", benchmark="quiz", judge="gpt-4"))
    assert (found.n, found.n_agree) == (1, 1)


def test_scores_of_a_ranking_need_not_be_asked_again(likes):
    with likes.write() as db:
        db.execute(
            """INSERT INTO ranking_run SELECT 1, 1, 1, 'x', 1, 1, 2, 'kim', 'r', 'no', 1, 'done',
                '', 1.0, 2.0"""
        )
        digest = look_ahead_check(likes, models(), STUDY).reward_sha256
        db.execute("INSERT INTO reward VALUES (1, 1, ?, 'ok', 7.5, '', 1.0)", (digest,))
    assert look_ahead_check(likes, models(), STUDY).n_wanted == 5


def test_two_answers_of_one_text_are_no_pair(likes):
    add_ballot(likes, ("left",) * 3, pair=4)
    assert len(look_ahead_check(likes, models(), STUDY).duels) == 3


def test_a_stop_keeps_what_has_come(likes):
    end = check(likes, models(stop_at=3, pause_s=0.01))
    assert end.ending == "cancelled"
    assert check(likes, models()).n_wanted < 6


def test_a_score_is_never_changed(likes):
    check(likes, models())
    with pytest.raises(sqlite3.IntegrityError, match="never changed"), likes.write() as db:
        db.execute("UPDATE checked_answer SET score = 0")


@pytest.mark.parametrize(
    ("order", "error", "said"),
    [
        (CheckOrder("r"), InputError, "Name one of the two"),
        (CheckOrder("r", "likes", "quiz"), InputError, "Name one of the two"),
        (CheckOrder("r", "likes", judge="x"), InputError, "benchmark that x has judged"),
        (CheckOrder("r", "likes", criterion="nice"), InputError, "'nice'"),
        (CheckOrder("r", "x"), NotFound, "There are: likes"),
        (CheckOrder("r", benchmark="x"), NotFound, "There are: quiz"),
    ],
)
def test_what_makes_no_sense_is_said_first(likes, order, error, said):
    with pytest.raises(error, match=said):
        look_ahead_check(likes, models(), order)


def test_a_model_that_answers_gives_no_scores(likes):
    with pytest.raises(Refused, match="gives no scores"):
        look_ahead_check(likes, models(card=PLAIN), STUDY)


def test_words_say_what_will_happen(likes):
    outlook = look_ahead_check(likes, models(), STUDY)
    assert outlook.words == "3 pairs to compare with judge-dredd; 6 answers to be scored first."
