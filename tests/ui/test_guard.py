"""The shell around Gradio: who may enter, from where, with how much, and what answers carry."""

import asyncio
import json
from dataclasses import replace

import pytest
from fastapi import FastAPI, Request
from starlette.responses import PlainTextResponse
from starlette.testclient import TestClient

from annotations.accounts import Account, add_account, end_session, open_session
from annotations.annotators import enrol_invited
from annotations.studies import set_status
from backend.settings import Settings
from tests.ledgers import make_study, open_store
from ui.context import ANNOTATOR_COOKIE, STAFF_COOKIE
from ui.events import Events, Function
from ui.guard import EVENT_BYTES, SITES, Guard, is_open
from ui.origins import is_known_host
from ui.server import make_context

pytestmark = pytest.mark.slow

HERE = "http://localhost"
FOREIGN = ["https://evil.example", "null", "http://sub.localhost", "https://localhost",
           "http://localhost.evil.example"]  # fmt: skip


@pytest.fixture
def context(tmp_path):
    with open_store(tmp_path) as store:
        yield make_context(Settings(data=tmp_path), store)


EVENTS = {site: Events({0: Function((False,), queued=True), 1: Function(())}) for site in SITES}
JOIN = {"fn_index": 0, "data": [""], "session_hash": "x"}


def make_client(context, *, guarded=True):
    """An app that counts what reaches it behind the guard."""
    app = FastAPI()
    app.state.reached = []

    @app.api_route("/{path:path}", methods=["GET", "POST"])
    async def reach(request: Request, path: str):
        app.state.reached.append((path, len(await request.body())))
        return PlainTextResponse("reached")

    if guarded:
        app.add_middleware(Guard, context=context, events=EVENTS)
    return TestClient(app, HERE, follow_redirects=False), app.state.reached


def sign_in(context, client, role):
    account = Account(role, role)
    add_account(context.store, account, "correct horse battery", "test")
    token = open_session(context.store, account, hours=1)
    client.cookies.set(STAFF_COOKIE, context.signer.sign_staff(token))
    return token


def sit_down(context, client):
    make_study(context.store)
    study = set_status(context.store, "study", "open", "test")
    annotator = enrol_invited(context.store, study, "CODE", "en")
    cookie = context.signer.sign_annotator(annotator.study_id, annotator.code)
    client.cookies.set(ANNOTATOR_COOKIE, cookie)


@pytest.mark.parametrize("path", ["/lab/", "/lab", "/admin/", "/annotate/", "/%61dmin/",
                                  "/lab/config", "/admin/gradio_api/queue/join"])  # fmt: skip
def test_nobody_enters_without_a_cookie(context, path):
    client, reached = make_client(context)
    for answer in (client.get(path), client.post(path)):
        assert answer.status_code == 401
    page = client.get(path, headers={"accept": "text/html"})
    assert page.status_code == 303
    assert page.headers["location"].startswith(("/login", "/join"))
    assert reached == []


def test_without_the_guard_everybody_enters(context):
    client, reached = make_client(context, guarded=False)
    assert client.get("/admin/").status_code == 200
    assert reached


@pytest.mark.parametrize(
    ("role", "site", "status"),
    [
        ("researcher", "/lab/", 200),
        ("researcher", "/admin/", 401),
        ("researcher", "/annotate/", 401),
        ("admin", "/lab/", 200),
        ("admin", "/admin/", 200),
    ],
)
def test_each_role_enters_its_own_sites(context, role, site, status):
    client, _ = make_client(context)
    sign_in(context, client, role)
    assert client.get(site).status_code == status


def test_an_annotator_enters_the_task_and_nothing_else(context):
    client, _ = make_client(context)
    sit_down(context, client)
    answers = [client.get(site).status_code for site in ("/annotate/", "/lab/", "/admin/")]
    assert answers == [200, 401, 401]


def test_a_session_that_ended_opens_nothing(context):
    client, reached = make_client(context)
    end_session(context.store, sign_in(context, client, "admin"))
    assert client.get("/admin/").status_code == 401
    assert reached == []


@pytest.mark.parametrize("cookie", ["", "x", "ImFkbWluIg", "ImFkbWluIg.AAAA", '"admin"'])
def test_a_forged_cookie_opens_nothing(context, cookie):
    client, reached = make_client(context)
    client.cookies.set(STAFF_COOKIE, cookie)
    client.cookies.set(ANNOTATOR_COOKIE, cookie)
    for site in ("/annotate/", "/lab/", "/admin/"):
        assert client.get(site).status_code == 401
    assert reached == []


@pytest.mark.parametrize("origin", FOREIGN)
def test_a_change_from_another_site_is_refused_even_with_a_good_cookie(context, origin):
    client, reached = make_client(context)
    sign_in(context, client, "admin")
    for path in ("/admin/gradio_api/queue/join", "/lab/gradio_api/run/predict", "/login"):
        assert client.post(path, headers={"origin": origin}).status_code == 403
    assert reached == []


@pytest.mark.parametrize("fetch_site", ["cross-site", "same-site"])
def test_a_browser_that_says_it_comes_from_elsewhere_is_refused(context, fetch_site):
    client, reached = make_client(context)
    assert client.post("/login", headers={"sec-fetch-site": fetch_site}).status_code == 403
    assert reached == []


def test_a_change_from_our_own_page_passes(context):
    client, reached = make_client(context)
    sign_in(context, client, "admin")
    headers = {"origin": HERE, "sec-fetch-site": "same-origin"}
    answer = client.post("/admin/gradio_api/queue/join", headers=headers, json=JOIN)
    assert answer.status_code == 200
    assert [path for path, _ in reached] == ["admin/gradio_api/queue/join"]


def test_behind_a_proxy_only_the_public_address_counts(context, tmp_path):
    settings = Settings(data=tmp_path, public_url="https://study.example.org")
    client, _ = make_client(replace(context, settings=settings))
    for host in ("study.example.org", "127.0.0.1:7860"):  # a proxy may keep the name or not
        for origin, status in ((HERE, 403), ("https://study.example.org", 200)):
            headers = {"origin": origin, "host": host}
            assert client.post("/login", headers=headers).status_code == status


@pytest.mark.parametrize(
    "path",
    [
        "/annotate/gradio_api/upload",
        "/annotate/gradio_api/queue/join",
        "/annotate/gradio_api/queue/data",
        "/lab/gradio_api/run/save",
        "/lab/gradio_api/cancel",
        "/lab/gradio_api/heartbeat/x",
        "/annotate/static/a/b/c/d/e/f/g",
        "/lab/?page=x",
        "/lab/config?deep_link=x",
        "/lab/gradio_api/upload",
        "/admin/gradio_api/file=/etc/passwd",
        "/lab/gradio_api/proxy=https://evil.example",
        "/lab/gradio_api/deep_link",
        "/annotate/gradio_api/component_server",
        "/lab/monitoring/summary",
        "/lab/gradio_api/call/save",
        "/admin/gradio_api/vibe-edit/",
        "/lab/login",
        "/annotate/login",
        "/lab/gradio_api/stream/x/y/z/playlist.m3u8",
        "/lab/gradio_api/run-history",
        "/lab/openapi.json",
    ],
)
def test_a_route_that_no_page_of_ours_needs_is_closed_to_admins_too(context, path):
    client, reached = make_client(context)
    sign_in(context, client, "admin")
    assert client.get(path).status_code == 404
    assert client.post(path).status_code == 404
    assert reached == []


@pytest.mark.parametrize(
    "path", ["", "/", "/config", "/theme.css", "/assets/index.js", "/gradio_api/queue/join",
             "/gradio_api/run/predict", "/assets/svelte/a.js"]
)  # fmt: skip
def test_the_routes_of_a_page_are_open(path):
    assert is_open(f"/lab{path}")


def test_a_large_event_is_refused_by_its_header_and_while_it_streams(context):
    client, reached = make_client(context)
    sign_in(context, client, "admin")
    path = "/admin/gradio_api/queue/join"
    fill = EVENT_BYTES - len(json.dumps(JOIN))
    fitting = json.dumps({**JOIN, "data": ["x" * fill]})
    assert client.post(path, content=fitting + " ").status_code == 413
    assert client.post(path, content=fitting).status_code == 200

    def stream():
        for _ in range(20):
            yield b"x" * 8192

    answer = client.post(path, content=stream())
    assert answer.status_code == 413
    assert len(reached) == 1


def test_only_what_was_checked_reaches_the_site(context):
    app = FastAPI()

    @app.post("/{path:path}")
    async def reach(request: Request, path: str):
        return PlainTextResponse(await request.body())

    app.add_middleware(Guard, context=context, events=EVENTS)
    client = TestClient(app, HERE)
    sign_in(context, client, "admin")
    sent = {**JOIN, "data": ["\u4e2d\n"], "event_id": "e", "oauth_token": "t",
            "event_data": {"a": 1}, "simple_format": True, "batched": True}  # fmt: skip
    path, headers = "/admin/gradio_api/queue/join", {"content-type": "a/b"}
    answer = client.post(path, json=sent, headers=headers)
    assert answer.json() == {**JOIN, "data": ["\u4e2d\n"], "trigger_id": None}


@pytest.mark.parametrize(
    "host",
    [
        *("evil.example", "127.0.0.1.evil.example", "localhost@evil", "", "[", "[::1"),
        *("localhost:x", "localhost/x", "8.8.8.8"),
    ],
)
def test_a_name_that_is_not_ours_is_refused_on_this_machine_alone(context, host):
    client, reached = make_client(context)
    assert client.get("/login", headers={"host": host}).status_code == 421
    assert reached == []


@pytest.mark.parametrize(
    "host", ["localhost:7860", "127.0.0.1", "[::1]:7860", "LOCALHOST", "127.9.9.9"]
)
def test_a_name_of_this_machine_passes(context, host):
    client, _ = make_client(context)
    assert client.get("/login", headers={"host": host}).status_code == 200


def test_the_control_without_the_guard_any_name_passes(context):
    client, reached = make_client(context, guarded=False)
    assert client.get("/login", headers={"host": "evil.example"}).status_code == 200
    assert reached


@pytest.mark.parametrize(
    ("host", "public_url", "name", "known"),
    [
        ("127.0.0.1", "https://study.example.org", "study.example.org", True),
        ("0.0.0.0", "https://study.example.org", "evil.example", False),
        ("0.0.0.0", "https://study.example.org:8443", "study.example.org:8443", True),
        ("0.0.0.0", "", "any.name.in.the.office", True),
        ("0.0.0.0", "", "a b/c", False),
        ("localhost", "", "evil.example", False),
        ("192.0.2.1", "", "192.0.2.1:7860", True),
    ],
)
def test_which_names_are_ours(tmp_path, host, public_url, name, known):
    settings = Settings(data=tmp_path, host=host, public_url=public_url)
    assert is_known_host(settings, name) is known


def test_what_a_request_claims_about_its_address_goes_no_further(context, tmp_path):
    settings = Settings(data=tmp_path, public_url="https://study.example.org")
    app = FastAPI()

    @app.get("/{path:path}")
    def echo(request: Request, path: str):
        return PlainTextResponse(f"{request.url} {dict(request.headers)}")

    app.add_middleware(Guard, context=replace(context, settings=settings))
    headers = {"x-forwarded-host": "evil.example", "x-gradio-server": "http://evil.example"}
    said = TestClient(app, HERE).get("/login", headers=headers).text
    assert said.startswith("https://study.example.org/login")
    assert "evil" not in said


def test_who_sends_events_too_fast_is_told_that_nothing_was_saved(context, tmp_path):
    settings = Settings(data=tmp_path, votes_per_minute=1)
    client, reached = make_client(replace(context, settings=settings))
    sit_down(context, client)
    body = {"fn_index": 1, "data": [], "session_hash": "x"}
    answers = [client.post("/annotate/gradio_api/run/predict", json=body) for _ in range(6)]
    assert [one.status_code for one in answers] == [200] * 4 + [429] * 2
    assert answers[4].json()["error"].startswith("Not saved: ")
    assert int(answers[4].headers["retry-after"]) > 0
    assert len(reached) == 4


def test_a_body_that_never_ends_is_given_up(context):
    guard, sent = Guard(None, context, body_s=0.05), []

    async def receive():
        await asyncio.sleep(0.02)
        return {"type": "http.request", "body": b"x", "more_body": True}

    async def send(message):
        sent.append(message)

    headers = [(b"host", b"localhost")]
    scope = {"type": "http", "method": "POST", "path": "/login", "query_string": b"",
             "headers": headers, "scheme": "http", "server": None}  # fmt: skip
    asyncio.run(guard(scope, receive, send))
    assert sent[0]["status"] == 408


@pytest.mark.parametrize("path", ["/", "/admin/", "/lab/nowhere", "/login"])
def test_every_answer_carries_the_policy(context, path):
    client, _ = make_client(context)
    headers = client.get(path).headers
    assert "script-src 'self';" in headers["content-security-policy"]
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"


def test_cookies_stay_on_tls_when_the_address_is(context, tmp_path):
    settings = Settings(data=tmp_path, public_url="https://study.example.org")
    client, _ = make_client(replace(context, settings=settings))
    assert "max-age" in client.get("/").headers["strict-transport-security"]
    assert replace(context, settings=settings).secure
