"""Rows with the text that carries loss told apart."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.errors import InputError
from training.preview import (
    FILE,
    PreviewRow,
    join_segments,
    read_previews,
    write_previews,
)

ROW = PreviewRow(3, (("Q:\u2028\n", False), ("A</s>", True)), 5, truncated=True, part="chosen")


def test_rows_come_back_as_they_were_written(tmp_path):
    other = PreviewRow(4, note="There is no such row.")
    write_previews(tmp_path, [ROW, other])
    assert read_previews(tmp_path) == [ROW, other]


def test_a_later_look_stands_in_for_an_earlier_one(tmp_path):
    write_previews(tmp_path, [ROW])
    write_previews(tmp_path, [])
    assert read_previews(tmp_path) == []


def test_where_nobody_looked_there_is_nothing(tmp_path):
    assert read_previews(tmp_path) == []


def test_another_file_is_refused(tmp_path):
    (tmp_path / FILE).write_text('{"words": 1}\n', "utf-8")
    with pytest.raises(InputError, match="is no preview"):
        read_previews(tmp_path)


@given(st.lists(st.tuples(st.text(max_size=3), st.integers(0, 1))))
def test_joining_changes_no_character_and_no_mask(parts):
    joined = list(join_segments(parts))
    spelled = [(letter, bool(mask)) for text, mask in parts for letter in text]
    assert [(letter, mask) for text, mask in joined for letter in text] == spelled
    assert all(one[1] != other[1] for one, other in pairwise(joined))
