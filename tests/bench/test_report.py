"""What all benches share: percentiles, the table, and the JSON beside it."""

import importlib
import json
import re
from pathlib import Path

import pytest

from bench.report import describe_machine, format_table, make_parser, report, summarise

PAGE = Path(__file__).parents[2] / "docs" / "benchmarks.md"
COMMANDS = re.findall(r"^python -m (bench\.\w+) (.*)$", PAGE.read_text("utf-8"), re.M)


def test_percentiles_are_in_milliseconds():
    found = summarise([number / 1000 for number in range(1, 101)])
    assert found["p50_ms"] == 50.5
    assert found["p95_ms"] == pytest.approx(95, abs=0.2)
    assert found["p99_ms"] == pytest.approx(99, abs=0.2)


@pytest.mark.parametrize(("seconds", "median"), [([], None), ([0.002], 2.0)])
def test_nothing_and_one_value_have_percentiles_too(seconds, median):
    assert set(summarise(seconds).values()) == {median}


def test_a_table_has_every_column_and_a_dash_for_what_was_not_measured():
    lines = format_table([{"what": "a", "n": 1000}, {"what": "b", "mb": 2.5}]).splitlines()
    assert [cell.strip() for cell in lines[0].split("|")[1:-1]] == ["what", "n", "mb"]
    assert [cell.strip() for cell in lines[2].split("|")[1:-1]] == ["a", "1,000", "–"]
    assert [cell.strip() for cell in lines[3].split("|")[1:-1]] == ["b", "–", "2.5"]


def test_figures_go_to_the_file_that_was_asked_for(tmp_path, capsys):
    asked = make_parser("").parse_args(["--out", str(tmp_path / "found.json")])
    report(asked, [{"what": "a", "n": 1}], describe_machine(), "A note.")
    found = json.loads((tmp_path / "found.json").read_text("utf-8"))
    assert found["rows"] == [{"what": "a", "n": 1}]
    assert {"cores", "memory_gb", "system", "python", "sqlite", "load"} <= set(found["machine"])
    assert "A note." in capsys.readouterr().out


def test_the_page_tells_of_every_bench():
    told = {name for name, _ in COMMANDS}
    names = ("chat", "judge", "ledger", "start", "train", "votes")
    assert told == {f"bench.{name}" for name in names}


@pytest.mark.slow  # each imports what it measures
@pytest.mark.parametrize(("name", "words"), COMMANDS)
def test_a_command_of_the_page_has_the_options_that_it_shows(name, words, capsys):
    with pytest.raises(SystemExit):
        importlib.import_module(name).main(["--help"])
    assert set(re.findall(r"--[a-z-]+", words)) <= set(
        re.findall(r"--[a-z-]+", capsys.readouterr().out)
    )
