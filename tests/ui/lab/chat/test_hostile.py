"""Answers and prompts that want to run, streamed by a real server into a real Chromium.

The control is in the test of all other pages: the same texts run where our renderer is away.
"""

import json
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from playwright.sync_api import expect

from backend.registry import add_card
from backend.registry.cards import OpenAICard
from tests.browser import open_browser, serve_here
from tests.ui.test_xss import Watch, keep_canary, write_payloads

pytestmark = pytest.mark.browser


class Speaker(BaseHTTPRequestHandler):
    """A server of OpenAI's protocol that streams one text to whoever asks."""

    def do_POST(self):
        self.rfile.read(int(self.headers["content-length"]))
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.end_headers()
        text = self.server.text
        for start in range(0, len(text), 40):
            self.tell({"content": text[start : start + 40]}, None)
        self.tell({}, "stop")
        self.wfile.write(b"data: [DONE]\n\n")

    def tell(self, delta, finish):
        chunk = {
            "id": "x", "object": "chat.completion.chunk", "created": 0, "model": "m",
            "choices": [{"index": 0, "delta": delta, "finish_reason": finish}],
        }  # fmt: skip
        self.wfile.write(f"data: {json.dumps(chunk)}\n\n".encode())

    def log_message(self, *_):
        pass


@contextmanager
def serve_text(text):
    server = ThreadingHTTPServer(("127.0.0.1", 0), Speaker)
    server.text = text
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/v1"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_no_prompt_and_no_answer_runs_or_leaves(tmp_path):
    with keep_canary() as canary:
        payloads = write_payloads(canary)
        everything = "\n\n".join(payloads)
        with serve_text(everything) as url, open_browser() as browser, serve_here(tmp_path) as app:
            for name in ("one", "two"):
                title = f"<img src=x onerror=window.__xss=1>{name}"
                add_card(tmp_path, OpenAICard(name=name, title=title, base_url=url, model="m"))
            watch = Watch(browser, app, canary)
            page = watch.page
            page.goto(app.login)
            page.goto(f"{app.url}/lab/?tab=chat")
            expect(page.locator("#chat-head h2")).to_be_visible()
            page.locator("#chat-box textarea").fill(everything)
            page.locator("#chat-box textarea").press("Enter")
            page.locator("#chat-votes").wait_for()
            watch.look()
            shown = page.locator("#chat-live .rendered").first.inner_text()
            marked_up = ("```", "&lt;")  # Markdown reads these; the plain text below does not
            assert all(one in shown for one in payloads if not one.startswith(marked_up))
            asked = page.locator("#chat-asked").inner_text()
            assert all(one in asked for one in payloads)
            page.get_by_label("Plain text").check()
            watch.look()
            plain = page.locator("#chat-live .plain").first.inner_text()
            assert all(one in plain for one in payloads)
            for name in ("helpful", "honest", "harmless"):
                page.locator(f"#chat-{name} input").first.check()
            page.locator("#chat-comment").locator("input, textarea").fill(everything[:1900])
            page.locator("#chat-show").click()
            expect(page.locator("#chat-head h2")).to_contain_text("<img src=x")  # a name is text
            page.locator("#chat-box textarea").fill("Next.")
            page.locator("#chat-box textarea").press("Enter")
            expect(page.locator("#chat-turns")).to_contain_text("Your votes")
            watch.look("<img src=x onerror=window.__xss=1>one")
            page.close()
