"""The shell around Gradio: pure ASGI, in front of every site.

Gradio hides, it does not protect: any handler runs for whoever posts its number. So each request
passes here first: who may enter which site, which routes are open at all, how large a body may be,
where a change may come from, and what the browser may do with the answer.
"""

import re
from asyncio import timeout
from collections.abc import Iterable, Mapping
from urllib.parse import quote

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import MutableHeaders
from starlette.requests import HTTPConnection
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from annotations.accounts import Account, Role
from backend.records import Annotator
from ui.blocks import OUTCOME
from ui.context import Context
from ui.events import BadEvent, Events
from ui.origins import is_known_host, is_same_origin, settle_address
from ui.throttle import Throttle
from ui.wording import load_wording

SITES = ("/annotate", "/lab", "/admin")
ROLES: dict[str, Role] = {"/lab": "researcher", "/admin": "admin"}
EVENT_BYTES = 64 * 1024
BODY_S = 30  # an event is small; who takes longer only holds a place
ADDRESS_LENGTH = 2000
EVENTS_A_VOTE = 4
FOREIGN = "This request comes from another site; refused. Behind a proxy, set CAMELID_PUBLIC_URL."
UNKNOWN_HOST = "This app is not known under that name. Behind a proxy, set CAMELID_PUBLIC_URL."
SAFE_METHODS = ("GET", "HEAD", "OPTIONS")

# What a Gradio page needs of its own site, and nothing else: a new route is closed until it is
# named here.
OPEN_ROUTES = re.compile(
    r"""(?:/(?:config/?|theme\.css|manifest\.json|favicon\.ico|
    (?:static|assets|svelte)/[^/]{1,200}(?:/[^/]{1,200}){0,4}|
    gradio_api/(?:info/?|app_id/?|run/predict/?))?)?""",
    re.VERBOSE,
)
QUEUE_ROUTES = re.compile(r"/(?:lab|admin)/gradio_api/queue/(?:join|data)/?")
EVENT_ROUTES = re.compile(
    r"(?P<site>/(?:annotate|lab|admin))/gradio_api/(?P<way>run/predict|queue/join)/?"
)
HIDDEN_QUERY = {"page", "deep_link", "all_endpoints"}  # Gradio's own pages and links, not ours
UPLOAD_ROUTES = re.compile(r"/admin/gradio_api/upload(?:_progress)?/?")
OWN_ROUTES = re.compile(r"/(?:lab|admin)/(?:export|figure)/.*")

Person = Annotator | Account | None
NO_EVENTS = Events({})

CONTENT_SECURITY_POLICY = (
    "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data: blob:; font-src 'self' data:; connect-src 'self'; object-src 'none'; "
    "base-uri 'self'; form-action 'self'; frame-src 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}


class Refusal(Exception):
    """The answer to a request that goes no further."""

    def __init__(
        self, text: str = "", status: int = 303, *, to: str = "", is_event: bool = False,
        wait_s: int = 0,
    ) -> None:  # fmt: skip
        """Say why not, or where to go instead; a page shows what an event is answered."""
        super().__init__(text)
        if to:
            self.answer: Response = RedirectResponse(to, status)
        elif is_event:
            self.answer = JSONResponse({"error": text}, status)
        else:
            self.answer = PlainTextResponse(text, status)
        if wait_s:
            self.answer.headers["Retry-After"] = str(wait_s)


class Guard:
    """Lets through what may pass; every answer carries the security headers."""

    def __init__(
        self,
        app: ASGIApp,
        context: Context,
        events: Mapping[str, Events] | None = None,
        body_s: float = BODY_S,
    ) -> None:
        """Stand in front of `app`; `events` knows the functions of each site."""
        self.app = app
        self.context = context
        self.settings = context.settings
        self.events = events or {}
        self.body_s = body_s
        # A hurried vote is told so by its page; this is for who asks without a page.
        self.hurry = Throttle(EVENTS_A_VOTE * context.settings.votes_per_minute, 60)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or hand it on."""
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
            return
        if scope["type"] != "http":  # we speak no WebSocket
            await send({"type": "websocket.close", "code": 1008})
            return
        scope[OUTCOME] = {}
        send = add_headers(send, scope[OUTCOME], self.context)
        try:
            receive = await self.admit(HTTPConnection(scope), receive)
        except Refusal as refusal:
            await refusal.answer(scope, receive, send)
            return
        settle_address(scope, self.settings.public_url)
        await self.app(scope, receive, send)

    async def admit(self, request: HTTPConnection, receive: Receive) -> Receive:
        """Return the body of a request that may pass.

        Errors: Refusal with the answer.
        """
        path = request.scope["path"]
        self.check_request(request)
        person = await run_in_threadpool(self.find_person, find_site(path), request)
        body = Body(receive, self.limit(path))
        if UPLOAD_ROUTES.fullmatch(path):
            return body.receive
        try:
            async with timeout(self.body_s):
                whole = await body.read()
        except TimeoutError:
            raise Refusal("The request took too long to arrive.", 408) from None
        if whole is None:
            raise self.refuse_size(path)
        event = EVENT_ROUTES.fullmatch(path)
        if event is None or request.scope["method"] != "POST":
            return body.receive
        return self.admit_event(request, person, event, whole)

    def admit_event(
        self, request: HTTPConnection, person: Person, event: re.Match[str], body: bytes
    ) -> Receive:
        """Return the event as Gradio is to get it.

        Errors: Refusal for one that no page of ours sends, or that comes too fast.
        """
        try:
            checked = self.events.get(event["site"], NO_EVENTS).read(
                body, queued=event["way"] == "queue/join"
            )
        except BadEvent as error:
            raise Refusal(str(error), error.status, is_event=True) from None
        if isinstance(person, Annotator):
            wait_s = self.hurry.take(f"{person.study_id} {person.code}")
            if wait_s:
                text = load_wording(person.locale)["too_fast"]
                raise Refusal(text, 429, is_event=True, wait_s=wait_s)
        headers = MutableHeaders(scope=request.scope)
        headers["content-type"] = "application/json"
        headers["content-length"] = str(len(checked))
        return Body(receive_once(checked), len(checked)).receive

    def check_request(self, request: HTTPConnection) -> None:
        """Refuse a foreign name, a closed route, a foreign origin, or a body that is too large."""
        path, method = request.scope["path"], request.scope["method"]
        if not is_known_host(self.settings, request.headers.get("host", "")):
            raise Refusal(UNKNOWN_HOST, 421)
        if len(path) + len(request.scope["query_string"]) > ADDRESS_LENGTH:
            raise Refusal("The address is too long.", 414)
        if not is_open(path) or HIDDEN_QUERY & request.query_params.keys():
            raise Refusal("Not found", 404)
        if method not in SAFE_METHODS and not is_same_origin(self.settings, request):
            raise Refusal(FOREIGN, 403)
        length = request.headers.get("content-length", "0")
        if not length.isdecimal() or len(length) > 12 or int(length) > self.limit(path):
            raise self.refuse_size(path)

    def refuse_size(self, path: str) -> Refusal:
        """Return the answer to a body that is too large."""
        return Refusal(f"At most {self.limit(path)} bytes can be sent here.", 413)

    def limit(self, path: str) -> int:
        """Return how many bytes a request to this path may bring."""
        if UPLOAD_ROUTES.fullmatch(path):
            return (self.settings.upload_megabytes + 1) * 1_000_000
        return EVENT_BYTES

    def find_person(self, site: str | None, request: HTTPConnection) -> Person:
        """Return who is behind a request to a site, None on the plain pages.

        Errors: Refusal for whoever may not enter.
        """
        if site is None:
            return None
        if site == "/annotate":
            annotator = self.context.find_annotator(request)
            if annotator is not None:
                return annotator
        else:
            account = self.context.find_staff(request)
            if account is not None and account.may(ROLES[site]):
                return account
        if "text/html" not in request.headers.get("accept", ""):
            raise Refusal("Log in first.", 401)
        raise Refusal(to="/join" if site == "/annotate" else f"/login?next={quote(site)}/")


class Body:
    """Counts a body as it streams in, whatever its headers promised."""

    def __init__(self, receive: Receive, n_bytes: int) -> None:
        """Let `n_bytes` through."""
        self._receive = receive
        self._left = n_bytes
        self._read: list[Message] = []

    async def read(self) -> bytes | None:
        """Take in and return the whole body, or None when it is too large."""
        more = True
        while more and self._left >= 0:
            message = await self._receive()
            self._left -= len(message.get("body", b""))
            self._read.append(message)
            more = message.get("more_body", False)
        return None if self._left < 0 else b"".join(part.get("body", b"") for part in self._read)

    async def receive(self) -> Message:
        """Return the next message, or a disconnect when the body has grown too large."""
        if self._read:
            return self._read.pop(0)
        message = await self._receive()
        self._left -= len(message.get("body", b""))
        return message if self._left >= 0 else {"type": "http.disconnect"}


def find_site(path: str) -> str | None:
    """Return the site that a path belongs to, or None for the plain pages."""
    for site in SITES:
        if path == site or path.startswith(f"{site}/"):
            return site
    return None


def is_open(path: str) -> bool:
    """Say whether a path is one that pages of ours use."""
    site = find_site(path)
    if site is None:
        return True
    routes: Iterable[re.Pattern[str]] = (UPLOAD_ROUTES, QUEUE_ROUTES, OWN_ROUTES)
    return bool(OPEN_ROUTES.fullmatch(path.removeprefix(site))) or any(
        route.fullmatch(path) for route in routes
    )


def receive_once(body: bytes) -> Receive:
    """Return a `receive` that gives one body, and then nothing more."""
    messages: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive() -> Message:
        return messages.pop() if messages else {"type": "http.disconnect"}

    return receive


def add_headers(send: Send, outcome: dict[str, int], context: Context) -> Send:
    """Return a `send` that puts the security headers on every answer, and a site's own status."""

    async def send_guarded(message: Message) -> None:
        if message["type"] == "http.response.start":
            if message["status"] == 500:  # Gradio knows no other
                message["status"] = outcome.get("status", 500)
            context.meter.count_answer(message["status"])
            headers = MutableHeaders(scope=message)
            for name, value in HEADERS.items():
                headers[name] = value
            if context.secure:
                headers["Strict-Transport-Security"] = "max-age=31536000"
        await send(message)

    return send_guarded
