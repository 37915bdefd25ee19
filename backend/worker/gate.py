"""The door in front of every route: who may ask, from where, and how much at once.

A web page in a browser of this machine must not drive the model: its requests bear the page's host
name (that is what DNS rebinding can't hide), or need a content type that a page may not send.
"""

import asyncio
import ipaddress
from contextlib import suppress
from hmac import compare_digest

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from backend.worker.faults import Fault, answer_fault

BODY_BYTES = 1_000_000
UNSENT_BYTES = 64_000_000  # of a body that is too large, read only so that its client hears why
BODY_S = 30.0
TOO_LARGE = 413
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


def is_loopback(host: str) -> bool:
    """Say whether only this machine reaches a host."""
    try:
        return host in LOOPBACK or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def is_wildcard(host: str) -> bool:
    """Say whether a host means every address of this machine."""
    try:
        return ipaddress.ip_address(host).is_unspecified
    except ValueError:
        return False


def cut_port(host: str) -> str:
    """Return a Host header's name without its port and brackets."""
    if host.startswith("["):
        return host[1:].partition("]")[0]
    return host.partition(":")[0].lower()


class Gate:
    """Lets through what may pass; its refusals are in OpenAI's shape, too."""

    def __init__(self, app: ASGIApp, *, host: str, key: str = "") -> None:
        """Stand in front of `app`, which listens on `host`; an empty key asks for none."""
        self.app = app
        self.names = frozenset() if is_wildcard(host) else LOOPBACK | {host.lower()}
        self.bearer = f"Bearer {key}".encode() if key else b""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or hand it on."""
        if scope["type"] != "http":  # there is no WebSocket here
            await send({"type": "websocket.close", "code": 1008})
            return
        try:
            self.admit(scope["method"], Headers(scope=scope))
        except Fault as fault:
            if fault.status == TOO_LARGE:
                await swallow(receive)
            await answer_fault(fault)(scope, receive, send)
            return
        await self.app(scope, limit_body(receive), send)

    def admit(self, method: str, headers: Headers) -> None:
        """Let a request pass. Errors: Fault."""
        if self.names and cut_port(headers.get("host", "")) not in self.names:
            raise Fault("This worker is not known under that host name.", 403, code="wrong_host")
        shown = headers.get("authorization", "").encode("utf-8", "surrogateescape")
        if self.bearer and not compare_digest(shown, self.bearer):
            said = "This worker needs its key (Authorization: Bearer …), and this isn't it."
            raise Fault(said, 401, code="invalid_api_key")
        if method == "POST":
            check_post(headers)


def check_post(headers: Headers) -> None:
    """Refuse a body that isn't JSON, or that says itself it is too large. Errors: Fault."""
    kind = headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json":
        raise Fault("Send JSON, with Content-Type: application/json.", 415, code="not_json")
    length = headers.get("content-length", "0")
    if length.isdigit() and int(length) > BODY_BYTES:
        raise too_large()


def too_large() -> Fault:
    """Return the fault of a body that is too large."""
    said = f"The body has more than {BODY_BYTES} bytes."
    return Fault(said, TOO_LARGE, code="body_too_large")


async def swallow(receive: Receive) -> None:
    """Read a body's rest and forget it: a client that still sends reads no answer."""
    n_bytes = 0
    with suppress(TimeoutError):
        async with asyncio.timeout(BODY_S):
            while n_bytes <= UNSENT_BYTES:
                message = await receive()
                n_bytes += len(message.get("body", b""))
                if not message.get("more_body", False):
                    return


def limit_body(receive: Receive) -> Receive:
    """Return a `receive` that counts the body while it comes, and waits for it only so long.

    Errors: Fault from `receive`.
    """
    n_bytes = 0
    complete = False

    async def count() -> Message:
        nonlocal n_bytes, complete
        if complete:  # what still comes is the client's leaving, at any time
            return await receive()
        try:
            message = await asyncio.wait_for(receive(), BODY_S)
        except TimeoutError:
            raise Fault("The body did not come in time.", 408, code="slow_body") from None
        n_bytes += len(message.get("body", b""))
        complete = not message.get("more_body", False)
        if n_bytes > BODY_BYTES:
            if not complete:
                await swallow(receive)
            raise too_large()
        return message

    return count
