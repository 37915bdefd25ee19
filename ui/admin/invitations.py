"""Invitation links: each is one person's place in a study."""

from typing import Any

import gradio as gr

from annotations.annotators import make_code
from annotations.store import Store
from annotations.studies import find_study
from backend.errors import CamelidError, InputError
from ui.admin.desk import check_admin, read_number
from ui.context import Context
from ui.keys import Invitation, Signer
from ui.pieces import QUICK, find_base, make_markdown, show_done, show_problem

MAX_LINKS = 500
MAX_DAYS = 365
LINK_DAYS = 90


def make_links(
    store: Store, signer: Signer, name: str | None, base: str, n_links: int, n_days: int
) -> list[str]:
    """Return fresh links to a study; each seats whoever opens it first, and brings them back.

    Errors: InputError without a study; NotFound for an unknown one.
    """
    if not name:
        raise InputError("Choose a study first.")
    study = find_study(store, name)
    expires_at = int(store.clock()) + n_days * 24 * 3600
    invitations = [Invitation(study.slug, make_code(), expires_at) for _ in range(n_links)]
    return [f"{base}/invite/{signer.sign_invitation(one)}" for one in invitations]


def describe_links(store: Store, name: str, n_links: int, n_days: int) -> list[str]:
    """Return what the links are good for."""
    study = find_study(store, name)
    many = f"{n_links:,} links, each for one person" if n_links > 1 else "1 link, for one person"
    lines = [f"{many}, good for {n_days:,} days. They are not stored here: copy them now."]
    if study.status != "open":
        lines.append(f"{study.name} is {study.status}: the links work when it is open.")
    return lines


class Invitations:
    """The part of the studies tab where links are made."""

    def __init__(self, context: Context, study: gr.Dropdown) -> None:
        """Lay out the form under the study that is chosen."""
        self.context = context
        self.study = study
        with gr.Row(elem_classes="line"):
            self.n = gr.Number(
                10, label="Invitation links", precision=0, minimum=1, maximum=MAX_LINKS
            )
            self.days = gr.Number(
                LINK_DAYS, label="Good for days", precision=0, minimum=1, maximum=MAX_DAYS
            )
            self.make = gr.Button("Make links", elem_classes="act")
        self.said = make_markdown()
        self.links = gr.Textbox(
            label="Links, one a line", lines=4, max_lines=12, interactive=False, buttons=["copy"],
            visible=False, elem_classes="links",
        )  # fmt: skip

    def invite(
        self, request: gr.Request, name: str | None, n: float | None, days: float | None
    ) -> tuple[str, Any]:
        """Make links."""
        check_admin(self.context, request)
        context = self.context
        try:
            n_links = read_number("The number of links", n, MAX_LINKS)
            n_days = read_number("The number of days", days, MAX_DAYS)
            base = find_base(context, request)
            links = make_links(context.store, context.signer, name, base, n_links, n_days)
            said = show_done(*describe_links(context.store, name or "", n_links, n_days))
        except CamelidError as error:
            return show_problem(error), gr.update(value="", visible=False)
        return said, gr.update(value="\n".join(links), visible=True)

    def wire(self) -> None:
        """Wire the button."""
        form = [self.study, self.n, self.days]
        self.make.click(self.invite, form, [self.said, self.links], **QUICK)
