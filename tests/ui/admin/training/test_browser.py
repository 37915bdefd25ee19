"""The whole way in a real app and a real Chromium: train, reload, restart, finish, chat."""

import json
import os
import re
from pathlib import Path

import psutil
import pytest
from playwright.sync_api import expect

from annotations.accounts import Account, add_account
from tests.browser import open_browser, run_app
from tests.jobs import wait_for
from tests.ledgers import open_store
from training.data.library import add_file
from training.jobs import ask_stop, list_jobs

pytestmark = pytest.mark.browser

N_ROWS, N_EPOCHS = 6, 100  # some 330 steps: half a minute on two cores
PASSWORD = "correct horse battery"
WAIT_MS = 90_000  # a busy machine takes its time
OWN = [
    {
        "instruction": f"Count things with {n} legs.",
        "input": "",
        "output": " ".join(f"Stool {place} has {n} legs, not {place + n}." for place in range(12)),
    }
    for n in range(3, 3 + N_ROWS)
]


@pytest.fixture
def data(tmp_path):
    """A data folder with an admin and training data: published rows, or self-written ones."""
    published = Path(os.environ.get("CAMELID_DATA_SOURCES", "")) / "sft" / "alpaca_en_demo.json"
    source = tmp_path / "rows.json"
    rows = json.loads(published.read_text("utf-8")) if published.is_file() else OWN
    source.write_text(json.dumps(rows), "utf-8")
    add_file(tmp_path / "data", source, "alpaca_en_demo.json")
    with open_store(tmp_path / "data") as store:
        add_account(store, Account("ada", "admin"), PASSWORD, "test")
    yield tmp_path / "data"
    for job in list_jobs(tmp_path / "data"):
        if job.state.life != "ended":  # it may outlive the app, but not a test that failed
            ask_stop(job, now=True)


def log_in(page, url):
    page.goto(f"{url}/login?next=/admin/")
    page.get_by_label("Name").fill("ada")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    page.wait_for_url(lambda url: "/login" not in url)


def order_job(page, url):
    """Fill in the form, see what will happen, and start."""
    page.goto(f"{url}/admin/?tab=training&view=new")
    expect(page.get_by_label("Epochs")).to_have_value(re.compile("[0-9]"))
    page.get_by_label("Recipe", exact=True).click()
    page.get_by_role("option", name="tiny-llama-gpt4").click()
    expect(page.get_by_label("Name of the new model")).to_have_value("tiny-llama-gpt4")
    page.get_by_label("Training data").click()
    page.get_by_role("option", name="alpaca_en_demo.json").click()
    page.keyboard.press("Escape")
    page.get_by_label("Epochs").fill(str(N_EPOCHS))
    page.get_by_role("textbox", name=re.compile("^Rows From")).fill(str(N_ROWS))
    expect(page.locator("#training-start")).to_be_disabled()
    page.get_by_role("button", name="See what will happen").click()
    expect(page.locator("#training-start")).to_contain_text("steps")
    expect(page.locator(".tokens .loss").nth(1)).to_have_text(re.compile("</s>$"))
    page.locator("#training-start").click()
    page.locator(".job .status", has_text=re.compile("Running|Starting|Queued")).wait_for()


def read_steps(page):
    """How far the bar of the job that is shown has come."""
    return int(page.locator(".job progress").get_attribute("value"))


def test_a_model_is_trained_in_the_page_across_a_reload_and_a_restart_and_chatted_with(data):
    with open_browser() as browser:
        page = browser.new_page()
        page.set_default_timeout(WAIT_MS)
        with run_app(data, "--no-demo") as app:
            log_in(page, app.url)
            order_job(page, app.url)
            page.locator(".curves .js-plotly-plot").wait_for()
            first = read_steps(page)
            wait_for(lambda: read_steps(page) > first, WAIT_MS / 1000)
            (job,) = list_jobs(data)
            page.wait_for_url(f"**job={job.id}**")
            page.reload()
            page.locator(".curves .js-plotly-plot").wait_for()
            assert read_steps(page) > first
        state = list_jobs(data)[0].state
        assert state.life == "running" and psutil.pid_exists(state.pid)
        with run_app(data, "--no-demo") as app:
            page.goto(f"{app.url}/admin/?tab=training&job={job.id}")
            page.locator(".job .status", has_text="Done").wait_for()
            page.locator(".curves .js-plotly-plot").wait_for()
            page.set_viewport_size({"width": 390, "height": 844})
            assert page.evaluate("document.documentElement.scrollWidth") <= 390
            page.get_by_role("link", name="Chat with it").click()
            chat_with(page, "tiny-llama-gpt4")
    assert [one.state.end for one in list_jobs(data)] == ["done"]


def chat_with(page, name):
    """Ask a model that the address has put on the first side."""
    page.wait_for_url(f"**/lab/**model={name}**")
    expect(page.get_by_label("Response 1").first).to_have_value(re.compile("llama", re.IGNORECASE))
    box = page.locator("#chat-box textarea")
    box.fill("Count things with 3 legs.")
    box.press("Enter")
    page.locator("#chat-live .reply .tools").first.wait_for()
    said = page.locator("#chat-live .reply .rendered").first.inner_text()
    assert said.strip(), "the model said nothing"
