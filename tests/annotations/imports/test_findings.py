from dataclasses import replace

from annotations.imports.findings import describe_filed, warn_of_filed
from annotations.imports.judgments import Filed
from annotations.imports.sides import Side
from backend.judge.records import Reading

ONE = Filed(
    line=1, key="k", ext_id="r", item_id="1", item_row=1,
    sides=(Side("alpaca", 1), Side("vicuna", 2)), reference_slot=2, judge="gpt-4",
    judge_assumed=False, protocol="FastChat review", detail="", text="8 9", outcome="ok",
    reading=Reading(8, 9, "first line"), winner=None, stored=(8, 9), said=None,
)  # fmt: skip
DIFFERS = replace(ONE, stored=(8, 2.5))
SCORELESS = replace(ONE, item_id="7", outcome="refused", reading=None, stored=(-1, -1))


def test_scores_that_agree_are_no_difference():
    assert describe_filed([ONE], 0) == [
        "Judge: gpt-4.", "Replies read again: ok 1.",
        "Judgments that the file scores otherwise than their text: 0.",
    ]  # fmt: skip


def test_a_reply_without_scores_is_told_by_its_name_and_is_no_difference():
    lines = describe_filed([ONE, SCORELESS], 0)
    assert lines[1:3] == [
        "Replies read again: ok 1, refused 1.",
        "Without a score, refused: item 7.",
    ]
    assert lines[3].endswith(": 0.")


def test_of_many_differences_the_first_are_named_and_all_counted():
    lines = describe_filed([DIFFERS] * 25, 0)
    named = [line for line in lines if line.startswith("Item 1, alpaca and vicuna")]
    assert named == ["Item 1, alpaca and vicuna: the file says 8 : 2.5, the text 8 : 9."] * 20
    assert lines[-1].startswith("And 5 more;")


def test_a_zero_is_pointed_out():
    zero = replace(ONE, reading=Reading(0, 9, "first line", ("zero",)), stored=(0, 9))
    assert "With a score of 0, which is kept: item 1." in describe_filed([zero], 0)


def test_an_assumed_judge_and_better_knowledge_are_said():
    lines = describe_filed([replace(ONE, judge_assumed=True)], 3)
    assert "which is assumed" in lines[0] and "--judge NAME" in lines[0]
    assert lines[1].endswith("filed again: 3.")


def test_answers_that_are_not_here_are_counted_by_system():
    lacking = replace(ONE, sides=(Side("bard", None), Side("vicuna", 2)))
    (line,) = warn_of_filed([ONE, lacking, lacking])
    assert line.startswith("answers of bard that are judged here and not in the ledger: 2.")
    assert warn_of_filed([ONE]) == []
