"""How a job ended: the trainer's word, or what its end tells."""

import json

import pytest

from training.outcomes import (
    Outcome,
    Traces,
    count_killed,
    decide_end,
    read_outcome,
)

DONE, SAVED = Outcome("done", "Ready."), Outcome("cancelled", "Step 7 is kept.")
NAN = Outcome("not_finite", "The loss is no number any more.")


@pytest.mark.parametrize(
    ("word", "reason", "end"),
    [
        (DONE, "", "done"),
        (DONE, "stopped", "done"),
        (DONE, "app_ended", "done"),
        (SAVED, "stopped", "cancelled"),
        (SAVED, "app_ended", "interrupted"),
        (SAVED, "disk_low", "disk_full"),
        (SAVED, "", "cancelled"),
        (NAN, "", "not_finite"),
        (NAN, "stopped", "not_finite"),
        (None, "stopped", "cancelled"),
        (None, "stopped_now", "cancelled"),
        (None, "app_ended", "interrupted"),
        (None, "", "crashed"),
    ],
)
def test_end_is_told_by_who_brought_it_about(word, reason, end):
    found = decide_end(word, reason, Traces(1))
    assert found.end == end and found.message.endswith(".")


@pytest.mark.parametrize(
    ("code", "line", "n_killed", "end", "said"),
    [
        (1, "torch.OutOfMemoryError: CUDA out of memory. Tried to", 0, "out_of_memory", "smaller"),
        (1, "MemoryError", 0, "out_of_memory", "smaller"),
        (1, "RuntimeError: DefaultCPUAllocator: can't allocate memory", 0, "out_of_memory", ""),
        (1, "OSError: [Errno 28] No space left on device", 0, "disk_full", "Make room"),
        (1, "SafetensorError: I/O error: No space left (os error 28)", 0, "disk_full", "Resume"),
        (-9, "", 0, "crashed", "as the system does when memory runs out"),
        (137, "", 0, "crashed", "signal 9"),
        (1, "died with <Signals.SIGKILL: 9>.", 0, "crashed", "signal 9"),
        (1, "  exitcode  : -9 (pid: 12)", 1, "out_of_memory", "The system ended it"),
        (-9, "", 2, "out_of_memory", "The system ended it"),
        (-11, "", 0, "crashed", "SIGSEGV"),
        (3, "", 0, "crashed", "code 3"),
        (0, "", 0, "crashed", "did not say why"),
    ],
)
def test_silent_end_is_read_from_its_traces(code, line, n_killed, end, said):
    found = decide_end(None, "", Traces(code, ["before", line], n_killed))
    assert found.end == end and said in found.message


def test_word_is_read(tmp_path):
    (tmp_path / "outcome.json").write_text(json.dumps({"end": "bad_data", "message": "No rows."}))
    assert read_outcome(tmp_path) == Outcome("bad_data", "No rows.")


@pytest.mark.parametrize("text", ["", "{", "[]", '{"end": "nice"}', '{"end": ""}'])
def test_word_that_is_none_is_left_out(tmp_path, text):
    assert read_outcome(tmp_path) is None
    (tmp_path / "outcome.json").write_text(text)
    assert read_outcome(tmp_path) is None


def test_killed_processes_are_counted_where_the_system_tells(tmp_path):
    path = tmp_path / "vmstat"
    assert count_killed(path) == 0
    path.write_text("nr_free_pages 5\noom_kill 3\npgfault 1\n")
    assert count_killed(path) == 3
