import subprocess
import sys

import pytest
from typer.testing import CliRunner

from app import program

HEAVY = ("gradio", "plotly", "kaleido", "uvicorn", "torch")


def run(*words):
    return CliRunner().invoke(program, words)


VERBS = [
    *("account", "answers", "backup", "doctor", "export", "figures", "import", "judge", "models"),
    *("restore", "reward", "serve", "study", "train", "training", "translate"),
]


def test_help_lists_all_verbs():
    result = run("--help")
    assert result.exit_code == 0
    verbs = [line.split()[0] for line in result.stdout.split("Commands:")[1].splitlines() if line]
    assert sorted(verbs) == VERBS


def test_version_needs_no_settings(tmp_path):
    result = run("--config", str(tmp_path / "none"), "--version")
    assert result.exit_code == 0
    assert result.stdout.startswith("camelid ")


def test_an_error_is_one_sentence_on_stderr(tmp_path):
    result = run("--data", str(tmp_path / "none"), "study", "list")
    assert result.exit_code == 1
    assert result.stdout == ""
    assert result.stderr.startswith(f"There is no ledger in {tmp_path / 'none'} yet.")


def test_a_wrong_setting_is_named_with_its_value(tmp_path):
    config = tmp_path / "camelid.env"
    config.write_text("CAMELID_LEASE_MINUTES=0\n")
    result = run("--config", str(config), "study", "list")
    assert result.exit_code == 1
    assert "CAMELID_LEASE_MINUTES = '0'" in result.stderr


@pytest.mark.parametrize("words", [["nonsense"], ["study", "show"], ["--colour"]])
def test_wrong_usage_ends_with_code_2(words):
    result = run(*words)
    assert result.exit_code == 2
    assert "Usage:" in result.stderr


def test_light_verbs_do_not_import_what_is_heavy():
    code = f"import sys, app; sys.exit(','.join(set({HEAVY!r}) & set(sys.modules)) or 0)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
