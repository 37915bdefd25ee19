import json
from collections import Counter

import pytest

from backend.errors import InputError
from training.data.shapes import (
    NO_ANSWER,
    check_file,
    detect_shape,
    read_examples,
    read_pairs,
)

CHAT = [{"from": "human", "value": "Hi."}, {"from": "gpt", "value": "Hello."}]
ROWS = {
    "alpaca": {"instruction": "Hi.", "input": "", "output": "Hello."},
    "sharegpt": {"conversations": CHAT},
    "comparison": {"user_input": "Hi.", "completion_a": "Hello.", "completion_b": "No."},
    "preference": {"conversations": CHAT[:1], "chosen": "Hello.", "rejected": "No."},
}


@pytest.fixture
def write(tmp_path):
    """Write rows into a file, as a list or as lines."""

    def to_file(*rows, lines=False):
        path = tmp_path / "data.json"
        path.write_text("\n".join(map(json.dumps, rows)) if lines else json.dumps(rows))
        return path

    return to_file


@pytest.mark.parametrize("lines", [False, True])
@pytest.mark.parametrize("shape", ROWS)
def test_shape_is_seen_from_the_first_row(write, shape, lines):
    path = write(ROWS[shape], ROWS[shape], lines=lines)
    assert detect_shape(path) == shape
    assert check_file(path) == (shape, 2)


def test_what_has_no_shape_is_told_what_there_is(write):
    with pytest.raises(InputError, match=r"has 'prompt', 'text'.*Alpaca"):
        detect_shape(write({"text": "x", "prompt": "y"}))


def test_an_empty_list_has_no_rows(write):
    with pytest.raises(InputError, match=r"There are no rows in data.json"):
        detect_shape(write())


@pytest.mark.parametrize("shape", ROWS)
def test_a_broken_row_further_down_is_found_with_file_and_line(write, shape):
    path = write(ROWS[shape], {key: 3 for key in ROWS[shape]})
    with pytest.raises(InputError, match=r"data.json, line 2: ") as caught:
        check_file(path)
    assert caught.value.line == 2


def test_chats_without_an_answer_are_left_out_and_counted(write):
    skipped = Counter()
    path = write(ROWS["sharegpt"], {"conversations": CHAT[:1]}, ROWS["sharegpt"])
    assert [one.line for one in read_examples(path, "sharegpt", skipped)] == [1, 3]
    assert skipped == {NO_ANSWER: 1}


def test_pairs_are_counted_with_what_they_are_not(write):
    scores = [{"response": f"{n}", "source": "x", "score": n} for n in (9, 9, 4, 0)]
    same = {"user_input": "Hi.", "completion_a": "one", "completion_b": "one"}
    found = read_pairs(
        write({"user_input": "Hi.", "responses_and_scores": scores}, same), "comparison"
    )
    assert (len(found.pairs), found.n_rows) == (2, 2)
    assert found.skipped == {
        "a tie": 1,
        "a score outside 1 to 10": 3,
        "twice the same answer": 1,
    }


def test_examples_are_not_made_of_pairs_nor_pairs_of_examples(write):
    with pytest.raises(InputError, match="pairs of answers"):
        next(read_examples(write(ROWS["comparison"]), "comparison"))
    with pytest.raises(InputError, match="no pairs to compare"):
        read_pairs(write(ROWS["alpaca"]), "alpaca")


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("alpaca_en_demo.json", ("alpaca", 999)),
        ("alpaca_zh_demo.json", ("alpaca", 1000)),
        ("dpo_en_demo.json", ("preference", 299)),
    ],
)
def test_published_files_are_read_whole(data_sources, name, expected):
    assert check_file(data_sources / "sft" / name) == expected


def test_every_row_of_the_published_files_comes_through(data_sources):
    examples = list(read_examples(data_sources / "sft" / "alpaca_en_demo.json", "alpaca"))
    assert sum(bool(one.messages[0].input) for one in examples) == 412
    found = read_pairs(data_sources / "sft" / "dpo_en_demo.json", "preference")
    assert (len(found.pairs), found.skipped) == (299, {})
    assert {pair.prompt[-1].role for pair in found.pairs} == {"user"}
