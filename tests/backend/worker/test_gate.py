"""The door: who may ask, from where, and how much."""

import asyncio

import pytest

from backend.worker.gate import BODY_BYTES, cut_port, is_loopback
from tests.backend.worker.fakes import HERE, JSON, FakeEngine, ask, call, chat, make_app

CHAT = "/v1/chat/completions"


def with_host(host):
    return [(b"host", host.encode()), JSON]


@pytest.mark.parametrize("host", ["127.0.0.1:8000", "localhost", "LOCALHOST:1", "[::1]:80"])
def test_this_machine_s_names_pass(host):
    assert ask(CHAT, chat(), FakeEngine(), headers=with_host(host)).status == 200


@pytest.mark.parametrize(
    "host", ["evil.example", "127.0.0.1.evil.example", "", "localhost.", "[::2]"]
)
def test_a_page_that_has_rebound_its_name_is_refused(host):
    engine = FakeEngine()
    answered = ask(CHAT, chat(), engine, headers=with_host(host))
    assert (answered.status, answered.error["code"]) == (403, "wrong_host")
    assert engine.asked == []


def test_without_the_check_a_rebound_name_would_pass():
    answered = ask(CHAT, chat(), FakeEngine(), host="0.0.0.0", headers=with_host("evil.example"))
    assert answered.status == 200


@pytest.mark.parametrize("kind", ["text/plain", "", "application/x-www-form-urlencoded"])
def test_a_body_that_a_page_may_send_is_refused(kind):
    answered = ask(CHAT, chat(), FakeEngine(), headers=[HERE, (b"content-type", kind.encode())])
    assert answered.status == 415


def test_a_preflight_gets_no_leave():
    answered = ask(CHAT, None, FakeEngine(), method="OPTIONS")
    assert answered.status == 405
    assert not any(name.startswith("access-control") for name in answered.headers)


@pytest.mark.parametrize(
    "shown", [b"", b"Bearer wrong", b"Bearer s3cre", b"s3cret", b"Bearer \xff"]
)
@pytest.mark.parametrize("path", [CHAT, "/health", "/metrics", "/v1/models"])
def test_a_wrong_key_opens_nothing(shown, path):
    body = chat() if path == CHAT else None
    headers = [HERE, JSON, (b"authorization", shown)]
    answered = ask(path, body, FakeEngine(), key="s3cret", headers=headers)
    assert (answered.status, answered.error["code"]) == (401, "invalid_api_key")


def test_the_key_opens():
    headers = [HERE, JSON, (b"authorization", b"Bearer s3cret")]
    assert ask(CHAT, chat(), FakeEngine(), key="s3cret", headers=headers).status == 200


def test_a_body_that_says_it_is_too_large_is_refused():
    headers = [HERE, JSON, (b"content-length", b"1000001")]
    assert ask(CHAT, chat(), FakeEngine(), headers=headers).status == 413


def test_a_body_that_turns_out_too_large_is_refused():
    answered = ask(CHAT, b" " * (BODY_BYTES + 1), FakeEngine())
    assert (answered.status, answered.error["code"]) == (413, "body_too_large")
    assert ask(CHAT, b" " * BODY_BYTES, FakeEngine()).status == 400


def test_a_websocket_is_closed():
    async def go():
        sent = []

        async def send(message):
            sent.append(message)

        await make_app(FakeEngine())({"type": "websocket"}, None, send)
        return sent

    assert asyncio.run(go())[0]["type"] == "websocket.close"


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("127.0.0.1", True),
        ("127.9.9.9", True),
        ("::1", True),
        ("localhost", True),
        ("0.0.0.0", False),
        ("10.0.0.1", False),
        ("example.org", False),
        ("", False),
    ],
)
def test_loopback_is_known(host, expected):
    assert is_loopback(host) is expected


def test_a_port_is_no_part_of_a_name():
    assert [cut_port(host) for host in ("a:1", "A", "[::1]:2", "[::1]")] == ["a", "a", "::1", "::1"]


def test_every_refusal_has_the_same_shape():
    async def go():
        app = make_app(FakeEngine(), key="k")
        return [await call(app, "/health"), await call(app, CHAT, chat(), headers=[])]

    for answered in asyncio.run(go()):
        assert set(answered.error) == {"message", "type", "param", "code"}
