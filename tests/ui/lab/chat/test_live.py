"""The whole of it: a real app, two real models, a real Chromium, and what may go wrong."""

import json
import os
import re
import signal
import socket
import threading
import time
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

import pytest
from playwright.sync_api import expect

from annotations.accounts import Account, add_account
from tests.browser import open_browser, run_app
from tests.ledgers import open_store
from tests.talkers import add_talkers

pytestmark = pytest.mark.browser

LOAD_MS = 120_000  # a busy machine takes its time to load a worker
PASSWORD = "correct horse battery"
NAMES = ("zebra-7b", "okapi-13b")
SECRETS = ("zebra", "okapi", "chatml", "llama-base", "tokens/s", "first token after")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    data = tmp_path_factory.mktemp("chat")
    add_talkers(data, NAMES)
    with open_store(data) as store:
        for name in ("kim", "lee"):
            add_account(store, Account(name, "researcher"), PASSWORD, "test")
    return data


@pytest.fixture(scope="module")
def browser():
    with open_browser() as opened:
        yield opened


@pytest.fixture(scope="module")
def house(folder, browser):
    """A running app."""
    with run_app(folder, "--no-demo") as app:
        yield House(app, browser, folder)


class House:
    """A running app, two people who use it, and its workers as they say themselves."""

    def __init__(self, app, browser, folder):
        self.app, self.folder = app, folder
        self.people = {name: self.log_in(browser, name) for name in ("kim", "lee")}

    def log_in(self, browser, name):
        context = browser.new_context(permissions=["clipboard-read", "clipboard-write"])
        context.set_default_timeout(60_000)
        context.set_extra_http_headers({"accept-encoding": "identity"})  # a wire that can be read
        page = context.new_page()
        page.goto(f"{self.app.url}/login?next=/lab/")
        page.get_by_label("Name").fill(name)
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Log in").click()
        page.wait_for_url(lambda url: "/login" not in url)
        page.close()
        return context

    @contextmanager
    def visit(self, who="kim", url=None):
        """Open the chat, and close it again."""
        page = self.people[who].new_page()
        page.goto(f"{url or self.app.url}/lab/?tab=chat")
        expect(page.locator("#chat-head h2")).to_be_visible()
        try:
            yield page
        finally:
            page.close()

    def read_state(self, name):
        return json.loads((self.folder / "workers" / f"{name}.state").read_text())

    def count_running(self, name):
        """How many answers a worker is at, as its own metrics say."""
        state = self.read_state(name)
        environ = Path(f"/proc/{state['pid']}/environ").read_bytes().decode().split("\0")
        key = dict(pair.partition("=")[::2] for pair in environ)["CAMELID_WORKER_KEY"]
        request = Request(
            f"http://127.0.0.1:{state['port']}/metrics", headers={"authorization": f"Bearer {key}"}
        )
        with urlopen(request, timeout=10) as answer:
            text = answer.read().decode()
        return sum(
            float(value) for value in re.findall(r"^\w*(?:running|waiting)\S* (\S+)$", text, re.M)
        )


def choose_models(page, tokens=(3500, 3500)):
    page.get_by_label("Choose models").check()
    expect(page.get_by_label("Response 2", exact=True)).to_be_visible()
    page.get_by_text("System text, template and parameters").click()
    fields = page.get_by_label("Most new tokens")
    expect(fields).to_have_count(2)
    for place, n in enumerate(tokens):
        fields.nth(place).fill(str(n))
        fields.nth(place).press("Tab")


def say(page, text):
    page.locator("#chat-box textarea").fill(text)
    page.locator("#chat-box textarea").press("Enter")


def reply(page, place):
    return page.locator("#chat-live .reply").nth(place)


def wait_for_text(page, place, what=".rendered"):
    reply(page, place).locator(what).first.wait_for(timeout=LOAD_MS)


def vote(page, place):
    for name in ("helpful", "honest", "harmless"):
        page.locator(f"#chat-{name} input").nth(place).check()


def read_key(page):
    """The conversation that the address names, once it does."""
    page.wait_for_url(re.compile("talk="))
    return re.search(r"talk=([\w-]+)", page.url)[1]


def wait_until(check, seconds=60):
    deadline = time.monotonic() + seconds
    while not check():
        assert time.monotonic() < deadline, "it did not come to pass"
        time.sleep(0.1)


def test_two_models_by_name_from_the_first_word_to_the_file(house):
    with house.visit() as page:
        choose_models(page, (60, 90))
        say(page, "Tell me <b>about</b> camels.")
        page.locator("#chat-votes").wait_for(timeout=LOAD_MS)
        for place, name in enumerate(("OKAPI 13B", "ZEBRA 7B")):
            for words in (name, "tokens/s", "Cut at its limit"):
                expect(reply(page, place)).to_contain_text(words)
        expect(page.locator("#chat-asked")).to_contain_text("Tell me <b>about</b> camels.")

        reply(page, 0).get_by_role("button", name="Copy").click()
        expect(reply(page, 0).get_by_role("button", name="Copied")).to_be_visible()
        assert len(page.evaluate("navigator.clipboard.readText()")) > 30

        page.locator("#chat-save").click()
        expect(page.get_by_text("Please answer first")).to_be_visible()
        vote(page, 3)
        page.locator("#chat-save").click()
        expect(page.locator("#chat-voted")).to_contain_text("Saved.")
        vote(page, 0)
        page.locator("#chat-comment").locator("input, textarea").fill("clearer")
        page.locator("#chat-save").click()
        expect(page.locator("#chat-save")).to_have_text("Save the change")

        say(page, "And dromedaries?")
        expect(page.locator("#chat-turns .votes")).to_contain_text("clearer", timeout=LOAD_MS)
        page.locator("#chat-votes").wait_for(timeout=LOAD_MS)
        first = reply(page, 0).locator(".rendered").inner_text()
        page.locator("#chat-again").click()
        expect(reply(page, 0)).to_contain_text("answer 2", timeout=LOAD_MS)
        page.locator("#chat-votes").wait_for(timeout=LOAD_MS)
        assert reply(page, 0).locator(".rendered").inner_text() != first

        page.locator("#chat-edit").click()
        expect(page.locator("#chat-box textarea")).to_have_value("And dromedaries?")
        say(page, "And llamas?")
        expect(page.locator("#chat-asked")).to_contain_text("And llamas?")
        page.locator("#chat-votes").wait_for(timeout=LOAD_MS)

        page.reload()
        expect(page.locator("#chat-asked")).to_contain_text("And llamas?")
        expect(page.locator("#chat-turns")).to_contain_text("Tell me <b>about</b> camels.")
        expect(page.locator("#chat-turns .votes")).to_contain_text("helpful Response 1")
        key = read_key(page)
        answer = page.request.get(f"{house.app.url}/lab/export/talk?talk={key}")
        line = answer.json()
        prompts = [(turn["prompt"], turn["current"]) for turn in line["turns"]]
        assert prompts[1:] == [("And dromedaries?", False), ("And llamas?", True)]
        assert len(line["turns"][1]["replies"]) == 4 and len(line["turns"][0]["ballots"]) == 2
        votes = page.request.get(f"{house.app.url}/lab/export/chats?format=fastchat").text()
        assert "leftvote" in votes

        page.locator("#chat-fresh").click()
        expect(page.locator("#chat-head h2")).to_have_text("New conversation")
        expect(page.locator("#chat-asked")).not_to_contain_text("llamas")
        page.reload()
        expect(page.locator("#chat-head h2")).to_have_text("New conversation")
        page.get_by_text("Earlier conversations (1)").click()
        page.get_by_role("link", name="Tell me <b>about</b> camels.").click()
        expect(page.locator("#chat-asked")).to_contain_text("And llamas?")


def test_stop_ends_both_sides_and_keeps_what_was_said(house):
    with house.visit() as page:
        choose_models(page)
        say(page, "Go on for long.")
        for place in (0, 1):
            wait_for_text(page, place)
            expect(reply(page, place).locator(".rendered")).to_have_text(re.compile(".{6}", re.S))
        page.locator("#chat-stop").press("Enter")  # a click waits for text to stand still
        page.locator("#chat-again").wait_for()
        for place in (0, 1):
            expect(reply(page, place)).to_contain_text("Stopped.")
            assert len(reply(page, place).locator(".rendered").inner_text()) > 5
        expect(page.locator("#chat-votes")).to_be_hidden()  # there is no whole answer
        wait_until(lambda: sum(map(house.count_running, NAMES)) == 0)


def test_leaving_the_page_frees_the_models_and_a_reload_does_not(house):
    with house.visit() as page:
        choose_models(page, (3500, 3500))
        say(page, "Go on for long.")
        wait_for_text(page, 0)
        page.reload()
        wait_for_text(page, 0, ".speaking")
        assert sum(map(house.count_running, NAMES)) > 0  # the control: it is at work
    # 3,500 tokens take half a minute where nothing else runs: it is not at its end before that
    wait_until(lambda: sum(map(house.count_running, NAMES)) == 0, 18)


def test_a_battle_tells_the_browser_nothing_before_the_vote(house):
    with closing(Tap(house.app.url)) as tap, house.visit("lee", tap.url) as page:
        say(page, "Who are you?")
        page.locator("#chat-votes").wait_for(timeout=LOAD_MS)
        ports = [house.read_state(name)["port"] for name in NAMES]
        secrets = [*SECRETS, *(f"127.0.0.1:{port}" for port in ports)]
        key = read_key(page)
        refused = page.request.get(f"{tap.url}/lab/export/talk?talk={key}")
        chats = page.request.get(f"{house.app.url}/lab/export/chats")
        vote(page, 0)
        page.locator("#chat-save-blind").click()
        expect(page.locator("#chat-voted")).to_contain_text("Saved.")
        page.reload()
        page.locator("#chat-votes").wait_for()
        blind = tap.read()
        assert "Who are you?" in blind and "process_completed" in blind  # all is on the wire
        assert "content-encoding" not in blind.lower()  # and in plain text
        found = [
            blind[m.start() - 80 :][:160]
            for m in re.finditer("|".join(map(re.escape, secrets)), blind, re.I)
        ]
        assert found == []
        assert refused.status == 409 and "Who are you?" not in chats.text()

        page.locator("#chat-show").click()
        expect(page.locator("#chat-head h2")).to_contain_text("ZEBRA 7B")
        expect(reply(page, 0)).to_contain_text("tokens/s")
        expect(page.locator("#chat-votes")).to_be_hidden()
        named = tap.read().lower()  # the control: the same wire tells them now
        assert [word for word in ("zebra", "okapi", "tokens/s") if word not in named] == []


def test_a_worker_that_is_killed_is_told_of_and_the_next_message_works(house):
    with house.visit() as page:
        choose_models(page, (3500, 3500))
        say(page, "Go on for long.")
        wait_for_text(page, 0)
        wait_for_text(page, 1)
        os.kill(house.read_state("okapi-13b")["pid"], signal.SIGKILL)
        for words in ("OKAPI 13B stopped working.", "signal 9", "Its part of the answer is kept."):
            expect(reply(page, 0)).to_contain_text(words)
        before = len(reply(page, 1).inner_text())
        wait_until(lambda: len(reply(page, 1).inner_text()) > before)  # the other side goes on
        page.locator("#chat-stop").press("Enter")  # a click waits for text to stand still
        page.locator("#chat-again").wait_for()
        for place in (0, 1):
            page.get_by_label("Most new tokens").nth(place).fill("20")
            page.get_by_label("Most new tokens").nth(place).press("Tab")
        say(page, "Still there?")
        page.locator("#chat-votes").wait_for(timeout=LOAD_MS)
        expect(page.locator("#chat-turns")).to_contain_text("OKAPI 13B stopped working.")


def test_no_worker_outlives_a_killed_app(house):
    pids = [house.read_state(name)["pid"] for name in NAMES]
    assert all(map(is_alive, pids))  # the control
    house.app.process.kill()
    wait_until(lambda: not any(map(is_alive, pids)), 30)


def is_alive(pid):
    """Say whether a process is there, and no zombie."""
    with suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    return False


class Tap:
    """A wire between a browser and the app that keeps every byte the browser gets."""

    def __init__(self, url):
        self.target = urlsplit(url).hostname, urlsplit(url).port
        self.heard = bytearray()
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.listener.getsockname()[1]}"
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        with suppress(OSError):  # closed: the test is over
            while True:
                ours = self.listener.accept()[0]
                theirs = socket.create_connection(self.target)
                for words in ((ours, theirs, None), (theirs, ours, self.heard)):
                    threading.Thread(target=self.pass_on, args=words, daemon=True).start()

    def pass_on(self, source, sink, kept):
        with suppress(OSError):
            while data := source.recv(65536):
                if kept is not None:
                    kept += data
                sink.sendall(data)
        for one in (source, sink):
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)

    def read(self):
        return self.heard.decode("utf-8", "replace")

    def close(self):
        self.listener.close()
