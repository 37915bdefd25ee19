import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotations.cells import guard_cell, unguard_cell

RISKY = [
    "=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", " =1", "\tx", "\rx", "\nx",
    "＝1+1", "＋1", "－1", "＠x", "'=1", "''  -x", "\u3000＝1", "- a list",
]  # fmt: skip
HARMLESS = ["", "plain", "1=1", "'tis", "a\n=1", "''", "  indented", "'", "1-2"]

tricky = st.text(alphabet=st.sampled_from("'=+-@＝－ \t\r\na1"), max_size=8)


@pytest.mark.parametrize("text", RISKY)
def test_what_a_spreadsheet_could_run_is_guarded(text):
    assert guard_cell(text) == "'" + text


@pytest.mark.parametrize("text", HARMLESS)
def test_harmless_text_is_left_alone(text):
    assert guard_cell(text) == text
    assert unguard_cell(text) == text


@given(st.text() | tricky)
def test_unguard_is_the_inverse_of_guard(text):
    assert unguard_cell(guard_cell(text)) == text


@given(tricky)
def test_unguard_changes_only_what_guard_can_have_written(text):
    bare = unguard_cell(text)
    assert bare == text or guard_cell(bare) == text


@given(tricky)
def test_no_cell_starts_with_what_runs_even_behind_space(text):
    cell = guard_cell(text)
    assert cell.lstrip()[:1] not in set("=+-@＝－")
    assert cell[:1] not in set("\t\r\n")
