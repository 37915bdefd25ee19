import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotations.browse import Search
from backend.records import CRITERIA, WINNERS
from ui.lab.where import Where, read_query, read_where

TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=30)
SEARCHES = st.builds(
    Search,
    place=st.none() | st.integers(0, 99),
    criterion=st.sampled_from(["", *CRITERIA]),
    outcome=st.sampled_from(["", *WINNERS]),
    split=st.booleans(),
    app=TEXT,
    words=TEXT.map(str.strip),
)


@given(TEXT, SEARCHES, st.integers(1, 9999), TEXT, st.integers(0, 99))
def test_an_address_leads_where_it_came_from(study, search, page, item, pair):
    pair = (pair if search.place is None else search.place) if item else (search.place or 0)
    where = Where(study, search, page, item, pair)
    path, _, query = where.address.partition("?")
    assert path == "/lab/"
    assert read_where(read_query(query)) == where
    assert read_where(read_query(f"?{query}")) == where


@pytest.mark.parametrize(
    "query",
    [
        "comparison=-1",
        "comparison=x&pair=²",
        "p=0",
        "p=99999",
        "criterion=nice",
        "outcome=c",
        "split=yes",
        "&=&",
        "p=" + "9" * 5000,
        "&".join(f"a{k}=1" for k in range(60)),
    ],
)
def test_what_makes_no_sense_counts_as_not_there(query):
    where = read_where(read_query(query))
    assert where in (Where(), Where(search=Search(place=0)))


def test_what_is_as_usual_is_not_in_the_address():
    assert Where("s").address == "/lab/?study=s&tab=items"
    opened = Where("s").open("i1", 0, 1)
    assert opened.address == "/lab/?study=s&tab=items&item=i1"
    assert opened.turn(2).address == "/lab/?study=s&tab=items&p=2"
