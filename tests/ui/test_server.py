"""The whole app: every function and route of lab and admin, asked by somebody who may not."""

import json
import re
from pathlib import Path

import pytest
from starlette.routing import Mount
from starlette.testclient import TestClient

from annotations.accounts import Account, open_session
from annotations.annotators import enrol_invited
from annotations.store import Store
from annotations.studies import set_status
from backend.settings import Settings
from tests.ledgers import make_study
from ui.context import ANNOTATOR_COOKIE, STAFF_COOKIE
from ui.server import build_app, make_context

ROOT = Path(__file__).parents[2]
HERE = {"origin": "http://testserver"}
FOREIGN = {"origin": "https://evil.example"}


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    """A whole app over a ledger with one open study, and a cookie for each kind of person."""
    folder = tmp_path_factory.mktemp("house")
    with Store(folder, purpose="test") as store:
        make_study(store)
        study = set_status(store, "study", "open", "test")
        context = make_context(Settings(data=folder), store)
        app, _ = build_app(context)
        annotator = enrol_invited(store, study, "CODE", "en")
        cookies = {
            role: {STAFF_COOKIE: context.signer.sign_staff(open_session(store, account, 1))}
            for role in ("researcher", "admin")
            for account in [Account(role, role)]
        }
        seat = context.signer.sign_annotator(study.study_id, annotator.code)
        cookies["annotator"] = {ANNOTATOR_COOKIE: seat}
        cookies["nobody"] = {}
        cookies["forged"] = {STAFF_COOKIE: "ImFkbWluIg.AAAA", ANNOTATOR_COOKIE: "WzEsIkNPREUiXQ.AA"}
        with TestClient(app, follow_redirects=False) as client:
            yield store, app, client, cookies


def dump(store):
    """Everything in the ledger, to see whether something had an effect."""
    tables = store.rows("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")
    return {
        row["name"]: [tuple(found) for found in store.rows(f"SELECT * FROM {row['name']}")]
        for row in tables
    }


def list_functions(client, cookies, site):
    """The numbers of all functions that a site's own page would call."""
    client.cookies = cookies
    config = client.get(f"{site}/config").json()
    return [function["id"] for function in config["dependencies"]]


def list_routes(app, site):
    """Every route that is mounted below a site, with dull words in its parameters."""
    mount = next(r for r in app.routes if isinstance(r, Mount) and r.path == site)
    found = set()

    def walk(routes, prefix):
        for route in routes:
            path = prefix + re.sub(r"\{[^}]*\}", "x", getattr(route, "path", ""))
            found.add(path)
            inner = getattr(route, "routes", None) or getattr(
                getattr(route, "original_router", None), "routes", None
            )
            walk(inner or [], path)

    walk(mount.app.routes, site)
    return sorted(found)


def call_function(client, site, number, headers):
    """Post a function's number as its own page does, queued and not queued."""
    body = {"fn_index": number, "data": [], "session_hash": "x"}
    return [
        client.post(f"{site}/gradio_api/{path}", json=body, headers=headers)
        for path in ("run/predict", "queue/join")
    ]


WRONG = {"/lab": ("nobody", "forged", "annotator"),
         "/admin": ("nobody", "forged", "annotator", "researcher")}  # fmt: skip
WRONG_CASES = [(site, who) for site, people in WRONG.items() for who in people]


@pytest.mark.parametrize(("site", "who"), WRONG_CASES)
def test_every_function_is_refused_to_whoever_may_not_enter(house, site, who):
    store, _, client, cookies = house
    functions = list_functions(client, cookies["admin"], site)
    before = dump(store)
    assert len(functions) > 3
    client.cookies = cookies[who]
    for number in functions:
        for answer in call_function(client, site, number, HERE):
            assert answer.status_code == 401
    assert dump(store) == before


@pytest.mark.parametrize(("site", "who"), WRONG_CASES)
def test_every_route_is_refused_to_whoever_may_not_enter(house, site, who):
    store, app, client, cookies = house
    routes = list_routes(app, site)
    before = dump(store)
    assert len(routes) > 20
    client.cookies = cookies[who]
    for path in routes:
        for answer in (client.get(path), client.post(path, json={}, headers=HERE)):
            assert answer.status_code in (401, 404), path
            assert "dependencies" not in answer.text
    assert dump(store) == before


@pytest.mark.parametrize("site", ["/lab", "/admin", "/annotate"])
def test_every_function_is_refused_to_a_foreign_page_with_a_good_cookie(house, site):
    store, _, client, cookies = house
    person = cookies["annotator" if site == "/annotate" else "admin"]
    functions = list_functions(client, person, site)
    before = dump(store)
    for number in functions:
        for answer in call_function(client, site, number, FOREIGN):
            assert answer.status_code == 403
            assert "access-control-allow-origin" not in answer.headers
    assert dump(store) == before


def test_the_control_the_same_calls_have_an_effect_for_whoever_may(house):
    store, _, client, cookies = house
    client.cookies = cookies["annotator"]
    before = dump(store)
    config = client.get("/annotate/config").json()
    start = config["dependencies"][1]["id"]
    answer = call_function(client, "/annotate", start, HERE)[0]
    assert answer.status_code == 200
    assert dump(store)["assignment"] != before["assignment"]


def test_a_public_config_knows_nothing_of_lab_or_admin(house):
    _, _, client, cookies = house
    client.cookies = cookies["annotator"]
    config = client.get("/annotate/config").text.lower()
    assert [word for word in ("/admin", "llama", "alpaca", "researcher") if word in config] == []


def test_no_page_serves_a_file_of_this_machine(house):
    _, _, client, cookies = house
    for site, who in (("/annotate", "annotator"), ("/lab", "researcher"), ("/admin", "admin")):
        client.cookies = cookies[who]
        for path in (
            "gradio_api/file=/etc/passwd",
            "gradio_api/file=pyproject.toml",
            "static/../../../pyproject.toml",
            "gradio_api/proxy=http://127.0.0.1/",
        ):
            answer = client.get(f"{site}/{path}")
            assert answer.status_code in (403, 404)
            assert "root:" not in answer.text


FORBIDDEN = re.compile(
    r"\bjs=|gr\.HTML\(|sanitize_html=False|datatype=\"html\"|share=True|gr\.load\("
)


def test_nothing_that_the_policy_forbids_is_used():
    found = [
        f"{path.name}: {match.group()}"
        for path in (ROOT / "ui").rglob("*.py")
        for match in FORBIDDEN.finditer(path.read_text(encoding="utf-8"))
    ]
    assert found == []
    assert FORBIDDEN.search('button.click(fn, js="x")')


def test_the_health_route_answers(house):
    _, _, client, _ = house
    assert client.get("/healthz").text == "ok"
    assert json.dumps(dict(client.get("/").headers))
