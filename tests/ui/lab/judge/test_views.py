import pytest

from ui.lab.judge.views import View, read_view
from ui.lab.where import read_query

VIEWS = [
    View(),
    View(5, published=True),
    View(4, against="bard", judge="gpt-4", scores="stored", by_category=True),
]


@pytest.mark.parametrize("view", VIEWS)
def test_an_address_leads_where_it_came_from(view):
    assert read_view(read_query(view.address.partition("?")[2])) == view


@pytest.mark.parametrize("query", ["figure=6", "scores=best", "by=colour", "source=mine", "&=&"])
def test_what_makes_no_sense_counts_as_not_there(query):
    assert read_view(read_query(query)) == View()
