import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotations.judging.browse import Filter
from ui.lab.judge.where import Where, choose_view, read_where
from ui.lab.where import read_query

TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=20).map(str.strip)
FILTERS = st.builds(
    Filter,
    **dict.fromkeys(
        ["judge", "system", "reference", "benchmark", "item", "category", "outcome", "source",
         "text"], TEXT
    ),
    flips=st.booleans(),
    differs=st.booleans(),
)  # fmt: skip


@given(FILTERS, st.integers(1, 9999), st.integers(0, 10**9))
def test_an_address_leads_where_it_came_from(wanted, page, judgment):
    where = Where(wanted, page, judgment)
    path, _, query = where.address.partition("?")
    assert path == "/lab/"
    assert read_where(read_query(query)) == where


@pytest.mark.parametrize(
    "query", ["p=0", "p=x", "judgment=-1", "judgment=²", "judgment=" + "9" * 5000, "flips=yes"]
)
def test_what_makes_no_sense_counts_as_not_there(query):
    assert read_where(read_query(query)) == Where()


def test_what_is_as_usual_is_not_in_the_address():
    opened = Where(Filter(reference="vicuna", text="rate")).open(7)
    assert opened.turn(2).address == ("/lab/?tab=judge&view=judgments&against=vicuna&q=rate&p=2")
    assert Where().open(7).address == "/lab/?tab=judge&view=judgments&judgment=7"


@pytest.mark.parametrize(
    ("query", "view"),
    [
        ({}, "bars"),
        ({"view": "agreement"}, "agreement"),
        ({"view": "nonsense"}, "bars"),
        ({"judgment": "7"}, "judgments"),
        ({"judgment": "7", "view": "bars"}, "bars"),
    ],
)
def test_an_address_leads_to_a_part(query, view):
    assert choose_view(query) == view
