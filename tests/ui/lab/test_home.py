from dataclasses import replace
from pathlib import Path
from shlex import split
from shutil import copy

import pytest
from typer.testing import CliRunner

from annotations.accounts import Account
from annotations.store import Store
from annotations.studies import count_progress, list_studies
from app import program
from tests.ledgers import add_outside, make_study
from training.orders import Job, JobState, Order
from ui.lab.home import find_next_step, is_newcomer, list_commands, show_home
from ui.lab.studies import read_rows

ADMIN, RESEARCHER = Account("ada", "admin"), Account("bob", "researcher")


@pytest.fixture
def row(store, study):
    return study, count_progress(store, study.study_id)


@pytest.fixture
def demo(row):
    return replace(row[0], benchmark="demo", status="open"), row[1]


def test_a_demo_without_votes_is_for_newcomers(row, demo):
    assert is_newcomer([demo])
    assert is_newcomer([])
    assert not is_newcomer([row, demo])


@pytest.mark.parametrize("field", ["n_saved", "n_outside"])
def test_ten_votes_make_a_newcomer_a_regular(demo, field):
    study, progress = demo
    assert is_newcomer([(study, replace(progress, **{field: 9}))])
    assert not is_newcomer([(study, replace(progress, **{field: 10}))])


def test_a_newcomer_sees_three_steps(demo):
    html = show_home([demo], ADMIN)
    assert html.count("<li>") == 3
    assert f'href="/join/{demo[0].slug}"' in html
    assert 'href="/admin/?tab=imports"' in html
    assert "camelid import --download user_oriented_252" in html


def test_a_researcher_is_not_led_where_the_door_is_shut(row, demo):
    assert "/admin/" not in show_home([demo], RESEARCHER)
    assert "/admin/" not in show_home([row], RESEARCHER)


@pytest.mark.parametrize(
    ("status", "fields", "words"),
    [
        ("draft", {}, "open it"),
        ("paused", {}, "open it again, or close it"),
        ("closed", {}, "download the votes"),
        ("open", {}, "0 of 18 ballots: send its join link."),
        ("open", {"n_outside": 5}, "look at the results"),
        ("open", {"n_annotators": 1, "n_saved": 4}, "14 ballots are still to come."),
        ("open", {"n_annotators": 1, "n_saved": 18}, "All 18 ballots are in: close it."),
    ],
)
def test_a_study_says_what_it_waits_for(row, status, fields, words):
    study, progress = row
    said = find_next_step(replace(study, status=status), replace(progress, **fields))
    assert words in said


def test_people_are_invited_to_a_study_by_invitation(row):
    study = replace(row[0], status="open", enrolment="invitation")
    assert find_next_step(study, row[1]) == "0 of 18 ballots: send invitation links."


def test_a_card_shows_votes_from_elsewhere_where_there_are_any(store):
    make_study(store)
    assert "elsewhere" not in show_home(read_rows(store), ADMIN)
    add_outside(store, "helpful", ["a", "b"])
    assert "2 votes from elsewhere" in show_home(read_rows(store), ADMIN)


@pytest.mark.parametrize(
    ("folder", "words"), [("data", "camelid "), ("my data", "--data 'my data'")]
)
def test_commands_name_the_folder_that_is_served(folder, words):
    lines = list_commands(Path(folder)).splitlines()
    assert all(words in line for line in lines if not line.startswith(" "))


def test_the_commands_of_the_third_step_work(tmp_path, data_sources):
    downloads = tmp_path / "downloads"
    downloads.mkdir()
    for path in (data_sources / "user_oriented_252").rglob("*.jsonl"):
        copy(path, downloads)
    lines = list_commands(tmp_path).replace("\\\n", "").splitlines()
    for line in lines:
        result = CliRunner().invoke(program, split(line)[1:])
        assert result.exit_code == 0, result.output
    with Store(tmp_path) as store:
        (study,) = list_studies(store)
    assert (study.name, study.status, len(study.systems)) == ("first", "open", 2)


@pytest.mark.parametrize(
    ("life", "end", "words"),
    [("running", "", "being trained"), ("ended", "done", "Ask them"), ("ended", "crashed", "why")],
)
def test_a_newcomer_is_told_of_the_demo_s_models(demo, tmp_path, life, end, words):
    state = JobState(life, end, step=3, n_steps=220)
    job = Job("one", tmp_path, Order("one", "tiny-alpaca", actor="demo"), state)
    html = show_home([demo], ADMIN, jobs=[job])
    assert html.count("<li>") == 4
    assert words in html
    assert 'href="/lab/?tab=chat"' in html
