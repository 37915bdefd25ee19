from tests.ledgers import add_ballot, add_outside
from ui.lab.studies import read_rows, show_rows


def test_without_studies_the_page_says_what_will_be_here(store):
    assert "No studies yet" in show_rows(read_rows(store))


def test_a_row_holds_every_count(store, study):
    add_ballot(store, ["left", "tie", "right"])
    add_ballot(store, ["tie"] * 3, who="BBB", slot=2, surplus=1)
    add_outside(store, "helpful", ["a", "b"])
    html = show_rows(read_rows(store))
    assert "1 of 18" in html
    cells = html.split("</progress>")[1].split("<td")[1:]
    assert [cell.split(">")[1].split("<")[0] for cell in cells] == ["2", "0", "0", "0", "1", "2"]


def test_the_same_ledger_gives_the_same_html(store, study):
    assert show_rows(read_rows(store)) == show_rows(read_rows(store))


def test_a_new_vote_changes_the_html(store, study):
    before = show_rows(read_rows(store))
    add_ballot(store, ["left", "tie", "right"])
    assert show_rows(read_rows(store)) != before
