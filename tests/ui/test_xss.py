"""Texts that want to run, in every place where a text is shown, in a real Chromium.

None runs, and nothing asks another address for anything. The control: the same texts do both where
our renderer and the guard's policy are away.
"""

import json
import threading
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from playwright.sync_api import Error, expect

from annotations.accounts import Account, add_account
from annotations.studies import Plan, create_study, set_status
from backend.records import CRITERIA
from tests.browser import open_browser, serve_here
from tests.judged import add_judgment
from tests.ledgers import open_store
from ui.wording import hash_wording

pytestmark = pytest.mark.browser

PASSWORD = "correct horse battery"
RUN = "window.__xss=1"
PAYLOADS = [
    "<script>{run}</script>",
    "<script src=//{canary}/1></script>",
    "<img src=x onerror={run}>",
    "<img src=http://{canary}/2>",
    "<svg onload={run}>",
    "<svg><animate onbegin={run} attributeName=x dur=1s>",
    "<body onload={run}>",
    "<iframe srcdoc='<script>parent.{run}</script>'></iframe>",
    "<iframe src='javascript:parent.{run}'></iframe>",
    "<iframe src=http://{canary}/3></iframe>",
    "<a href='javascript:{run}' class=lure>x</a>",
    "<form action=http://{canary}/4><button class=lure>x</button></form>",
    "<input autofocus onfocus={run}>",
    "<details open ontoggle={run}><summary>x</summary></details>",
    "<video><source onerror={run}></video>",
    "<object data=http://{canary}/5></object>",
    "<embed src=http://{canary}/6>",
    "<link rel=stylesheet href=http://{canary}/7>",
    "<style>@import url(http://{canary}/8);</style>",
    "<p style='background:url(http://{canary}/9)'>x</p>",
    "<meta http-equiv=refresh content='0;url=http://{canary}/10'>",
    "<base href=http://{canary}/>",
    "[x](javascript:{run})",
    "![x](http://{canary}/11)",
    "$$\\href{{javascript:{run}}}{{x}}$$",
    "{{{{constructor.constructor('{run}')()}}}}",
    "\"><img src=x onerror={run}>",
    "'-{run}-'",
    "</textarea></title></style></script><img src=x onerror={run}>",
    "<math><mi xlink:href='javascript:{run}'>x</mi></math>",
    "<template><script>{run}</script></template><x onpointerenter={run}>x</x>",
    "&lt;img src=x onerror={run}&gt;",
    "```html\n<script>{run}</script>\n```",
]  # fmt: skip
NAME = "<img src=x onerror=window.__xss=1><script>window.__xss=2</script>"


class Canary(ThreadingHTTPServer):
    """A server of somebody else, which remembers who asked it for something."""

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Sing)
        self.hits, self.page = [], ""
        self.address = f"127.0.0.1:{self.server_port}"


class Sing(BaseHTTPRequestHandler):
    def do_GET(self):
        self.server.hits.append(self.path)
        self.send_response(200)
        self.send_header("content-type", "text/html")
        self.end_headers()
        self.wfile.write(self.server.page.encode())

    do_POST = do_GET

    def log_message(self, *_):
        pass


@contextmanager
def keep_canary():
    canary = Canary()
    thread = threading.Thread(target=canary.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield canary
    finally:
        canary.shutdown()
        thread.join()
        canary.server_close()


@pytest.fixture(scope="module")
def browser():
    with open_browser() as opened:
        yield opened


def write_payloads(canary):
    return [one.format(run=RUN, canary=canary.address) for one in PAYLOADS]


def fill(folder, payloads):
    """A ledger whose every text is a payload: items, answers, systems, judgments, study, people."""
    everything = "\n\n".join(payloads)
    names = [f"{NAME}{letter}" for letter in "ab"]
    with open_store(folder) as store:
        with store.write() as db:
            db.execute("INSERT INTO source_file VALUES (1, ?, 'x', 'x', 1, 'x', 'x')", (NAME,))
            db.execute("INSERT INTO benchmark VALUES (1, ?, 1)", (NAME,))
            for number in range(2):
                db.execute(
                    "INSERT INTO item VALUES (?, 1, ?, ?, ?, ?, ?, ?, 'en', 'x')",
                    (
                        number + 1,
                        f"{number}{NAME}",
                        number,
                        everything,
                        everything,
                        everything,
                        NAME,
                    ),
                )
            for key, name in enumerate(names, 1):
                db.execute("INSERT INTO system VALUES (?, ?)", (key, name))
                for item in (1, 2):
                    db.execute(
                        """INSERT INTO answer(item_id, system_id, sample, text, sha256, source_id)
                        VALUES (?, ?, 0, ?, 'x', 1)""",
                        (item, key, f"{everything}\n\n{name}"),
                    )
            db.execute("UPDATE benchmark SET name = 'tasks'")
        create_study(store, Plan("s", "tasks", tuple(names)), hash_wording(), "t")
        study = set_status(store, "s", "open", "t")
        with store.write() as db:
            db.execute("UPDATE benchmark SET name = ?", (NAME,))
            db.execute("UPDATE study SET name = ?, title = ?", (NAME, NAME))
        said = {"judge": NAME, "text": everything, "first_text": everything, "detail": everything}
        add_judgment(store, 1, (names[0], names[1]), (7, 9), stored=(9, 7), **said)
        add_judgment(store, 1, (names[1], names[0]), None, outcome="unreadable", **said)
        add_account(store, Account("kim", "admin"), PASSWORD, "t")
        add_account(store, Account(NAME[:60], "researcher"), PASSWORD, "t")
    return study


class Watch:
    """A page that tells whether anything ran or left."""

    def __init__(self, browser, app, canary):
        self.page = browser.new_page()
        self.page.on("dialog", lambda dialog: dialog.dismiss())
        self.away, self.app, self.canary, self.n_looks = [], app, canary, 0
        self.page.on("request", self.note)

    def note(self, request):
        if not request.url.startswith((self.app.url, "data:", "blob:", "about:")):
            self.away.append(request.url)

    def look(self, *words):
        """Whatever is on the page by now: it shows the text, and nothing of it ran or left."""
        body = self.page.locator("body")
        for word in words:
            expect(body).to_contain_text(word, use_inner_text=True)
        self.page.wait_for_timeout(250)
        self.n_looks += 1
        assert self.page.evaluate("window.__xss") is None, self.page.url
        assert [self.page.url] == [u for u in [self.page.url] if u.startswith(self.app.url)]
        assert self.page.locator(".lure").count() == 0
        assert self.canary.hits == []
        assert [url for url in self.away if not url.startswith("chrome")] == []


def test_nothing_runs_and_nothing_leaves(tmp_path, browser):
    with keep_canary() as canary:
        payloads = write_payloads(canary)
        study = fill(tmp_path / "data", payloads)
        with serve_here(tmp_path / "data", login_failures=99) as app:
            watch = Watch(browser, app, canary)
            vote_on_payloads(watch, study, payloads)
            read_in_lab(watch, payloads)
            work_in_admin(watch, tmp_path, payloads)
            watch.page.close()
            assert watch.n_looks > 12


def vote_on_payloads(watch, study, payloads):
    """The annotators' way: join, refused names, both ways of showing, comment, back."""
    page, url = watch.page, watch.app.url
    page.goto(f"{url}/join")
    watch.look(NAME)
    page.goto(f"{url}/join/{study.slug}?lang={NAME}")
    watch.look(NAME)
    page.get_by_label("Your name or a nickname").fill(NAME[:60])
    page.get_by_role("button", name="Take part").click()
    page.get_by_role("button", name="Start", exact=True).click()
    page.locator("#save").wait_for()
    watch.look()
    shown = page.locator("#left .rendered").inner_text()
    marked_up = ("```", "&lt;")  # Markdown reads these; the plain text below does not
    assert all(one in shown for one in payloads if not one.startswith(marked_up))
    page.get_by_label("Plain text").check()
    watch.look()
    plain = page.locator("#left .plain").inner_text()
    assert all(one in plain for one in payloads)
    for name in CRITERIA:
        page.locator(f"#vote-{name} input").first.check()
    page.locator("#comment textarea").fill("\n".join(payloads)[:1900])
    page.locator("#save").click()
    page.get_by_text("Saved, 1 of").first.wait_for(state="attached")
    page.locator("#back").click()
    page.get_by_text("You are changing").first.wait_for(state="attached")
    watch.look()
    page.context.clear_cookies()
    page.goto(f"{url}/join/{study.slug}")
    page.get_by_label("Your name or a nickname").fill(NAME[:60])
    page.get_by_role("button", name="Take part").click()
    page.get_by_role("alert").first.wait_for()
    watch.look()


def click_through(watch):
    """Open every tab of a site."""
    tabs = watch.page.get_by_role("tab")
    tabs.first.wait_for()
    for number in range(tabs.count()):
        tabs.nth(number).click()
        watch.page.wait_for_timeout(700)
        watch.look()


def read_in_lab(watch, payloads):
    """The researchers' way: a wrong login, every tab of the lab, what a judge said."""
    page, url = watch.page, watch.app.url
    for name, password in ((NAME[:60], NAME), ("kim", PASSWORD)):
        page.goto(f"{url}/login?next={NAME}")
        page.get_by_label("Name").fill(name)
        page.get_by_label("Password").fill(password)
        with page.expect_response(lambda answer: answer.request.method == "POST"):
            page.get_by_role("button", name="Log in").click()
        page.wait_for_load_state()
        watch.look()
    page.goto(f"{url}/lab/")
    page.get_by_text(NAME).first.wait_for()
    watch.look(NAME)
    click_through(watch)
    page.goto(f"{url}/lab/?study={NAME}")
    page.wait_for_timeout(1500)
    watch.look()
    click_through(watch)
    for view in ("bars", "agreement", "judgments", "judgments&judgment=1", "judgments&judgment=2"):
        page.goto(f"{url}/lab/?tab=judge&view={view}")
        page.locator(".address a:visible").wait_for()
        page.wait_for_timeout(400)
        watch.look(NAME)
    page.get_by_text("first reply").click()
    watch.look(*[one for one in payloads if "\n" not in one])


def work_in_admin(watch, folder, payloads):
    """The admins' way: every tab, files whose names and contents are payloads."""
    page, url = watch.page, watch.app.url
    page.goto(f"{url}/admin/")
    page.get_by_text(NAME).first.wait_for()
    click_through(watch)
    page.get_by_role("tab", name="People").click()
    page.get_by_role("cell", name=NAME[:60]).wait_for()
    watch.look(NAME[:60])
    page.get_by_role("tab", name="Imports").click()
    name = "<img src=x onerror=window.__xss=3>.jsonl"
    for content in (
        json.dumps({NAME: 1, "<script>window.__xss=4</script>": payloads}),
        json.dumps(
            {"question_id": NAME, "text": "\n".join(payloads), "category": NAME, NAME: NAME}
        ),
    ):
        path = folder / name
        path.write_text(content)
        page.locator("input[type=file]").first.set_input_files(path)
        page.locator(".drop .file-preview").first.wait_for()
        page.get_by_role("button", name="Import the file").click()
        page.locator(".outcome").first.wait_for()
        page.wait_for_timeout(600)
        watch.look("<img src=x onerror")
        page.reload()
        page.get_by_role("tab", name="Imports").click()


def test_the_control_without_our_renderer_and_policy_they_run_and_leave(browser):
    page, ran = browser.new_page(), 0
    with keep_canary() as canary, keep_canary() as wall:
        for payload in write_payloads(canary):
            wall.page = f"<!doctype html><p>{payload}</p>"
            page.goto(f"http://{wall.address}/", wait_until="commit")
            page.wait_for_timeout(150)
            with suppress(Error):  # the page may have left for the canary's
                ran += page.evaluate("window.__xss") is not None
        page.close()
        assert ran >= 8
        assert {"/1", "/2", "/3", "/5", "/6", "/7", "/8", "/9", "/10"} <= set(canary.hits)
