from annotations.judging.agreement import find_agreement
from annotations.judging.biases import Flips, Lengths, Slots
from annotations.judging.canaries import Canary
from annotations.judging.kappa import ONE_ANSWER, Measure, Share
from annotations.judging.preferences import Rater, read_evidence
from annotations.statistics import Interval
from tests.judged import add_judgment
from tests.ledgers import add_outside, make_study
from ui.lab.judge.measures import (
    describe_agreement,
    name_rater,
    say_kappa,
    say_percent,
    show_biases,
    show_canaries,
    show_criteria,
)

GPT4 = Rater("gpt-4", "original")
NOTHING = Share(0, 0)


def test_a_share_stands_with_its_interval():
    assert say_percent(Measure(0.621, Interval(0.55, 0.689), 9)) == "62.1 % (55.0-68.9)"
    assert say_kappa(Measure(-0.1, Interval(-0.3, 0.12), 9)) == "−0.10 (−0.30 to 0.12)"
    assert say_kappa(Measure(None, None, 9, ONE_ANSWER)) == ONE_ANSWER


def test_a_judge_with_several_protocols_is_told_with_each():
    raters = [GPT4, Rater("gpt-4", "camelid"), Rater("bard", "")]
    assert [name_rater(one, raters) for one in raters] == [
        "gpt-4, protocol original", "gpt-4, protocol camelid", "bard",
    ]  # fmt: skip


def test_a_unanimous_table_has_a_sentence_for_kappa(store):
    make_study(store, n_items=3)
    for item in (1, 2, 3):
        add_judgment(store, item, ("LLaMA-GPT4", "Alpaca"), (9, 8))
    add_outside(store, "helpful", ["a"] * 6, n_items=3)
    found = find_agreement(read_evidence(store, "tiny", "read"), GPT4, "helpful")
    html = show_criteria([found])
    assert "100.0 %" in html and ONE_ANSWER in html
    assert "nan" not in html.lower() and "kappa" not in describe_agreement(found, "gpt-4")


def test_pairs_without_a_verdict_are_said(store):
    make_study(store, n_items=2)
    add_outside(store, "helpful", ["a"] * 2, n_items=2)
    evidence = read_evidence(store, "tiny", "read")
    words = describe_agreement(find_agreement(evidence, GPT4, "helpful"), "gpt-4")
    assert "gpt-4 has judged none of the 2 pairs" in words


def test_biases_say_what_is_undefined_and_what_is_none():
    html = show_biases(
        Flips(NOTHING, NOTHING, 0),
        Slots(NOTHING, 0, Share(159, 578)),
        Lengths(NOTHING, NOTHING, NOTHING, 0, 4),
        "helpful",
    )
    assert html.count("undefined: ") == 6
    assert "159 of 578 verdicts" in html and "That is no bias" in html
    assert "4 whose texts are not in the ledger" in html


def test_flips_are_told_with_where_they_went():
    flips = Flips(Share(5, 10, None, Interval(0.2, 0.8)), Share(6, 10), 3)
    lengths = Lengths(NOTHING, NOTHING, NOTHING, 0, 0)
    html = show_biases(flips, Slots(NOTHING, 0, NOTHING), lengths, "honest")
    assert "50.0 %" in html and "20.0-80.0" in html
    assert "3 went to the first slot both times and 2 to the second" in html


def test_names_in_tables_are_text():
    canary = Canary(Rater("<b>j</b>"), "null answer", "<i>r</i>", 1, 0, 2, 0, 1.5, 20 / 3)
    html = show_canaries([canary], [])
    assert "&lt;b&gt;j&lt;/b&gt;" in html and "&lt;i&gt;r&lt;/i&gt;" in html
    assert "1.5 : 6.67" in html
