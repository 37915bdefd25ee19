import csv
import io
import json
import time

import pytest

from annotations.cells import unguard_cell
from annotations.exports import EXPORTS
from annotations.studies import find_study
from tests.ledgers import add_ballot, add_outside, add_published, make_study


def export(store, kind):
    file = io.StringIO()
    EXPORTS[kind].write(store, find_study(store, "study"), file)
    file.seek(0)
    return file


def read_rows(store, kind):
    return list(csv.DictReader(export(store, kind)))


def test_tallies_have_a_row_for_each_outcome_in_the_published_order(store):
    make_study(store, n_items=252)
    add_published(store, "a")
    rows = read_rows(store, "tallies")
    assert [row["outcome_system"] for row in rows] == ["LLaMA-GPT4", "Alpaca", "tie"] * 3
    assert [row["percent"] for row in rows[:3]] == ["54.12", "19.74", "26.14"]
    assert {(row["n_votes"], row["n_outside"], row["n_missing"]) for row in rows} == {
        ("704", "704", "756")
    }


def test_tallies_intervals_hold_their_share(store):
    make_study(store, n_items=252)
    add_published(store, "a")
    for row in read_rows(store, "tallies"):
        assert float(row["low"]) < float(row["share"]) < float(row["high"])
        assert float(row["wilson_low"]) < float(row["share"]) < float(row["wilson_high"])
        assert float(row["sign_p"]) <= float(row["sign_p_holm"])


def test_tallies_without_votes_have_empty_cells(store):
    make_study(store)
    for row in read_rows(store, "tallies"):
        assert row["n"] == "0"
        assert [row[name] for name in ("share", "percent", "low", "net", "sign_p")] == [""] * 5


def test_long_has_the_latest_vote_with_its_side_and_times(store):
    make_study(store)
    add_ballot(store, ["left", "left", "left"], left_is="b")
    add_ballot(store, ["right", "tie", "left"], left_is="b")
    rows = read_rows(store, "votes")
    assert [(row["criterion"], row["choice"], row["winner_system"]) for row in rows] == [
        ("helpful", "right", "LLaMA-GPT4"),
        ("honest", "tie", "tie"),
        ("harmless", "left", "Alpaca"),
    ]
    assert {(row["left_system"], row["revision"], row["annotator"]) for row in rows} == {
        ("Alpaca", "1", "AAA")
    }
    assert {(row["shown_at"], row["saved_at"], row["seconds"]) for row in rows} == {
        ("1970-01-01T00:16:40.000+00:00", "1970-01-01T01:17:40.500+00:00", "60.5")
    }


def test_long_keeps_surplus_votes_and_marks_them(store):
    make_study(store, votes_per_pair=1)
    add_ballot(store, ["left"] * 3, who="AAA")
    add_ballot(store, ["right"] * 3, who="BBB", surplus=1)
    marks = [(row["annotator"], row["surplus"]) for row in read_rows(store, "votes")]
    assert marks == [("AAA", "0")] * 3 + [("BBB", "1")] * 3


def test_long_has_votes_from_elsewhere_without_a_side(store):
    make_study(store)
    add_outside(store, "honest", ["b"])
    (row,) = read_rows(store, "votes")
    assert (row["winner"], row["winner_system"], row["source"]) == ("b", "Alpaca", "elsewhere")
    assert (row["choice"], row["left_system"], row["shown_at"]) == ("", "", "")
    assert row["annotator"] == "rater 1"


def test_wide_has_a_row_for_each_assignment_and_a_column_for_each_criterion(store):
    make_study(store)
    add_ballot(store, ["left", "tie", "right"], left_is="b")
    add_ballot(store, ["left"] * 3, pair=2)
    first, second = read_rows(store, "votes-wide")
    assert (first["helpful"], first["honest"], first["harmless"]) == ("b", "tie", "a")
    assert (first["helpful_choice"], first["harmless_choice"]) == ("left", "right")
    assert (second["item_id"], second["helpful"]) == ("i2", "a")


def test_history_has_every_revision_with_its_comment(store):
    make_study(store)
    add_ballot(store, ["left"] * 3, comment="=1+1\nüber 好")
    add_ballot(store, ["right", "tie", "tie"])
    add_outside(store, "helpful", ["tie"])
    first, second, outside = map(json.loads, export(store, "history"))
    assert (first["revision"], first["comment"]) == (0, "=1+1\nüber 好")
    assert second["choices"] == {"helpful": "right", "honest": "tie", "harmless": "tie"}
    assert (outside["source"], outside["winner"]) == ("elsewhere", "tie")
    assert "choice" not in outside


def test_names_that_look_like_formulas_are_guarded_and_come_back(store):
    make_study(store, ("=cmd|'x'!A0", "-plain"))
    add_ballot(store, ["left"] * 3, who="+me")
    row = read_rows(store, "votes")[0]
    for name, plain in {
        "system_a": "=cmd|'x'!A0",
        "winner_system": "=cmd|'x'!A0",
        "system_b": "-plain",
        "annotator": "+me",
    }.items():
        assert row[name].startswith("'")
        assert unguard_cell(row[name]) == plain


def test_a_negative_number_stays_a_number(store):
    make_study(store)
    add_outside(store, "helpful", ["b", "b"])
    assert read_rows(store, "tallies")[0]["net"] == "-1.000000"


@pytest.mark.parametrize("kind", sorted(EXPORTS))
def test_no_export_holds_a_persons_name(store, kind):
    make_study(store)
    add_ballot(store, ["left"] * 3)
    with store.write() as db:
        db.execute("INSERT INTO annotator_identity VALUES (1, 1, 'Ada Lovelace')")
    text = export(store, kind).getvalue()
    assert "AAA" in text or kind in ("tallies", "agreement")
    assert "Lovelace" not in text


class Interrupted(io.StringIO):
    """A file that does something else after its first line."""

    def __init__(self, act):
        super().__init__()
        self.act = act

    def write(self, text):
        act, self.act = self.act, None
        if act:
            act()
        return super().write(text)


@pytest.mark.parametrize("kind", ["votes", "votes-wide", "history"])
def test_a_vote_during_an_export_is_neither_blocked_nor_seen(store, kind):
    study = make_study(store)
    add_ballot(store, ["left"] * 3)
    file = Interrupted(lambda: add_ballot(store, ["right"] * 3, pair=2))
    EXPORTS[kind].write(store, study, file)
    assert "i2" not in file.getvalue()
    assert "i2" in export(store, kind).getvalue()


@pytest.mark.slow
def test_a_hundred_thousand_votes_are_exported_in_seconds(store):
    n_items, n_raters = 252, 133
    study = make_study(store, n_items=n_items)
    for criterion in ("helpful", "honest", "harmless"):
        add_outside(store, criterion, ["a", "b", "tie"] * 84 * n_raters, n_items=n_items)
    start = time.process_time()
    for kind in ("votes", "tallies"):
        EXPORTS[kind].write(store, study, io.StringIO())
    assert time.process_time() - start < 10  # 1.3 s on an idle machine
