"""Puts the three sites behind one port: plain pages, guard, and a Gradio Blocks for each site."""

import os
from pathlib import Path
from typing import Any

import gradio as gr
from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from fastapi.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.staticfiles import StaticFiles

from annotations.accounts import list_accounts
from annotations.answering import Answering
from annotations.judging.judging import Judging
from annotations.spending import LedgerPurse
from annotations.store import Store
from backend.keyring import Keyring
from backend.settings import Settings
from backend.switchboard import Switchboard
from training.workshop import Workshop
from ui.admin import site as admin
from ui.context import Context
from ui.crowd import task
from ui.crowd.forgetful import Forgetful
from ui.downloads import Downloads
from ui.entry import Door, Entry
from ui.events import Events, list_functions
from ui.guard import Guard
from ui.keys import Signer, read_key
from ui.lab import site as lab
from ui.look import make_theme
from ui.throttle import Throttle

STATIC = Path(__file__).parent / "static"
MAX_WAITING = 64  # events in a site's queue; one more is told that the app is busy
MOUNT: dict[str, Any] = {
    "show_error": False,  # an exception's text is for the log, not for a browser
    "run_history": False,
    "enable_monitoring": False,
    "mcp_server": False,
    "footer_links": [],
}
SHEETS = {"/annotate": "crowd", "/lab": "lab", "/admin": "lab"}  # a style and a script each


def make_context(
    settings: Settings,
    store: Store,
    models: Switchboard | None = None,
    workshop: Workshop | None = None,
) -> Context:
    """Return what every page is given; without `models` and `workshop`, such as know no keys."""
    keyring = Keyring({})
    models = models or Switchboard(settings.data, keyring, LedgerPurse(store))
    workshop = workshop or Workshop(settings.data, keyring.child_environment)
    answering, judging = Answering(store, models), Judging(store, models)
    signer = Signer(read_key(store.folder))
    return Context(settings, store, signer, models, answering, judging, workshop)


def build_app(context: Context) -> tuple[FastAPI, Door | None]:
    """Return the whole app, and the door whose link the terminal prints while there is no account.

    Edge: nothing is served and no thread is started before uvicorn runs the app.
    """
    os.environ["GRADIO_TEMP_DIR"] = str(context.store.folder / "uploads")  # not the common /tmp
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    app.add_exception_handler(RequestValidationError, refuse_form)
    door = None if list_accounts(context.store) else Door()
    settings = context.settings
    logins = Throttle(settings.login_failures, 15 * 60)
    joins = Throttle(settings.joins_per_address, 3600)
    app.include_router(Entry(context, door, logins, joins).routes())
    app.mount("/static", StaticFiles(directory=STATIC))
    app.include_router(Downloads(context).routes())
    sites = {
        "/annotate": task.build(context), "/lab": lab.build(context), "/admin": admin.build(context)
    }  # fmt: skip
    for path, site in sites.items():
        mount_site(app, context, path, site)
    events = {path: Events(list_functions(site), site) for path, site in sites.items()}
    # Gradio reflects every origin unless the app brings its own rules: none but ours.
    app.add_middleware(CORSMiddleware, allow_origins=[])
    app.add_middleware(Guard, context=context, events=events)
    return app, door


def mount_site(app: FastAPI, context: Context, path: str, site: gr.Blocks) -> None:
    """Mount one site; whoever its guard does not let in gets no answer from Gradio either."""

    def find_person(request: Request) -> str | None:
        if path == "/annotate":
            annotator = context.find_annotator(request)
            return annotator.code if annotator else None
        account = context.find_staff(request)
        return account.name if account else None

    site.queue(
        status_update_rate=10, default_concurrency_limit=16, api_open=False, max_size=MAX_WAITING
    )
    sheet = SHEETS[path]
    gr.mount_gradio_app(
        app,
        site,
        path,
        auth_dependency=find_person,
        theme=make_theme(),
        css_paths=[STATIC / "style.css", STATIC / f"{sheet}.css"],
        head=f'<script src="/static/{sheet}.js"></script>',
        **MOUNT,
    )
    site.app = app.routes[-1].app  # type: ignore[attr-defined]
    if isinstance(site, Forgetful):
        site.forget_visitors()
    site.app.add_exception_handler(RequestValidationError, refuse_form)


def refuse_form(_request: Request, _error: Exception) -> Response:
    """Answer a request whose fields are wrong; nothing of it is repeated.

    FastAPI's own answer repeats what was sent, and fails where that is no text.
    """
    return PlainTextResponse("The request has fields missing, or of the wrong kind.", 422)
