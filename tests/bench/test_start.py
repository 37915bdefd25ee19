"""The bench of a start, run once."""

import json

import pytest

from bench import start

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    path = tmp_path_factory.mktemp("bench") / "start.json"
    start.main(["--runs", "1", "--no-imports", "--out", str(path)])
    return json.loads(path.read_text("utf-8"))["rows"]


def test_three_kinds_of_start_are_measured(found):
    assert [row["what"].split(",")[0] for row in found] == ["bare import gradio", "app", "app"]
    assert all(row["wall_s"] > 0 and row["cpu_s"] > 0 for row in found)


def test_the_difference_to_a_bare_import_is_told(found):
    bare, *ours = found
    expected = [pytest.approx(row["wall_s"] - bare["wall_s"], abs=0.01) for row in ours]
    assert [row["more_than_bare_s"] for row in ours] == expected


def test_own_seconds_are_summed_by_package():
    seconds = start.list_imports("import json, json.tool")
    assert seconds["json"] > 0
    assert not [name for name in seconds if "." in name]
