"""A page that sends too much is told on the screen that nothing was saved."""

import pytest

from annotations.store import Store
from annotations.studies import set_status
from tests.browser import open_browser, serve_here
from tests.ledgers import make_study, open_store

pytestmark = pytest.mark.browser


def test_the_page_says_that_a_hurried_vote_was_not_saved(tmp_path):
    with open_store(tmp_path) as store:
        make_study(store, enrolment="name")
        study = set_status(store, "study", "open", "test")
    with open_browser() as browser, serve_here(tmp_path, votes_per_minute=1) as app:
        page = browser.new_page()
        page.goto(f"{app.url}/join/{study.slug}")
        page.get_by_label("Your name or a nickname").fill("Ann")
        page.get_by_role("button", name="Take part").click()
        page.get_by_role("button", name="Start", exact=True).click()
        page.locator("#save").wait_for()
        for said in ("Saved, 1 of", "Not saved: "):
            for name in ("helpful", "honest", "harmless"):
                page.locator(f"#vote-{name} input").first.check()
            page.locator("#save").click()
            page.locator("#status").get_by_text(said).wait_for(state="attached")
        assert page.locator("#status").inner_text().startswith("Not saved: too many votes")
        assert page.locator("#vote-honest input").first.is_checked()  # the answers are still there
        page.close()
    with Store(tmp_path) as store:
        assert store.row("SELECT count(*) AS n FROM ballot")["n"] == 1
