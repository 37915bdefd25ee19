import pytest

from annotations.store import Store
from backend.machine import Check
from ui.terminal.doctor import summarise


def test_a_healthy_folder_ends_with_code_0_while_the_app_runs(camelid, demo, data):
    with Store(data, purpose="serving"):
        result = camelid("doctor")
    assert result.exit_code == 0, result.stdout
    assert "(serving, since" in result.stdout


def test_a_problem_ends_with_code_1_and_says_what_to_do(camelid, demo, data):
    data.chmod(0o777)
    result = camelid("doctor")
    assert result.exit_code == 1
    assert "PROBLEM  Data folder" in result.stdout
    assert "-> Take that right away: chmod o-w" in result.stdout


def test_a_folder_that_is_not_there_is_not_made(camelid, data):
    assert camelid("doctor").exit_code == 0
    assert not data.exists()


@pytest.mark.parametrize(
    ("states", "words"),
    [
        (["ok", "ok"], "All is well."),
        (["ok", "warning"], "0 problems, 1 warning."),
        (["problem", "warning", "warning"], "1 problem, 2 warnings."),
    ],
)
def test_the_last_line_counts(states, words):
    assert summarise([Check("x", state, "y") for state in states]) == words
