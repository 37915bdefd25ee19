import pytest
from playwright.sync_api import expect

from backend.judge.records import VERDICT_OUTCOMES
from tests.browser import open_browser, serve_here
from tests.judged import add_judgment, make_questions
from tests.ledgers import open_store
from ui.lab.judge.words import OUTCOMES

PAIR = ("alpaca", "vicuna")


def test_every_outcome_has_a_word():
    assert set(OUTCOMES) == set(VERDICT_OUTCOMES)


@pytest.mark.browser
def test_from_bars_to_a_reply_and_back_without_loading_the_page(tmp_path):
    reply = "6 8\n<b>bold</b> <script>document.title = 'run'</script>"
    with open_store(tmp_path) as store:
        make_questions(store)
        add_judgment(store, 1, PAIR, (7, 9))
        add_judgment(store, 1, PAIR[::-1], (6, 8), reference_slot=1, text=reply)
        add_judgment(store, 2, PAIR, None, outcome="unreadable", text="Hm.")
    with serve_here(tmp_path) as app, open_browser() as browser:
        page = browser.new_page()
        page.goto(app.login)
        page.goto(f"{app.url}/lab/?tab=judge")
        page.wait_for_selector(".relative")
        assert "7.5 : 7.5" in page.inner_text(".relative")
        page.get_by_role("tab", name="Judgments", exact=True).click()
        page.get_by_label("Only where the judge contradicts itself").check()
        expect(page.locator(".pairs > li")).to_have_count(2)
        page.evaluate("window.stays = true")
        page.click(".pairs > li:nth-child(2) a.go")
        page.wait_for_url("**/lab/?tab=judge&view=judgments&flips=1&judgment=2")
        assert reply in page.inner_text(".judged")
        assert page.title() != "run"
        page.click(".again a.go")
        page.get_by_text("1 of 2", exact=True).wait_for()
        page.go_back()
        page.get_by_text("2 of 2", exact=True).wait_for()
        assert page.evaluate("window.stays")
        page.reload()
        assert reply in page.inner_text(".judged")
