import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotations.tallies import Coverage, count_coverage, count_votes, tally, tally_study
from backend.records import CRITERIA, Comparison, VoteCount
from tests.ledgers import add_ballot, add_outside, add_published, make_study

PAIR = Comparison("LLaMA-GPT4", "Alpaca")


def count(item_id, a, tie, b, criterion="helpful"):
    return VoteCount(item_id, PAIR, criterion, a, tie, b)


def test_published_votes_give_the_published_shares(store):
    study = make_study(store, n_items=252)
    add_published(store, "a")
    percents = [
        [f"{100 * outcome.share:.2f}" for outcome in one.outcomes]
        for one in tally_study(store, study)
    ]
    assert percents == [
        ["54.12", "19.74", "26.14"],
        ["25.99", "31.39", "42.61"],
        ["16.48", "25.43", "58.10"],
    ]


def test_votes_from_elsewhere_are_counted_and_said_to_be_from_elsewhere(store):
    study = make_study(store, n_items=252)
    add_published(store, "a")
    helpful = tally_study(store, study)[0]
    assert (helpful.n, helpful.n_a, helpful.n_b, helpful.n_tie) == (704, 381, 139, 184)
    assert helpful.coverage == Coverage(3, n_outside=704, n_surplus=0, n_missing=756)
    assert helpful.n_items == 252


@pytest.mark.parametrize(
    "left_is, choice, winner",
    [
        ("a", "left", "a"),
        ("a", "right", "b"),
        ("b", "left", "b"),
        ("b", "right", "a"),
        ("a", "tie", "tie"),
        ("b", "tie", "tie"),
    ],
)
def test_the_side_is_turned_back_into_the_system(store, left_is, choice, winner):
    study = make_study(store)
    add_ballot(store, [choice] * 3, left_is=left_is)
    for one in tally_study(store, study):
        assert [outcome.winner for outcome in one.outcomes if outcome.n] == [winner]


def test_the_latest_revision_counts(store):
    study = make_study(store)
    add_ballot(store, ["left", "left", "left"])
    add_ballot(store, ["right", "tie", "left"])
    found = {one.criterion: (one.a, one.tie, one.b) for one in count_votes(store, study.study_id)}
    assert found == {"helpful": (0, 0, 1), "honest": (0, 1, 0), "harmless": (1, 0, 0)}


def test_surplus_votes_are_left_out_and_counted_as_such(store):
    study = make_study(store, votes_per_pair=1)
    add_ballot(store, ["left"] * 3, who="AAA")
    add_ballot(store, ["right"] * 3, who="BBB", surplus=1)
    for one in tally_study(store, study):
        assert (one.n_a, one.n_b) == (1, 0)
        assert one.coverage == Coverage(n_annotators=1, n_surplus=1, n_missing=5)


def test_votes_are_kept_apart_by_comparison(store):
    study = make_study(store, ("X", "Y", "Z"))
    add_outside(store, "honest", ["a"], comparison=2)
    found = count_votes(store, study.study_id)
    assert found == [VoteCount("i1", Comparison("X", "Z"), "honest", 1, 0, 0)]
    tallies = tally_study(store, study)
    assert [one.comparison.b for one in tallies] == ["Y"] * 3 + ["Z"] * 6
    assert [one.n for one in tallies] == [0, 0, 0, 0, 1, 0, 0, 0, 0]


def test_no_votes_give_none_and_never_zero(store):
    study = make_study(store)
    for one in tally_study(store, study):
        numbers = (one.net, one.net_interval, one.win_rate, one.sign_p, one.sign_p_holm)
        assert numbers == (None,) * 5
        assert {(o.share, o.interval, o.wilson) for o in one.outcomes} == {(None, None, None)}
        assert one.coverage == Coverage(n_missing=18)


def test_a_person_who_votes_twice_is_one_annotator_even_beside_a_namesake_from_elsewhere(store):
    study = make_study(store)
    for pair in (1, 2):
        add_ballot(store, ["left"] * 3, pair=pair, who="rater 1")
    add_outside(store, "helpful", ["a", "b"])
    coverage = count_coverage(store, study.study_id)[PAIR, "helpful"]
    assert coverage == Coverage(n_annotators=2, n_outside=2, n_missing=16)


def test_an_item_goes_to_the_side_with_more_votes():
    counts = [count("1", 2, 0, 1), count("2", 1, 2, 0), count("3", 1, 1, 1), count("4", 0, 0, 3)]
    helpful = tally(counts, [PAIR], "0")[0]
    assert helpful.items == (2, 1, 1)
    assert helpful.sign_p == 1.0
    assert helpful.n == 12


def test_net_preference_and_win_rate_by_hand():
    helpful = tally([count("1", 5, 3, 0), count("2", 0, 1, 1)], [PAIR], "0")[0]
    assert helpful.net == pytest.approx(4 / 10)
    assert helpful.win_rate == pytest.approx(7 / 10)
    assert helpful.net_interval.low == pytest.approx(-0.5)
    assert helpful.net_interval.high == pytest.approx(5 / 8)


def test_one_item_has_shares_and_no_interval_over_items():
    helpful = tally([count("1", 2, 0, 1)], [PAIR], "0")[0]
    assert helpful.outcomes[0].share == pytest.approx(2 / 3)
    assert helpful.outcomes[0].interval is None
    assert helpful.net_interval is None


def test_holm_is_over_the_criteria_that_have_votes():
    counts = [count(str(k), 1, 0, 0) for k in range(6)]
    counts += [count(str(k), 0, 0, 1, "honest") for k in range(5)]
    helpful, honest, harmless = tally(counts, [PAIR], "0")
    assert (helpful.sign_p, helpful.sign_p_holm) == (0.03125, 0.0625)
    assert (honest.sign_p, honest.sign_p_holm) == (0.0625, 0.0625)
    assert harmless.sign_p_holm is None


NUMBERS = st.tuples(*[st.integers(0, 4)] * 3)


@given(st.lists(NUMBERS, max_size=12), st.randoms(use_true_random=False))
def test_a_tally_adds_up_in_whatever_order_the_votes_come(rows, chance):
    counts = [count(str(k), *row) for k, row in enumerate(rows)]
    shuffled = chance.sample(counts, len(counts))
    tallies = tally(counts, [PAIR], "7")
    assert tally(shuffled, [PAIR], "7") == tallies
    assert tallies[0].n == sum(map(sum, rows))
    assert tallies[0].n_items == sum(map(any, rows))
    shares = [outcome.share for outcome in tallies[0].outcomes]
    assert None in shares or sum(shares) == pytest.approx(1)


@given(st.lists(NUMBERS.filter(any), min_size=1, max_size=12))
def test_turning_the_systems_round_turns_the_result_round(rows):
    turned = [(b, tie, a) for a, tie, b in rows]
    one, other = (
        tally([count(str(k), *row) for k, row in enumerate(way)], [PAIR], "7")[0]
        for way in (rows, turned)
    )
    assert other.net == pytest.approx(-one.net)
    assert other.win_rate == pytest.approx(1 - one.win_rate)
    assert other.sign_p == one.sign_p
    assert other.items == (one.items[1], one.items[0], one.items[2])


def test_criteria_come_in_the_published_order(store):
    study = make_study(store)
    assert tuple(one.criterion for one in tally_study(store, study)) == CRITERIA


def test_votes_can_be_counted_without_some_people_or_without_those_from_elsewhere(store):
    study = make_study(store)
    add_ballot(store, ["left"] * 3, who="AAA")
    add_ballot(store, ["right"] * 3, who="BBB", slot=2)
    add_outside(store, "helpful", ["tie"], n_items=1)

    def count_helpful(**words):
        found = count_votes(store, study.study_id, **words)
        return next((one.a, one.b, one.tie) for one in found if one.criterion == "helpful")

    assert count_helpful() == (1, 1, 1)
    assert count_helpful(left_out=["BBB", "nobody"], outside=False) == (1, 0, 0)
    assert count_helpful(left_out=["rater 1"]) == (1, 1, 0)
