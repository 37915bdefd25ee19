from annotations.judging.biases import find_flips, find_length_bias, find_slot_bias
from annotations.judging.preferences import Rater, read_evidence
from tests.judged import add_judgment, make_questions
from tests.ledgers import add_outside, make_study

GPT4 = Rater("gpt-4", "original")
SIDES = ("alpaca", "bard")


def judge(store, item, first, second, **how):
    """The scores of alpaca and bard where alpaca stands first, then where bard does."""
    for sides, scores in ((SIDES, first), (SIDES[::-1], second)):
        if scores:
            add_judgment(store, item, sides, scores, **how)


def read(store):
    return read_evidence(store, "vicuna_80", "read")


def test_flips_are_counted_by_what_becomes_of_the_winner(store):
    make_questions(store, n_items=6)
    judge(store, 1, (9, 8), (8, 9))  # alpaca both times
    judge(store, 2, (9, 8), (9, 8))  # the first slot both times
    judge(store, 3, (8, 9), (8, 9))  # the second slot both times
    judge(store, 4, (9, 8), (9, 8))
    judge(store, 5, (9, 8), (8, 8))  # a winner and a tie
    judge(store, 6, (9, 8), None)
    flips = find_flips(read(store), GPT4)
    assert (flips.flipped.n_hits, flips.flipped.n, flips.n_first) == (3, 5, 2)
    assert flips.changed.n_hits == 4


def test_the_first_slot_is_measured_where_both_orders_were_asked(store):
    make_questions(store, n_items=4)
    judge(store, 1, (9, 8), (8, 9))  # first, second
    judge(store, 2, (9, 8), (9, 8))  # first, first
    judge(store, 3, (9, 8), (8, 8))  # first, tie
    judge(store, 4, (8, 9), None)  # a lone one
    slots = find_slot_bias(read(store), GPT4)
    assert (slots.first.n_hits, slots.first.n, slots.n_ties) == (4, 5, 1)
    assert (slots.lone.n_hits, slots.lone.n) == (0, 1)
    assert slots.first.wilson.low < 0.8 < slots.first.wilson.high


def test_one_order_only_gives_no_bias(store):
    make_questions(store, n_items=2)
    judge(store, 1, (8, 9), None)
    judge(store, 2, (8, 9), None)
    evidence = read(store)
    assert find_slot_bias(evidence, GPT4).first.value is None
    assert find_flips(evidence, GPT4).flipped.value is None


def test_the_longer_answer_is_looked_for_among_the_decided(store):
    make_questions(store, n_items=4)  # "alpaca says 1." is two characters longer than bard's
    judge(store, 1, (9, 8), (8, 9))
    judge(store, 2, (8, 9), (9, 8))
    judge(store, 3, (9, 8), (9, 8))  # the orders contradict: a tie
    judge(store, 4, (9, 8), None, has_answers=False)
    lengths = find_length_bias(read(store), GPT4, "helpful")
    assert (lengths.longer.n_hits, lengths.longer.n) == (1, 2)
    assert (lengths.n_equal, lengths.n_unknown) == (0, 1)
    assert lengths.people.value is None


def test_people_are_measured_on_the_same_pairs(store):
    make_study(store, ("alpaca", "bard"), n_items=3, benchmark="vicuna_80")
    with store.write() as db:
        db.execute("DROP TRIGGER answer_no_update")
        db.execute("UPDATE answer SET text = 'Done, at length.' WHERE system_id = 1")
    judge(store, 1, (9, 8), (8, 9))
    judge(store, 2, (8, 9), (9, 8))
    judge(store, 3, (9, 8), (8, 9))
    add_outside(store, "helpful", ["a", "a"], n_items=3)
    lengths = find_length_bias(read(store), GPT4, "helpful")
    assert (lengths.longer.n_hits, lengths.longer.n) == (2, 3)
    assert (lengths.beside.n_hits, lengths.beside.n) == (1, 2)
    assert (lengths.people.n_hits, lengths.people.n) == (2, 2)


def test_identical_answers_and_canaries_sway_nothing(store):
    make_study(store, ("alpaca", "bard"), n_items=1, benchmark="vicuna_80")
    with store.write() as db:
        db.execute("INSERT INTO system VALUES (3, 'canary: null answer')")
        db.execute("""INSERT INTO answer(item_id, system_id, sample, text, sha256, source_id)
            VALUES (1, 3, 0, 'Yes.', 'no', 1)""")
    judge(store, 1, (9, 8), (9, 8))
    for sides in (("canary: null answer", "bard"), ("bard", "canary: null answer")):
        add_judgment(store, 1, sides, (9, 8))
    evidence = read(store)
    assert len(evidence.matchups) == 2
    assert find_flips(evidence, GPT4).flipped.n == 0
    assert find_slot_bias(evidence, GPT4).first.n == 0
