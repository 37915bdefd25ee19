"""The annotator's page: one pair at a time, blind, three questions, saved at once."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any, cast

import gradio as gr
from starlette.requests import Request

from annotations.studies import find_study_by_id
from backend.errors import CamelidError
from backend.records import Choice
from ui.context import Context
from ui.crowd.desk import Desk, NotSaved, Told
from ui.crowd.forgetful import Forgetful
from ui.crowd.page import Page, Updates, lay_out
from ui.crowd.screen import Screen
from ui.keys import Invitation
from ui.throttle import Throttle
from ui.wording import LOCALES, load_wording

LINK_DAYS = 90
Act = Callable[[Desk], Screen]
Find = Callable[[gr.Request], Desk]
# A vote must not wait behind anything, and no event has a name that others could call.
EVENT: dict[str, Any] = {"queue": False, "show_progress": "hidden", "api_visibility": "private"}


class Clerk:
    """Takes the events of the page to the desk of whoever sent them."""

    def __init__(self, context: Context, page: Page) -> None:
        """Serve one page to everybody."""
        self.context = context
        self.page = page
        self.votes = Throttle(context.settings.votes_per_minute, 60)

    def find_desk(self, request: gr.Request) -> Desk:
        """Return the desk of the annotator behind a request."""
        context = self.context
        http = cast(Request, request.request)
        annotator = context.find_annotator(http)
        if annotator is None:  # the gate let the request in, so the place has just gone
            raise NotSaved(load_wording(LOCALES[0])["gone"])
        study = find_study_by_id(context.store, annotator.study_id)
        expires_at = int(context.store.clock()) + LINK_DAYS * 24 * 3600
        text = context.signer.sign_invitation(Invitation(study.slug, annotator.code, expires_at))
        base = context.settings.public_url or str(http.base_url).split("/annotate")[0]
        return Desk(context.store, annotator, f"{base.rstrip('/')}/invite/{text}")

    def find_other_desk(self, request: gr.Request) -> Desk:
        """Return the desk of the annotator behind a request, from now on in the other language."""
        desk = self.find_desk(request)
        return desk.speak(next(name for name in LOCALES if name != desk.annotator.locale))

    def answer(self, request: gr.Request, act: Act, find: Find | None = None) -> Updates:
        """Return the page after an act; what could not be done leaves everything as it was.

        `find` brings another desk than the one as it was; answers on the page stay then.
        """
        try:
            desk = (find or self.find_desk)(request)
        except CamelidError as error:
            return self.page.tell(str(error))
        try:
            return self.page.fill(act(desk), desk.words, desk.link, keep=find is not None)
        except Told as error:
            return self.page.tell(str(error))
        except CamelidError:
            return self.page.tell(desk.words["not_saved"])

    def arrive(self, request: gr.Request) -> Updates:
        """Show what comes first."""
        return self.answer(request, Desk.arrive)

    def go_on(self, request: gr.Request) -> Updates:
        """Show the pair that is open, or the next one."""
        return self.answer(request, Desk.go_on)

    def save(
        self,
        request: gr.Request,
        ticket: str,
        comment: str,
        *votes: Choice | None,
    ) -> Updates:
        """Store the ballot on the page."""

        def save(desk: Desk) -> Screen:
            if self.votes.take(str(desk.annotator.annotator_id)):
                raise NotSaved(desk.words["too_fast"])
            with self.context.meter.time_save():
                return desk.save(ticket, votes, comment)

        return self.answer(request, save)

    def go_back(self, request: gr.Request, ticket: str) -> Updates:
        """Show the pair before the one on the page."""
        return self.answer(request, lambda desk: desk.go_back(ticket))

    def skip(self, request: gr.Request, ticket: str, reason: str | None) -> Updates:
        """Set the pair on the page aside."""
        return self.answer(request, lambda desk: desk.skip(ticket, reason))

    def speak(self, request: gr.Request, ticket: str) -> Updates:
        """Show the same in the other language; answers that are not saved yet stay.

        The ticket stays too: what was answered elsewhere meanwhile is not overwritten in secret.
        """
        return self.answer(
            request,
            lambda desk: (
                replace(desk.show_again(ticket), ticket=ticket) if ticket else desk.arrive()
            ),
            self.find_other_desk,
        )


def build(context: Context) -> gr.Blocks:
    """Return the annotators' site."""
    with Forgetful(title="Camelid", analytics_enabled=False) as site:
        page = lay_out()
        clerk = Clerk(context, page)
        outputs = page.outputs()
        ballot = [page.ticket, page.comment, *page.votes]
        site.load(clerk.arrive, None, outputs, **EVENT)
        page.start.click(clerk.go_on, None, outputs, **EVENT)
        page.forward.click(clerk.go_on, None, outputs, **EVENT)
        page.save.click(clerk.save, ballot, outputs, **EVENT)
        page.back.click(clerk.go_back, page.ticket, outputs, **EVENT)
        page.skip_go.click(clerk.skip, [page.ticket, page.skip_reason], outputs, **EVENT)
        page.language.click(clerk.speak, page.ticket, outputs, **EVENT)
    return site
