import hashlib

import pytest

from backend.benchmarks import FOLDER, Download
from backend.machine import (
    check_chromium,
    check_disk,
    check_downloads,
    check_gpu,
    check_machine,
    check_memory,
    check_python,
)
from backend.settings import Settings

MEMINFO = "MemTotal: 24684000 kB\nMemFree: 1 kB\nMemAvailable: {} kB\n"
BODY = b"what was published"
REGISTRY = (Download("x", "https://h.example/x.jsonl", hashlib.sha256(BODY).hexdigest(), "x"),)


@pytest.mark.parametrize(
    ("version", "state"),
    [(("3", "10", "9"), "problem"), (("3", "11", "0"), "ok"), (("3", "14", "0rc1"), "ok")],
)
def test_an_old_python_is_a_problem(version, state):
    check = check_python(version)
    assert (check.state, bool(check.remedy)) == (state, state != "ok")


@pytest.mark.parametrize(("free", "state"), [(99e6, "problem"), (101e6, "warning"), (9e9, "ok")])
def test_little_disk_is_told_before_votes_stop(tmp_path, free, state):
    check = check_disk(tmp_path, Settings(), lambda _: int(free))
    assert (check.state, bool(check.remedy)) == (state, state != "ok")


@pytest.mark.parametrize(("kilobytes", "state"), [(400_000, "warning"), (600_000, "ok")])
def test_little_memory_is_a_warning(tmp_path, kilobytes, state):
    (tmp_path / "meminfo").write_text(MEMINFO.format(kilobytes))
    assert check_memory(tmp_path / "meminfo").state == state


def test_a_system_that_does_not_tell_its_memory_is_no_fault(tmp_path):
    assert check_memory(tmp_path / "none").state == "ok"


def test_a_gpu_is_none_one_or_broken(tmp_path):
    assert check_gpu(lambda _: None).state == "ok"
    tool = tmp_path / "nvidia-smi"
    tool.write_text("#!/bin/sh\necho 'A100, 40960 MiB'\n")
    tool.chmod(0o755)
    assert check_gpu(lambda _: str(tool)).found == "A100, 40960 MiB"
    tool.write_text("#!/bin/sh\nexit 9\n")
    assert check_gpu(lambda _: str(tool)).state == "warning"


def test_chromium_is_found_under_any_of_its_names():
    found = check_chromium({"google-chrome": "/opt/chrome"}.get)
    assert (found.state, found.found) == ("ok", "/opt/chrome")
    assert "apt install chromium" in check_chromium(lambda _: None).remedy


def test_a_download_that_was_changed_is_a_problem(tmp_path):
    assert check_downloads(tmp_path, REGISTRY).found == "none yet"
    path = tmp_path / FOLDER / "x.jsonl"
    path.parent.mkdir()
    path.write_bytes(BODY)
    assert check_downloads(tmp_path, REGISTRY).state == "ok"
    path.write_bytes(b"other")
    assert check_downloads(tmp_path, REGISTRY).state == "problem"


def test_a_folder_that_is_not_there_yet_is_checked_all_the_same(tmp_path):
    checks = list(check_machine(Settings(data=tmp_path / "a" / "b"), lambda _: None))
    assert len({check.name for check in checks}) == len(checks)
    assert not (tmp_path / "a").exists()
