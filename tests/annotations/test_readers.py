import csv
import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotations.cells import guard_cell
from annotations.readers import (
    AnswerRow,
    ItemRow,
    PredictionRow,
    PromptRow,
    ReviewerRow,
    ReviewRow,
    VoteRow,
    read_document,
)
from backend.errors import InputError
from backend.judge.protocols import PromptText, Reviewer
from backend.records import Answer, Item
from tests.reviewed import PROMPT, REVIEWER

ITEM = {
    "id": "mail_0",
    "motivation_app": "Mail",
    "instruction": "Shorten it.",
    "instances": [{"input": "Dear all", "output": "Hi"}],
}
QUESTION = {"question_id": 7, "text": "Why?", "category": "generic"}
JUDGE_QUESTION = {"question_id": 81, "category": "writing", "turns": ["Why?"]}
FASTCHAT = {"question_id": 7, "text": "Because.", "model_id": "m:v1", "answer_id": "x"}
JUDGE_ANSWER = {
    "question_id": 7,
    "model_id": "m",
    "choices": [{"index": 0, "turns": ["one"]}, {"index": 1, "turns": ["two"]}],
}
PREDICTION = {"instruction": "Why?\n", "input": " x", "response": " so \n", "target": "t"}
PLAIN = {"item_id": "7", "answer": "Because."}
VOTE = {
    "item_id": "7",
    "system_a": "x",
    "system_b": "y",
    "annotator": "ann",
    "criterion": "honest",
    "winner": "tie",
}
REVIEW = {
    "review_id": "r", "question_id": 7, "answer1_id": "x", "answer2_id": "y", "text": "8 9",
    "reviewer_id": 1, "metadata": {}, "score": [8, 9.0],
}  # fmt: skip
SINGLE = {
    "question_id": 7, "model": "m", "judge": ["gpt-4", "v1"], "judgment": "[[8]]", "score": 8,
    "user_prompt": "…", "turn": 1, "tstamp": 1.5,
}  # fmt: skip


def dump(*objects):
    return "".join(f"{json.dumps(one)}\n" for one in objects).encode()


@pytest.mark.parametrize(
    ("row", "name", "read"),
    [
        (ITEM, "user-oriented instructions",
         ItemRow(1, Item("mail_0", "Shorten it.", "Dear all", "Hi", "Mail"))),
        (QUESTION, "Vicuna questions", ItemRow(1, Item("7", "Why?", app="generic"))),
        (JUDGE_QUESTION, "llm_judge questions", ItemRow(1, Item("81", "Why?", app="writing"))),
        (FASTCHAT, "FastChat answers", AnswerRow(1, "m:v1", Answer("7", "Because."), "x")),
        (PREDICTION, "Self-Instruct predictions", PredictionRow(1, "Why?\n", " x", "so")),
        (PLAIN, "plain answers", AnswerRow(1, None, Answer("7", "Because."))),
        (VOTE, "outside votes", VoteRow(1, "7", "x", "y", "ann", "honest", "tie")),
        (REVIEW, "FastChat reviews",
         ReviewRow(1, "7", "8 9", "FastChat review", "r", ("x", "y"), (), 2, None, "1", (8, 9))),
        (SINGLE, "llm_judge single judgments",
         ReviewRow(1, "7", "[[8]]", "llm_judge v1", systems=("m",), judge="gpt-4", stored=(8,))),
        (PROMPT, "prompts of FastChat's judge",
         PromptRow(1, PromptText("1", "Judge.", PROMPT["prompt_template"], "Two scores."))),
        (REVIEWER, "reviewers of FastChat",
         ReviewerRow(1, Reviewer("judge", "1", "general", 0.2, 1024))),
    ],
)  # fmt: skip
def test_a_format_is_known_by_its_keys(row, name, read):
    document = read_document(dump(row))
    assert document.format.name == name
    assert document.rows == (read,)
    assert document.unread == ()


def test_every_choice_is_a_sample():
    rows = read_document(dump(JUDGE_ANSWER)).rows_of(AnswerRow)
    assert [row.answer for row in rows] == [Answer("7", "one", 0), Answer("7", "two", 1)]


def test_a_json_array_is_read_like_json_lines():
    text = '[\n  {"item_id": "1",\n   "answer": "x"},\n\n  {"item_id": "2", "answer": "y"}\n]\n'
    rows = read_document(text.encode()).rows
    assert [(row.line, row.answer.text) for row in rows] == [(2, "x"), (5, "y")]


@pytest.mark.parametrize("prefix", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("newline", [b"\n", b"\r\n"])
@pytest.mark.parametrize(
    "body",
    [b'{"item_id": "1", "answer": "x"}\n\n', b"item_id,answer\n1,x\n", b"answer;item_id\nx;1\n"],
)
def test_byte_order_marks_and_windows_lines_change_nothing(prefix, newline, body):
    document = read_document(prefix + body.replace(b"\n", newline))
    assert [row.answer for row in document.rows] == [Answer("1", "x")]


def test_a_line_separator_inside_an_answer_does_not_end_the_line():
    document = read_document('{"item_id": "1", "answer": "a\u2028b\u0085c"}\n'.encode())
    assert document.rows[0].answer.text == "a\u2028b\u0085c"


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"], exclude_characters="\0")))
def test_any_answer_survives_our_csv(text):
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerows([["item_id", "answer"], ["1", guard_cell(text)]])
    assert read_document(out.getvalue().encode()).rows[0].answer.text == text


def test_csv_lines_are_physical_lines():
    data = b'item_id,answer\n1,"two\nlines"\n\n2,"x"\n'
    assert [row.line for row in read_document(data).rows] == [2, 5]


def test_columns_that_mean_nothing_are_named():
    document = read_document(b"item_id,seconds,answer,e-mail\n1,3,x,a@b.example\n")
    assert document.unread == ("'seconds'", "'e-mail'")


def change(row, **values):
    return {key: value for key, value in {**row, **values}.items() if value is not ...}


FAULTS = [
    (PLAIN, {"answer": ...}, "'answer' is missing"),
    (PLAIN, {"answer": 3}, "'answer' should be text, it is 3"),
    (PLAIN, {"answer": None}, "'answer' should be text, it is null"),
    (PLAIN, {"answer": "a\0b"}, "'answer' holds a NUL"),
    (PLAIN, {"answer": "\ud800"}, "half of a surrogate pair"),
    (PLAIN, {"answer": "é" * 32769}, "65,538 bytes long; at most 65,536"),
    (PLAIN, {"item_id": ""}, "'item_id' is empty"),
    (PLAIN, {"item_id": True}, "'item_id' should be text or a whole number"),
    (PLAIN, {"item_id": 1.5}, "'item_id' should be text or a whole number"),
    (PLAIN, {"item_id": "x" * 121}, "up to 120 printable"),
    (PLAIN, {"item_id": 10**200}, "up to 120 printable"),
    (PLAIN, {"item_id": "a\x1bb"}, "up to 120 printable"),
    (PLAIN, {"sample": -1}, "'sample' should be a whole number from 0 on, it is -1"),
    (PLAIN, {"sample": "one"}, "'sample' should be a whole number"),
    (ITEM, {"id": "z", "instances": []}, "0 instances; exactly one"),
    (ITEM, {"id": "z", "instances": ["x"]}, "'instances' should hold objects"),
    (ITEM, {"id": "z", "instances": {}}, "'instances' should be a list, it is an object"),
    (ITEM, {"id": "z", "instruction": " \n"}, "'instruction' is empty"),
    (JUDGE_QUESTION, {"question_id": 1, "turns": ["a", "b"]}, "'turns' has 2 turns"),
    (JUDGE_ANSWER, {"question_id": 1, "choices": []}, "'choices' is empty"),
    (JUDGE_ANSWER, {"question_id": 1, "choices": [{"turns": ["a", "b"]}]}, "2 turns"),
    (JUDGE_ANSWER, {"question_id": 1, "choices": [{"turns": ["a"]}, {"index": 0, "turns": ["b"]}]},
     "m answer to item 1 sample 0 is in the file twice, first on line 3"),
    (VOTE, {"winner": "left"}, "'winner' is 'left'; it can be a, b, tie"),
    (VOTE, {"criterion": "fun"}, "'criterion' is 'fun'; it can be helpful"),
    (VOTE, {"system_b": "x"}, "are both 'x'"),
    (PLAIN, {}, "answer to item 7 sample 0 is in the file twice, first on line 1"),
    (ITEM, {}, "item mail_0 is in the file twice, first on line 1"),
]  # fmt: skip


@pytest.mark.parametrize(("row", "values", "reason"), FAULTS)
def test_a_fault_is_told_with_its_line(row, values, reason):
    data = dump(row) + b"\n" + dump(change(row, **values))
    with pytest.raises(InputError) as caught:
        read_document(data)
    assert caught.value.line == 3
    assert reason in str(caught.value)


GOOD = b'{"item_id": "1", "answer": "x"}\n'


@pytest.mark.parametrize(
    ("data", "line", "reason"),
    [
        (b"", None, "empty"),
        (b"\xef\xbb\xbf \n", None, "empty"),
        (b"[]", None, "no rows"),
        (b"item_id,answer\n", None, "no rows"),
        (GOOD + b'{"item_id": "2", "answer": "\xff"}', 2, "0xff is not UTF-8"),
        (GOOD.decode().encode("utf-16"), 1, "0xff is not UTF-8"),
        (GOOD + b"\n\0", 3, "NUL byte"),
        (GOOD + b'{"item_id": "2", "answer": "x"', 2, "not one whole JSON object"),
        (GOOD + b"[1]", 2, "should be a JSON object, this is a list"),
        (GOOD + GOOD.strip() + b" x\n", 2, "more after the object, at column 32"),
        (GOOD + b'{"item_id": "2", "answer": "x", "score": NaN}', 2, "NaN is no number"),
        (GOOD + b'{"item_id": "2", "answer": "x", "n": -Infinity}', 2, "-Infinity is no number"),
        (GOOD + b'{"item_id": "2", "item_id": "3", "answer": ""}', 2, "'item_id' occurs twice"),
        (GOOD + b'{"item_id": ' + b"9" * 5000 + b"}", 2, "too many digits"),
        (GOOD + b'{"item_id": ' + b"[" * 100_000, 2, "nested too deeply"),
        (b"[" + GOOD + b"," + GOOD.replace(b"1", b"2"), 3, "',' or end with ']'"),
        (b"[" + GOOD + GOOD + b"]", 2, "',' or end with ']'"),
        (b"[" + GOOD + b",]", 2, "not one whole JSON object"),
        (b"[" + GOOD + b"] x", 2, "',' or end with ']'"),
        (b"item_id,answer\n1,x\n2\n", 3, "1 cells, but the header names 2"),
        (b'item_id,answer\n1,x\n2,"open\n\n', 3, "not CSV: unexpected end of data"),
        (b"item_id,answer\n1," + b"x" * 140_000, 2, "not CSV: field larger"),
        (b"item_id,answer,answer\n1,x,y\n", 1, "two columns"),
    ],
)  # fmt: skip
def test_a_broken_file_is_told_with_its_line(data, line, reason):
    with pytest.raises(InputError) as caught:
        read_document(data)
    assert caught.value.line == line
    assert reason in str(caught.value)


@pytest.mark.parametrize("data", [b'{"instruction": "x", "output": "y"}\n', b"hello\nworld\n"])
def test_an_unknown_file_is_told_what_was_found_and_what_can_be_taken(data):
    with pytest.raises(InputError) as caught:
        read_document(data)
    message = str(caught.value)
    assert "'output'" in message or "'hello'" in message
    assert "Vicuna questions (question_id, text, category)" in message


@given(st.binary(max_size=200))
def test_no_bytes_raise_anything_but_an_input_error(data):
    try:
        read_document(data)
    except InputError as error:
        assert str(error)


@pytest.mark.parametrize(
    ("pattern", "name", "n_rows"),
    [
        ("user_oriented_252/*.jsonl", "user-oriented instructions", 252),
        ("user_oriented_252/predictions/*.jsonl", "Self-Instruct predictions", 252),
        ("vicuna_80/question.jsonl", "Vicuna questions", 80),
        ("vicuna_80/answers/*.jsonl", "FastChat answers", 80),
    ],
)
def test_the_published_files_are_read_whole(data_sources, pattern, name, n_rows):
    documents = [read_document(path.read_bytes()) for path in sorted(data_sources.glob(pattern))]
    assert {one.format.name for one in documents} == {name}
    assert {len(one.rows) for one in documents} == {n_rows}
    assert {one.unread for one in documents} == {()}
