"""The annotators' page is sent what Gradio would send, and is forgotten at once."""

import asyncio
import json

import pytest
from gradio.state_holder import SessionState

from annotations.annotators import enrol_invited
from annotations.studies import set_status
from backend.settings import Settings
from ui.blocks import Site
from ui.crowd.desk import Desk
from ui.crowd.forgetful import Forgetful
from ui.crowd.page import lay_out
from ui.server import build_app, make_context

pytestmark = pytest.mark.slow


@pytest.fixture
def site():
    with Forgetful() as site:
        page = lay_out()
        page.save.click(lambda: None, None, page.outputs())
    site.page = page
    return site


def list_updates(page, store, study):
    """What the page is told at the welcome, at a pair, and when something is wrong."""
    ann = enrol_invited(store, set_status(store, study.name, "open", "test"), "ANN", "en")
    desk = Desk(store, ann, "http://127.0.0.1/invite/x")
    yield page.fill(desk.arrive(), desk.words, desk.link)
    yield page.fill(desk.go_on(), desk.words, desk.link, keep=True)
    yield page.fill(desk.go_on("Saved"), desk.words, desk.link)
    yield page.tell("Not saved")


def test_every_update_is_sent_as_gradio_would_send_it(site, store, study):
    event = next(iter(site.fns.values()))
    for updates in list_updates(site.page, store, study):
        ours = asyncio.run(site.postprocess_data(event, updates, None))
        theirs = asyncio.run(Site.postprocess_data(site, event, updates, SessionState(site)))
        assert json.loads(json.dumps(ours)) == json.loads(json.dumps(theirs))


def test_visitors_leave_nothing_behind(store):
    app, _ = build_app(make_context(Settings(data=store.folder), store))
    mounted = next(route.app for route in app.routes if getattr(route, "path", "") == "/annotate")
    first, second = (mounted.state_holder[name] for name in ("one", "two"))
    assert first is second
    assert len(mounted.state_holder.session_data) == 1


def test_the_other_sites_keep_their_visitors_apart(store):
    app, _ = build_app(make_context(Settings(data=store.folder), store))
    mounted = next(route.app for route in app.routes if getattr(route, "path", "") == "/lab")
    assert mounted.state_holder["one"] is not mounted.state_holder["two"]
