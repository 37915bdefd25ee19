"""The plain pages: login, joining a study, invitation links."""

import re
from dataclasses import replace

import pytest
from fastapi import FastAPI
from starlette.responses import PlainTextResponse
from starlette.testclient import TestClient

from annotations.accounts import Account, add_account, list_accounts
from annotations.studies import set_status
from backend.settings import Settings
from ui.context import ANNOTATOR_COOKIE, STAFF_COOKIE
from ui.entry import Door, Entry
from ui.guard import SITES, Guard
from ui.keys import Invitation, Signer
from ui.server import make_context
from ui.throttle import Throttle

pytestmark = pytest.mark.slow

PASSWORD = "correct horse battery"
LATER = 4_000_000_000


def make_client(store, **settings):
    """The plain pages behind the guard; the sites themselves are stubs."""
    context = replace(
        make_context(Settings(data=store.folder, **settings), store), signer=Signer("key")
    )
    door = None if list_accounts(store) else Door()
    limits = context.settings.login_failures, context.settings.joins_per_address
    app = FastAPI()
    app.include_router(Entry(context, door, *(Throttle(limit, 900) for limit in limits)).routes())
    for site in SITES:
        app.add_api_route(f"{site}/", lambda: PlainTextResponse("inside"))
    app.add_middleware(Guard, context=context)
    return TestClient(app, "http://localhost", follow_redirects=False), door


@pytest.fixture
def site(store):
    add_account(store, Account("ada", "researcher"), PASSWORD, "test")
    return make_client(store)[0]


@pytest.fixture
def opened(store, study):
    return set_status(store, study.name, "open", "test")


def log_in(site, name="ada", password=PASSWORD, target="/lab/"):
    return site.post("/login", data={"name": name, "password": password, "next": target})


def test_the_start_leads_to_the_lab_and_the_lab_to_the_login(site):
    assert site.get("/").headers["location"] == "/lab/"
    page = site.get("/lab/", headers={"accept": "text/html"})
    assert page.headers["location"] == "/login?next=/lab/"
    assert site.get("/login").status_code == 200


def test_the_right_password_sets_a_cookie_that_no_script_can_read(site):
    answer = log_in(site)
    cookie = answer.headers["set-cookie"]
    assert answer.status_code == 303
    assert cookie.startswith(f"{STAFF_COOKIE}=")
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    assert "Secure" not in cookie


def test_the_cookie_is_for_tls_only_when_the_address_is(store):
    add_account(store, Account("ada", "researcher"), PASSWORD, "test")
    site, _ = make_client(store, public_url="https://localhost")
    assert "Secure" in log_in(site).headers["set-cookie"]


@pytest.mark.parametrize("target", ["https://evil.example/", "//evil.example", "/nowhere", ""])
def test_a_login_leads_nowhere_but_home(site, target):
    assert log_in(site, target=target).headers["location"] == "/lab/"


def test_a_wrong_password_sets_nothing_and_guessing_has_to_wait(site):
    for _ in range(5):
        answer = log_in(site, password="guess")
        assert answer.status_code == 401
        assert "set-cookie" not in answer.headers
    answer = log_in(site)  # the right one, too late
    assert answer.status_code == 429
    assert int(answer.headers["retry-after"]) > 0


def test_a_right_password_is_not_counted_as_a_guess(site):
    for _ in range(8):
        assert log_in(site).status_code == 303


def test_logging_out_ends_the_session_on_the_server(site):
    log_in(site)
    stolen = site.cookies[STAFF_COOKIE]
    assert site.get("/lab/").status_code == 200
    site.get("/logout")
    site.cookies.set(STAFF_COOKIE, stolen)
    assert site.get("/lab/").status_code == 401


def test_the_one_time_link_opens_once_and_then_the_next_one_does(store):
    site, door = make_client(store)
    token = door.token
    assert site.get("/login?token=wrong").status_code == 401
    assert site.get(f"/login?token={token}").headers["location"] == "/lab/"
    assert site.get("/admin/").status_code == 200
    site.cookies.clear()
    assert site.get(f"/login?token={token}").status_code == 401
    assert site.get(f"/login?token={door.token}").status_code == 303


def test_with_accounts_there_is_no_one_time_link(store):
    add_account(store, Account("ada", "admin"), PASSWORD, "test")
    site, door = make_client(store)
    assert door is None
    assert site.get("/login?token=x").status_code == 401


def test_a_name_takes_part_in_an_open_study(site, opened):
    assert opened.title in site.get("/join").text
    answer = site.post(f"/join/{opened.slug}", data={"name": "Ann"})
    assert answer.headers["location"] == "/annotate/"
    assert "HttpOnly" in answer.headers["set-cookie"]
    assert site.get("/annotate/").status_code == 200


def test_whoever_takes_part_already_is_led_on(site, opened):
    assert "/annotate/" not in site.get(f"/join/{opened.slug}").text
    site.post(f"/join/{opened.slug}", data={"name": "Ann"})
    assert "/annotate/" in site.get(f"/join/{opened.slug}").text


@pytest.mark.parametrize(
    ("name", "status"), [("", 422), ("x" * 61, 422), ("Ann", 409), ("<script>", 303)]
)
def test_a_name_that_cannot_be_taken_is_said_so(site, opened, name, status):
    site.post(f"/join/{opened.slug}", data={"name": "Ann"})
    site.cookies.clear()
    assert site.post(f"/join/{opened.slug}", data={"name": name}).status_code == status


def test_a_study_that_is_not_open_is_not_listed_and_lets_nobody_in(site, store, study):
    assert study.title not in site.get("/join").text
    assert site.post(f"/join/{study.slug}", data={"name": "Ann"}).status_code == 403
    assert not store.rows("SELECT * FROM annotator")


@pytest.mark.parametrize("path", ["/join", "/join/nothing", "/invite/nothing"])
def test_the_plain_pages_speak_both_languages(site, path):
    chinese = site.get(f"{path}?lang=zh")
    assert 'lang="zh"' in chinese.text
    assert re.search("[一-鿿]", chinese.text)
    assert not re.search("[一-鿿]{5}", site.get(f"{path}?lang=en").text)


def test_an_invitation_seats_the_same_person_twice(site, store, opened):
    link = Signer("key").sign_invitation(Invitation(opened.slug, "CODE", LATER))
    for _ in range(2):
        answer = site.get(f"/invite/{link}")
        assert answer.headers["location"] == "/annotate/"
        assert ANNOTATOR_COOKIE in answer.headers["set-cookie"]
    assert len(store.rows("SELECT * FROM annotator")) == 1


@pytest.mark.parametrize(
    "link",
    [
        "x",
        Signer("key").sign_invitation(Invitation("other", "CODE", LATER)),
        Signer("key").sign_invitation(Invitation("slug", "CODE", 1)),
        Signer("other key").sign_invitation(Invitation("slug", "CODE", LATER)),
        Signer("key").sign_annotator(1, "CODE"),
    ],
)
def test_a_bad_invitation_seats_nobody(site, store, opened, link):
    answer = site.get(f"/invite/{link}")
    assert answer.status_code == 403
    assert "set-cookie" not in answer.headers
    assert not store.rows("SELECT * FROM annotator")


def test_one_address_cannot_bring_a_crowd(store, opened):
    site, _ = make_client(store, joins_per_address=2)
    answers = [site.post(f"/join/{opened.slug}", data={"name": f"n{n}"}) for n in range(3)]
    assert [answer.status_code for answer in answers] == [303, 303, 429]


@pytest.mark.parametrize("body", [b"", b"\xff\xfe", b"a=b&" * 30, b"name=%00", b"{}"])
def test_a_broken_form_is_no_server_error(site, opened, body):
    headers = {"content-type": "application/x-www-form-urlencoded"}
    for path in ("/login", f"/join/{opened.slug}"):
        assert site.post(path, content=body, headers=headers).status_code < 500
