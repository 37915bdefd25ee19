"""A curve is read as it grows; whoever holds the queue is known by its lock."""

import fcntl
import json

from training.follow import Progress, find_lock, is_queue_held


def add(folder, *points):
    lines = [point if isinstance(point, str) else json.dumps(point) + "\n" for point in points]
    with (folder / "metrics.jsonl").open("a") as file:
        file.writelines(lines)


def test_curve_that_is_not_there_tells_nothing(tmp_path):
    assert Progress(tmp_path).read() == (0, 0, None)


def test_last_step_is_told_with_what_was_known(tmp_path):
    progress = Progress(tmp_path)
    add(tmp_path, {"step": 1, "n_steps": 9, "left_s": 8.0}, {"step": 2})
    assert progress.read() == (2, 9, 8.0)
    add(tmp_path, {"step": 3, "left_s": 6}, '{"step": 4')
    assert progress.read() == (3, 9, 6.0)
    add(tmp_path, "}\n")
    assert progress.read() == (4, 9, 6.0)


def test_what_an_earlier_start_wrote_is_not_told_again(tmp_path):
    add(tmp_path, {"step": 7, "n_steps": 9})
    progress = Progress(tmp_path)
    assert progress.read() == (0, 0, None)
    add(tmp_path, {"step": 6, "n_steps": 9})
    assert progress.read() == (6, 9, None)


def test_lines_that_are_no_points_are_passed_over(tmp_path):
    progress = Progress(tmp_path)
    add(tmp_path, "nonsense\n", "[1]\n", {"step": "x"}, {"step": 2, "left_s": float("nan")})
    assert progress.read() == (2, 0, None)


def test_queue_is_held_as_long_as_somebody_has_its_lock(tmp_path):
    jobs = tmp_path / "training" / "jobs"
    jobs.mkdir(parents=True)
    assert not is_queue_held(jobs)
    with find_lock(tmp_path).open("ab") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        assert is_queue_held(jobs)
    assert not is_queue_held(jobs)


def test_number_of_no_size_that_can_be_ends_nothing(tmp_path):
    progress = Progress(tmp_path)
    lines = ['{"step": 2, "left_s": 1' + "0" * 400 + "}", "[" * 100_000, '{"step": 1e3}']
    (tmp_path / "metrics.jsonl").write_text("\n".join(lines) + "\n")
    assert progress.read() == (2, 0, None)
