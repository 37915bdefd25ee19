"""The lab's site: who is here, and six tabs."""

from collections.abc import Mapping
from typing import Any

import gradio as gr

from ui.blocks import Site
from ui.context import Context
from ui.lab.chat.tab import Chat
from ui.lab.home import show_home
from ui.lab.items import Browser
from ui.lab.judge.cards import read_judged
from ui.lab.judge.tab import JudgeTab
from ui.lab.results import Viewer
from ui.lab.studies import Board, read_rows
from ui.pieces import QUICK, make_markdown, require, show_header, unwrap

TABS = ("home", "chat", "progress", "results", "judge", "items")


def choose_tab(query: Mapping[str, str]) -> str:
    """Return the tab that an address leads to: a study's name alone leads to its results."""
    asked = query.get("tab", "results" if query.get("study") else TABS[0])
    return asked if asked in TABS else TABS[0]


def build(context: Context) -> gr.Blocks:
    """Return the researchers' site."""

    def arrive(request: gr.Request) -> tuple[str, str, Any, Any]:
        account = require(context, request, "researcher")
        tab = choose_tab(unwrap(request).query_params)
        header, home = show_header(account, "Lab"), look(request)
        return header, home, gr.Tabs(selected=tab), judge.arrive(request)

    def look(request: gr.Request) -> str:
        account = require(context, request, "researcher")
        store = context.store
        jobs = context.workshop.list()
        judged = read_judged(store)
        return show_home(read_rows(store), account, context.settings.data, judged, jobs)

    with Site(title="Camelid lab", analytics_enabled=False) as site:
        header = make_markdown(elem_classes="header")
        with gr.Tabs(selected=TABS[0], elem_id="site") as tabs:
            with gr.Tab("Home", id="home") as home_tab:
                home = make_markdown(elem_id="home")
            with gr.Tab("Chat", id="chat") as chat_tab:
                chat = Chat(context)
            with gr.Tab("Progress", id="progress") as progress_tab:
                board = Board(context)
            with gr.Tab("Results", id="results") as results_tab:
                viewer = Viewer(context)
            with gr.Tab("Judge", id="judge") as judge_tab:
                judge = JudgeTab(context)
            with gr.Tab("Items", id="items") as items_tab:
                browser = Browser(context)
        # Progress is shown on the header alone: at each word that a chat streams, Gradio's page
        # visits all that is inside of what progress is shown on, and inside of tabs is everything.
        first = [header, home, tabs, judge.views]
        site.load(arrive, None, first, show_progress_on=header, **QUICK)
        home_tab.select(look, None, home, **QUICK)
        chat.wire(chat_tab)
        board.wire(progress_tab, [home_tab, chat_tab, results_tab, judge_tab, items_tab])
        viewer.wire(results_tab)
        judge.wire(judge_tab)
        browser.wire(items_tab)
    return site
