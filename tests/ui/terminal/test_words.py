import pytest
from hypothesis import given
from hypothesis import strategies as st

from ui.terminal.words import repeat_option, split_systems


@pytest.mark.parametrize(
    "words, told",
    [
        (["n", "--systems", "X", "Y", "--seed", "1"], "n --systems X --systems Y --seed 1"),
        (["--systems=X", "Y", "Z"], "--systems=X --systems Y --systems Z"),
        (["--systems", "X", "--systems", "Y"], "--systems X --systems Y"),
        (["--seed", "1", "n"], "--seed 1 n"),
        (["--systems", "X", "Y", "--", "--systems", "Z"], "--systems X --systems Y -- --systems Z"),
        (["--systems"], "--systems"),
    ],
)
def test_an_option_takes_all_words_up_to_the_next(words, told):
    assert repeat_option(words, "--systems") == told.split()


@given(st.lists(st.sampled_from(["a", "b", "--seed", "-x", "--other=1", "--"])))
def test_words_without_the_option_stay_as_they_are(words):
    assert repeat_option(words, "--systems") == words


def test_systems_are_split_at_commas_unless_a_name_has_one():
    assert split_systems(["X,Y", "Z"], []) == ("X", "Y", "Z")
    assert split_systems(["X (7B, R1)", "Y"], ["X (7B, R1)"]) == ("X (7B, R1)", "Y")
