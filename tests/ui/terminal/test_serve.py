"""The real program in a process of its own, on a port that nobody else has."""

import re
import signal
import socket
import subprocess
import sys
import time
from contextlib import closing, contextmanager
from importlib.util import find_spec
from pathlib import Path

import httpx
import pytest

from backend.settings import read_settings
from ui.terminal.serve import bind_port, stop_by_signal

pytestmark = pytest.mark.slow

APP = Path(__file__).parents[3] / "app.py"
AS_BROWSER = {"accept": "text/html"}


class Running:
    """The app while it runs, with what it printed."""

    def __init__(self, process):
        self.process = process
        self.printed = ""
        while "Ctrl+C" not in self.printed:
            line = process.stdout.readline()
            assert line, f"the app ended with {process.wait()}: {self.printed}"
            self.printed += line
        self.base = re.search(r"(http://[\d.:]+)/join\n", self.printed)[1]

    def client(self):
        return httpx.Client(base_url=self.base, headers=AS_BROWSER, timeout=60)


@contextmanager
def start(data, *words):
    """Start the app and end it, whatever happens."""
    command = [sys.executable, APP, "--data", data, *words, "--port", "0"]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        try:
            yield Running(process)
        finally:
            process.kill()


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("served") / "data"


@pytest.fixture(scope="module")
def running(folder):
    with start(folder, "serve") as running:
        yield running


@pytest.fixture
def data(folder):
    """The folder that the app serves, for `camelid`."""
    return folder


@pytest.mark.parametrize(
    "path, status, target",
    [
        ("/", 303, "/lab/"),
        ("/healthz", 200, None),
        ("/login", 200, None),
        ("/join", 200, None),
        ("/annotate/", 303, "/join"),
        ("/lab/", 303, "/login?next=/lab/"),
        ("/admin/", 303, "/login?next=/admin/"),
    ],
)
def test_every_door_answers(running, path, status, target):
    with running.client() as client:
        answer = client.get(path)
    assert (answer.status_code, answer.headers.get("location")) == (status, target)


def test_join_page_of_the_demo_leads_to_a_pair(running):
    path = re.search(r"/join/\S+", running.printed)[0]
    with running.client() as client:
        assert client.post(path, data={"name": "Ann"}).headers["location"] == "/annotate/"
        assert client.get("/annotate/").status_code == 200


def test_login_link_works_once_and_the_next_one_is_printed(running):
    token = re.search(r"token=(\S+)", running.printed)[1]
    with running.client() as client:
        first = client.get("/login", params={"token": token})
        again = client.get("/login", params={"token": token})
    assert (first.status_code, first.headers["location"]) == (303, "/lab/")
    assert again.status_code == 401
    assert "The next one" in running.process.stdout.readline()
    assert token not in running.process.stdout.readline()


def test_reading_goes_on_while_the_app_runs_and_writing_says_who_holds_the_folder(
    running, camelid, tmp_path
):
    before = camelid("export", "history", "--study", "demo").stdout
    refused = camelid("import", tmp_path / "any.jsonl")
    port = running.base.rpartition(":")[2]
    assert refused.exit_code == 1
    assert f"process {running.process.pid} (serving on 127.0.0.1:{port}" in refused.stderr
    assert camelid("study", "list").stdout.count("demo") == 2
    assert camelid("export", "history", "--study", "demo").stdout == before


def test_the_app_does_not_load_torch(running):
    maps = Path(f"/proc/{running.process.pid}/maps")
    if not maps.exists():
        pytest.skip("this system does not show what a process has loaded")
    assert find_spec("torch") is not None  # else this test could not fail
    assert "numpy" in maps.read_text()
    assert "libtorch" not in maps.read_text()


def test_a_stop_is_orderly_with_pages_open(tmp_path):
    with start(tmp_path / "data", "serve") as running, running.client() as client:
        client.post(re.search(r"/join/\S+", running.printed)[0], data={"name": "Ann"})
        assert client.get("/annotate/").status_code == 200  # and the connection stays open
        before = time.monotonic()
        running.process.send_signal(signal.SIGTERM)
        assert running.process.wait(timeout=60) == 0
        assert time.monotonic() - before < 20  # it would wait for the page for ever
        assert running.process.stdout.read() == ""
        assert (tmp_path / "data" / "camelid.lock").read_text() == ""


def test_a_port_in_use_is_said(camelid):
    with closing(bind_port(read_settings(port=0))) as taken:
        result = camelid("serve", "--port", taken.getsockname()[1])
    assert result.exit_code == 1
    assert "Address already in use" in result.stderr


def test_other_machines_are_not_let_in_without_an_account(camelid, tmp_path):
    result = camelid("--data", tmp_path / "own", "serve", "--host", "0.0.0.0", "--port", "0")
    assert result.exit_code == 1
    assert "account add" in result.stderr


def test_a_host_of_another_machine_is_refused(camelid):
    result = camelid("serve", "--host", "192.0.2.1")
    assert result.exit_code == 1
    assert "192.0.2.1" in result.stderr


def test_a_bound_port_is_the_one_asked_for():
    with closing(bind_port(read_settings(port=0))) as listener:
        port = listener.getsockname()[1]
        with closing(socket.create_connection(("127.0.0.1", port))) as reached:
            assert reached.getpeername()[1] == port


def test_signals_are_given_back():
    before = signal.getsignal(signal.SIGTERM)
    with pytest.raises(SystemExit) as ended, stop_by_signal():
        signal.raise_signal(signal.SIGTERM)
    assert ended.value.code == 0
    assert signal.getsignal(signal.SIGTERM) is before
