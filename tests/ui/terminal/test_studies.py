import re

import pytest

from annotations.store import Store
from ui.keys import Signer, read_key

CREATE = ("study", "create", "mine", "--benchmark", "demo")
BOTH = ("llama-gpt4-demo", "alpaca-demo")


@pytest.mark.parametrize("systems", [BOTH, (",".join(BOTH),), (BOTH[0], "--systems", BOTH[1])])
def test_create_takes_systems_in_any_form(camelid, demo, systems):
    made = camelid(*CREATE, "--systems", *systems, "--seed", "7", "--quota", "5")
    assert made.exit_code == 0, made.stderr
    assert "llama-gpt4-demo - alpaca-demo" in made.stdout
    assert "study open mine" in made.stderr


def test_create_says_which_systems_there_are(camelid, demo):
    made = camelid(*CREATE, "--systems", "alpaca-demo", "vicuna")
    assert made.exit_code == 1
    assert "There is no system 'vicuna'" in made.stderr
    assert "alpaca-demo" in made.stderr


def test_list_and_show_tell_how_far_a_study_is(camelid, demo):
    listed = camelid("study", "list").stdout.splitlines()
    assert [line.split() for line in listed[1:]] == [["demo", "open", "demo", "0", "90", "0"]]
    shown = camelid("study", "show", "demo").stdout
    assert "0 of 90 ballots (0%)" in shown
    assert demo.wording_sha256 in shown


@pytest.mark.parametrize("verb, status", [("pause", "paused"), ("close", "closed")])
def test_status_is_changed_and_said(camelid, demo, verb, status):
    assert camelid("study", verb, "demo").stdout == f"The study demo is {status}.\n"
    assert camelid("study", "open", "demo").stdout == "The study demo is open.\n"


def test_each_link_is_a_place_of_its_own(camelid, demo, data):
    result = camelid("study", "link", "demo", "--count", "3", "--days", "1")
    links = result.stdout.splitlines()
    assert all(link.startswith("http://127.0.0.1:7860/invite/") for link in links)
    signer = Signer(read_key(data))
    invitations = [signer.read_invitation(link.rpartition("/")[2], now=0) for link in links]
    assert {invitation.slug for invitation in invitations} == {demo.slug}
    assert len({invitation.code for invitation in invitations}) == 3
    assert f"http://127.0.0.1:7860/join/{demo.slug}" in result.stderr


def test_links_are_made_while_somebody_writes(camelid, demo, data):
    with Store(data, purpose="serving"):
        assert camelid("study", "link", "demo").exit_code == 0
        refused = camelid("study", "close", "demo")
    assert refused.exit_code == 1
    assert re.search(r"process \d+ \(serving, since", refused.stderr)
