"""The tab of training: jobs under way, a new one, and training on what people preferred."""

from collections.abc import Mapping
from typing import Any

import gradio as gr

from ui.admin.training.circle import Circle
from ui.admin.training.plan import Planner
from ui.admin.training.watch import Watcher
from ui.context import Context
from ui.pieces import QUICK, make_markdown, unwrap

VIEWS = ("jobs", "new", "circle")
WORDS = (
    "The paper's models, the reward model and preference training as recipes. What is trained here "
    "is on the tab Models as soon as it is done, and in the lab's chat."
)


def choose_view(query: Mapping[str, str]) -> str:
    """Return the part of the tab that an address leads to."""
    asked = query.get("view", "")
    return asked if asked in VIEWS else VIEWS[0]


class School:
    """The tab: three parts."""

    def __init__(self, context: Context) -> None:
        """Lay out the tab."""
        make_markdown(f"## Train a model\n\n{WORDS}")
        with gr.Tabs(selected=VIEWS[0], elem_id="training-views") as self.views:
            with gr.Tab("Jobs", id="jobs"):
                self.watcher = Watcher(context)
            with gr.Tab("New job", id="new"):
                self.planner = Planner(context)
            with gr.Tab("Preferences", id="circle"):
                self.circle = Circle(context)

    def arrive(self, request: gr.Request) -> Any:  # noqa: ANN401
        """Open the part that the page's address leads to."""
        return gr.Tabs(selected=choose_view(unwrap(request).query_params))

    def begin(self, request: gr.Request, looked: str | None, *told: Any) -> tuple[Any, ...]:  # noqa: ANN401
        """Start a job, and go to where it is seen."""
        said, made, start = self.planner.begin(request, looked, *told)
        if not made:
            return (
                said,
                gr.skip(),
                start,
                gr.skip(),
                *[gr.skip()] * len(self.watcher.list_outputs()),
            )
        shown = self.watcher.show(request, made, [])
        return "", said, start, gr.Tabs(selected="jobs"), *shown

    def copy(self, request: gr.Request, job_id: str | None) -> tuple[Any, ...]:
        """Fill the form from a job, and go there."""
        return gr.Tabs(selected="new"), *self.planner.clone(request, job_id)

    def wire(self, site: gr.Blocks, tab: gr.Tab, others: list[gr.Tab]) -> None:
        """Wire the parts, and the ways between them."""
        planner, watcher = self.planner, self.watcher
        site.load(self.arrive, None, self.views, **QUICK)
        watcher.wire(site, tab, others)
        planner.wire(site, tab)
        self.circle.wire(site, tab)
        planner.start.click(
            self.begin,
            [planner.looked, *planner.form, planner.parent],
            [planner.said, watcher.done, planner.start, self.views, *watcher.list_outputs()],
            **QUICK,
        )
        watcher.clone.click(self.copy, watcher.job, [self.views, *planner.list_fields()], **QUICK)
