"""Runs the web app on a port that was taken before, and prints where it is."""

import asyncio
import gc
import logging
import socket
from collections.abc import Callable
from contextlib import closing

import typer
import uvicorn

from annotations.endings import mark_interrupted
from annotations.keeper import Keeper
from annotations.opening import warn_of_defect
from annotations.store import Store
from annotations.studies import list_studies
from backend.settings import Settings
from backend.switchboard import Switchboard
from training.demo import order_demos
from training.workshop import Workshop
from ui.context import Context
from ui.entry import Door
from ui.server import build_app, make_context
from ui.terminal import find_address, find_version
from ui.terminal.wire import CONNECTIONS, HEADER_BYTES, Patience, allow_files, make_logging

KEEP_S = 75  # people think for longer than uvicorn's 5 s; a vote should not meet a closed door
GRACE_S = 1  # an open page holds a connection for good; it gets this long to let go


class Host(uvicorn.Server):
    """A server that says when it answers, and when it is about to stop."""

    def __init__(
        self, config: uvicorn.Config, on_start: Callable[[], None], on_stop: Callable[[], None]
    ) -> None:
        """Call `on_start` when the first request can be answered; `on_stop` when no more are.

        Edge: what still works on an answer is waited for without end; `on_stop` ends it.
        """
        super().__init__(config)
        self.on_start, self.on_stop = on_start, on_stop

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start to answer."""
        await super().startup(sockets)
        if self.started:
            self.on_start()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Let go of all who are connected."""
        self.on_stop()
        await super().shutdown(sockets)


def run_app(
    settings: Settings,
    store: Store,
    listener: socket.socket,
    models: Switchboard,
    workshop: Workshop,
    *,
    fresh: bool = False,
) -> None:
    """Serve until the process is told to stop; a fresh data folder has the demo's models made."""
    allow_files()
    context = make_context(settings, store, models, workshop)
    app, door = build_app(context)
    gc.freeze()  # what the start made stays: collecting it would take 0.7 s of every stop
    config = uvicorn.Config(
        app,
        timeout_graceful_shutdown=GRACE_S,
        timeout_keep_alive=KEEP_S,
        http=Patience,
        h11_max_incomplete_event_size=HEADER_BYTES,
        limit_concurrency=CONNECTIONS,
        log_config=make_logging(),
        access_log=False,  # addresses of people, and links that log in
        server_header=False,
        proxy_headers=bool(settings.public_url),  # else anybody could claim any address
    )
    logging.getLogger("uvicorn.error").addFilter(is_news)
    warn_of_defect()
    mark_interrupted(store)
    keeper = Keeper(store, settings.backup_minutes * 60)
    with keeper, closing(context.answering), closing(context.judging):
        server = Host(config, lambda: begin(context, door, fresh=fresh), workshop.stop_looks)
        server.run(sockets=[listener])


def begin(context: Context, door: Door | None, *, fresh: bool) -> None:
    """Say where the app is, and start on what is done beside the pages: the training queue."""
    settings = context.settings
    wants_demos = settings.demo and settings.demo_models
    announce(settings, context.store, door, demos=fresh and wants_demos)
    context.workshop.start()  # tells first what became of jobs that a killed app has left
    if wants_demos:
        order_demos(context.workshop, settings.data, fresh=fresh)


def is_news(record: logging.LogRecord) -> bool:
    """Say whether a log line tells anything: pages left open at the end are no fault."""
    error = record.exc_info[1] if record.exc_info else None
    cut_off = isinstance(error, asyncio.CancelledError)
    return not cut_off and "timeout graceful shutdown exceeded" not in str(record.msg)


def announce(settings: Settings, store: Store, door: Door | None, *, demos: bool = False) -> None:
    """Print the addresses, the one-time link while there is no account, and what else begins."""
    base = find_address(settings)
    typer.echo(f"Camelid {find_version()}, data in {settings.data.resolve()}")
    typer.echo(f"  Annotators  {base}/join")
    for study in list_studies(store):
        if study.status == "open" and study.enrolment == "name":
            typer.echo(f"              {base}/join/{study.slug}  ({study.title})")
    typer.echo(f"  Lab         {base}/lab/")
    typer.echo(f"  Admin       {base}/admin/")
    if door is not None:
        door.on_used = lambda token: show_link(base, token, "The link was used. The next one:")
        show_link(base, door.token, "No accounts yet. Log in with this link; it works once:")
    if demos:
        typer.echo("Two tiny models for the chat are being trained, for a few minutes: see Admin.")
    typer.echo("Ctrl+C stops the app.")


def show_link(base: str, token: str, why: str) -> None:
    """Print a link that logs in whoever opens it first."""
    typer.echo(f"{why}\n  {base}/login?token={token}")
