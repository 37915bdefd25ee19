"""The released reviews of GPT-4, against the scores that were stored with them."""

import json
from collections import Counter

import pytest

from backend.judge.verdicts import read_pair

pytestmark = pytest.mark.slow

# The two pairs that were typed in by hand otherwise than the text says.
TYPED_WRONG = {
    ("review_bard_vicuna-13b-20230322-clean-lang.jsonl", 70): ([10, 4], [10, 2]),
    ("review_llama-13b_vicuna-13b-20230322-clean-lang.jsonl", 70): ([10, 4], [10, 2]),
}


def test_every_released_review_reads_as_stored_but_for_two(data_sources):
    rows = list_rows(data_sources)
    readings = [(file, row, read_pair(row["text"])) for file, row in rows]
    differing = {
        (file, row["question_id"]): ([one.score_1, one.score_2], row["score"])
        for file, row, one in readings
        if [one.score_1, one.score_2] != row["score"]
    }
    assert len(rows) == 640 and differing == TYPED_WRONG
    assert Counter(one.how for *_, one in readings)["first line"] == 616


def test_without_its_first_line_no_review_is_read_wrongly(data_sources):
    for _, row in list_rows(data_sources):
        first, _, rest = row["text"].partition("\n")
        reading = read_pair(rest) if read_pair(first) else None
        assert reading is None or [reading.score_1, reading.score_2] == row["score"]


def list_rows(data_sources):
    return [
        (path.name, json.loads(line))
        for path in sorted((data_sources / "vicuna_80/reviews").glob("*.jsonl"))
        for line in path.read_text(encoding="utf-8").splitlines()
    ]
