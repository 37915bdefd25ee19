"""The real app in a process of its own, and a real Chromium to look at it."""

import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from pathlib import Path

import pytest
import uvicorn

from backend.keyring import Keyring
from backend.settings import Settings
from tests.ledgers import open_store
from training.workshop import Workshop

ROOT = Path(__file__).parent.parent
CHROMIUM_ARGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
ADDRESS = re.compile(r"Lab\s+(http://[\d.]+:\d+)/lab/")
PATIENCE_MS = 60_000  # a busy machine takes its time; 5 s, as Playwright has it, are not enough
LOGIN = re.compile(r"(http://\S+/login\?token=\S+)")


class App:
    """A running app: where it answers, and the link that lets the first admin in."""

    def __init__(self, process, url, login):
        self.process, self.url, self.login = process, url, login


@contextmanager
def run_app(folder, *words, **environment):
    """Serve a data folder on a free port until the block ends."""
    process = subprocess.Popen(
        [sys.executable, "app.py", "--data", str(folder), "serve", "--port", "0", *words],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1", **environment},
    )
    try:
        yield App(process, *read_start(process))
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(60)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise
        finally:
            process.stdout.close()


@contextmanager
def serve_here(folder, port=0, *, training=False, **settings):
    """Serve a data folder from a thread of this process: the same app, started in no time.

    Jobs can be ordered there; they run only with `training`.
    """
    from ui.server import build_app, make_context  # noqa: PLC0415 - Gradio takes seconds to import

    with open_store(folder) as store:
        workshop = Workshop(folder, Keyring(dict(os.environ)).child_environment)
        context = make_context(Settings(data=folder, **settings), store, workshop=workshop)
        app, door = build_app(context)
        config = uvicorn.Config(app, port=port, log_level="warning", timeout_graceful_shutdown=1)
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run)
        thread.start()
        try:
            while not server.started:
                assert thread.is_alive(), "the server did not start"
                time.sleep(0.02)
            host, port = server.servers[0].sockets[0].getsockname()[:2]
            url = f"http://{host}:{port}"
            if training:
                workshop.start()
            yield App(None, url, f"{url}/login?token={door.token}" if door else None)
        finally:
            server.should_exit = True
            thread.join(60)
            context.answering.close()
            context.judging.close()
            context.models.close()
            workshop.close()


def read_start(process):
    """Read what the app prints until it says how to stop it."""
    said = ""
    for line in process.stdout:
        said += line
        if "Ctrl+C" in line:
            break
    address, login = ADDRESS.search(said), LOGIN.search(said)
    assert address, f"the app did not start: {said}"
    return address[1], login[1] if login else None


def find_chromium():
    """Return Chromium's path, or skip; in the gate a skipped browser test fails."""
    path = shutil.which("chromium") or shutil.which("chromium-browser")
    if path is None:
        pytest.skip("Chromium is not installed (Debian: apt-get install chromium)")
    return path


def make_patient(make):
    """Let what is made so, a page or all of a context's, wait longer than Playwright would."""

    def made(*args, **words):
        one = make(*args, **words)
        one.set_default_timeout(PATIENCE_MS)
        return one

    return made


@contextmanager
def open_browser():
    """A headless Chromium."""
    from playwright.sync_api import expect, sync_playwright  # noqa: PLC0415 - only here paid for

    expect.set_options(timeout=PATIENCE_MS)  # for the whole process, so that no test differs
    path = find_chromium()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=CHROMIUM_ARGS)
        browser.new_page = make_patient(browser.new_page)
        browser.new_context = make_patient(browser.new_context)
        try:
            yield browser
        finally:
            browser.close()
