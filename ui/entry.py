"""The plain pages in front of the sites: login, joining a study, invitation links."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from secrets import compare_digest, token_urlsafe
from urllib.parse import parse_qsl

from fastapi import APIRouter
from fastapi.responses import HTMLResponse, PlainTextResponse, RedirectResponse
from fastapi.templating import Jinja2Templates
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from annotations.accounts import Account, check_password, end_session, list_accounts, open_session
from annotations.annotators import enrol_invited, enrol_named
from annotations.studies import find_study_by_slug, list_studies
from backend.errors import CamelidError, Conflict, InputError, Refused
from backend.records import Annotator, Study
from ui.context import ANNOTATOR_COOKIE, STAFF_COOKIE, Context
from ui.throttle import Throttle, find_network
from ui.wording import LOCALES, choose_locale, load_wording

TEMPLATES = Path(__file__).parent / "templates"
ANNOTATOR_COOKIE_S = 90 * 24 * 3600
AFTER_LOGIN = ("/lab/", "/admin/")


class Door:
    """The one-time link of an app that has no accounts: each token opens once.

    Whoever prints the links sets `on_used`; it is called with the next token when one was used.
    """

    def __init__(self) -> None:
        """Make the first token."""
        self.token = token_urlsafe(24)
        self.on_used: Callable[[str], None] | None = None

    def open(self, token: str) -> bool:
        """Say whether a token fits; if it does, the next one is made at once."""
        if not compare_digest(token.encode(), self.token.encode()):
            return False
        self.token = token_urlsafe(24)
        if self.on_used is not None:
            self.on_used(self.token)
        return True


@dataclass(frozen=True)
class Entry:
    """The plain pages of one app, with what they have to remember between requests."""

    context: Context
    door: Door | None
    logins: Throttle
    joins: Throttle
    pages: Jinja2Templates = field(default_factory=lambda: Jinja2Templates(TEMPLATES))

    def routes(self) -> APIRouter:
        """Return the routes of all plain pages."""
        router = APIRouter()
        router.add_api_route("/", self.show_start)
        router.add_api_route("/favicon.ico", lambda: RedirectResponse("/static/icon.svg"))
        router.add_api_route("/healthz", lambda: PlainTextResponse("ok"))
        router.add_api_route("/login", self.show_login)
        router.add_api_route("/login", self.log_in, methods=["POST"])
        router.add_api_route("/logout", self.log_out)
        router.add_api_route("/join", self.show_join)
        router.add_api_route("/join/{slug}", self.show_join)
        router.add_api_route("/join/{slug}", self.join, methods=["POST"])
        router.add_api_route("/invite/{text}", self.accept_invitation)
        return router

    def show_start(self) -> Response:
        """Lead to the lab."""
        return RedirectResponse("/lab/", 303)

    # --- researchers and admins

    def show_login(self, request: Request, token: str = "", next: str = "/lab/") -> Response:
        """Show the login form, or let in whoever brings the one-time token."""
        if not token:
            return self.login_page(request, next)
        if self.door is None or list_accounts(self.context.store) or not self.door.open(token):
            return self.login_page(
                request, next, "This link was used already, or is from an earlier start.", 401
            )
        return self.let_in(Account("first admin", "admin"), next)

    async def log_in(self, request: Request) -> Response:
        """Check a name and a password."""
        form = await read_form(request)
        return await run_in_threadpool(self.check_login, request, form)

    def check_login(self, request: Request, form: dict[str, str]) -> Response:
        """Let in, or say that it was wrong; an address that guesses has to wait."""
        address = find_address(request)
        wait_s = self.logins.take(address)
        target = form.get("next", "/lab/")
        if wait_s:
            problem = f"Too many wrong passwords. Try again in {wait_s // 60 + 1} min."
            page = self.login_page(request, target, problem, 429)
            page.headers["Retry-After"] = str(wait_s)
            return page
        try:
            account = check_password(
                self.context.store, form.get("name", ""), form.get("password", "")
            )
        except Refused as error:
            return self.login_page(request, target, str(error), 401)
        self.logins.give_back(address)
        return self.let_in(account, target)

    def let_in(self, account: Account, target: str) -> Response:
        """Start a session and go where the person wanted to go."""
        hours = self.context.settings.login_hours
        token = open_session(self.context.store, account, hours)
        response = RedirectResponse(target if target in AFTER_LOGIN else "/lab/", 303)
        self.set_cookie(response, STAFF_COOKIE, self.context.signer.sign_staff(token), hours * 3600)
        return response

    def login_page(
        self, request: Request, target: str, problem: str = "", status: int = 200
    ) -> HTMLResponse:
        """Return the login form."""
        values = {
            "title": "Log in",
            "locale": "en",
            "next": target if target in AFTER_LOGIN else "/lab/",
            "problem": problem,
            "has_accounts": bool(list_accounts(self.context.store)),
        }
        return self.pages.TemplateResponse(request, "login.html", values, status)

    def log_out(self, request: Request) -> Response:
        """End the session, on the server too."""
        token = self.context.signer.read_staff(request.cookies.get(STAFF_COOKIE, ""))
        if token is not None:
            end_session(self.context.store, token)
        response = RedirectResponse("/login", 303)
        response.delete_cookie(STAFF_COOKIE)
        return response

    # --- annotators

    def show_join(self, request: Request, slug: str = "") -> Response:
        """Show the form of one study, or the studies that are open to everybody."""
        if not slug:
            return self.join_page(request, None)
        study = find_study_by_slug(self.context.store, slug)
        if study is None:
            return self.join_page(request, None, "link_refused", 404)
        return self.join_page(request, study)

    async def join(self, request: Request, slug: str) -> Response:
        """Take somebody into a study by name."""
        form = await read_form(request)
        return await run_in_threadpool(self.check_join, request, slug, form.get("name", ""))

    def check_join(self, request: Request, slug: str, name: str) -> Response:
        """Take in, or say why not."""
        study = find_study_by_slug(self.context.store, slug)
        if study is None:
            return self.join_page(request, None, "link_refused", 404)
        address = find_address(request)
        wait_s = self.joins.take(address)
        if wait_s:
            return self.join_page(request, study, "join_wait", 429)
        try:
            annotator = enrol_named(self.context.store, study, name, self.locale(request))
        except CamelidError as error:
            self.joins.give_back(address)
            return self.explain_join(request, study, error)
        return self.seat(annotator)

    def explain_join(self, request: Request, study: Study, error: CamelidError) -> Response:
        """Return the page that says why somebody was not taken in."""
        if isinstance(error, InputError):
            return self.join_page(request, study, "join_bad_name", 422)
        if isinstance(error, Conflict):
            return self.join_page(request, study, "join_taken", 409)
        if isinstance(error, Refused):
            return self.join_page(request, study, "join_refused", 403)
        raise error

    def accept_invitation(self, request: Request, text: str) -> Response:
        """Seat whoever brings a signed link: for the first time, or to go on where they were."""
        store = self.context.store
        try:
            invitation = self.context.signer.read_invitation(text, store.clock())
            study = find_study_by_slug(store, invitation.slug)
            if study is None:
                raise Refused("There is no study behind this link.")
            annotator = enrol_invited(store, study, invitation.code, self.locale(request))
        except CamelidError:
            return self.join_page(request, None, "link_refused", 403)
        return self.seat(annotator)

    def seat(self, annotator: Annotator) -> Response:
        """Send an annotator to the task, with the cookie that says who they are."""
        response = RedirectResponse("/annotate/", 303)
        cookie = self.context.signer.sign_annotator(annotator.study_id, annotator.code)
        self.set_cookie(response, ANNOTATOR_COOKIE, cookie, ANNOTATOR_COOKIE_S)
        return response

    def join_page(
        self, request: Request, study: Study | None, problem: str = "", status: int = 200
    ) -> HTMLResponse:
        """Return the page on which people join; `problem` is a key of the wording."""
        locale = self.locale(request)
        words = load_wording(locale)
        values = {
            "title": words["join_title"],
            "locale": locale,
            "other_locale": next(other for other in LOCALES if other != locale),
            "words": words,
            "study": study,
            "seated": bool(study and self.is_seated(request, study)),
            "studies": [] if study else list_open_studies(self.context),
            "problem": words[problem] if problem else "",
        }
        return self.pages.TemplateResponse(request, "join.html", values, status)

    def is_seated(self, request: Request, study: Study) -> bool:
        """Say whether this browser takes part in a study already."""
        annotator = self.context.find_annotator(request)
        return annotator is not None and annotator.study_id == study.study_id

    def locale(self, request: Request) -> str:
        """Return the language that the browser asks for."""
        return choose_locale(
            request.query_params.get("lang"), None, request.headers.get("accept-language")
        )

    def set_cookie(self, response: Response, name: str, value: str, max_age_s: int) -> None:
        """Set a cookie that no script can read."""
        response.set_cookie(
            name, value, max_age_s, httponly=True, samesite="lax", secure=self.context.secure
        )


def list_open_studies(context: Context) -> list[Study]:
    """Return the studies that anybody can join by name."""
    return [
        study
        for study in list_studies(context.store)
        if study.status == "open" and study.enrolment == "name"
    ]


def find_address(request: Request) -> str:
    """Return the address that a request comes from."""
    return find_network(request.client.host if request.client else None)


async def read_form(request: Request) -> dict[str, str]:
    """Return the fields of a plain HTML form, none of a strange one; the guard bounds its size."""
    body = await request.body()
    try:
        return dict(parse_qsl(body.decode("utf-8", "replace"), max_num_fields=20))
    except ValueError:
        return {}
