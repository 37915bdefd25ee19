"""How a worker tells how it stands, and how it notices that it isn't needed."""

import json
import os
import threading

import pytest

from backend.worker.watch import StateFile, follow_input


def test_the_state_is_one_object(tmp_path):
    path = tmp_path / "tiny.state"
    StateFile(path, clock=lambda: 5.0).write("ready", port=8000)
    told = json.loads(path.read_text())
    assert told == {"state": "ready", "port": 8000, "pid": os.getpid(), "message": "", "since": 5.0}
    assert list(tmp_path.iterdir()) == [path]


def test_a_reader_never_sees_half_a_state(tmp_path):
    path = tmp_path / "tiny.state"
    state = StateFile(path)
    state.write("loading")
    writer = threading.Thread(
        target=lambda: [state.write("loading", "word " * (n % 50)) for n in range(300)]
    )
    writer.start()
    while writer.is_alive():
        assert json.loads(path.read_text())["state"] == "loading"
    writer.join()


def test_no_path_means_no_file(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    StateFile(None).write("ready")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("written", [b"", b"words that mean nothing"])
def test_the_end_of_an_input_is_noticed(written):
    reading, writing = os.pipe()
    ended = threading.Event()
    thread = follow_input(reading, ended.set)
    os.write(writing, written)
    assert not ended.wait(0.05)
    os.close(writing)
    assert ended.wait(20)
    thread.join()
    os.close(reading)


def test_an_input_that_is_closed_already_has_ended():
    reading, writing = os.pipe()
    os.close(writing)
    os.close(reading)
    ended = threading.Event()
    follow_input(reading, ended.set).join()
    assert ended.is_set()
