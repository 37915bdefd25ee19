import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotations.judging.bars import bound_sums, make_bars
from annotations.statistics import make_rng
from tests.verdicts import judge

SCORE = st.integers(0, 20).map(lambda half: half / 2)
PAIRS = st.lists(st.tuples(SCORE, SCORE), min_size=1, max_size=12)


def make_bar(*judgments, **how):
    (bar,) = make_bars(judgments, **{"scores": "read", **how})
    return bar


def test_a_bar_has_both_sums_and_their_ratio():
    bar = make_bar(judge(1, (8, 9)), judge(2, (7.5, 7)), judge(3, (5, 9.5)))
    assert (bar.sum_system, bar.sum_reference) == (20.5, 25.5)
    assert bar.share == 20.5 / 25.5
    assert (bar.n_questions, bar.n_judgments) == (3, 3)
    assert bar.mean_difference == pytest.approx(-5 / 3)


def test_both_orders_and_repeats_of_a_question_make_one_mean():
    bar = make_bar(judge(1, (8, 9)), judge(1, (6, 8), slot=1), judge(1, (10, 4), repeat=1))
    assert (bar.sum_system, bar.sum_reference) == (8, 7)
    assert (bar.n_questions, bar.n_judgments) == (1, 3)


@given(PAIRS, st.integers(1, 2))
def test_the_order_of_the_answers_changes_nothing(pairs, slot):
    usual = make_bar(*(judge(item, pair) for item, pair in enumerate(pairs)))
    other = make_bar(*(judge(item, pair, slot=slot) for item, pair in enumerate(pairs)))
    assert usual == other


@given(PAIRS)
def test_a_reference_that_was_the_system_turns_the_bar_round(pairs):
    judgments = [judge(item, pair) for item, pair in enumerate(pairs)]
    usual, turned = make_bar(*judgments), make_bar(*judgments, reference="alpaca-13b")
    assert (turned.system, turned.reference) == ("gpt-4", "alpaca-13b")
    assert (turned.sum_system, turned.sum_reference) == (usual.sum_reference, usual.sum_system)
    assert (turned.wins, turned.ties, turned.losses) == (usual.losses, usual.ties, usual.wins)
    assert make_bars(judgments, scores="read", reference="bard") == []


def test_failures_are_counted_by_name_and_are_no_score():
    bar = make_bar(
        judge(1, (8, 9)), judge(1, None, slot=1), judge(2, None, outcome="refused"),
        judge(3, None, outcome="api_error"),
    )  # fmt: skip
    assert (bar.sum_system, bar.n_questions, bar.n_judgments, bar.n_failed) == (8, 1, 1, 3)
    assert {name: n for name, n in bar.outcomes.items() if n} == {
        "ok": 1, "unreadable": 1, "refused": 1, "api_error": 1,
    }  # fmt: skip


def test_nothing_counted_gives_no_number():
    bar = make_bar(judge(1, None), judge(2, None))
    assert (bar.sum_system, bar.share, bar.interval, bar.mean_difference) == (None,) * 4
    assert (bar.n_questions, bar.wins, bar.ties, bar.losses) == (0, 0, 0, 0)


def test_a_reference_with_only_zeros_has_no_share():
    bar = make_bar(judge(1, (5, 0)), judge(2, (7, 0)))
    assert (bar.sum_system, bar.sum_reference, bar.share, bar.interval) == (12, 0, None, None)


def test_stored_scores_count_where_they_are_asked_for():
    both = [judge(1, (10, 4), stored=(10, 2)), judge(2, (8, 9))]
    assert make_bar(*both).sum_reference == 13
    assert make_bar(*both, scores="stored").sum_reference == 11
    assert make_bar(*both).has_stored


def test_a_stored_score_that_can_not_be_is_a_failure():
    bar = make_bar(judge(1, (8, 9), stored=(-1, -1)), scores="stored")
    assert (bar.share, bar.n_failed, bar.outcomes["unreadable"]) == (None, 1, 1)


def test_what_a_person_read_counts_before_all():
    bar = make_bar(judge(1, None, by_hand=(6, 8)), judge(2, (8, 8), hand_unreadable=True))
    assert (bar.sum_system, bar.sum_reference) == (6, 8)
    assert (bar.outcomes["ok"], bar.outcomes["unreadable"]) == (1, 1)


@pytest.mark.parametrize(
    "pairs, wins",
    [
        ([(9, 8), (9, 8)], (1, 0, 0)),
        ([(9, 8), (7, 8)], (0, 1, 0)),  # the orders contradict each other
        ([(9, 8), (8, 8)], (1, 0, 0)),
        ([(9, 5), (7, 8), (7, 8)], (0, 0, 1)),
    ],
)
def test_a_question_is_won_by_who_won_more_of_its_judgments(pairs, wins):
    bar = make_bar(*(judge(1, pair, repeat=k) for k, pair in enumerate(pairs)))
    assert (bar.wins, bar.ties, bar.losses) == wins


def test_a_winner_without_scores_is_won_and_has_no_sum():
    bar = make_bar(judge(1, None, given_winner="1"), judge(2, None, slot=1, given_winner="1"))
    assert (bar.wins, bar.losses, bar.n_failed) == (1, 1, 0)
    assert (bar.share, bar.n_questions) == (None, 0)


def test_a_files_own_winner_counts_where_stored_scores_do():
    both = [
        judge(1, None, given_winner="1", flags=("stored winner 2",)),
        judge(2, None, given_winner="1"),
    ]
    bars = [make_bar(*both, scores=scores) for scores in ("read", "stored")]
    assert [(bar.wins, bar.losses) for bar in bars] == [(2, 0), (1, 1)]
    assert bars[0].has_stored


def test_judges_protocols_and_benchmarks_stand_apart():
    others = [
        {"judge": "b"}, {"protocol": "original"}, {"benchmark": "b"}, {"judge_assumed": True},
        {"setting": ", temperature 1"},
    ]  # fmt: skip
    bars = make_bars([judge(1), *(judge(1, **one) for one in others)], scores="read")
    assert len(bars) == 6
    assert len(make_bars([judge(1), judge(1, judge="b")], scores="read", judge="b")) == 1


def test_the_prompts_of_llm_judge_are_one_protocol():
    bar = make_bar(judge(1, protocol="llm_judge pair-v2"), judge(2, protocol="llm_judge pair-math"))
    assert (bar.protocol, bar.n_questions) == ("llm_judge", 2)


def test_categories_have_bars_of_their_own():
    judgments = [judge(1, category="math"), judge(2, category="coding"), judge(3, category="math")]
    bars = make_bars(judgments, scores="read", by_category=True)
    assert [(bar.category, bar.n_questions) for bar in bars] == [("math", 2), ("coding", 1)]


def test_questions_without_a_category_are_not_taken_for_all():
    judgments = [judge(1, category=""), judge(2, category="math")]
    bars = make_bars(judgments, scores="read", by_category=True)
    assert [bar.category for bar in bars] == ["no category", "math"]


def test_single_answers_have_no_bar():
    assert make_bars([judge(1, kind="single")], scores="read") == []


@given(PAIRS.filter(lambda pairs: len(set(pairs)) > 1))
def test_an_interval_is_the_same_every_time_and_in_any_order(pairs):
    judgments = [judge(item, pair) for item, pair in enumerate(pairs)]
    first, again = make_bar(*judgments), make_bar(*reversed(judgments))
    assert (first.interval, first.difference_interval) == (
        again.interval, again.difference_interval,
    )  # fmt: skip


def test_an_interval_agrees_with_drawing_one_by_one():
    rng = np.random.default_rng(7)
    means = rng.integers(10, 20, (80, 2)) / 2
    drawn = means[rng.integers(80, size=(4000, 80))].sum(axis=1)
    low, high = np.quantile(drawn[:, 0] / drawn[:, 1], (0.025, 0.975))
    interval, difference = bound_sums(means, make_rng("x"))
    assert (interval.low, interval.high) == pytest.approx((low, high), abs=0.01)
    assert difference.low < (means[:, 0] - means[:, 1]).mean() < difference.high


@pytest.mark.parametrize("pairs", [[(8, 9)], [(8, 9)] * 5])
def test_one_question_or_the_same_everywhere_gives_no_interval(pairs):
    bar = make_bar(*(judge(item, pair) for item, pair in enumerate(pairs)))
    assert (bar.interval, bar.difference_interval) == (None, None)
