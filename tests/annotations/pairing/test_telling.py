"""What a preview says is what training does: the split, and the rows that are read back."""

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotations.pairing.export import write_rows
from annotations.pairing.pairs import PreferredPair
from annotations.pairing.telling import count_held_out
from backend.dialogue import Message
from training.data import read_pairs
from training.run.splitting import choose_held_out


@given(st.integers(0, 60), st.floats(0, 0.5), st.integers(0, 9))
def test_as_many_questions_are_said_to_be_kept_apart_as_training_keeps(n, share, seed):
    items = [f"item {place}" for place in range(n)]
    assert count_held_out(n, share) == len(choose_held_out(items, share, seed))


@pytest.mark.parametrize(
    "prompt",
    [
        (Message("user", "One?"),),
        (Message("user", "One?", "with input"),),
        (Message("system", "Be kind."), Message("user", "One?")),
        (Message("user", "One?"), Message("assistant", "Yes."), Message("user", "Two?\n\u2028")),
    ],
)
def test_a_row_is_read_by_training_as_it_was_written(tmp_path, prompt):
    pair = PreferredPair("abc", prompt, 'Good </s> "quoted"\n', "### Response: bad", 0.5)
    text = io.StringIO()
    write_rows([pair], text)
    path = tmp_path / "pairs.jsonl"
    path.write_text(text.getvalue(), "utf-8")
    (found,) = read_pairs(path, "preference").pairs
    assert (found.item, found.prompt, found.margin) == ("abc", prompt, 0.5)
    assert (found.chosen, found.rejected) == (pair.chosen, pair.rejected)
