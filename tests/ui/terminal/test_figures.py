import json

import pytest

from annotations.store import Store
from tests.ledgers import add_ballot


@pytest.fixture
def votes(demo, data):
    """One ballot in the demo study."""
    with Store(data, purpose="test") as store:
        add_ballot(store, ("left", "tie", "right"))


def test_figure_3_is_written_in_the_formats_asked_for(camelid, votes, tmp_path):
    out = tmp_path / "figures"
    result = camelid("figures", "3", "--study", "demo", "--out", out, "--format", "csv, HTML")
    assert result.exit_code == 0, result.stderr
    assert sorted(path.suffix for path in out.iterdir()) == [".csv", ".html", ".json"]
    assert result.stdout.count("Wrote ") == 3
    told = json.loads((out / "figure_3.manifest.json").read_text())
    assert told["command"].startswith("camelid figures 3 --study demo")


@pytest.mark.parametrize(
    "words, problem",
    [
        (["4", "--format", "csv"], "There is no figure 4 yet"),
        (["3", "--format", "bmp"], "bmp"),
        (["3", "--format", ","], "Name a format"),
    ],
)
def test_what_can_not_be_drawn_is_said(camelid, votes, tmp_path, words, problem):
    result = camelid("figures", *words, "--study", "demo", "--out", tmp_path)
    assert result.exit_code == 1
    assert problem in result.stderr


def test_without_votes_the_figure_and_the_terminal_say_so(camelid, demo, tmp_path):
    out = tmp_path / "o"
    result = camelid("figures", "3", "--study", "demo", "--out", out, "--format", "csv,html")
    assert result.exit_code == 0
    assert "no votes yet" in result.stderr
    assert "No votes yet" in (out / "figure_3.html").read_text()
