"""What will happen, written down and read by people."""

import json

import pytest

from backend.errors import InputError, NotFound
from training.report import FILE, Report, lines, read_report, tell_bytes, write_report

REPORT = Report(
    n_rows=1000,
    n_examples=990,
    n_tokens=200_000,
    n_loss_tokens=150_000,
    n_truncated=12,
    share_truncated=0.012,
    n_masked=3,
    skipped={"longer than max_length": 7},
    n_sequences=330,
    device_batch=4,
    accumulation=8,
    n_devices=4,
    effective_batch=128,
    n_steps=9,
    memory_parts={"weights (4 bytes each)": 26_954_000_000},
    memory_bytes=26_954_000_000,
    faults=("Something forbids it.",),
)


def test_a_report_comes_back_as_it_was_written(tmp_path):
    write_report(tmp_path, REPORT)
    assert read_report(tmp_path) == REPORT


def test_a_report_of_a_later_version_is_read_as_far_as_it_is_known(tmp_path):
    (tmp_path / FILE).write_text(json.dumps({"n_rows": 5, "n_unheard_of": 7}), "utf-8")
    assert read_report(tmp_path) == Report(n_rows=5)


def test_a_job_that_nobody_looked_at_has_none(tmp_path):
    with pytest.raises(NotFound, match="look at its data first"):
        read_report(tmp_path)


@pytest.mark.parametrize("text", ["{", "[]", '"words"', '{"faults": 3}'])
def test_what_is_no_report_is_refused(tmp_path, text):
    (tmp_path / FILE).write_text(text, "utf-8")
    with pytest.raises(InputError, match="is no report"):
        read_report(tmp_path)


def test_people_read_every_count():
    told = dict(lines(REPORT))
    assert told["Tokens"].startswith("200,000 an epoch; 150,000 (75%) carry loss")
    assert told["Cut off"].startswith("12 (1.2%)")
    assert told["Batch"].startswith("128 a step (4 × 8 × 4")
    assert told["Left out"] == "7: longer than max_length"
    assert told["– weights (4 bytes each)"] == "27.0 GB"


def test_packed_rows_are_told_from_examples():
    assert "3.0 examples" in dict(lines(REPORT))["Packing"]
    alone = Report(n_examples=5, n_sequences=5)
    assert "Packing" not in dict(lines(alone))


def test_an_empty_report_divides_by_nothing():
    assert dict(lines(Report()))["Steps"] == "0"


@pytest.mark.parametrize(("n", "told"), [(0, "0.0 MB"), (1_500_000, "1.5 MB"), (2e9, "2.0 GB")])
def test_sizes_have_a_unit(n, told):
    assert tell_bytes(n) == told
