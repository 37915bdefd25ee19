"""Annotators: how somebody comes to take part."""

import pytest

from annotations.annotators import (
    CODE_ALPHABET,
    enrol_invited,
    enrol_named,
    find_annotator,
    make_code,
    set_locale,
)
from annotations.studies import set_status
from backend.errors import Conflict, InputError, Refused
from tests.ledgers import make_study, open_store


@pytest.fixture
def store(tmp_path):
    with open_store(tmp_path) as opened:
        yield opened


@pytest.fixture
def study(store):
    make_study(store)
    return set_status(store, "study", "open", "test")


def test_an_invitation_seats_the_same_person_each_time(store, study):
    first = enrol_invited(store, study, "CODE", "zh")
    assert enrol_invited(store, study, "CODE", "en") == first
    assert first.locale == "zh"


def test_a_name_stands_apart_from_the_votes(store, study):
    person = enrol_named(store, study, " Ada ", "en")
    assert "ada" not in repr(person).lower()
    assert store.row("SELECT name FROM annotator_identity")[0] == "ada"


@pytest.mark.parametrize("name", ["Ada", "ADA", " ada"])
def test_a_name_that_is_taken_lets_nobody_in(store, study, name):
    enrol_named(store, study, "Ada", "en")
    with pytest.raises(Conflict):
        enrol_named(store, study, name, "en")
    assert len(store.rows("SELECT * FROM annotator")) == 1


@pytest.mark.parametrize("name", ["", "   ", "x" * 61, "a\nb", "a\x00b"])
def test_an_unusable_name_is_refused(store, study, name):
    with pytest.raises(InputError):
        enrol_named(store, study, name, "en")


@pytest.mark.parametrize("status", ["paused", "closed"])
def test_new_people_need_an_open_study_but_old_ones_come_back(store, study, status):
    known = enrol_invited(store, study, "CODE", "en")
    stopped = set_status(store, "study", status, "test")
    assert enrol_invited(store, stopped, "CODE", "en") == known
    with pytest.raises(Refused, match=status):
        enrol_invited(store, stopped, "NEW", "en")
    with pytest.raises(Refused, match=status):
        enrol_named(store, stopped, "Ada", "en")


def test_a_study_by_invitation_takes_no_names(store):
    make_study(store, enrolment="invitation")
    study = set_status(store, "study", "open", "test")
    with pytest.raises(Refused, match="invitation"):
        enrol_named(store, study, "Ada", "en")


def test_the_language_is_remembered(store, study):
    person = enrol_invited(store, study, "CODE", "en")
    set_locale(store, person, "zh")
    assert find_annotator(store, study.study_id, "CODE").locale == "zh"


def test_codes_are_random_and_easy_to_read():
    codes = {make_code() for _ in range(100)}
    assert len(codes) == 100
    assert set("".join(codes)) <= set(CODE_ALPHABET)
    assert all(code[0].isalpha() for code in codes)
