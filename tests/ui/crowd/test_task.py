"""The annotators' page as people use it: in a real Chromium, against the real app."""

import base64
import csv
import io
import json
import random
from collections import Counter

import pytest
from playwright.sync_api import expect

from annotations.exports import write_votes
from annotations.store import Store
from annotations.studies import Plan, create_study, set_status
from backend.records import CRITERIA
from tests.browser import open_browser, run_app, serve_here
from tests.ledgers import open_store
from ui.wording import hash_wording

pytestmark = pytest.mark.browser

SYSTEMS = ("zebra-13b", "okapi-7b")
WORDS = {"zebra-13b": "calm", "okapi-7b": "lively"}
N_ITEMS, N_EACH = 16, 12  # four people, three votes on each item
NASTY = (
    '<img src=x onerror="window.__xss=1"><script>window.__xss=2</script> '
    "[link](javascript:window.__xss=3) $$x^2$$ <b>not bold</b> `a < b`\n\n"
    "| a | b |\n|---|---|\n| <i>1</i> | 2 |\n\n```html\n<form action=http://evil.example>\n\n</form>\n```"
)


def fill_ledger(folder, n_items, *, answers=None, **plan):
    """Make a study whose answers tell us, and no annotator, which system wrote them."""
    answers = answers or {name: [f"{WORDS[name]} {n}" for n in range(n_items)] for name in SYSTEMS}
    with open_store(folder) as store:
        with store.write() as db:
            db.execute("INSERT INTO source_file VALUES (1, 'x', 'x', 'x', 1, 'x', 'x')")
            db.execute("INSERT INTO benchmark VALUES (1, 'tasks', 1)")
            for number in range(n_items):
                db.execute(
                    "INSERT INTO item VALUES (?, 1, ?, ?, ?, '', '', '', 'en', 'x')",
                    (number + 1, f"t{number}", number, f"Task {number}."),
                )
            for key, name in enumerate(SYSTEMS, 1):
                db.execute("INSERT INTO system VALUES (?, ?)", (key, name))
                for number, text in enumerate(answers[name]):
                    db.execute(
                        """INSERT INTO answer(item_id, system_id, sample, text, sha256, source_id)
                        VALUES (?, ?, 0, ?, 'x', 1)""",
                        (number + 1, key, text),
                    )
        create_study(
            store, Plan("zebra-13b against okapi-7b", "tasks", SYSTEMS, **plan), hash_wording(), "t"
        )
        return set_status(store, "zebra-13b against okapi-7b", "open", "t")


@pytest.fixture(scope="module")
def browser():
    with open_browser() as opened:
        yield opened


def join(page, app, study, name):
    """Join by name and press Start."""
    page.goto(f"{app.url}/join/{study.slug}")
    page.get_by_label("Your name or a nickname").fill(name)
    page.get_by_role("button", name="Take part").click()
    page.get_by_role("button", name="Start", exact=True).click()
    page.locator("#save").wait_for()


def read_pair(page):
    """Return the item's number and the word of the system on the left, as the page shows them."""
    item = page.locator("#item .text").first.inner_text()
    left = page.locator("#left .rendered").inner_text()
    return item.removeprefix("Task ").rstrip("."), left.split()[0]


def answer(page, choices):
    """Choose for each question: 0, 1 or 2."""
    for name, number in zip(CRITERIA, choices, strict=True):
        page.locator(f"#vote-{name} input").nth(number).check()


def save(page):
    """Press the button and wait for what follows the commit: the next task, or the last words."""
    ticket = page.locator("#ticket textarea").input_value()
    page.locator("#save").click()
    page.wait_for_function(
        """before => {
            const ticket = document.querySelector("#ticket textarea").value
            const next = document.querySelector(ticket ? "#save" : "#message")
            return ticket !== before && next?.getClientRects().length > 0
        }""",
        arg=ticket,
        timeout=60_000,
    )


def read_votes(folder, study):
    """Return the rows of the long vote export."""
    with Store(folder) as store:
        text = io.StringIO()
        write_votes(store, study, text)
    return list(csv.DictReader(io.StringIO(text.getvalue())))


def read_traffic(path):
    """Return all that went over the wire, as lower-case text."""
    har = json.loads(path.read_text(encoding="utf-8"))
    parts = []
    for entry in har["log"]["entries"]:
        content = entry["response"]["content"]
        body = content.get("text", "")
        if content.get("encoding") == "base64":
            body = base64.b64decode(body).decode("utf-8", "replace")
        parts += [entry["request"]["url"], json.dumps(entry["response"]["headers"]), body]
    assert any("/gradio_api/run/" in part for part in parts), "the traffic was not recorded"
    return "\n".join(parts).lower()


def test_annotators_in_parallel_finish_a_study(tmp_path, browser):
    study = fill_ledger(tmp_path, N_ITEMS, quota=N_EACH)
    chance, clicked = random.Random(7), {}
    with run_app(tmp_path) as app:
        hars = [tmp_path / f"{n}.har" for n in range(4)]
        contexts = [browser.new_context(record_har_path=har) for har in hars]
        pages = [context.new_page() for context in contexts]
        for number, page in enumerate(pages):
            join(page, app, study, f"Person {number}")
        working = list(range(4))
        while working:
            who = chance.choice(working)
            page = pages[who]
            choices = [chance.randrange(3) for _ in CRITERIA]
            item, left = read_pair(page)
            answer(page, choices)
            save(page)
            clicked[who, item] = (left, choices)
            if page.locator("#message").is_visible():
                assert (
                    f"All {N_EACH} of your answers are saved"
                    in page.locator("#message").inner_text()
                )
                working.remove(who)
        for context in contexts:
            context.close()
    check_votes(read_votes(tmp_path, study), clicked)
    for har in hars:
        assert not [name for name in SYSTEMS if name in read_traffic(har)]


def check_votes(rows, clicked):
    """Hold the export against what was clicked: every pair three times, on balanced sides."""
    exported = Counter()
    for row in rows:
        word = WORDS[row["left_system"]]
        exported[row["item_id"].removeprefix("t"), row["criterion"], row["choice"], word] += 1
    wanted = Counter()
    for (_, item), (left, choices) in clicked.items():
        for name, number in zip(CRITERIA, choices, strict=True):
            wanted[item, name, ("left", "tie", "right")[number], left] += 1
    assert exported == wanted
    ballots = Counter(item for _, item in clicked)
    assert set(ballots.values()) == {3}
    assert len(ballots) == N_ITEMS
    lefts = Counter(item for (_, item), (left, _) in clicked.items() if left == "calm")
    assert set(lefts.values()) <= {1, 2}
    assert len(lefts) == N_ITEMS


def test_a_planted_name_is_seen_in_the_traffic(tmp_path, browser):
    answers = {"zebra-13b": ["I am zebra-13b."], "okapi-7b": ["I am not."]}
    study = fill_ledger(tmp_path, 1, answers=answers)
    with serve_here(tmp_path) as app:
        context = browser.new_context(record_har_path=tmp_path / "x.har")
        join(context.new_page(), app, study, "Ann")
        context.close()
    assert "zebra-13b" in read_traffic(tmp_path / "x.har")


def test_work_goes_on_after_a_reload_on_another_device_and_in_a_second_tab(tmp_path, browser):
    study = fill_ledger(tmp_path, 4)
    with serve_here(tmp_path) as app:
        first = browser.new_context()
        page = first.new_page()
        page.goto(f"{app.url}/join/{study.slug}")
        page.get_by_label("Your name or a nickname").fill("Ann")
        page.get_by_role("button", name="Take part").click()
        link = page.get_by_role("link", name="your personal link").get_attribute("href")
        page.get_by_role("button", name="Start", exact=True).click()
        page.locator("#save").wait_for()
        answer(page, (0, 1, 2))
        save(page)
        expect(page.locator("#status")).to_have_text("Saved, 1 of 21")
        shown = read_pair(page)
        page.reload()
        page.locator("#save").wait_for()
        assert read_pair(page) == shown
        other = browser.new_context().new_page()
        other.goto(link)
        other.locator("#save").wait_for()
        assert read_pair(other) == shown
        answer(other, (0, 0, 0))
        save(other)
        answer(page, (2, 2, 2))
        page.locator("#save").click()
        page.get_by_text("answered in another tab").wait_for()
    rows = read_votes(tmp_path, study)
    assert len(rows) == 6
    assert {row["choice"] for row in rows if row["item_id"] == f"t{shown[0]}"} == {"left"}


def test_back_shows_the_answer_and_changes_it(tmp_path, browser):
    study = fill_ledger(tmp_path, 3)
    with serve_here(tmp_path) as app:
        page = browser.new_page()
        join(page, app, study, "Ann")
        first = read_pair(page)
        answer(page, (0, 1, 2))
        page.locator("#comment textarea").fill("so far")
        save(page)
        page.locator("#back").click()
        page.locator("#status").get_by_text("You are changing task 1").wait_for()
        assert read_pair(page) == first
        expect(page.locator("#foot input:checked")).to_have_count(3)
        checked = page.locator("#foot input:checked").evaluate_all("all => all.map(i => i.value)")
        assert checked == ["left", "tie", "right"]
        expect(page.locator("#comment textarea")).to_have_value("so far")
        answer(page, (2, 2, 2))
        save(page)
        page.close()
    rows = read_votes(tmp_path, study)
    assert {(row["choice"], row["revision"]) for row in rows} == {("right", "1")}


def test_nothing_runs_and_every_character_is_shown(tmp_path, browser):
    answers = {"zebra-13b": [NASTY], "okapi-7b": [NASTY + " x"]}
    study = fill_ledger(tmp_path, 1, answers=answers)
    with serve_here(tmp_path) as app:
        page = browser.new_page()
        left_origin = []
        page.on("request", lambda r: r.url.startswith(app.url) or left_origin.append(r.url))
        join(page, app, study, "Ann")
        for side in ("left", "right"):
            shown = page.locator(f"#{side} .rendered").inner_text()
            for text in ("<img src=x onerror", "<script>", "$$x^2$$", "<b>not bold</b>", "a < b",
                         "<i>1</i>", "<form action=http://evil.example>\n\n</form>"):  # fmt: skip
                assert text in shown
            assert page.locator(f"#{side} :is(img, script, form, a, i)").count() == 0
        page.get_by_label("Plain text").check()
        plain = page.locator("#left .plain")
        expect(plain).to_be_visible()
        assert plain.inner_text() in (NASTY, NASTY + " x")
        assert page.evaluate("window.__xss") is None
        page.close()
    assert [url for url in left_origin if not url.startswith(("data:", "blob:"))] == []


def test_the_control_a_page_without_our_renderer_would_run_it(browser):
    page = browser.new_page()
    page.set_content(NASTY)
    page.wait_for_function("window.__xss")
    page.close()


def test_the_keyboard_alone_is_enough(tmp_path, browser):
    study = fill_ledger(tmp_path, 2)
    with serve_here(tmp_path) as app:
        page = browser.new_page()
        page.goto(f"{app.url}/join/{study.slug}")
        page.locator("input:focus").wait_for()
        page.keyboard.type("Ann")
        page.keyboard.press("Enter")
        page.locator("#start").focus()
        page.keyboard.press("Enter")
        page.locator("#save").wait_for()
        groups = page.get_by_role("radiogroup")
        expect(groups).to_have_count(3)
        for number in range(3):
            groups.nth(number).get_by_role("radio").first.focus()
            page.keyboard.press(str(number + 1))
        page.keyboard.press("Control+Enter")
        page.locator("#status").get_by_text("Saved, 1 of 21").wait_for()
        page.close()
    rows = read_votes(tmp_path, study)
    assert [row["choice"] for row in rows] == ["left", "tie", "right"]


@pytest.mark.parametrize("width", [320, 390, 1280])
def test_no_page_is_wider_than_the_screen_and_the_language_changes(tmp_path, browser, width):
    study = fill_ledger(tmp_path, 1, answers={name: ["word" * 90] for name in SYSTEMS})
    with serve_here(tmp_path) as app:
        page = browser.new_page(viewport={"width": width, "height": 800})
        join(page, app, study, "Ann")
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        answer(page, (0, 1, 2))
        page.get_by_role("button", name="中文").click()
        page.get_by_role("button", name="保存并继续").wait_for()
        expect(page.locator("html")).to_have_attribute("lang", "zh")
        expect(page.locator("#foot input:checked")).to_have_count(3)
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        page.close()


def test_an_old_saved_never_stands_beside_a_save_that_failed(tmp_path, browser):
    study = fill_ledger(tmp_path, 3)
    with serve_here(tmp_path) as app:
        context = browser.new_context()
        page = context.new_page()
        join(page, app, study, "Ann")
        answer(page, (0, 0, 0))
        save(page)
        page.locator("#status").get_by_text("Saved, 1 of 21").wait_for()
        answer(page, (1, 1, 1))
        kept = context.cookies()
        context.clear_cookies()
        page.locator("#save").click()
        page.locator("#notice").get_by_text("found any more").wait_for()
        expect(page.locator("#status")).to_be_hidden()
        context.add_cookies(kept)
        context.set_offline(True)
        page.locator("#save").click()
        page.locator("#notice").get_by_text("did not reach the server").wait_for()
        expect(page.locator("#status")).to_be_hidden()
        context.close()
    assert len(read_votes(tmp_path, study)) == 3


def test_a_page_that_was_open_over_a_restart_saves_its_answer(tmp_path, browser):
    study = fill_ledger(tmp_path, 3)
    page = browser.new_page()
    with run_app(tmp_path) as app:
        join(page, app, study, "Ann")
        answer(page, (0, 1, 2))
        page.locator("#comment textarea").press_sequentially("so far")
        page.evaluate("window.before = true")
        port = app.url.rsplit(":", 1)[1]
    page.locator("#save").click()
    page.locator("#notice").get_by_text("did not reach the server").wait_for()
    with run_app(tmp_path, "--port", port):
        # Gradio reloads a page whose server has come back; the answers are still there.
        page.wait_for_function(
            """() => !window.before
                && document.querySelectorAll("#foot input:checked").length === 3""",
            timeout=60_000,
        )
        expect(page.locator("#comment textarea")).to_have_value("so far")
        page.locator("#save").click()
        page.locator("#status").get_by_text("Saved, 1 of 21").wait_for()
    page.close()
    assert [row["choice"] for row in read_votes(tmp_path, study)] == ["left", "tie", "right"]


def test_the_other_language_does_not_overwrite_what_another_tab_saved(tmp_path, browser):
    study = fill_ledger(tmp_path, 2)
    with serve_here(tmp_path) as app:
        context = browser.new_context()
        page = context.new_page()
        join(page, app, study, "Ann")
        answer(page, (2, 2, 2))
        other = context.new_page()
        other.goto(f"{app.url}/annotate/")
        other.locator("#save").wait_for()
        answer(other, (0, 0, 0))
        save(other)
        page.get_by_role("button", name="中文").click()
        page.get_by_role("button", name="保存").wait_for()
        page.locator("#save").click()
        page.get_by_text("已在另一个标签页中作答").wait_for()
        context.close()
    assert {row["choice"] for row in read_votes(tmp_path, study)} == {"left"}
