"""The judge's tab: bars of relative scores, whether judges can be trusted, and single judgments."""

from collections.abc import Mapping
from functools import partial
from typing import Any

import gradio as gr

from ui.context import Context
from ui.lab.judge.agreement import AgreementPart
from ui.lab.judge.bars import BarsPart
from ui.lab.judge.browser import Browser
from ui.lab.judge.where import VIEWS, choose_view
from ui.pieces import QUICK, unwrap

# Who comes back waits in the same line as who looks for the first time.
RETURNING: dict[str, Any] = {
    "concurrency_id": "judged",
    "concurrency_limit": 2,
    "show_progress": "hidden",
    "api_visibility": "private",
}
Part = BarsPart | AgreementPart | Browser


class JudgeTab:
    """Three parts, each with an address of its own."""

    def __init__(self, context: Context) -> None:
        """Lay out the tab."""
        self.shown = gr.Textbox(elem_id="judge-shown", visible="hidden", show_label=False)
        with gr.Tabs(selected=VIEWS[0], elem_id="judge-views") as self.views:
            with gr.Tab("Bars", id="bars") as bars:
                bars_part = BarsPart(context)
            with gr.Tab("Agreement", id="agreement") as agreement:
                agreement_part = AgreementPart(context)
            with gr.Tab("Judgments", id="judgments") as judgments:
                browser = Browser(context)
        self.tabs = {"bars": bars, "agreement": agreement, "judgments": judgments}
        self.parts: Mapping[str, Part] = {
            "bars": bars_part, "agreement": agreement_part, "judgments": browser
        }  # fmt: skip

    def arrive(self, request: gr.Request) -> Any:  # noqa: ANN401
        """Open the part that the page's address leads to."""
        return gr.Tabs(selected=choose_view(unwrap(request).query_params))

    def come_back(self, request: gr.Request, shown: str, *wheres: str) -> Any:  # noqa: ANN401
        """Fill anew the part that is shown, if it was filled before."""
        for (name, part), where in zip(self.parts.items(), wheres, strict=True):
            if shown == name and where:
                updates = part.arrive(request, where)
                return dict(zip(part.parts.outputs(), updates, strict=True))
        return gr.skip()

    def wire(self, tab: gr.Tab) -> None:
        """Let each part fill itself when it is chosen, and again when somebody comes back to it."""
        for name, part in self.parts.items():
            self.tabs[name].select(partial(str, name), None, self.shown, **QUICK)
            part.wire(self.tabs[name])
        wheres = [part.parts.where for part in self.parts.values()]
        out = [one for part in self.parts.values() for one in part.parts.outputs()]
        # One event for all: it takes the addresses before any part has filled itself.
        how = {**RETURNING, "show_progress_on": self.shown}
        tab.select(self.come_back, [self.shown, *wheres], out, **how)
