"""The bench of a judge's run, with a short one; the server takes the time that it says."""

import json

import pytest

from bench import judge

pytestmark = pytest.mark.slow

PROMISED = {
    "what", "calls", "wall_s", "from_to", "calls_per_s", "of_ideal", "cpu_ms_per_call"
}  # fmt: skip


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    path = tmp_path_factory.mktemp("bench") / "judge.json"
    words = ["--rounds", "1", "--items", "3", "--parallel", "4", "--delay", "0.02"]
    judge.main([*words, "--out", str(path)])
    return json.loads(path.read_text("utf-8"))


def test_a_run_is_measured_beside_what_is_ideal(found):
    names = [row["what"] for row in found["rows"]]
    assert names == ["ideal", "judge, free", "judge, paid", "bare sockets"]
    assert all(set(row) == PROMISED and row["calls"] == 24 for row in found["rows"])


def test_nobody_is_faster_than_the_server_allows(found):
    ideal, *measured = found["rows"]
    assert ideal["wall_s"] == pytest.approx(24 * 0.02 / 4)
    assert all(0 < row["of_ideal"] <= 1 for row in measured)
