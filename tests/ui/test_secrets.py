"""After a busy session no secret is in a log, the ledger, an export, an error page or a child."""

import os
import re
import signal
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from annotations.accounts import Account, add_account
from annotations.studies import set_status
from tests.browser import ADDRESS, ROOT
from tests.ledgers import make_study, open_store
from ui.context import STAFF_COOKIE
from ui.keys import KEY_NAME, Invitation, Signer

pytestmark = pytest.mark.slow

PASSWORD = "canary password of kim"
WRONG = "canary guess at a password"
KEY = "sk-canary-0123456789abcdef"
LATER = 4_000_000_000


@contextmanager
def run_with_key(folder, said):
    """The real app, with an API key in its environment; all that it prints goes to `said`."""
    process = subprocess.Popen(
        [sys.executable, "app.py", "--data", str(folder), "serve", "--port", "0", "--no-demo"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1", "OPENAI_API_KEY": KEY},
    )
    reader = threading.Thread(target=lambda: said.extend(process.stdout))
    reader.start()
    try:
        while "Ctrl+C" not in "".join(said):
            assert process.poll() is None, said
            time.sleep(0.05)
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(60)
        reader.join()
        process.stdout.close()


def list_children(process):
    """The numbers of a process's children, and theirs."""
    found, left = [], [process.pid]
    while left:
        for path in Path(f"/proc/{left.pop()}/task").glob("*/children"):
            try:
                numbers = [int(word) for word in path.read_text().split()]
            except OSError:
                continue
            found += numbers
            left += numbers
    return found


def read_child(number):
    """What a process shows of itself to others: its environment and its command line."""
    try:
        return b"".join(
            Path(f"/proc/{number}/{name}").read_bytes() for name in ("environ", "cmdline")
        )
    except OSError:
        return b""


def watch_children(process, seen, over):
    """Collect what the app's children show until it is over."""
    while not over.is_set():
        for number in list_children(process):
            seen[number] = read_child(number) or seen.get(number, b"")
        time.sleep(0.02)


def be_busy(url, link, study, secrets, answers):
    """Log in, guess, join, vote, download and go wrong; note what was handed out."""
    headers = {"origin": url}
    with httpx.Client(base_url=url, headers=headers, trust_env=False, timeout=60) as client:
        answers.append(client.post("/login", data={"name": "kim", "password": WRONG}).text)
        client.post("/login", data={"name": "kim", "password": PASSWORD})
        cookie = client.cookies[STAFF_COOKIE]
        secrets += [cookie, secrets_signer(secrets).read_staff(cookie)]
        for path in ("/lab/", "/admin/config", "/lab/figure/3?study=study&format=png"):
            client.get(path)
        for kind in ("votes", "votes-wide", "tallies", "history", "none"):
            answers.append(client.get(f"/lab/export/{kind}?study={study.name}").text)
        answers.append(client.get(f"/login?token={WRONG}").text)
        client.get(f"/invite/{link}")
        answers.append(client.get(f"/invite/{link}x").text)
        event = {"data": [], "session_hash": "x", "fn_index": 1}
        shown = client.post("/annotate/gradio_api/run/predict", json=event).json()["data"]
        ticket = next(v for v in shown if isinstance(v, str) and re.fullmatch(r"[\w-]+\.-?\d+", v))
        save = {**event, "fn_index": 3, "data": [ticket, "", "left", "tie", "right"]}
        assert "Saved" in client.post("/annotate/gradio_api/run/predict", json=save).text
        secrets.append(client.cookies["camelid_annotator"])
        for body in (b"{", b'{"fn_index":1}', KEY.encode()):
            answers.append(client.post("/annotate/gradio_api/run/predict", content=body).text)
        client.get("/logout")
        answers.append(client.get("/lab/config").text)


def secrets_signer(secrets):
    """The signer of the key, which is the first secret."""
    return Signer(secrets[0])


def find_secrets(secrets, places):
    """Every (secret, place) where one is to be read."""
    return [(secret, name) for secret in secrets for name, data in places.items()
            if secret.encode() in data]  # fmt: skip


def test_no_secret_is_left_lying_about(tmp_path):
    folder = tmp_path / "data"
    with open_store(folder) as store:
        make_study(store)
        study = set_status(store, "study", "open", "test")
        add_account(store, Account("kim", "admin"), PASSWORD, "test")
    said, answers, seen, over = [], [], {}, threading.Event()
    with run_with_key(folder, said) as process:
        key = (folder / KEY_NAME).read_text() if (folder / KEY_NAME).exists() else ""
        secrets = [key, PASSWORD, WRONG, KEY]
        link = Signer(key).sign_invitation(Invitation(study.slug, "CODE", LATER))
        secrets.append(link)
        watcher = threading.Thread(target=watch_children, args=(process, seen, over))
        watcher.start()
        be_busy(ADDRESS.search("".join(said))[1], link, study, secrets, answers)
        over.set()
        watcher.join()
    files = [path for path in folder.rglob("*") if path.is_file() and path.name != KEY_NAME]
    places = {path.name: path.read_bytes() for path in files}
    places["what the app printed"] = "".join(said).encode()
    places["answers"] = "".join(answers).encode()
    places |= {f"child {number}": shown for number, shown in seen.items()}
    assert key
    assert all(len(secret) > 20 for secret in secrets)
    assert any(b"chrom" in shown for shown in seen.values())
    assert any(path.name == "camelid.db" for path in files)
    assert find_secrets(secrets, places) == []
    for name in ("camelid.db", "what the app printed", "answers"):  # the control: the search finds
        planted = {**places, name: places[name] + b" " + secrets[-1].encode()}
        assert find_secrets(secrets, planted) == [(secrets[-1], name)]


def test_the_control_a_child_inherits_what_is_not_taken_from_it():
    waits = "import time; time.sleep(9)"
    child = subprocess.Popen([sys.executable, "-c", waits], env={**os.environ, "X": KEY})
    try:
        time.sleep(0.2)
        assert KEY.encode() in read_child(child.pid)
    finally:
        child.kill()
        child.wait()
