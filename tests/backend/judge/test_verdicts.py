"""Every way to write two scores down that judges have, and those that are none."""

import gc
import json
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.judge.verdicts import SCHEMA, read_pair, read_schema, read_single

# A reply a line, with the scores that a person reads in it, or null where it has none for sure.
REPLIES = Path(__file__).parent / "replies.jsonl"
PAIRS = [
    # what FastChat's own reader took
    ("8 9", (8, 9)),
    ("8,9", (8, 9)),
    ("8.5 9", (8.5, 9)),
    ("8 9.", (8, 9)),
    ("8 9\r\nBoth are good.", (8, 9)),
    # what it failed at
    ("8, 9", (8, 9)),
    ("8  9", (8, 9)),
    ("8 9 ", (8, 9)),
    (" 8 9", (8, 9)),
    ("\n\n8 9\nBoth are good.", (8, 9)),
    ("8\t9", (8, 9)),
    ("(8, 9)", (8, 9)),
    ("[8, 9]", (8, 9)),
    ("8/10 9/10", (8, 9)),
    ("8/10 and 9/10", (8, 9)),
    ("8 out of 10, 9 out of 10", (8, 9)),
    ("**8 9**", (8, 9)),
    ("**8** **9**\nBoth are good.", (8, 9)),
    ("`8 9`", (8, 9)),
    ("# 8 9\nBoth are good.", (8, 9)),
    ("```\n8 9\n```\nBoth are good.", (8, 9)),
    ("8 9 - the second is longer", (8, 9)),
    ("8 : 9", (8, 9)),
    ("8 vs 9", (8, 9)),
    ("Scores: 8 9\nBoth are good.", (8, 9)),
    ("Rating: 8 and 9", (8, 9)),
    ("Final scores: (8, 9)", (8, 9)),
    ("8 9 Both are good", (8, 9)),
    ("\\boxed{(8, 9)}", (8, 9)),
    # digits and fractions
    ("８ ９", (8, 9)),
    ("８．５　９", (8.5, 9)),
    ("8½ 9", (8.5, 9)),
    ("8 1/2 9 1/4", (8.5, 9.25)),
    ("10.0 09", (10, 9)),
    # labelled lines
    ("Assistant 1: 8, Assistant 2: 9", (8, 9)),
    ("Assistant 1: 8\nAssistant 2: 9\n\nBoth are good.", (8, 9)),
    ("Assistant 2: 9\nAssistant 1: 8", (8, 9)),
    ("**Assistant 1:** 8\n**Assistant 2:** 9", (8, 9)),
    ("- Assistant A: 8/10\n- Assistant B: 9/10", (8, 9)),
    ("Assistant 1 (8/10)\nGood.\nAssistant 2 (9/10)\nBetter.", (8, 9)),
    ("Assistant 1 - 8/10: good\nAssistant 2 - 9/10: better", (8, 9)),
    ("Assistant 1: [[8]]\nAssistant 2: [[9]]", (8, 9)),
    ("| Assistant | Score |\n|---|---|\n| Assistant 1 | 8 |\n| Assistant 2 | 9 |", (8, 9)),
    ("I looked at both.\n\nScores:\nAssistant 1: 8 (a slip)\nAssistant 2: 9", (8, 9)),
    ("Score for Assistant 1: 8\nRight.\nScore for Assistant 2: 9\nRight.", (8, 9)),
    ("Assistant 1:\nScore: 6/10\nShort.\n\nAssistant 2:\nScore: 8/10\nLong.", (6, 8)),
    ("Accuracy: Assistant 1: 8/10, Assistant 2: 7/10\nOverall score: Assistant 1: 8/10, "
     "Assistant 2: 6/10", (8, 6)),
    ("Assistant 1: 39\nAssistant 2: 26\n\nFinal scores: 10 4", (10, 4)),
    ("Score 1: 8\nScore 2: 9", (8, 9)),
    # sentences
    ("I would give Assistant 1 a score of 10 and Assistant 2 a score of 4.", (10, 4)),
    ("We can assign a score of 5 to Assistant 1 and a score of 9 to Assistant 2.", (5, 9)),
    ("The scores for Assistant 1 and Assistant 2 are 4 and 9, respectively.", (4, 9)),
    ("Assistant 1's score is 3 out of 10, and Assistant 2's score is 10 out of 10.", (3, 10)),
    ("I'd give Assistant 1 an 8 and Assistant 2 a 9.", (8, 9)),
    ("I rate both Assistant 1 and Assistant 2's submissions a 9 out of 10.", (9, 9)),
    ("Both assistants receive a score of 8.", (8, 8)),
    # tuples, by the words beside them or alone on a line
    ("Both are checked.\n\nOutput: (1, 7)", (1, 7)),
    ("The tuple is (1, 7). Assistant 2 did better.", (1, 7)),
    ("The points are (2, -2) and (10, 4).\n\n(10, 3)", (10, 3)),
    ("It is checked.\n\nFinal scores:\n```\n(8, 9)\n```\nThe second is better.", (8, 9)),
    # Chinese
    ("助手1：8分", None),
    ("助手1：8分，助手2：9分", (8, 9)),
    ("助手１：８分\n助手２：９分\n理由如下。", (8, 9)),
    ("助手一：8.5分（全面）；助手二：7分（有错误）", (8.5, 7)),
    ("助手1得8分，助手2得9分。", (8, 9)),
    ("助手1的得分：8\n助手2的得分：9", (8, 9)),
    ("第一个助手：8分\n第二个助手：9分", (8, 9)),
    ("助手1和助手2的得分分别为8分和9分。", (8, 9)),
    ("两位助手都得8分。", (8, 8)),
    ("（8，9）", (8, 9)),
    ("8分 9分\n理由如下。", (8, 9)),
    ("先解题。\n再检查。\n最终评分：8 9", (8, 9)),
    # a judge that prefers JSON
    ('{"reasons": "x", "score_1": 8, "score_2": 9}', (8, 9)),
    ('```json\n{"score_1": 8.5, "score_2": 9}\n```', (8.5, 9)),
]  # fmt: skip

UNREADABLE = [
    "",
    "error",
    "8",
    "8 9 7",
    "nan 5",
    "inf 5",
    "1e3 -4",
    "1e0 4",
    "-4 5",
    "11 5",
    "85 90",
    "4/5 3/5",
    "80/100 90/100",
    "8/9",
    "8-9",
    "8,5 9,5",
    "1. 8\n2. 9",
    "1: 8\n2: 9",
    "7-8 9",
    "٨ ٩",
    "8 9\nBoth are good.\nFinal scores: 7 9",
    "NaN NaN\nAssistant 1: 8\nAssistant 2: 9",
    "Assistant 1: 8\nAssistant 2: 9\nAssistant 1: 7\nAssistant 2: 9",
    "Scores:\nAssistant 1: 8\nAssistant 2: 9\n\nOutput: (8, 7)",
    "Assistant 1: -4\nAssistant 2: 5",
    "Assistant 1: 8-9\nAssistant 2: 7",
    "Assistant 1: 39\nAssistant 2: 26",
    "Assistant 1: 10 units\nAssistant 2: 8 units",
    "Assistant 1: 3 errors\nAssistant 2: 4 errors",
    "Assistant 1: 8\n\nIt is short.\n\nAssistant 2: 9\n\nIt is long.",
    "Accuracy:\nAssistant 1: 8/10\nAssistant 2: 7/10\nDepth:\nAssistant 1: 9/10\nAssistant 2: 7/10",
    "Assistant 1 solved 3 of 5 tasks. Assistant 2 solved 4 of 5 tasks.",
    "Assistant 1's score is 2 points lower than that of Assistant 2, which gets a score of 9.",
    "Assistant 1 would have got a score of 9. Assistant 2 gets a score of 8.",
    "Assistant 1 deserves a score of 7 to 8 and Assistant 2 a score of 9.",
    "My apologies, but I cannot provide a score.",
    # points of the task, not scores
    "The endpoints are (2, -2) and (10, 4). Both assistants did well.",
    "The points are\n(2, -2)\n(10, 4)\nBoth assistants did well.",
    "Assistant 1's score suffers from its use of the point (10, 4).",
    "f(8, 9) is the output.",
    "助手1比助手2好1分。",
    "两个回答一样好，都很有用。",
    '{"score_1": 8',
    '{"score_1": 8}',
    '{"score_1": NaN, "score_2": 9}',
    '{"score_1": 1e1, "score_2": 9}',
    '{"score_1": true, "score_2": 9}',
    '{"score_1": -1, "score_2": 9}',
    '{"score_1": 8, "score_2": 9, "score_2": 3}',
    '{"score_1": [8], "score_2": 9}',
    '{"a":' * 5000,
]


@pytest.mark.parametrize(("text", "scores"), PAIRS)
def test_two_scores_are_read_in_every_way_to_write_them(text, scores):
    reading = read_pair(text)
    assert (reading and (reading.score_1, reading.score_2)) == scores


@pytest.mark.parametrize("text", UNREADABLE)
def test_what_may_mean_something_else_is_unreadable(text):
    assert read_pair(text) is None


def test_the_rule_that_read_a_reply_has_a_name():
    hows = [read_pair(text).how for text in ("8 9", "Assistant 1: 8\nAssistant 2: 9")]
    assert hows == ["first line", "labelled lines"]
    assert read_pair("They are checked.\nScores: 8 9").how == "last line"
    assert read_pair("They are checked.\nThe tuple is (1, 7). The second wins.").how == "tuple"


def test_nought_is_kept_and_flagged():
    reading = read_pair("0 9\nThe first says nothing.")
    assert (reading.score_1, reading.flags) == (0, ("zero",))


def test_a_reply_that_contradicts_its_first_line_is_flagged():
    reading = read_pair("8 9\nGood.\nAssistant 1 gets a score of 9 for this.\nThat is all.")
    assert (reading.score_1, reading.score_2, reading.flags) == (8, 9, ("contradicted",))


@given(st.integers(0, 20), st.integers(0, 20))
def test_every_pair_of_half_scores_is_read(first, second):
    first, second = first / 2, second / 2
    for text in (f"{first:g} {second:g}", f"Assistant 1: {first}/10\nAssistant 2: {second}/10"):
        reading = read_pair(text)
        assert (reading.score_1, reading.score_2) == (first, second)


PIECES = (
    "Assistant 1", "Assistant 2", "助手1", " ", "\n", ": ", "8", "9.5", "10", "/10", "score of ",
    "nan", "-", "1e3", "(", ")", ", ", "and ", "both ", "**", '"', "```\n", "分", "{", "}", "[[",
)  # fmt: skip


@given(st.lists(st.sampled_from(PIECES), max_size=30).map("".join))
def test_whatever_is_read_is_two_scores(text):
    reading = read_pair(text)
    assert reading is None or all(0 <= score <= 10 for score in (reading.score_1, reading.score_2))
    alone = read_single(text)
    assert alone is None or (0 <= alone.score_1 <= 10 and alone.score_2 is None)


def test_a_thousand_replies_are_read_as_a_person_reads_them():
    rows = [json.loads(line) for line in REPLIES.read_text(encoding="utf-8").splitlines()]
    differing = {
        row["text"]: reading
        for row in rows
        if (reading := read_scores_of(row["text"])) != row["scores"]
    }
    assert len(rows) > 1000 and differing == {}


def read_scores_of(text):
    reading = read_pair(text)
    return reading and [reading.score_1, reading.score_2]


ENDLESS = (
    "\n", " ", "\t", "\u00a0", "9", "8 ", "8 9\n", "8 9 ", "(8, 9)\n", "(", "[", "[[", "{", '{"a":',
    '"', "'", "“", "‘", "「", "> ", "```\n", "```", "~~~\n", "`", "|", "| 8 ", "** ", "_", "$",
    "<a>", "(out of 10) ", "</think>", "\\[", "\\quad ", "\\boxed{", ".", ". ", "a:\n", "(1-10) ",
    "both ", "Assistant 1 ", "Assistant 1: 8 ", "8 to Assistant 1 ", "1. Assistant 1: 8\n",
    "Assistant 1 a score of 8 and ",
    "Final scores: 8 9\n", "助手1：8分，", "says:\n", "8½ ", ", respectively ",
)  # fmt: skip


@pytest.mark.parametrize("piece", ENDLESS)
def test_twice_as_much_text_takes_about_twice_as_long(piece):
    short, long = (measure(piece * (n // len(piece))) for n in (8_000, 32_000))
    assert long < 8 * short + 0.2  # sixteen times is quadratic, and seconds


def measure(text):
    gc.disable()  # to collect what thousands of tests left takes longer than to read
    try:
        started = time.thread_time()
        read_pair(f"8 9\n{text}\n8 9")
        read_single(text)
        return time.thread_time() - started
    finally:
        gc.enable()


@pytest.mark.parametrize(
    ("text", "score"),
    [
        ("8", 8),
        ("8.5\nGood.", 8.5),
        ("**8/10**\nGood.", 8),
        ("Score: 8\nGood.", 8),
        ("8 - good", 8),
        ("It is good. Rating: [[8.5]]", 8.5),
        ("It is good.\n\nFinal score: 8", 8),
        ("评分：８", 8),
        ("8分\n很好。", 8),
        ("I looked at it. The overall score is 7. The score of its style is another matter.", 7),
        ("8 9", None),
        ("nan", None),
        ("1e1", None),
        ("-3", None),
        ("11", None),
        ("", None),
        ("[[12]]", None),
        ("Rating: [[8]] or [[9]]", None),
        ("Score: 8\nGood.\nScore: 7", None),
        ("It is good, about 3 pages long.", None),
    ],
)
def test_one_score_is_read_alone(text, score):
    reading = read_single(text)
    assert (reading and (reading.score_1, reading.score_2)) == (score and (score, None))


def test_the_schema_asks_for_reasons_before_scores():
    reply = json.dumps({"reasons": "Both are short: 3 9.", "score_1": 7.5, "score_2": 0})
    reading = read_schema(reply)
    assert list(SCHEMA["properties"]) == SCHEMA["required"] == ["reasons", "score_1", "score_2"]
    assert (reading.score_1, reading.score_2, reading.flags) == (7.5, 0, ("zero",))
