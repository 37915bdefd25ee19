import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from annotations.browse import (
    Search,
    escape_like,
    find_pair,
    list_apps,
    match_pairs,
    read_case,
    read_entries,
)
from annotations.store import Store
from annotations.studies import find_study
from backend.errors import NotFound
from backend.records import CRITERIA, WINNERS
from tests.ledgers import add_ballot, add_outside, make_study

THREE = ("x", "y", "z")
LEFT, TIE, RIGHT = (["left"] * 3, ["tie"] * 3, ["right"] * 3)


def find(store, **search):
    return match_pairs(store, find_study(store, "study"), Search(**search))


def test_pairs_come_by_item_then_by_comparison(store):
    study = make_study(store, systems=THREE, n_items=2)
    entries = read_entries(store, match_pairs(store, study, Search()))
    expected = [(f"i{k}", place) for k in (1, 2) for place in (0, 1, 2)]
    assert [(entry.item_id, entry.place) for entry in entries] == expected
    assert entries[1].comparison.b == "z"
    assert len(match_pairs(store, study, Search(), 4)) == 4


def test_a_list_says_how_votes_fell(store, study):
    add_ballot(store, ["left", "tie", "right"])
    add_ballot(store, ["left", "tie", "left"], who="B", slot=2, left_is="b")
    (entry,) = read_entries(store, [1])
    assert entry.votes == {"helpful": (1, 0, 1), "honest": (0, 2, 0), "harmless": (0, 0, 2)}
    assert read_entries(store, [2])[0].votes == {}


def test_only_the_latest_revision_counts_and_surplus_does_not(store, study):
    add_ballot(store, LEFT)
    add_ballot(store, RIGHT)
    add_ballot(store, LEFT, who="B", slot=2, surplus=1)
    assert read_entries(store, [1])[0].votes["helpful"] == (0, 0, 1)
    assert find(store, outcome="b") == [1]
    assert find(store, split=True) == []


def test_votes_from_elsewhere_count(store, study):
    add_ballot(store, LEFT)
    add_outside(store, "honest", ["b", "tie"])
    assert find(store, split=True) == [1]
    assert find(store, split=True, criterion="honest") == [1]
    assert find(store, split=True, criterion="helpful") == []
    assert find(store, outcome="tie", criterion="honest") == [1, 2]


@pytest.mark.parametrize(
    ("ballots", "outcome"),
    [
        ([LEFT, LEFT, RIGHT], "a"),
        ([LEFT, TIE, TIE], "a"),
        ([RIGHT, RIGHT, LEFT], "b"),
        ([LEFT, RIGHT, TIE], "tie"),
        ([TIE], "tie"),
    ],
)
def test_an_item_goes_to_the_side_with_more_votes(store, study, ballots, outcome):
    for slot, choices in enumerate(ballots, 1):
        add_ballot(store, choices, who=f"A{slot}", slot=slot)
    for one in WINNERS:
        assert find(store, outcome=one) == ([1] if one == outcome else [])
        assert find(store, outcome=one, criterion="honest") == ([1] if one == outcome else [])


def test_outcome_and_split_are_asked_of_the_same_question(store, study):
    add_ballot(store, ["left", "left", "tie"])
    add_ballot(store, ["right", "left", "tie"], who="B", slot=2)
    assert find(store, split=True) == [1]
    assert find(store, outcome="a") == [1]
    assert find(store, outcome="a", split=True) == []


@pytest.mark.parametrize(
    ("words", "found"),
    [("write", [2]), ("WRITE", [2]), ("100%", [3]), ("%", [3]), ("_", []), ("i4", [4]), ("'", [])],
)
def test_words_are_looked_for_as_they_are(store, words, found):
    study = make_study(store, n_items=0)
    with store.write() as db:
        for k, text in enumerate(["Read", "Please write it", "100% sure", "Say"], 1):
            values = (k, f"i{k}", k, text)
            db.execute("INSERT INTO item VALUES (?, 1, ?, ?, ?, '', '', '', 'en', 'no')", values)
            for system in (1, 2):
                db.execute(
                    """INSERT INTO answer(item_id, system_id, sample, text, sha256, source_id)
                    VALUES (?, ?, 0, 'x', 'no', 1)""",
                    (k, system),
                )
            db.execute(
                """INSERT INTO pair(study_id, comparison_id, item_id, answer_a, answer_b, sha256_a,
                sha256_b, item_sha256, side_hash, target_k) VALUES (1, 1, ?, ?, ?, '', '', '', 0, 3)
                """,
                (k, 2 * k - 1, 2 * k),
            )
    assert match_pairs(store, study, Search(words=words)) == found


def test_apps_are_listed_as_they_were_written(store):
    make_study(store, n_items=2, apps=("Gmails", "gmail"))
    study = find_study(store, "study")
    assert list_apps(store, study) == ["Gmails", "gmail"]
    assert find(store, app="gmail") == [2]
    assert find(store, app="GMAIL") == []


def test_a_case_tells_everything_that_was_said(store, study):
    add_ballot(store, ["left", "tie", "right"], left_is="b", comment="<b>é</b>")
    add_ballot(store, LEFT, who="LATE", slot=1, surplus=1)
    add_outside(store, "helpful", ["a"])
    case = read_case(store, 1)
    first, late, outside = case.voices
    assert first.winners == {"helpful": "b", "honest": "tie", "harmless": "a"}
    assert (first.choices["helpful"], first.left_is, first.comment) == ("left", "b", "<b>é</b>")
    assert (first.seconds, first.revision) == (60.5, 0)
    assert (late.annotator, late.surplus) == ("LATE", True)
    assert outside.outside and outside.winners == {"helpful": "a"} and not outside.choices


def test_a_changed_vote_keeps_its_first_seconds(store, study):
    add_ballot(store, LEFT)
    add_ballot(store, RIGHT)
    (voice,) = read_case(store, 1).voices
    assert (voice.revision, voice.seconds) == (1, 60.5)


def test_who_set_a_pair_aside_is_told(store, study):
    add_ballot(store, LEFT)
    with store.write() as db:
        db.execute("UPDATE assignment SET state = 'skipped', skip_reason = 'language', surplus = 0")
    assert read_case(store, 1).skipped == (("AAA", "language"),)


def test_a_pair_is_found_by_item_and_comparison(store):
    study = make_study(store, systems=THREE, n_items=2)
    assert read_case(store, find_pair(store, study, "i2", 2)).comparison.a == "y"
    for item, place in (("i3", 0), ("i1", 3), ("", 0)):
        with pytest.raises(NotFound):
            find_pair(store, study, item, place)
    with pytest.raises(NotFound):
        read_case(store, 99)


@given(st.text(alphabet="%_\\ab'", max_size=8))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
def test_any_words_are_taken_literally(store, words):
    (found,) = store.row("SELECT ? LIKE ? ESCAPE '\\'", (f"x{words}y", f"%{escape_like(words)}%"))
    assert found == 1
    other = store.row("SELECT 'zzz' LIKE ? ESCAPE '\\'", (f"%{escape_like(words)}%",))
    assert other[0] == (1 if not words else 0)


@pytest.mark.parametrize("criterion", ["", *CRITERIA])
@pytest.mark.parametrize("search", [{"outcome": "a"}, {"split": True}])
def test_a_search_walks_indexes_and_reads_no_whole_table(store, study, criterion, search):
    """A scan of assignments for every pair would take minutes on a large study."""
    plans: list[str] = []
    reader = Store(store.folder)
    with reader.snapshot() as db:
        db.set_trace_callback(plans.append)
        match_pairs(reader, study, Search(criterion=criterion, **search), 26)
        db.set_trace_callback(None)
        steps = [row["detail"] for row in db.execute(f"EXPLAIN QUERY PLAN {plans[-1]}")]
    reader.close()
    tables = ("g", "b", "v", "o", "ballot", "assignment", "vote")
    assert not [step for step in steps if step.split()[0] == "SCAN" and step.split()[1] in tables]
    assert any("assignment_slot" in step for step in steps)
