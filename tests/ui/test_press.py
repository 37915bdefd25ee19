import os
import signal
import subprocess
import time
from contextlib import suppress
from pathlib import Path

import httpx
import plotly.graph_objects as go
import pytest

from backend.errors import MissingTool
from tests.browser import find_chromium, run_app
from tests.ledgers import add_ballot, make_study, open_store
from ui.press import Press

FIGURE = go.Figure(go.Bar(x=[1, 2]), {"width": 300, "height": 200})


def count_browsers(parent):
    """How many Chromium processes a process has below it, however deep."""
    listed = subprocess.run(
        ["ps", "-eo", "pid=,ppid=,args="], capture_output=True, text=True, check=True
    )
    rows = [line.split(None, 2) for line in listed.stdout.splitlines()]
    below, found = {str(parent)}, []
    for _ in range(6):
        new = [row for row in rows if row[1] in below and row not in found]
        found += new
        below |= {row[0] for row in new}
    return [row[0] for row in found if "chrom" in row[2]]


def is_alive(pid):
    with suppress(OSError):  # it may go while it is looked at
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    return False


def is_quick(act):
    """Say whether an act takes less than a second; a busy machine gets some more tries."""
    for _ in range(8):
        start = time.perf_counter()
        act()
        if time.perf_counter() - start < 1:
            return True
    return False


def test_without_chromium_the_sentence_says_what_to_install(tmp_path):
    with Press(Path("/nowhere/chromium")) as press:
        for _ in range(2):
            with pytest.raises(MissingTool, match="apt install chromium"):
                press.draw({"png": tmp_path / "x.png"}, FIGURE)


def test_a_press_that_drew_nothing_closes_at_once():
    press = Press()
    press.close()
    press.close()


@pytest.mark.browser
def test_the_second_picture_is_quick_and_a_dead_browser_is_replaced(tmp_path):
    find_chromium()
    with Press() as press:
        press.draw({"png": tmp_path / "1.png"}, FIGURE)
        assert is_quick(lambda: press.draw({"svg": tmp_path / "2.svg"}, FIGURE))
        for process in count_browsers(os.getpid()):
            subprocess.run(["kill", "-9", process], check=False)
        press.draw({"png": tmp_path / "3.png"}, FIGURE)
    assert (tmp_path / "3.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.browser
def test_an_idle_browser_goes_and_comes_again(tmp_path):
    find_chromium()
    with Press(idle_s=0.2) as press:
        press.draw({"png": tmp_path / "1.png"}, FIGURE)
        press._life.thread.join(60)
        assert not press._life.thread.is_alive()
        press.draw({"png": tmp_path / "2.png"}, FIGURE)
        assert (tmp_path / "2.png").exists()


@pytest.mark.browser
def test_a_stopped_app_leaves_no_browser_behind(tmp_path):
    find_chromium()
    with open_store(tmp_path) as store:
        make_study(store)
        add_ballot(store, ["left", "tie", "right"])
    with (
        run_app(tmp_path, "--no-demo") as app,
        httpx.Client(base_url=app.url, timeout=60) as client,
    ):
        client.get(app.login, follow_redirects=True)
        answer = client.get("/lab/figure/3?study=study&format=png", timeout=60)
        assert answer.status_code == 200
        assert is_quick(lambda: client.get("/lab/figure/3?study=study&format=svg", timeout=60))
        browsers = count_browsers(app.process.pid)
        assert browsers
        app.process.send_signal(signal.SIGTERM)
        assert app.process.wait(60) == 0
    until = time.monotonic() + 10
    while any(map(is_alive, browsers)):
        assert time.monotonic() < until
        time.sleep(0.02)
