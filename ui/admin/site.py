"""The admin's site: studies, imports, models, answers, judge, training, people, and the system."""

from collections.abc import Mapping
from typing import Any

import gradio as gr

from ui.admin.answers import Writer
from ui.admin.desk import check_admin
from ui.admin.imports import Intake
from ui.admin.judge import Tribunal
from ui.admin.models import Stable
from ui.admin.people import Registry
from ui.admin.studies import Workbench
from ui.admin.system import Monitor
from ui.admin.training import School
from ui.blocks import Site
from ui.context import Context
from ui.pieces import QUICK, make_markdown, show_header, unwrap

TABS = ("studies", "imports", "models", "answers", "judge", "training", "people", "system")
KEEP_UPLOAD_S = 3600  # a file that was uploaded and never imported


def choose_tab(query: Mapping[str, str]) -> str:
    """Return the tab that an address leads to."""
    asked = query.get("tab", "")
    return asked if asked in TABS else TABS[0]


def build(context: Context) -> gr.Blocks:
    """Return the admin's site."""

    def arrive(request: gr.Request) -> tuple[str, Any]:
        account = check_admin(context, request)
        tab = choose_tab(unwrap(request).query_params)
        return show_header(account, "Admin"), gr.Tabs(selected=tab)

    with Site(
        title="Camelid admin",
        analytics_enabled=False,
        delete_cache=(KEEP_UPLOAD_S, KEEP_UPLOAD_S),
    ) as site:
        header = make_markdown(elem_classes="header")
        with gr.Tabs(selected=TABS[0], elem_id="site") as tabs:
            with gr.Tab("Studies", id="studies") as studies_tab:
                workbench = Workbench(context)
            with gr.Tab("Imports", id="imports") as imports_tab:
                intake = Intake(context)
            with gr.Tab("Models", id="models") as models_tab:
                stable = Stable(context)
            with gr.Tab("Answers", id="answers") as answers_tab:
                writer = Writer(context)
            with gr.Tab("Judge", id="judge") as judge_tab:
                tribunal = Tribunal(context)
            with gr.Tab("Training", id="training") as training_tab:
                school = School(context)
            with gr.Tab("People", id="people") as people_tab:
                registry = Registry(context)
            with gr.Tab("System", id="system") as system_tab:
                monitor = Monitor(context)
        site.load(arrive, None, [header, tabs], **QUICK)
        workbench.wire(site, studies_tab)
        intake.wire(site, imports_tab)
        registry.wire(site, people_tab)
        all_tabs = [
            studies_tab, imports_tab, models_tab, answers_tab, judge_tab, training_tab, people_tab,
            system_tab,
        ]  # fmt: skip
        watching = (
            (monitor, system_tab), (stable, models_tab), (writer, answers_tab),
            (tribunal, judge_tab), (school, training_tab),
        )  # fmt: skip
        for one, own in watching:
            one.wire(site, own, [tab for tab in all_tabs if tab is not own])
    return site
