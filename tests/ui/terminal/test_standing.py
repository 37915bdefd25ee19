from dataclasses import replace

import pytest

from annotations.studies import Progress
from ui.terminal.standing import show_people, show_saved, suggest, warn_of_wording

PROGRESS = Progress(
    n_pairs=252,
    n_wanted=756,
    n_saved=378,
    n_surplus=0,
    n_leased=2,
    n_skipped=0,
    n_annotators=18,
    n_finished=17,
    n_outside=704,
)


def test_saved_says_what_else_happened():
    expected = "378 of 756 ballots (50%), 2 open on a screen now, 704 votes from elsewhere"
    assert show_saved(PROGRESS) == expected


@pytest.mark.parametrize("quota, needed", [(21, 36), (100, 8), (1000, 3)])
def test_people_needed_follow_from_the_quota(study, quota, needed):
    said = show_people(replace(study, quota=quota), PROGRESS)
    assert said == f"18, 17 of them finished; {needed} are needed with a quota of {quota}"


@pytest.mark.parametrize(
    "status, n_saved, first",
    [
        ("draft", 0, "study open"),
        ("paused", 5, "study open"),
        ("open", 5, "study link"),
        ("open", 756, "export tallies"),
        ("closed", 5, "export tallies"),
    ],
)
def test_next_step_follows_from_the_status(study, status, n_saved, first):
    steps = suggest(replace(study, status=status), replace(PROGRESS, n_saved=n_saved))
    assert steps[0].startswith(first)


def test_other_words_than_at_the_start_are_noticed(study):
    assert "changed since" in warn_of_wording(study)
