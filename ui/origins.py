"""Where a request says it was sent to and comes from: names of ours, or somebody else's.

A page of another site can point a name of its own at this machine (DNS rebinding); the browser then
takes it for one origin with us, and only the Host header tells.
"""

import ipaddress
from urllib.parse import urlsplit

from starlette.datastructures import MutableHeaders
from starlette.requests import HTTPConnection
from starlette.types import Scope

from backend.settings import Settings

# Gradio builds addresses from these; who may set them is nobody, as we know our own address.
CLAIMS = (
    "x-forwarded-host", "x-forwarded-proto", "x-forwarded-port", "x-gradio-server", "forwarded",
)  # fmt: skip


def is_loopback(host: str) -> bool:
    """Say whether a name can only mean this machine itself."""
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def find_host(value: str) -> str | None:
    """Return the name in a Host header without its port, or None when it is none."""
    try:
        parts = urlsplit(f"//{value}")
        _ = parts.port
    except ValueError:
        return None
    plain = not (parts.path or parts.query or parts.fragment or "@" in value)
    return parts.hostname if plain else None


def is_known_host(settings: Settings, value: str) -> bool:
    """Say whether a Host header names us.

    Edge: who listens for other machines and has no public address can be known by any name.
    """
    host = find_host(value)
    if host is None:
        return False
    if settings.public_url:
        return is_loopback(host) or host == find_host(urlsplit(settings.public_url).netloc)
    return is_loopback(host) or not is_loopback(settings.host)


def is_same_origin(settings: Settings, request: HTTPConnection) -> bool:
    """Say whether a change comes from a page of ours, or from no page at all."""
    origin = request.headers.get("origin")
    if origin is None:
        return request.headers.get("sec-fetch-site", "none") in ("same-origin", "none")
    if settings.public_url:
        return origin == settings.public_url
    return origin == f"{request.url.scheme}://{request.headers.get('host')}"


def settle_address(scope: Scope, public_url: str) -> None:
    """Leave one address on a request: the public one where it is set, else the one it came to."""
    headers = MutableHeaders(scope=scope)
    for name in CLAIMS:
        del headers[name]
    if public_url:
        parts = urlsplit(public_url)
        headers["host"] = parts.netloc
        scope["scheme"] = parts.scheme
