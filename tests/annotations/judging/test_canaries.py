from annotations.judging.canaries import find_canaries
from annotations.judging.preferences import Rater, read_evidence
from tests.judged import add_judgment, make_questions

NULL, BEGGING = "canary: null answer", "canary: begging answer"


def test_canaries_are_told_with_every_verdict_and_both_means(store):
    make_questions(store, ("bard", NULL, BEGGING), n_items=3)
    add_judgment(store, 1, (NULL, "bard"), (1, 9))
    add_judgment(store, 1, ("bard", NULL), (8, 2), reference_slot=1)
    add_judgment(store, 2, (NULL, "bard"), (9, 3))
    add_judgment(store, 3, (NULL, "bard"), None, outcome="refused")
    add_judgment(store, 1, (BEGGING, "bard"), (5, 5))
    begging, null = find_canaries(read_evidence(store, "vicuna_80", "read"))
    assert (null.rater, null.name, null.reference) == (
        Rater("gpt-4", "original"), "null answer", "bard",
    )  # fmt: skip
    assert (null.wins, null.ties, null.losses, null.n_failed, null.n) == (1, 0, 2, 1, 3)
    assert (null.mean, null.mean_reference) == (4, 20 / 3)
    assert (begging.wins, begging.ties, begging.losses) == (0, 1, 0)


def test_a_canary_without_a_verdict_has_no_mean(store):
    make_questions(store, ("bard", NULL), n_items=1)
    add_judgment(store, 1, (NULL, "bard"), None, outcome="empty")
    (canary,) = find_canaries(read_evidence(store, "vicuna_80", "read"))
    assert (canary.n, canary.n_failed, canary.mean) == (0, 1, None)


def test_canaries_among_themselves_prove_nothing(store):
    make_questions(store, (BEGGING, NULL), n_items=1)
    add_judgment(store, 1, (BEGGING, NULL), (9, 8))
    assert find_canaries(read_evidence(store, "vicuna_80", "read")) == []
