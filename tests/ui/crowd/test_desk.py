"""What an annotator can do, and what they see then."""

from dataclasses import replace

import pytest

from annotations.annotators import enrol_invited
from annotations.assignment import MAX_COMMENT
from annotations.space import Space
from annotations.studies import set_status
from backend.errors import LedgerError
from tests.ledgers import make_study, open_store
from ui.crowd.desk import Desk, NotSaved

LEFT = ("left", "left", "left")


@pytest.fixture
def store(tmp_path):
    with open_store(tmp_path) as opened:
        yield opened


@pytest.fixture
def desk(store):
    make_study(store, quota=3)
    study = set_status(store, "study", "open", "test")
    return Desk(store, enrol_invited(store, study, "CODE", "en"), "http://here/invite/x")


def test_a_newcomer_reads_the_definitions_before_a_pair_is_kept_for_them(desk):
    screen = desk.arrive()
    assert screen.view == "welcome"
    assert all(word in screen.message for word in ("Helpful", "Honest", "Harmless", "/invite/x"))
    assert not desk.store.rows("SELECT * FROM assignment")


def test_somebody_who_comes_back_sees_their_open_pair(desk):
    ticket = desk.go_on().ticket
    assert desk.arrive().ticket == ticket


def test_nothing_is_chosen_before_the_annotator_chooses(desk):
    assert desk.go_on().choices == (None, None, None)


def test_saved_is_said_with_the_count_and_the_next_pair_is_another(desk):
    first = desk.go_on()
    second = desk.save(first.ticket, LEFT, "")
    assert second.status == "Saved, 1 of 3"
    assert second.ticket != first.ticket


def test_a_question_left_open_is_named_and_nothing_is_saved(desk):
    with pytest.raises(NotSaved, match="honest, harmless"):
        desk.save(desk.go_on().ticket, ("tie", None, None), "")
    assert not desk.store.rows("SELECT * FROM ballot")


def test_a_long_comment_is_not_cut_in_secret(desk):
    with pytest.raises(NotSaved, match=str(MAX_COMMENT)):
        desk.save(desk.go_on().ticket, LEFT, "x" * (MAX_COMMENT + 1))
    assert not desk.store.rows("SELECT * FROM ballot")


def test_going_back_shows_what_was_answered_and_an_edit_leads_on(desk):
    desk.save(desk.go_on().ticket, ("left", "tie", "right"), "because")
    open_ticket = desk.go_on().ticket
    earlier = desk.go_back(open_ticket)
    assert earlier.choices == ("left", "tie", "right")
    assert (earlier.comment, earlier.editing) == ("because", True)
    assert desk.save(earlier.ticket, LEFT, "").ticket == open_ticket


def test_another_tab_that_disagrees_is_told(desk):
    ticket = desk.go_on().ticket
    desk.save(ticket, LEFT, "")
    with pytest.raises(NotSaved, match="another tab"):
        desk.save(ticket, ("right", "right", "right"), "")


def test_the_last_save_ends_in_thanks_and_back_still_works(desk):
    for _ in range(3):
        screen = desk.save(desk.go_on().ticket, LEFT, "")
    assert screen.view == "message"
    assert "3" in screen.message
    assert desk.go_back("").editing


def test_a_skip_needs_a_reason_and_leads_to_another_pair(desk):
    first = desk.go_on()
    with pytest.raises(NotSaved, match="reason"):
        desk.skip(first.ticket, None)
    desk.skip(first.ticket, "language")
    pairs = desk.store.rows("SELECT DISTINCT pair_id FROM assignment")
    assert len(pairs) == 2


def test_a_closed_study_says_that_nothing_changes_any_more(desk):
    desk.save(desk.go_on().ticket, LEFT, "")
    earlier = desk.go_back("").ticket
    set_status(desk.store, "study", "closed", "test")
    with pytest.raises(NotSaved, match="closed"):
        desk.save(earlier, ("tie", "tie", "tie"), "")
    assert not desk.go_on().can_go_back


@pytest.mark.parametrize("status", ["paused", "closed"])
def test_a_study_that_stops_says_so_and_keeps_what_is_saved(desk, status):
    desk.save(desk.go_on().ticket, LEFT, "")
    set_status(desk.store, "study", status, "test")
    screen = desk.go_on()
    assert status in screen.message
    assert "1" in screen.message


def test_the_language_changes_every_word_but_not_the_pair(desk):
    english = desk.go_on()
    chinese = desk.speak("zh").show_again(english.ticket)
    assert chinese.ticket == english.ticket
    assert "指令" in chinese.item
    assert "Instruction" not in chinese.item


def test_somebody_elses_ticket_saves_nothing(desk):
    other = replace(desk, annotator=replace(desk.annotator, annotator_id=99))
    with pytest.raises(NotSaved):
        other.save(desk.go_on().ticket, LEFT, "")
    assert not desk.store.rows("SELECT * FROM ballot")


def test_a_full_disk_is_no_false_saved_and_the_same_page_saves_later(desk):
    ticket = desk.go_on().ticket
    writer = desk.store._writer
    writer.execute("PRAGMA query_only=ON")
    with pytest.raises(LedgerError):
        desk.save(ticket, LEFT, "")
    writer.execute("PRAGMA query_only=OFF")
    assert desk.save(ticket, LEFT, "").status == "Saved, 1 of 3"


@pytest.mark.parametrize("locale, title", [("en", "Nothing can be saved"), ("zh", "目前无法保存")])
def test_on_a_full_disk_no_pair_is_offered_and_work_on_the_screen_is_still_taken(
    tmp_path, locale, title
):
    free = [10**9]
    space = Space(500, 100, read_free=lambda folder: free[0])
    with open_store(tmp_path, space=space) as store:
        make_study(store, quota=3)
        study = set_status(store, "study", "open", "test")
        desk = Desk(store, enrol_invited(store, study, "CODE", locale))
        ticket = desk.go_on().ticket
        free[0] = 99_000_000
        late = desk.save(ticket, LEFT, "")
        assert late.status.startswith(("Saved, 1", "已保存 1"))
        for screen in (late, desk.go_on(), desk.arrive()):
            assert title in screen.message
            assert not screen.ticket
        free[0] = 10**9
        assert desk.go_on().ticket


def test_a_newcomer_is_not_welcomed_to_a_full_disk(tmp_path):
    space = Space(0, 100, read_free=lambda folder: 99_000_000)
    with open_store(tmp_path, space=space) as store:
        make_study(store, quota=3)
        study = set_status(store, "study", "open", "test")
        newcomer = Desk(store, enrol_invited(store, study, "CODE", "en"))
        assert "Nothing can be saved" in newcomer.arrive().message
        assert not store.rows("SELECT 1 FROM assignment")
