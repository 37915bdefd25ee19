from dataclasses import replace

import pytest

from annotations.judging.agreement import (
    compare_judges,
    find_agreement,
    find_agreements,
    find_matchup,
)
from annotations.judging.kappa import NONE_DECIDED, NOTHING
from annotations.judging.preferences import Rater, read_evidence
from tests.judged import add_judgment
from tests.ledgers import add_ballot, add_outside, make_study

A, B, C = "LLaMA-GPT4", "Alpaca", "GPT-4"
GPT4 = Rater("gpt-4", "original")
SCORES = {"a": (9, 8), "b": (8, 9), "tie": (8, 8)}
TURNED = {"a": "b", "b": "a", "tie": "tie"}


def judge(store, item, winner, other=None, sides=(A, B), **how):
    """A verdict for the first of the sides, in both orders unless the other order says more."""
    add_judgment(store, item, sides, SCORES[winner], **how)
    turned = SCORES[TURNED[winner if other is None else other]]
    add_judgment(store, item, sides[::-1], turned, reference_slot=1, **how)


def part_answers(store):
    """Give the two systems answers that are not the same."""
    with store.write() as db:
        db.execute("DROP TRIGGER answer_no_update")
        db.execute("UPDATE answer SET text = 'Done, at length.' WHERE system_id = 1")


def read(store, criterion="helpful", rater=GPT4):
    """How far a rater and people agree on the small study."""
    return find_agreement(read_evidence(store, "tiny", "read"), rater, criterion)


def test_agreement_with_votes_is_what_one_counts_by_hand(store):
    make_study(store, n_items=4)
    for item, winner in enumerate(["a", "a", "b", "tie"], 1):
        judge(store, item, winner)
    # raters of items 1 to 4, one after the other
    add_outside(store, "helpful", ["a", "a", "b", "a", "a", "b", "b", "a"], n_items=4)
    found = read(store)
    assert found.votes.table == ((3, 1, 0), (0, 2, 0), (2, 0, 0))
    assert found.votes.raw.value == pytest.approx(5 / 8)
    # chance: (4 x 5 + 2 x 3 + 2 x 0) / 64
    assert found.votes.kappa.value == pytest.approx((5 / 8 - 26 / 64) / (1 - 26 / 64))
    assert (found.votes.raw_decided.value, found.votes.raw_decided.n) == (5 / 6, 6)
    assert (found.n_items, found.n_pairs, found.n_votes) == (4, 4, 8)


def test_the_majority_of_a_pair_is_one_case(store):
    make_study(store, n_items=2)
    judge(store, 1, "a")
    judge(store, 2, "a")
    add_outside(store, "helpful", ["a", "b", "a", "a", "b", "tie"], n_items=2)
    found = read(store)
    # item 1: a, a, b; item 2: b, a, tie
    assert found.majorities.table == ((1, 0, 1), (0, 0, 0), (0, 0, 0))
    assert (found.majorities.raw.value, found.majorities.raw.n) == (0.5, 2)


def test_agreement_among_people_is_fleiss(store):
    make_study(store, n_items=2)
    judge(store, 1, "a")
    judge(store, 2, "a")
    add_outside(store, "helpful", ["a", "a", "a", "b", "a", "b"], n_items=2)
    found = read(store)
    # items a a a and a b b: (1 + 1/3) / 2 agree; chance is (4/6)^2 + (2/6)^2
    assert found.people.raw.value == pytest.approx(2 / 3)
    assert found.people.kappa.value == pytest.approx((2 / 3 - 5 / 9) / (4 / 9))
    assert found.people.raw.n == 6


def test_verdicts_in_opposite_orders_are_a_tie_and_counted(store):
    make_study(store, n_items=2)
    part_answers(store)
    judge(store, 1, "a", other="b")
    add_judgment(store, 2, (A, B), (9, 8))
    add_outside(store, "helpful", ["a", "a"], n_items=2)
    found = read(store)
    assert found.votes.table == ((1, 0, 0), (0, 0, 0), (1, 0, 0))
    assert (found.n_contradicting, found.n_one_order) == (1, 1)


def test_what_has_no_verdict_is_counted_and_not_compared(store):
    make_study(store, n_items=3)
    judge(store, 1, "a")
    add_judgment(store, 2, (A, B), None, outcome="unreadable")
    add_outside(store, "helpful", ["a", "a", "a"], n_items=3)
    found = read(store)
    assert (found.n_pairs, found.n_unread, found.n_unjudged) == (1, 1, 1)
    assert found.votes.raw.n == 1


def test_each_criterion_has_its_own_votes(store, study):
    judge(store, 1, "a")
    add_ballot(store, ["left", "right", "tie"])
    tables = {name: read(store, name).votes.table for name in ("helpful", "honest", "harmless")}
    assert tables["helpful"][0] == (1, 0, 0)
    assert tables["honest"][0] == (0, 1, 0)
    assert tables["harmless"][0] == (0, 0, 1)


def test_a_judge_of_other_answers_is_not_compared(store, study):
    add_judgment(store, 1, (A, B), (9, 8))
    matchup = read_evidence(store, "tiny", "read").matchups[0]
    add_outside(store, "helpful", ["a"])
    (pair,) = read_evidence(store, "tiny", "read").pairs
    others = replace(matchup, answers=(98, 99))
    for matchups, found in (([matchup], matchup), ([others], None), ([others, matchup], matchup)):
        assert find_matchup({("i1", B, A): matchups}, pair) == found


def test_no_votes_and_no_verdicts_are_said_and_never_a_number(store, study):
    judge(store, 1, "a")
    found = read(store)
    assert (found.votes.raw.why, found.votes.kappa_decided.why) == (NOTHING, NOTHING)
    add_outside(store, "honest", ["tie"])
    found = read(store, "honest")
    assert found.votes.raw.value == 0
    assert found.votes.raw_decided.why == NONE_DECIDED
    assert found.people.raw.why == NOTHING


def test_several_comparisons_are_rated_together_and_apart(store):
    make_study(store, (A, B, C), n_items=2)
    for sides in ((A, B), (A, C)):
        judge(store, 1, "a", sides=sides)
        judge(store, 2, "b", sides=sides)
    add_outside(store, "helpful", ["a", "b"], comparison=1, n_items=2)
    add_outside(store, "helpful", ["b", "a"], comparison=2, n_items=2)
    whole = read(store)
    first, second = find_agreements(read_evidence(store, "tiny", "read"), GPT4, "helpful")
    assert (whole.votes.raw.value, whole.votes.kappa.value) == (0.5, 0)
    assert (first.votes.kappa.value, second.votes.kappa.value) == (1, -1)
    assert (whole.n_items, whole.n_pairs) == (2, 4)


def test_judges_are_compared_on_what_both_judged(store):
    make_study(store, n_items=3)
    for item, (one, two) in enumerate([("a", "a"), ("b", "a"), ("b", "b")], 1):
        judge(store, item, one)
        judge(store, item, two, judge="bard")
    (pairing,) = compare_judges(read_evidence(store, "tiny", "read"))
    assert {pairing.first.judge, pairing.second.judge} == {"gpt-4", "bard"}
    assert pairing.agreed.raw.value == pytest.approx(2 / 3)
    # chance: (1 x 2 + 2 x 1) / 9
    assert pairing.agreed.kappa.value == pytest.approx((2 / 3 - 4 / 9) / (5 / 9))
    assert pairing.n_items == 3


def test_judges_of_different_pairs_are_not_compared(store, study):
    add_judgment(store, 1, (A, B), (9, 8))
    add_judgment(store, 2, (A, B), (9, 8), judge="bard")
    assert compare_judges(read_evidence(store, "tiny", "read")) == []


def test_the_same_ledger_gives_the_same_numbers(store):
    make_study(store, n_items=6)
    for item in range(1, 7):
        judge(store, item, "a" if item % 2 else "b")
    add_outside(store, "helpful", ["a", "b", "tie", "a", "b", "b"] * 2)
    assert read(store) == read(store)
