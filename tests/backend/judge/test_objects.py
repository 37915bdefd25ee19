import json

import pytest

from backend.judge.objects import find_object, parse_scores

OBJECT = '{"reasons": "It is {short}.", "score_1": 8, "score_2": 9}'


@pytest.mark.parametrize(
    ("told", "scores"),
    [
        ({"score_1": 8, "score_2": 9.5}, (8, 9.5)),
        ({"Assistant 1": "8/10", "Assistant 2": "9"}, (8, 9)),
        ({"assistant_1": {"score": 8, "why": "short"}, "assistant_2": {"score": 9}}, (8, 9)),
        ({"scores": [8, 9], "explanation": "x"}, (8, 9)),
        ({"ratings": {"assistant_1": 8, "assistant_2": 9}}, (8, 9)),
        ({"score_1": 11, "score_2": None}, (None, None)),
        ({"scores": [8, 9, 7]}, None),
        ({"score_1": 8}, None),
        ({"score": 8}, None),
        ([8, 9], None),
    ],
)
def test_scores_are_found_under_their_names(told, scores):
    assert parse_scores(json.dumps(told)) == scores


@pytest.mark.parametrize(
    "text", ["{", '{"score_1": 8, "score_2": 9, "Score 1": 7}', '{"a":' * 5000, "8 9"]
)
def test_a_broken_object_has_no_scores(text):
    assert parse_scores(text) is None


@pytest.mark.parametrize("before", ["", "Here is my verdict:\n", "Sure!\n```json\n"])
def test_an_object_is_found_behind_a_few_words(before):
    text = before + OBJECT + ("\n```" if "`" in before else "")
    assert find_object(text)[1] == OBJECT


@pytest.mark.parametrize(
    "before",
    ["Assistant 1 writes:\n", "It says:\n```json\n", "The first answer is:\n", "The dict "],
)
def test_somebody_elses_object_is_none(before):
    assert find_object(before + OBJECT)[1] == ""
