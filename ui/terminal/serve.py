"""`serve`: takes a port and the folder's lock, then hands over to the web app."""

import ipaddress
import os
import signal
import socket
from collections.abc import Iterator
from contextlib import closing, contextmanager
from types import FrameType
from typing import Annotated, NoReturn

import typer

from annotations.accounts import list_accounts
from annotations.demo import load_demo
from annotations.spending import LedgerPurse
from annotations.store import Store
from annotations.wishes import carry_out_plan
from backend.errors import SettingsError
from backend.keyring import Keyring
from backend.settings import Settings
from backend.switchboard import Switchboard
from training.demo import order_demos
from training.workshop import Workshop
from ui.terminal import find_settings, find_space
from ui.wording import hash_wording


def serve(
    ctx: typer.Context,
    host: Annotated[str | None, typer.Option(help="Address to listen on.")] = None,
    port: Annotated[int | None, typer.Option(help="Port; 0 takes a free one.")] = None,
    demo: Annotated[
        bool | None,
        typer.Option(
            "--demo/--no-demo",
            help="Put a demo into an empty data folder: a study, and two tiny models.",
        ),
    ] = None,
) -> None:
    """Start the app; Ctrl+C stops it."""
    settings = find_settings(ctx, host=host, port=port, demo=demo)
    keyring = Keyring(os.environ)  # from here on no child of ours finds a key
    with stop_by_signal(), closing(bind_port(settings)) as listener:
        host_name, port_number = listener.getsockname()[:2]
        settings = settings.model_copy(update={"port": port_number})
        purpose = f"serving on {host_name}:{port_number}"
        went_back = carry_out_plan(settings.data)
        if went_back is not None:
            typer.echo(
                f"The ledger is as it was in {went_back.backup}, as {went_back.actor} asked."
            )
        with Store(settings.data, purpose=purpose, space=find_space(settings)) as store:
            check_reach(store, host_name)
            fresh = settings.demo and bool(
                load_demo(store, hash_wording(), settings.lease_minutes * 60)
            )
            models = Switchboard(settings.data, keyring, LedgerPurse(store))
            workshop = make_workshop(settings, keyring, models)
            if fresh and settings.demo_models:  # now: a start that is cut short is not fresh again
                order_demos(workshop, settings.data, fresh=True)
            from ui.terminal.host import run_app  # noqa: PLC0415 - Gradio takes seconds to import

            with closing(models), closing(workshop):
                run_app(settings, store, listener, models, workshop, fresh=fresh)


def make_workshop(settings: Settings, keyring: Keyring, models: Switchboard) -> Workshop:
    """Return where models are trained; nothing runs before it is started."""
    return Workshop(
        settings.data,
        keyring.child_environment,
        free_devices=models.free_devices,
        low_disk=settings.low_disk_megabytes * 1_000_000,
    )


@contextmanager
def stop_by_signal() -> Iterator[None]:
    """Turn SIGTERM and SIGINT into an orderly end with code 0, at any moment of the start too."""

    def stop(_number: int, _frame: FrameType | None) -> NoReturn:
        raise SystemExit(0)

    before = {number: signal.signal(number, stop) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def bind_port(settings: Settings) -> socket.socket:
    """Take the port; nobody is answered yet.

    Errors: SettingsError when it is taken, or the host is not one of this machine.
    """
    try:
        family, kind, _, _, address = socket.getaddrinfo(
            settings.host, settings.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        listener = socket.socket(family, kind)
    except OSError as error:
        raise explain_port(settings, error) from error
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen()
    except OSError as error:
        listener.close()
        raise explain_port(settings, error) from error
    return listener


def explain_port(settings: Settings, error: OSError) -> SettingsError:
    """Return why a port could not be taken, and what to do."""
    return SettingsError(
        f"Can't listen on {settings.host}, port {settings.port} ({error.strerror or error}). "
        "Choose another with --host and --port; port 0 takes a free one."
    )


def check_reach(store: Store, address: str) -> None:
    """Refuse to be reached from other machines while nobody needs a password."""
    loopback = ipaddress.ip_address(address.partition("%")[0]).is_loopback
    if not loopback and not list_accounts(store):
        raise SettingsError(
            f"{address} can be reached from other machines, and there is no account yet. "
            "Make one first with `account add NAME --role admin`."
        )
