"""Cookies, links and tickets that were changed, ran out, or belong to somebody else, over HTTP."""

import base64
import random
import string
from concurrent.futures import ThreadPoolExecutor

import pytest

from annotations.accounts import Account, add_account
from annotations.annotators import enrol_invited
from annotations.studies import Plan, create_study, set_status
from tests.houses import HERE, open_house
from ui.context import ANNOTATOR_COOKIE, STAFF_COOKIE
from ui.keys import Invitation, Signer

pytestmark = pytest.mark.slow  # whole apps

PASSWORD = "correct horse battery"
LETTERS = string.ascii_letters + string.digits + "-_."
LATER = 4_000_000_000
SAVE = 3  # the number of the save button's function


@pytest.fixture
def house(tmp_path):
    with open_house(tmp_path, votes_per_minute=10_000) as house:
        yield house


def alter(text, chance):
    """Change a signed text in one of the ways people try."""
    at = chance.randrange(len(text))
    body, _, signature = text.rpartition(".")
    ways = [
        lambda: text[:at] + chance.choice([c for c in LETTERS if c != text[at]]) + text[at + 1 :],
        lambda: text[:at] + text[at + 1 :],
        lambda: text[:at] + chance.choice(LETTERS) + text[at:],
        lambda: body,
        lambda: f"{body}.",
        lambda: f"{base64.urlsafe_b64encode(b'[2,%22X%22]').decode().rstrip('=')}.{signature}",
        lambda: f"{body}.{signature[::-1]}",
        lambda: Signer("another key").sign_annotator(1, "CODE"),
        lambda: Signer("another key").sign_staff("x" * 43),
    ]
    altered = chance.choice(ways)()
    return altered if altered != text else alter(text, chance)


def knock(house, site):
    """Ask for a site's page as a program would; return the status."""
    return house.client.get(f"{site}/config").status_code


@pytest.mark.parametrize(
    ("name", "who", "site"),
    [(ANNOTATOR_COOKIE, "annotator", "/annotate"), (STAFF_COOKIE, "admin", "/admin")],
)
def test_of_a_hundred_altered_cookies_none_passes(house, name, who, site):
    good, chance = house.cookies[who][name], random.Random(5)
    house.become(who)
    assert knock(house, site) == 200
    for _ in range(100):
        house.client.cookies = {name: alter(good, chance)}
        assert knock(house, site) == 401


def test_of_a_hundred_altered_links_none_seats_anybody(house):
    sign = house.context.signer.sign_invitation
    link, chance = sign(Invitation(house.study.slug, "NEW", LATER)), random.Random(6)
    before = house.dump()["annotator"]
    house.become("nobody")
    for _ in range(100):
        answer = house.client.get(f"/invite/{alter(link, chance)}")
        assert answer.status_code in (403, 404)
        assert "set-cookie" not in answer.headers
    for other in (Invitation(house.study.slug, "NEW", 1), Invitation("other", "NEW", LATER)):
        assert house.client.get(f"/invite/{sign(other)}").status_code == 403
    assert house.dump()["annotator"] == before
    assert house.client.get(f"/invite/{link}").status_code == 303


def test_a_cookie_of_one_kind_is_none_of_another(house):
    seat, staff = house.cookies["annotator"][ANNOTATOR_COOKIE], house.cookies["admin"][STAFF_COOKIE]
    link = house.context.signer.sign_invitation(Invitation(house.study.slug, "CODE", LATER))
    for cookies in ({STAFF_COOKIE: seat}, {ANNOTATOR_COOKIE: staff}, {STAFF_COOKIE: link},
                    {ANNOTATOR_COOKIE: link}):  # fmt: skip
        house.client.cookies = cookies
        assert [knock(house, site) for site in ("/annotate", "/lab", "/admin")] == [401] * 3


def post(house, number, data):
    """Send an event of the annotators' page."""
    body = {"fn_index": number, "data": data, "session_hash": "x"}
    return house.client.post("/annotate/gradio_api/run/predict", json=body, headers=HERE)


def take_ticket(house):
    """Start as whoever the client is, and return the ticket of the pair that is shown."""
    answer = post(house, 1, [])
    tickets = [v for v in answer.json()["data"] if isinstance(v, str) and v.count(".") == 1]
    return next(one for one in tickets if " " not in one and "<" not in one)


def test_a_ticket_is_good_for_whoever_was_given_it_in_their_study_only(house):
    other_study = create_study(
        house.store, Plan("other", "tiny", ("LLaMA-GPT4", "Alpaca")), "no", "test"
    )
    other_study = set_status(house.store, "other", "open", "test")
    seats = [(house.study, "SECOND"), (other_study, "CODE")]
    cookies = []
    for study, code in seats:
        annotator = enrol_invited(house.store, study, code, "en")
        seat = house.context.signer.sign_annotator(annotator.study_id, annotator.code)
        cookies.append({ANNOTATOR_COOKIE: seat})
    house.become("annotator")
    ticket = take_ticket(house)
    for thief in cookies:
        house.client.cookies = thief
        answer = post(house, SAVE, [ticket, "", "left", "left", "left"])
        assert "can't be found" in answer.text
    forged = [ticket[:-1] + "9", ticket.swapcase(), f"{ticket}1", "", "." * 9, "x" * 5000]
    house.become("annotator")
    for one in forged:
        assert "Saved" not in post(house, SAVE, [one, "", "left", "left", "left"]).text
    assert house.dump()["vote"] == []
    assert "Saved, 1 of" in post(house, SAVE, [ticket, "", "left", "left", "left"]).text
    assert len(house.dump()["vote"]) == 3


def log_in(house, name="kim"):
    form = {"name": name, "password": PASSWORD}
    return house.client.post("/login", data=form, headers=HERE)


def test_what_a_browser_brought_before_its_login_is_worth_nothing_after(house):
    add_account(house.store, Account("kim", "admin"), PASSWORD, "test")
    house.client.cookies = {STAFF_COOKIE: house.context.signer.sign_staff("x" * 43)}
    fixed = house.client.cookies[STAFF_COOKIE]
    fresh = log_in(house).cookies[STAFF_COOKIE]
    assert fresh != fixed
    for cookie, status in ((fixed, 401), (fresh, 200)):
        house.client.cookies = {STAFF_COOKIE: cookie}
        assert knock(house, "/admin") == status


def test_each_login_has_a_session_of_its_own_and_logging_out_ends_it(house):
    add_account(house.store, Account("kim", "admin"), PASSWORD, "test")
    house.become("nobody")
    first, second = (log_in(house).cookies[STAFF_COOKIE] for _ in range(2))
    assert first != second
    house.client.cookies = {STAFF_COOKIE: first}
    house.client.get("/logout")
    for cookie, status in ((first, 401), (second, 200)):
        house.client.cookies = {STAFF_COOKIE: cookie}
        assert knock(house, "/admin") == status


def test_a_new_password_ends_every_session_of_the_name(house):
    add_account(house.store, Account("kim", "admin"), PASSWORD, "test")
    house.become("nobody")
    cookie = log_in(house).cookies[STAFF_COOKIE]
    add_account(house.store, Account("kim", "researcher"), PASSWORD, "test")
    house.client.cookies = {STAFF_COOKIE: cookie}
    assert knock(house, "/admin") == 401


def test_a_session_runs_out(tmp_path):
    with open_house(tmp_path) as house:
        house.become("admin")
        assert knock(house, "/admin") == 200
        house.store.clock = lambda: LATER
        assert knock(house, "/admin") == 401


def test_once_there_is_an_account_the_one_time_link_opens_nothing(tmp_path):
    with open_house(tmp_path) as house:
        house.become("nobody")
        token = house.door.token
        add_account(house.store, Account("kim", "admin"), PASSWORD, "test")
        assert house.client.get(f"/login?token={token}").status_code == 401


@pytest.mark.parametrize("public_url", ["", "https://localhost"])
def test_every_cookie_is_for_us_alone(tmp_path, public_url):
    with open_house(tmp_path, public_url=public_url) as house:
        add_account(house.store, Account("kim", "admin"), PASSWORD, "test")
        house.become("nobody")
        link = house.context.signer.sign_invitation(Invitation(house.study.slug, "NEW", LATER))
        form = {"name": "kim", "password": PASSWORD}
        headers = {"origin": public_url or "http://localhost"}
        for answer in (
            house.client.get(f"/invite/{link}"),
            house.client.post("/login", data=form, headers=headers),
        ):
            cookie = answer.headers["set-cookie"]
            assert "HttpOnly" in cookie
            assert "SameSite=lax" in cookie
            assert "Domain" not in cookie
            assert ("Secure" in cookie) is bool(public_url)


def test_guesses_side_by_side_are_no_more_than_guesses_one_by_one(house):
    house.become("nobody")

    def guess(number):
        form = {"name": "kim", "password": f"guess {number}"}
        return house.client.post("/login", data=form, headers=HERE).status_code

    with ThreadPoolExecutor(12) as pool:
        said = list(pool.map(guess, range(40)))
    assert said.count(401) == house.context.settings.login_failures
    assert said.count(429) == 40 - said.count(401)
