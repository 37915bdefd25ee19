"""The peer of bench/votes.py: the annotator's page as a plain Gradio app, Gradio left as it comes.

The same components, the same ledger and the same save (two transactions with synchronous=FULL,
then the next pair) as Camelid's own page; but events wait in Gradio's default queue, one at a time
for each function, and `launch()` serves them. It has no login, no guard and no cookies, which is
less work than ours: the annotator's code comes with each event.

    python -m bench.peer --data FOLDER --port PORT
"""

import argparse
import os
from pathlib import Path

import gradio as gr

from annotations.annotators import find_annotator
from annotations.store import Store
from backend.records import Choice
from ui.crowd.desk import Desk, NotSaved
from ui.crowd.page import Page, Updates, lay_out
from ui.crowd.task import Clerk

STUDY_ID = 1
TUNED = ("GRADIO_ANALYTICS_CACHE_FREQUENCY", "GRADIO_ANALYTICS_MAX_EVENTS")


class Peer(Clerk):
    """Camelid's own clerk, but each event brings the code of the annotator who asks."""

    def __init__(self, store: Store, page: Page) -> None:
        """Serve one page to everybody."""
        self.store, self.page = store, page

    def find_desk(self, request: str) -> Desk:
        """Return the desk of the annotator whose code this is."""
        annotator = find_annotator(self.store, STUDY_ID, request)
        if annotator is None:
            raise NotSaved("Nobody has this code.")
        return Desk(self.store, annotator, "http://127.0.0.1/invite/" + "x" * 90)

    def arrive(self, code: str) -> Updates:
        """Show what comes first."""
        return self.answer(code, Desk.arrive)

    def go_on(self, code: str) -> Updates:
        """Show the pair that is open, or the next one."""
        return self.answer(code, Desk.go_on)

    def save(self, code: str, ticket: str, comment: str, *votes: Choice | None) -> Updates:
        """Store the ballot on the page."""
        return self.answer(code, lambda desk: desk.save(ticket, votes, comment))


def build(store: Store) -> gr.Blocks:
    """Return the page, its events in the default queue."""
    with gr.Blocks(title="peer") as site:
        code = gr.Textbox(visible=False)
        page = lay_out()
        peer = Peer(store, page)
        outputs = page.outputs()
        site.load(peer.arrive, code, outputs)
        page.start.click(peer.go_on, code, outputs)
        page.save.click(peer.save, [code, page.ticket, page.comment, *page.votes], outputs)
    return site


def main() -> None:
    """Serve until told to stop."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--port", type=int, required=True)
    asked = parser.parse_args()
    for name in TUNED:  # importing `ui` has set them for Camelid; the peer has Gradio's own
        os.environ.pop(name, None)
    with Store(asked.data, purpose="the bench's peer") as store:
        build(store).launch(server_port=asked.port)


if __name__ == "__main__":
    main()
