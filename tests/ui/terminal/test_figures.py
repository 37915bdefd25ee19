import csv
import json

import pytest

from annotations.judging.bars import Bar
from tests.judged import add_judgment, make_questions
from tests.ledgers import add_ballot, open_store
from ui.terminal.figures import show_sums


@pytest.fixture
def votes(demo, data):
    """One ballot in the demo study."""
    with open_store(data) as store:
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
        (["6", "--format", "csv"], "There is no figure 6 yet"),
        (["3", "--format", "bmp"], "bmp"),
        (["3", "--format", ","], "Name a format"),
        (["3", "--judge", "x"], "leave out --judge"),
        (["4", "--scores", "best"], "it can be read or stored"),
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


def test_figure_3_needs_a_study(camelid, demo, tmp_path):
    result = camelid("figures", "3", "--out", tmp_path, "--format", "csv")
    assert (result.exit_code, "name it with --study" in result.stderr) == (1, True)


@pytest.fixture
def judged(data):
    """Judgments of two systems beside one reference."""
    with open_store(data) as store:
        make_questions(store, ("Alpaca (7B, x)", "bard", "vicuna"))
        for system in ("Alpaca (7B, x)", "bard"):
            add_judgment(store, 1, (system, "vicuna"), (8, 9), stored=(7, 9))


def read_rows(path):
    return list(csv.DictReader(path.read_text().splitlines()))


def test_figure_4_is_drawn_from_all_judgments(camelid, judged, tmp_path):
    out = tmp_path / "figures"
    result = camelid("figures", "4", "--out", out, "--format", "csv", "--scores", "stored")
    assert result.exit_code == 0, result.stderr
    drawn = [row for row in read_rows(out / "figure_4.csv") if row["drawn"] == "1"]
    assert [(row["system"], row["sum_system"]) for row in drawn] == [
        ("bard", "7"), ("Alpaca (7B, x)", "7"),
    ]  # fmt: skip
    told = json.loads((out / "figure_4.manifest.json").read_text())
    assert told["command"].startswith("camelid figures 4 --scores stored --out")


def test_references_are_several_words_even_with_commas(camelid, judged, tmp_path):
    against = ("--against", "Alpaca (7B, x)", "bard", "--format", "csv")
    result = camelid("figures", "4", "--out", tmp_path, *against)
    assert result.exit_code == 0, result.stderr
    rows = read_rows(tmp_path / "figure_4.csv")
    assert {row["reference"] for row in rows} == {"Alpaca (7B, x)", "bard"}


@pytest.mark.parametrize("number", ["4", "5"])
def test_without_judgments_the_figure_and_the_terminal_say_so(camelid, demo, tmp_path, number):
    result = camelid("figures", number, "--out", tmp_path, "--format", "csv,html")
    assert result.exit_code == 0
    assert "no judgments" in result.stderr
    assert "No judgments yet" in (tmp_path / f"figure_{number}.html").read_text()


def test_published_figures_need_no_judgments(camelid, demo, tmp_path):
    words = ("--source", "published", "--format", "csv,html")
    result = camelid("figures", "5", "--out", tmp_path, *words)
    assert (result.exit_code, result.stderr) == (0, "")
    assert len(read_rows(tmp_path / "figure_5.csv")) == 22


def test_published_figures_need_no_ledger_and_no_folder(camelid, data, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    result = camelid("figures", "4", "--source", "published", "--format", "csv")
    assert (result.exit_code, data.exists()) == (0, False)
    assert "624 : 667    94" in " ".join(result.stdout.split("\n"))
    assert len(read_rows(tmp_path / "figures" / "figure_4.csv")) == 32


def test_the_sums_are_printed_too(camelid, judged, tmp_path):
    result = camelid("figures", "4", "--out", tmp_path, "--format", "csv")
    assert "Against vicuna, judged by gpt-4" in result.stdout
    assert "8 : 9" in result.stdout


def test_a_bar_without_a_score_says_so():
    assert show_sums(Bar("x", "y", "j", None, None, n_questions=0)) == ("no scores", "", "")


def test_by_category_each_line_says_which(camelid, judged, tmp_path):
    words = ("--format", "csv", "--by", "category")
    result = camelid("figures", "4", "--out", tmp_path, *words)
    table = result.stdout[result.stdout.index("CATEGORY") :].splitlines()
    assert [line.split("  ")[0] for line in table[1:3]] == ["all questions", "math"]


def test_a_name_that_no_judgment_has_is_said(camelid, judged, tmp_path):
    result = camelid("figures", "4", "--out", tmp_path, "--judge", "nobody")
    assert (result.exit_code, "no judgments by 'nobody'" in result.stderr) == (1, True)
