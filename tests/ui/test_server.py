"""The whole app: every function and route of lab and admin, asked by somebody who may not."""

import json
import re
from pathlib import Path

import gradio as gr
import pytest
from fastapi import FastAPI
from starlette.routing import Mount
from starlette.testclient import TestClient

from annotations.annotators import enrol_invited
from annotations.studies import set_status
from backend.errors import Refused
from backend.settings import Settings
from tests.houses import HERE, SITES, open_house
from ui.blocks import FAULT, WRONG_VALUE, Site
from ui.context import ANNOTATOR_COOKIE
from ui.events import Events, list_functions
from ui.guard import Guard, is_open
from ui.server import make_context, mount_site

pytestmark = pytest.mark.slow  # whole apps

ROOT = Path(__file__).parents[2]
FOREIGN = {"origin": "https://evil.example"}


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    with open_house(tmp_path_factory.mktemp("house"), votes_per_minute=10_000) as house:
        yield house


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


def call_function(client, site, function, headers):
    """Post to a function as its own page does, queued and not queued."""
    data = [None] * len(function["inputs"])
    body = {"fn_index": function["id"], "data": data, "session_hash": "x"}
    return [
        client.post(f"{site}/gradio_api/{path}", json=body, headers=headers)
        for path in ("run/predict", "queue/join")
    ]


WRONG = {"/lab": ("nobody", "forged", "annotator"),
         "/admin": ("nobody", "forged", "annotator", "researcher")}  # fmt: skip
WRONG_CASES = [(site, who) for site, people in WRONG.items() for who in people]


@pytest.mark.parametrize(("site", "who"), WRONG_CASES)
def test_every_function_is_refused_to_whoever_may_not_enter(house, site, who):
    functions = house.list_functions(site)
    before = house.dump()
    assert len(functions) > 3
    house.become(who)
    for function in functions:
        for answer in call_function(house.client, site, function, HERE):
            assert answer.status_code == 401
    assert house.dump() == before


@pytest.mark.parametrize(("site", "who"), WRONG_CASES)
def test_every_route_is_refused_to_whoever_may_not_enter(house, site, who):
    routes = list_routes(house.app, site)
    before = house.dump()
    assert len(routes) > 20
    house.become(who)
    for path in routes:
        for answer in (house.client.get(path), house.client.post(path, json={}, headers=HERE)):
            assert answer.status_code in (401, 404), path
            assert "dependencies" not in answer.text
    assert house.dump() == before


@pytest.mark.parametrize("site", ["/lab", "/admin", "/annotate"])
def test_every_function_is_refused_to_a_foreign_page_with_a_good_cookie(house, site):
    functions = house.list_functions(site)
    before = house.dump()
    for function in functions:
        for answer in call_function(house.client, site, function, FOREIGN):
            assert answer.status_code in (403, 404)
            assert "access-control-allow-origin" not in answer.headers
    assert house.dump() == before


def test_the_control_the_same_calls_have_an_effect_for_whoever_may(house):
    functions = house.list_functions("/annotate")
    before = house.dump()
    answer = call_function(house.client, "/annotate", functions[1], HERE)[0]
    assert answer.status_code == 200
    assert house.dump()["assignment"] != before["assignment"]


def test_a_public_config_knows_nothing_of_lab_or_admin(house):
    house.become("annotator")
    config = house.client.get("/annotate/config").text.lower()
    assert [word for word in ("/admin", "llama", "alpaca", "researcher") if word in config] == []


def test_no_page_serves_a_file_of_this_machine(house):
    for site, who in (("/annotate", "annotator"), ("/lab", "researcher"), ("/admin", "admin")):
        house.become(who)
        for path in (
            "gradio_api/file=/etc/passwd",
            "gradio_api/file=pyproject.toml",
            "static/../../../pyproject.toml",
            "static/..%2f..%2f..%2fpyproject.toml",
            "assets/%2e%2e/%2e%2e/routes.py",
            "gradio_api/proxy=http://127.0.0.1/",
        ):
            answer = house.client.get(f"{site}/{path}")
            assert answer.status_code in (403, 404)
            assert "root:" not in answer.text


# What is open at all, and so has been thought about. A new route is closed until it is added here.
PLAIN = {
    "GET /", "GET /favicon.ico", "GET /healthz", "GET /login", "POST /login", "GET /logout",
    "GET /join", "GET /join/x", "POST /join/x", "GET /invite/x",
    "GET /lab/export/everything", "GET /lab/export/x", "GET /lab/export/talk",
    "GET /lab/export/chats", "GET /lab/export/judgments", "GET /lab/figure/3", "GET /lab/figure/x",
}  # fmt: skip
MOUNTED = {"/static", *SITES}
OPEN = {
    "", "/", "/config", "/config/", "/theme.css", "/manifest.json", "/favicon.ico", "/assets/x",
    "/static/x", "/svelte/x", "/gradio_api/app_id", "/gradio_api/app_id/", "/gradio_api/info",
    "/gradio_api/info/",
}  # fmt: skip
QUEUE = {"/gradio_api/queue/join", "/gradio_api/queue/data"}
OPEN_BY_SITE = {
    "/annotate": OPEN,
    "/lab": OPEN | QUEUE,
    "/admin": OPEN | QUEUE | {"/gradio_api/upload", "/gradio_api/upload_progress"},
}


def list_plain(app):
    """Every route beside the three sites, with its methods."""
    return {
        f"{method} {re.sub('{[^}]*}', 'x', route.path)}"
        for route in walk_routes(app.routes)
        for method in getattr(route, "methods", None) or ()
        if method != "HEAD"
    }


def walk_routes(routes):
    """Every route that is no mount, those of included routers too."""
    for route in routes:
        inner = getattr(getattr(route, "original_router", None), "routes", None)
        if inner is not None:
            yield from walk_routes(inner)
        elif not isinstance(route, Mount):
            yield route


def test_every_plain_route_is_listed_here(house):
    assert list_plain(house.app) == PLAIN
    assert {route.path for route in house.app.routes if isinstance(route, Mount)} == MOUNTED


def test_the_control_a_new_plain_route_is_seen():
    app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None)
    app.add_api_route("/new/{thing}", lambda thing: thing)
    assert list_plain(app) == {"GET /new/x"}


@pytest.mark.parametrize("site", SITES)
def test_every_open_route_of_a_site_is_listed_here(house, site):
    routes = list_routes(house.app, site)
    house.become("annotator" if site == "/annotate" else "admin")
    seen = {path.removeprefix(site) for path in routes if is_open(path)}
    assert seen == OPEN_BY_SITE[site]
    assert len(routes) > 3 * len(seen)


def test_every_function_is_called_one_way_only(house):
    for site in SITES:
        for function in house.list_functions(site):
            direct, queued = call_function(house.client, site, function, HERE)
            refused = queued if not function["queue"] else direct
            assert refused.status_code in (404, 422)


class Broken(Exception):
    pass


def test_a_fault_of_ours_stays_a_500_and_is_logged_and_a_wrong_value_is_not(store, study, caplog):
    def fail(word):
        raise Broken(f"secret {word}")

    def refuse(word):
        raise Refused(f"No <{word}>.")

    with Site() as site:
        word = gr.Radio(["a"])
        for act in (fail, refuse):
            gr.Button().click(act, word, None, queue=False, api_visibility="private")
    app = FastAPI()
    context = make_context(Settings(data=store.folder), store)
    someone = enrol_invited(store, set_status(store, study.name, "open", "test"), "ANN", "en")
    seat = context.signer.sign_annotator(someone.study_id, someone.code)
    mount_site(app, context, "/annotate", site)
    app.add_middleware(Guard, context=context, events={"/annotate": Events(list_functions(site))})
    with TestClient(app, "http://localhost", cookies={ANNOTATOR_COOKIE: seat}) as client:
        answers = [
            client.post("/annotate/gradio_api/run/predict",
                        json={"fn_index": number, "data": [value], "session_hash": "x"})
            for number, value in ((0, "a"), (0, "b"), (1, "a"))
        ]  # fmt: skip
    assert [one.status_code for one in answers] == [500, 422, 403]
    assert [one.json()["error"] for one in answers] == [FAULT, WRONG_VALUE, "No &lt;a&gt;."]
    assert [one.exc_info[0] for one in caplog.records if one.exc_info] == [Broken]


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
    assert house.client.get("/healthz").text == "ok"
    assert json.dumps(dict(house.client.get("/").headers))
