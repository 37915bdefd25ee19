"""Who sees which pair, on which side, and what becomes of the ballot that comes back."""

import random
import sqlite3
import threading
from collections import Counter

import pytest

from annotations.annotators import enrol_invited
from annotations.assignment import (
    N_WEIGHED,
    choose_side,
    find_earlier,
    find_shown,
    has_started,
    save_ballot,
    skip_pair,
    take_next,
)
from annotations.studies import set_status
from backend.errors import Conflict, InputError, Refused
from backend.records import CRITERIA, Ballot
from tests.ledgers import make_study, open_store


def vote(choice="left", comment=""):
    return Ballot(dict.fromkeys(CRITERIA, choice), comment)


class Clock:
    def __init__(self):
        self.now = 1000.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def store(tmp_path, clock):
    with open_store(tmp_path, clock=clock) as opened:
        yield opened


def open_study(store, **plan):
    make_study(store, **plan)
    return set_status(store, "study", "open", "test")


def test_a_pair_stays_open_until_it_is_answered(store):
    study = open_study(store)
    ann = enrol_invited(store, study, "ANN", "en")
    first, again = take_next(store, study, ann), take_next(store, study, ann)
    assert first.task == again.task
    save_ballot(store, ann, first.task.ticket, vote())
    assert take_next(store, study, ann).task.item != first.task.item


def test_nothing_that_is_shown_names_a_system(store):
    study = open_study(store, systems=("llama-gpt4", "alpaca-7b"))
    shown = repr(take_next(store, study, enrol_invited(store, study, "ANN", "en")).task)
    assert "llama" not in shown
    assert "alpaca" not in shown


def test_same_ballot_again_gives_the_same_receipt(store):
    study = open_study(store)
    ann = enrol_invited(store, study, "ANN", "en")
    ticket = take_next(store, study, ann).task.ticket
    first = save_ballot(store, ann, ticket, vote())
    again = save_ballot(store, ann, ticket, vote())
    assert (first.revision, first.n_saved) == (again.revision, again.n_saved) == (0, 1)
    assert again.repeated


def test_another_opinion_from_a_stale_tab_is_told_so_and_changes_nothing(store):
    study = open_study(store)
    ann = enrol_invited(store, study, "ANN", "en")
    ticket = take_next(store, study, ann).task.ticket
    save_ballot(store, ann, ticket, vote("left"))
    with pytest.raises(Conflict, match="elsewhere"):
        save_ballot(store, ann, ticket, vote("right"))
    assert store.rows("SELECT DISTINCT choice FROM vote")[0]["choice"] == "left"


def test_an_edit_is_a_new_revision_and_the_old_one_stays(store):
    study = open_study(store)
    ann = enrol_invited(store, study, "ANN", "en")
    save_ballot(store, ann, take_next(store, study, ann).task.ticket, vote("left"))
    earlier = find_earlier(store, ann, "").task
    receipt = save_ballot(store, ann, earlier.ticket, vote("right", "on second thoughts"))
    assert (receipt.revision, receipt.n_saved) == (1, 1)
    assert len(store.rows("SELECT * FROM ballot")) == 2
    assert {row["choice"] for row in store.rows("SELECT * FROM vote_current")} == {"right"}


def test_a_stale_edit_does_not_overwrite_a_newer_one(store):
    study = open_study(store)
    ann = enrol_invited(store, study, "ANN", "en")
    save_ballot(store, ann, take_next(store, study, ann).task.ticket, vote("left"))
    stale = find_earlier(store, ann, "").task.ticket
    save_ballot(store, ann, stale, vote("tie"))
    with pytest.raises(Conflict):
        save_ballot(store, ann, stale, vote("right"))
    assert {row["choice"] for row in store.rows("SELECT * FROM vote_current")} == {"tie"}


def test_saving_an_edit_that_changes_nothing_writes_nothing(store):
    study = open_study(store)
    ann = enrol_invited(store, study, "ANN", "en")
    save_ballot(store, ann, take_next(store, study, ann).task.ticket, vote())
    receipt = save_ballot(store, ann, find_earlier(store, ann, "").task.ticket, vote())
    assert receipt.repeated
    assert len(store.rows("SELECT * FROM ballot")) == 1


def test_somebody_elses_ticket_is_refused(store):
    study = open_study(store)
    ann, bob = (enrol_invited(store, study, code, "en") for code in ("ANN", "BOB"))
    ticket = take_next(store, study, ann).task.ticket
    for act in (
        lambda: save_ballot(store, bob, ticket, vote()),
        lambda: skip_pair(store, bob, ticket, "other"),
        lambda: find_shown(store, bob, ticket),
    ):
        with pytest.raises(Refused):
            act()
    assert not store.rows("SELECT * FROM ballot")


@pytest.mark.parametrize("ticket", ["", ".", "nonsense", "x.-", "x.0.0", "’.1"])
def test_a_made_up_ticket_is_refused(store, ticket):
    study = open_study(store)
    ann = enrol_invited(store, study, "ANN", "en")
    with pytest.raises(Refused):
        save_ballot(store, ann, ticket, vote())


@pytest.mark.parametrize(
    "choices",
    [
        {},
        {"helpful": "left", "honest": "tie"},
        {"helpful": "left", "honest": "tie", "harmless": "a"},
        {"helpful": "left", "honest": "tie", "harmless": "tie", "pretty": "left"},
    ],
)
def test_a_ballot_must_answer_just_the_questions(store, choices):
    study = open_study(store)
    ann = enrol_invited(store, study, "ANN", "en")
    ticket = take_next(store, study, ann).task.ticket
    with pytest.raises(InputError):
        save_ballot(store, ann, ticket, Ballot(choices))
    assert not store.rows("SELECT * FROM ballot")


def test_a_given_up_slot_is_filled_again_on_the_same_side(store, clock):
    study = open_study(store, n_items=1)
    ann, bob = (enrol_invited(store, study, code, "en") for code in ("ANN", "BOB"))
    take_next(store, study, ann)
    clock.now += study.lease_s + 1
    take_next(store, study, bob)
    rows = store.rows("SELECT slot, left_is, state FROM assignment ORDER BY assignment_id")
    assert [row["state"] for row in rows] == ["expired", "leased"]
    assert (rows[0]["slot"], rows[0]["left_is"]) == (rows[1]["slot"], rows[1]["left_is"])


def test_late_work_is_kept_in_its_slot_or_as_surplus(store, clock):
    study = open_study(store, n_items=1, votes_per_pair=1)
    ann, bob = (enrol_invited(store, study, code, "en") for code in ("ANN", "BOB"))
    late = take_next(store, study, ann).task.ticket
    clock.now += study.lease_s + 1
    save_ballot(store, bob, take_next(store, study, bob).task.ticket, vote("left"))
    receipt = save_ballot(store, ann, late, vote("right"))
    assert receipt.surplus
    assert receipt.n_saved == 1
    counted = store.rows("SELECT winner FROM vote_current WHERE surplus = 0")
    assert len(counted) == len(CRITERIA)


def test_late_work_counts_while_its_slot_is_free(store, clock):
    study = open_study(store)
    ann = enrol_invited(store, study, "ANN", "en")
    late = take_next(store, study, ann).task.ticket
    clock.now += study.lease_s + 1
    set_status(store, "study", "paused", "test")
    take_next(store, study, enrol_invited(store, study, "BOB", "en"))  # only expires the lease
    assert not save_ballot(store, ann, late, vote()).surplus


def test_a_first_lease_that_comes_back_replaces_the_second_one_of_the_same_pair(store, clock):
    study = open_study(store, n_items=1)
    ann = enrol_invited(store, study, "ANN", "en")
    first = take_next(store, study, ann).task.ticket
    clock.now += study.lease_s + 1
    second = take_next(store, study, ann).task.ticket
    assert first != second
    save_ballot(store, ann, first, vote())
    with pytest.raises(Conflict):
        save_ballot(store, ann, second, vote("right"))
    assert len(store.rows("SELECT * FROM ballot")) == 1


def test_work_for_a_closed_study_is_kept_as_surplus(store):
    study = open_study(store)
    ann = enrol_invited(store, study, "ANN", "en")
    ticket = take_next(store, study, ann).task.ticket
    set_status(store, "study", "closed", "test")
    assert save_ballot(store, ann, ticket, vote()).surplus
    assert take_next(store, study, ann).phase == "closed"


def test_an_answer_cannot_change_once_the_study_is_closed(store):
    study = open_study(store, quota=1)
    ann = enrol_invited(store, study, "ANN", "en")
    save_ballot(store, ann, take_next(store, study, ann).task.ticket, vote("left"))
    ticket = find_earlier(store, ann, "").task.ticket
    save_ballot(store, ann, ticket, vote("tie"))  # while it is open it can
    ticket = find_earlier(store, ann, "").task.ticket
    set_status(store, "study", "closed", "test")
    with pytest.raises(Conflict, match="closed"):
        save_ballot(store, ann, ticket, vote("right"))
    assert {row["choice"] for row in store.rows("SELECT * FROM vote_current")} == {"tie"}
    assert take_next(store, study, ann).phase == "closed"


def test_a_pair_whose_lease_ran_out_can_still_be_set_aside(store, clock):
    study = open_study(store, n_items=1)
    ann = enrol_invited(store, study, "ANN", "en")
    first = take_next(store, study, ann).task.ticket
    clock.now += study.lease_s + 1
    second = take_next(store, study, ann).task.ticket
    skip_pair(store, ann, first, "language")
    states = [row["state"] for row in store.rows("SELECT state FROM assignment ORDER BY seq")]
    assert states == ["skipped", "expired"]
    with pytest.raises(Conflict):
        save_ballot(store, ann, second, vote())


def test_a_pair_that_was_answered_since_cannot_be_set_aside(store, clock):
    study = open_study(store, n_items=1)
    ann = enrol_invited(store, study, "ANN", "en")
    first = take_next(store, study, ann).task.ticket
    clock.now += study.lease_s + 1
    save_ballot(store, ann, take_next(store, study, ann).task.ticket, vote())
    with pytest.raises(Conflict):
        skip_pair(store, ann, first, "language")


def test_a_skipped_pair_frees_its_slot_and_does_not_come_back(store):
    study = open_study(store, n_items=1, votes_per_pair=1)
    ann, bob = (enrol_invited(store, study, code, "en") for code in ("ANN", "BOB"))
    ticket = take_next(store, study, ann).task.ticket
    skip_pair(store, ann, ticket, "expertise")
    assert take_next(store, study, ann).phase == "no_more"
    assert take_next(store, study, bob).phase == "task"
    with pytest.raises(Conflict):
        save_ballot(store, ann, ticket, vote())


def test_a_skip_needs_a_reason(store):
    study = open_study(store)
    ann = enrol_invited(store, study, "ANN", "en")
    with pytest.raises(InputError):
        skip_pair(store, ann, take_next(store, study, ann).task.ticket, "because")


def test_back_walks_through_what_was_answered(store):
    study = open_study(store)
    ann = enrol_invited(store, study, "ANN", "en")
    assert not has_started(store, ann)
    seen = []
    for _ in range(3):
        task = take_next(store, study, ann).task
        seen.append(task.item.item_id)
        save_ballot(store, ann, task.ticket, vote())
    last = find_earlier(store, ann, "").task
    before = find_earlier(store, ann, last.ticket).task
    assert [last.item.item_id, before.item.item_id] == seen[:0:-1]
    assert (last.position, before.position) == (3, 2)


def test_the_quota_ends_the_work_and_is_noted(store):
    study = open_study(store, quota=2)
    ann = enrol_invited(store, study, "ANN", "en")
    for _ in range(2):
        save_ballot(store, ann, take_next(store, study, ann).task.ticket, vote())
    assert take_next(store, study, ann).phase == "finished"
    assert store.row("SELECT finished_at FROM annotator")[0] is not None


@pytest.mark.parametrize("side_hash", range(0, 256, 37))
def test_sides_alternate_from_slot_to_slot(side_hash):
    sides = [choose_side(side_hash, slot) for slot in range(1, 7)]
    assert sides[::2] == [sides[0]] * 3
    assert sides[1::2] == [sides[1]] * 3
    assert sides[0] != sides[1]


def work_through(store, study, people, pick):
    """Let people work at random speeds until nobody has anything to do; return dead ends."""
    open_tickets, dead_ends = {}, 0
    working = list(people)
    while working:
        person = pick(working)
        if person.code in open_tickets:
            save_ballot(store, person, open_tickets.pop(person.code), vote())
        standing = take_next(store, study, person)
        if standing.task is None:
            working.remove(person)
            dead_ends += standing.phase == "no_more"
        else:
            open_tickets[person.code] = standing.task.ticket
    return dead_ends


@pytest.mark.parametrize(
    ("n_people", "quota", "seed"),
    [(3, 12, 1), (4, 9, 1), (4, 9, 2), (4, 9, 3), (12, 3, 1), (6, 6, 2)],
)
def test_just_enough_people_give_every_pair_its_three_votes(store, n_people, quota, seed):
    study = open_study(store, n_items=12, quota=quota)
    people = [enrol_invited(store, study, f"P{n}", "en") for n in range(n_people)]
    work_through(store, study, people, random.Random(seed).choice)
    rows = store.rows(
        """SELECT count(*) AS n, sum(left_is = 'a') AS n_left FROM assignment
        WHERE state = 'submitted' GROUP BY pair_id"""
    )
    assert [row["n"] for row in rows] == [3] * 12
    assert all(row["n_left"] in (1, 2) for row in rows)


def test_a_study_that_stops_early_has_asked_about_every_item(store):
    study = open_study(store, n_items=8, quota=8)
    for number in range(2):
        person = enrol_invited(store, study, f"P{number}", "en")
        for _ in range(5):
            save_ballot(store, person, take_next(store, study, person).task.ticket, vote())
    counts = Counter(row["pair_id"] for row in store.rows("SELECT pair_id FROM assignment"))
    assert len(counts) == 8
    assert max(counts.values()) - min(counts.values()) <= 1


def test_a_study_with_more_pairs_than_are_weighed_is_asked_about_breadth_first(store):
    study = open_study(store, n_items=N_WEIGHED + 24, quota=N_WEIGHED + 24)
    ann, bob = (enrol_invited(store, study, code, "en") for code in ("ANN", "BOB"))
    for person in (ann, bob) * (N_WEIGHED // 2 + 12):
        save_ballot(store, person, take_next(store, study, person).task.ticket, vote())
    rows = store.rows("SELECT count(*) AS n FROM assignment GROUP BY pair_id")
    assert [row["n"] for row in rows] == [1] * (N_WEIGHED + 24)


def act(store, study, person, clock, chance):
    """Do something that an annotator does; every tenth time leave, so that the lease runs out."""
    task = take_next(store, study, person).task
    if task is None or chance.random() < 0.1:
        clock.now += study.lease_s + 1
    elif chance.random() < 0.2:
        skip_pair(store, person, task.ticket, "other")
    else:
        save_ballot(store, person, chance.choice([task.ticket, *list_late(store, person)]), vote())


def list_late(store, person):
    """The tickets of pairs that this person came too late for."""
    sql = """SELECT lease_token FROM assignment g WHERE annotator_id = ? AND state = 'expired'
        AND NOT EXISTS (SELECT 1 FROM assignment o WHERE o.pair_id = g.pair_id
            AND o.annotator_id = g.annotator_id AND o.state IN ('submitted', 'skipped'))"""
    return [f"{row[0]}.-1" for row in store.rows(sql, (person.annotator_id,))]


@pytest.mark.parametrize("seed", range(3))
def test_the_count_of_held_slots_is_that_of_the_assignments(store, clock, seed):
    study = open_study(store, n_items=8, quota=8)
    chance = random.Random(seed)
    people = [enrol_invited(store, study, f"P{n}", "en") for n in range(5)]
    for _ in range(25):
        act(store, study, chance.choice(people), clock, chance)
    rows = store.rows(
        """SELECT n_held, (SELECT count(*) FROM assignment g WHERE g.pair_id = d.pair_id
            AND state IN ('leased', 'submitted') AND surplus = 0) AS n FROM demand d"""
    )
    assert [row["n_held"] for row in rows] == [row["n"] for row in rows]
    assert len({row["n"] for row in rows}) > 1
    assert len(rows) == 8


def test_threads_that_hurry_never_give_a_pair_more_than_its_votes(store):
    study = open_study(store, n_items=5, quota=5)
    people = [enrol_invited(store, study, f"P{n}", "en") for n in range(8)]

    def work(person):
        while (task := take_next(store, study, person).task) is not None:
            save_ballot(store, person, task.ticket, vote())

    threads = [threading.Thread(target=work, args=(person,)) for person in people]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    rows = store.rows("SELECT count(*) AS n FROM assignment GROUP BY pair_id")
    assert [row["n"] for row in rows] == [3] * 5


FORGED = """INSERT INTO assignment(pair_id, annotator_id, slot, seq, left_is, state, lease_token,
    leased_at, expires_at) VALUES (?, ?, ?, ?, 'a', ?, ?, 0, 0)"""


@pytest.mark.parametrize(
    ("row", "why"),
    [
        ((1, 2, 1, 1, "leased", "t2"), "a slot is given once"),
        ((1, 2, 4, 1, "leased", "t2"), "there are three slots"),
        ((1, 1, 2, 2, "submitted", "t2"), "never the same person twice"),
        ((2, 1, 1, 2, "leased", "t2"), "one open pair a person"),
    ],
)
def test_the_database_itself_refuses_a_forged_assignment(store, row, why):
    study = open_study(store)
    enrol_invited(store, study, "ANN", "en")
    enrol_invited(store, study, "BOB", "en")
    with store.write() as db:
        db.execute(FORGED, (1, 1, 1, 1, "leased", "t1"))
    with pytest.raises(sqlite3.IntegrityError), store.write() as db:
        db.execute(FORGED, row)
    assert len(store.rows("SELECT * FROM assignment")) == 1, why


def test_the_forged_row_passes_where_no_rule_is_broken(store):
    study = open_study(store)
    enrol_invited(store, study, "ANN", "en")
    enrol_invited(store, study, "BOB", "en")
    with store.write() as db:
        db.execute(FORGED, (1, 1, 1, 1, "leased", "t1"))
        db.execute(FORGED, (1, 2, 2, 1, "leased", "t2"))
    assert len(store.rows("SELECT * FROM assignment")) == 2


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE vote SET choice = 'right'",
        "DELETE FROM vote",
        "UPDATE ballot SET revision = 9",
        "DELETE FROM ballot",
        "UPDATE answer SET text = 'better'",
        "DELETE FROM pair",
        "UPDATE item SET instruction = 'other'",
    ],
)
def test_what_was_shown_and_voted_cannot_be_changed(store, statement):
    study = open_study(store)
    ann = enrol_invited(store, study, "ANN", "en")
    save_ballot(store, ann, take_next(store, study, ann).task.ticket, vote())
    with pytest.raises(sqlite3.IntegrityError, match="never"), store.write() as db:
        db.execute(statement)
