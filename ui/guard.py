"""The shell around Gradio: pure ASGI, in front of every site.

Gradio hides, it does not protect: any handler runs for whoever posts its number. So each request
passes here first: who may enter which site, which routes are open at all, how large a body may be,
where a change may come from, and what the browser may do with the answer.
"""

import re
from collections.abc import Iterable
from urllib.parse import quote

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import MutableHeaders
from starlette.requests import HTTPConnection
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from annotations.accounts import Role
from ui.context import Context

SITES = ("/annotate", "/lab", "/admin")
ROLES: dict[str, Role] = {"/lab": "researcher", "/admin": "admin"}
EVENT_BYTES = 64 * 1024
FOREIGN = "This request comes from another site; refused. Behind a proxy, set CAMELID_PUBLIC_URL."
FOREIGN = "This request comes from another site; refused. Behind a proxy, set CAMELID_PUBLIC_URL."
SAFE_METHODS = ("GET", "HEAD", "OPTIONS")

# What a Gradio page needs of its own site, and nothing else: a new route is closed until it is
# named here.
OPEN_ROUTES = re.compile(
    r"""(?:/(?:config/?|theme\.css|manifest\.json|favicon\.ico|
    (?:static|assets|svelte)/.*|
    gradio_api/(?:info/?|app_id/?|startup-events/?|heartbeat/[\w-]+/?|
        queue/(?:join|data)/?|run/[\w-]+/?|cancel/?|reset/?))?)?""",
    re.VERBOSE,
)
UPLOAD_ROUTES = re.compile(r"/admin/gradio_api/upload(?:_progress)?/?")
OWN_ROUTES = re.compile(r"/(?:lab|admin)/(?:export|figure)/.*")

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


class Guard:
    """Lets through what may pass; every answer carries the security headers."""

    def __init__(self, app: ASGIApp, context: Context) -> None:
        """Stand in front of `app`."""
        self.app = app
        self.context = context

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or hand it on."""
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
            return
        if scope["type"] != "http":  # we speak no WebSocket
            await send({"type": "websocket.close", "code": 1008})
            return
        send = add_headers(send, self.context.secure)
        request = HTTPConnection(scope)
        refusal = self.check_request(request) or await self.check_person(request)
        if refusal is not None:
            await refusal(scope, receive, send)
            return
        body = Body(receive, self.limit(scope["path"]))
        if not UPLOAD_ROUTES.fullmatch(scope["path"]) and not await body.read():
            await self.refuse_size(scope["path"])(scope, receive, send)
            return
        await self.app(scope, body.receive, send)

    def check_request(self, request: HTTPConnection) -> Response | None:
        """Refuse a closed route, a foreign origin, or a body that is too large."""
        path, method = request.scope["path"], request.scope["method"]
        if not is_open(path):
            return PlainTextResponse("Not found", 404)
        if method not in SAFE_METHODS and not self.is_same_origin(request):
            return PlainTextResponse(FOREIGN, 403)
        length = request.headers.get("content-length", "0")
        if not length.isdecimal() or len(length) > 12 or int(length) > self.limit(path):
            return self.refuse_size(path)
        return None

    def refuse_size(self, path: str) -> Response:
        """Return the answer to a body that is too large."""
        return PlainTextResponse(f"At most {self.limit(path)} bytes can be sent here.", 413)

    def limit(self, path: str) -> int:
        """Return how many bytes a request to this path may bring."""
        if UPLOAD_ROUTES.fullmatch(path):
            return (self.context.settings.upload_megabytes + 1) * 1_000_000
        return EVENT_BYTES

    def is_same_origin(self, request: HTTPConnection) -> bool:
        """Say whether a change comes from a page of ours, or from no page at all."""
        origin = request.headers.get("origin")
        if origin is None:
            return request.headers.get("sec-fetch-site", "none") in ("same-origin", "none")
        if self.context.settings.public_url:
            return origin == self.context.settings.public_url
        return origin == f"{request.url.scheme}://{request.headers.get('host')}"

    async def check_person(self, request: HTTPConnection) -> Response | None:
        """Refuse whoever may not enter the site that the path belongs to."""
        site = find_site(request.scope["path"])
        if site is None or await run_in_threadpool(self.may_enter, site, request):
            return None
        if "text/html" not in request.headers.get("accept", ""):
            return PlainTextResponse("Log in first.", 401)
        if site == "/annotate":
            return RedirectResponse("/join", 303)
        return RedirectResponse(f"/login?next={quote(site)}/", 303)

    def may_enter(self, site: str, request: HTTPConnection) -> bool:
        """Say whether the person behind a request may use a site."""
        if site == "/annotate":
            return self.context.find_annotator(request) is not None
        account = self.context.find_staff(request)
        return account is not None and account.may(ROLES[site])


class Body:
    """Counts a body as it streams in, whatever its headers promised."""

    def __init__(self, receive: Receive, n_bytes: int) -> None:
        """Let `n_bytes` through."""
        self._receive = receive
        self._left = n_bytes
        self._read: list[Message] = []

    async def read(self) -> bool:
        """Take in the whole body, and say whether it was small enough."""
        more = True
        while more and self._left >= 0:
            message = await self._receive()
            self._left -= len(message.get("body", b""))
            self._read.append(message)
            more = message.get("more_body", False)
        return self._left >= 0

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
    routes: Iterable[re.Pattern[str]] = (UPLOAD_ROUTES, OWN_ROUTES)
    return bool(OPEN_ROUTES.fullmatch(path.removeprefix(site))) or any(
        route.fullmatch(path) for route in routes
    )


def add_headers(send: Send, secure: bool) -> Send:
    """Return a `send` that puts the security headers on every answer."""

    async def send_guarded(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in HEADERS.items():
                headers[name] = value
            if secure:
                headers["Strict-Transport-Security"] = "max-age=31536000"
        await send(message)

    return send_guarded
