import re

import pytest

from annotations.browse import Entry, Search, read_case, read_entries
from backend.records import Comparison
from tests.ledgers import add_ballot, add_outside
from ui.ink import SERIES
from ui.lab.pairs import Neighbours, Shelf, count_found, show_case, show_pip, show_shelf
from ui.lab.where import Where
from ui.server import STATIC

ALONE = Neighbours(None, None, 1, 1, False)
SYSTEMS = ("LLaMA-GPT4", "Alpaca")
NASTY = '<img src=x onerror="alert(1)">'


def show(store, pair_id=1):
    return show_case(read_case(store, pair_id), Where("study"), ALONE, SYSTEMS)


def test_a_list_links_every_pair_and_shows_each_vote_as_a_mark(store, study):
    add_ballot(store, ["left", "tie", "right"])
    shelf = Shelf(Where("study"), read_entries(store, [1, 2]), SYSTEMS, 2, False, 1)
    html = show_shelf(shelf)
    assert 'href="/lab/?study=study&amp;tab=items&amp;item=i2"' in html
    first = html.split("<li>")[1]
    assert re.findall(r'<dd title="([^"]*)">', first)[0] == (
        "1 for LLaMA-GPT4, 0 for Alpaca, 0 neither"
    )
    assert re.findall(r'<span class="pip ([^"]*)">(.)</span>', first) == [
        ("c0", "A"), ("", "="), ("c1", "B"),
    ]  # fmt: skip
    assert html.split("<li>")[2].count("No votes yet") == 3


def test_many_votes_are_numbers():
    entry = Entry(1, "i", "", "", 0, Comparison(*SYSTEMS), {"helpful": (704, 2, 1200)})
    html = show_shelf(Shelf(Where("s"), [entry], SYSTEMS, 1, False, 1))
    assert "<b>704</b>" in html and "<b>1,200</b>" in html


def test_nothing_found_is_said(store):
    assert "No pair fits" in show_shelf(Shelf(Where("s"), [], SYSTEMS, 0, False, 1))


@pytest.mark.parametrize(
    ("n", "more", "words"),
    [(1, False, "1 pair"), (1200, False, "1,200 pairs"), (1000, True, "1,000 or more pairs")],
)
def test_how_many_were_found_is_told_truly(n, more, words):
    assert count_found(n, more) == words


def test_pages_lead_to_their_neighbours(store, study):
    entries = read_entries(store, [1])
    html = show_shelf(Shelf(Where("study", page=2), entries, SYSTEMS, 60, False, 3))
    assert "Page 2 of 3" in html
    assert 'href="/lab/?study=study&amp;tab=items"' in html
    assert 'href="/lab/?study=study&amp;tab=items&amp;p=3"' in html


def test_a_pair_shows_what_each_person_said(store, study):
    add_ballot(store, ["left", "tie", "right"], left_is="b", comment="Too long.")
    add_ballot(store, ["left"] * 3, who="LATE", surplus=1)
    add_outside(store, "honest", ["a"])
    rows = show(store).split("<tbody>")[1].split("<tr>")[1:]
    cells = [re.sub(r"<[^>]+>", "", cell).strip() for cell in rows[0].split("<td>")[1:]]
    assert cells == ["AAA", "B", "B left", "= same", "A right", "60", "0", "yes", "Too long."]
    assert "no, surplus" in rows[1]
    assert "from elsewhere" in rows[2]


def test_a_pair_without_votes_says_so(store, study):
    assert "No votes on this pair yet" in show(store)


def test_no_text_of_a_pair_becomes_a_tag(store, study):
    add_ballot(store, ["left"] * 3, comment=NASTY, who=NASTY)
    html = show(store)
    assert "<img" not in html
    assert "&lt;img src=x onerror=" in html


def test_a_comment_keeps_its_lines(store, study):
    add_ballot(store, ["left"] * 3, comment="one\ntwo")
    assert "one&#10;two" in show(store)


def test_the_way_back_and_on_is_there(store, study):
    where = Where("study", Search(split=True), 2)
    near = Neighbours(where.open("i0", 0, 1), where.open("i2", 0, 2), 26, 40, False)
    html = show_case(read_case(store, 1), where.open("i1", 0, 2), near, SYSTEMS)
    assert "26 of 40" in html
    assert 'href="/lab/?study=study&amp;tab=items&amp;split=1&amp;p=2"' in html
    assert "item=i0" in html and "item=i2" in html


def test_marks_have_the_colours_of_the_figures():
    sheet = (STATIC / "lab.css").read_text()
    for place, colour in enumerate(SERIES):
        assert f'class="pip c{place}"' in show_pip("A", place)
        assert f".pip.c{place} {{ background: {colour};" in sheet
